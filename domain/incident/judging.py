"""The judgement whether a report belongs to an incident: pure, with its reasons.

A report is a member only where matter, place and time each say so, and nothing speaks against it.
Where one is missing or in doubt, it is suggested, and a person decides. Reports of wrongdoing and
persons in danger are nobody's to hide in a crowd: they are at most suggested.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from domain.canonical import folded
from domain.incident.incident import IncidentScope
from domain.model import Recorded
from domain.ticket.complaint import Kind, of_wrongdoing


class Verdict(StrEnum):
    SURE = "sure"
    MAYBE = "maybe"
    NO = "no"


class JudgingGround(StrEnum):
    """A reason for, or against."""

    WORDS = "words"
    CATEGORY = "category"
    PLACE_NAMED = "place_named"
    POINT = "point"
    AREA = "area"
    OF_WRONGDOING = "of_wrongdoing"
    OTHER_KIND = "other_kind"
    DANGER = "danger"
    OTHER_MATTER = "other_matter"
    OTHER_PLACE = "other_place"
    OTHER_TIME = "other_time"
    NO_PLACE = "no_place"
    OVER = "over"


class JudgingReason(Recorded):
    """A ground, with the words of the report that it rests on."""

    ground: JudgingGround
    text: str = ""


class Judgement(Recorded):
    verdict: Verdict
    reasons: list[JudgingReason]


NAMED = 99
"""The weight of a category that the sender named."""

_STRONG = 4
"""The weight from which another category is taken for another matter."""


@dataclass(frozen=True)
class ReportSaid:
    """The content of a report.

    `categories`: what it seems to be about, each with how many characters of its words say so;
    the one that its sender named, with `NAMED`. `urgent`: the first of them is of an urgent tier.
    `device`: no person speaks. `divisions`: names of streets, which its `area` says better. `lat`,
    `lon`: in WGS-84.
    """

    title: str
    text: str
    address: str
    area: str | None
    categories: dict[str, int]
    kind: Kind
    filed_at: datetime
    divisions: tuple[str, ...] = ()
    urgent: bool = False
    device: bool = False
    lat: float | None = None
    lon: float | None = None


_CALM = frozenset({Kind.COMPLAINT, Kind.HELP, Kind.CONSULTATION})

_BEFORE = re.compile(
    r"前天|前几天|前两天|前些天|大前天|上周|上星期|上礼拜|上个?月|去年|前年|上次|上一次|以前|"
    r"每天|天天|每到|每次|每晚|经常|总是|老是|长期|一直以来|多次|屡次|反复|好几天|连续[两三几\d]+天|"
    r"[两三四五六七几\d]+(?:个月|个星期|周|年)(?:了|前|来)|[两三四五六七八九十几\d]+天(?:了|前|没)"
)
_AHEAD = re.compile(r"明天|明日|后天|下周|下星期|下个?月|计划停|通知.{0,6}将")
_YESTERDAY = re.compile(r"昨天|昨日|昨晚|昨夜")
_DATE = re.compile(r"(\d{1,2})月(\d{1,2})[日号]")
_OVER = re.compile(
    r"(?:已经?|都|刚|又)(?:恢复|来水|来电|修好|通了)|恢复(?:供水|供电|正常)了|来[水电]了|修好了"
)
_ASKED = re.compile(r"什么时候|何时|多久|几点|啥时候|能不能|还没|尚未|没有|没能|未能|盼|希望|尽快")
_NAME = re.compile(
    r"([\u4e00-\u9fff]{1,6}?)"
    r"(?:大街|大道|路|街(?!道)|胡同|巷|小区|花园|家园|公寓|大厦|广场|苑|村|(?<=[东西南北中])里)"
)
_NO_NAME = frozenset(
    "马线电道公铁条个全本们我咱这那哪各一半回上下在家楼屋城乡边近旁壁旧水气管门院心手的是到了没有停断"
    "和与说去住整老大小从来给被把让等叫问因为就都也还又不该此你他几多每某"
)
"""Characters before the word for a road or an estate that make no name of it: 马路, 我们小区."""

_EARTH = 6_371_000

_fold = lru_cache(4096)(folded)
"""`folded` of the words of incidents and packs, which are the same for every report."""


def judge(
    scope: IncidentScope, report: ReportSaid, danger: tuple[str, ...], zone: tzinfo
) -> Judgement:
    """Return whether the report is surely, perhaps or not about the incident, with the reasons."""
    said = folded(f"{report.title}。{report.text}")
    matter, place, time = (
        _matter(scope, report, said),
        _place(scope, report, said),
        _time(scope, report, said, zone),
    )
    against = [*_apart(report, said, danger), *matter.against, *place.against, *time]
    grounds = [*matter.grounds, *place.grounds]
    if report.filed_at < scope.began_at or not matter.grounds or place.elsewhere:
        return Judgement(verdict=Verdict.NO, reasons=[*grounds, *against])
    whole = matter.holds and place.holds and not against
    near = place.holds or place.grounds
    verdict = Verdict.SURE if whole else Verdict.MAYBE if near else Verdict.NO
    return Judgement(verdict=verdict, reasons=[*grounds, *against])


class _Side(NamedTuple):
    """The judgement of one side of a report: whether it holds, what speaks for and against it."""

    holds: bool
    grounds: list[JudgingReason]
    against: list[JudgingReason]
    elsewhere: bool = False


def _apart(report: ReportSaid, said: str, danger: tuple[str, ...]) -> list[JudgingReason]:
    """Return why a report may never be a member unseen, whatever it is about."""
    if of_wrongdoing(report.kind):
        return [JudgingReason(ground=JudgingGround.OF_WRONGDOING)]
    found = next((word for word in danger if _fold(word) in said), None)
    if found is not None or report.urgent:
        return [JudgingReason(ground=JudgingGround.DANGER, text=found or "")]
    return [] if report.kind in _CALM else [JudgingReason(ground=JudgingGround.OTHER_KIND)]


def _matter(scope: IncidentScope, report: ReportSaid, said: str) -> _Side:
    fits = [one for one in scope.categories if one in report.categories]
    words = [word for word in scope.words if _fold(word) in said]
    grounds = (
        [JudgingReason(ground=JudgingGround.WORDS, text="、".join(words[:3]))] if words else []
    )
    grounds += [JudgingReason(ground=JudgingGround.CATEGORY, text=one) for one in fits[:1]]
    others = [weight for one, weight in report.categories.items() if one not in fits]
    against = (
        [JudgingReason(ground=JudgingGround.OTHER_MATTER)]
        if max(others, default=0) >= _STRONG
        else []
    )
    known = bool(words) or (bool(fits) and (report.device or not scope.words))
    return _Side(known, grounds, against)


def _place(scope: IncidentScope, report: ReportSaid, said: str) -> _Side:
    """Say where it is: a point decides, then a place that is named, then the area."""
    away = _metres_away(scope, report)
    if away is not None:
        if away <= scope.metres:
            return _Side(
                True, [JudgingReason(ground=JudgingGround.POINT, text=f"{away:.0f} m")], []
            )
        return _Side(False, [], [JudgingReason(ground=JudgingGround.OTHER_PLACE)], elsewhere=True)
    inside = _inside(scope, report.area)
    if inside is False:
        return _Side(False, [], [JudgingReason(ground=JudgingGround.OTHER_PLACE)], elsewhere=True)
    where = [JudgingReason(ground=JudgingGround.AREA, text=report.area or "")] if inside else []
    if not scope.places:
        none = [] if inside else [JudgingReason(ground=JudgingGround.NO_PLACE)]
        return _Side(bool(inside), where, none)
    address = folded(report.address)
    named = [one for one in scope.places if _fold(one) in address or _fold(one) in said]
    others = _other_places([*scope.places, *report.divisions], f"{address}。{said}")
    if others:
        elsewhere = [JudgingReason(ground=JudgingGround.OTHER_PLACE, text="、".join(others[:2]))]
        ours = [JudgingReason(ground=JudgingGround.PLACE_NAMED, text=named[0])] if named else []
        return _Side(
            False, [*ours, *(where if named else [])], elsewhere, elsewhere=not (named or inside)
        )
    if named:
        return _Side(
            True, [JudgingReason(ground=JudgingGround.PLACE_NAMED, text=named[0]), *where], []
        )
    return _Side(False, where, [JudgingReason(ground=JudgingGround.NO_PLACE)])


def _inside(scope: IncidentScope, area: str | None) -> bool | None:
    """Return whether an area lies in the scope; None if that is not known.

    An area that contains one of the scope's, such as the whole street, says nothing.
    """
    if area is None or not scope.areas:
        return None
    if any(area.startswith(one) for one in scope.areas):
        return True
    return None if any(one.startswith(area) for one in scope.areas) else False


def places_in(text: str) -> list[str]:
    """Return the names of roads, estates and buildings in a folded text.

    A name may have words before it that do not belong to it: Chinese has no spaces.
    """
    found = _NAME.finditer(text)
    return [one.group() for one in found if one.group(1)[-1] not in _NO_NAME]


def _other_places(known: Iterable[str], text: str) -> list[str]:
    """Return the places named that are none of those known."""
    for ours in sorted(map(_fold, known), key=len, reverse=True):
        text = text.replace(ours, "，")
    return places_in(text)


def _metres_away(scope: IncidentScope, report: ReportSaid) -> float | None:
    if scope.lat is None or scope.lon is None or report.lat is None or report.lon is None:
        return None
    north, east = radians(report.lat - scope.lat), radians(report.lon - scope.lon)
    across = cos(radians(scope.lat)) * cos(radians(report.lat)) * sin(east / 2) ** 2
    return 2 * _EARTH * asin(sqrt(sin(north / 2) ** 2 + across))


def _time(scope: IncidentScope, report: ReportSaid, said: str, zone: tzinfo) -> list[JudgingReason]:
    """Return what speaks of another time."""
    first, today = scope.began_at.astimezone(zone).date(), report.filed_at.astimezone(zone).date()
    found = _BEFORE.search(said) or _AHEAD.search(said)
    if found is None and first == today:
        found = _YESTERDAY.search(said)
    if found is not None:
        return [JudgingReason(ground=JudgingGround.OTHER_TIME, text=found.group())]
    for date in _DATE.finditer(said):
        month, day = int(date.group(1)), int(date.group(2))
        if not (first.month, first.day) <= (month, day) <= (today.month, today.day):
            return [JudgingReason(ground=JudgingGround.OTHER_TIME, text=date.group())]
    over = _OVER.search(said)
    if over is not None and _ASKED.search(said) is None:
        return [JudgingReason(ground=JudgingGround.OVER, text=over.group())]
    return []
