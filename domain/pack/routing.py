"""The category of a complaint and the responsible unit, by keywords and a table, without learning.

`classify` suggests, `route` decides. An uncertain suggestion says so, and a dispatcher confirms it.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from domain.canonical import folded
from domain.model import Recorded
from domain.pack.catalogue import (
    BY_COMMUNITY,
    BY_STREET,
    NEAREST,
    Category,
    Responsibility,
    Unit,
)
from domain.pack.coordinates import in_wgs84
from domain.pack.emergencies import first_emergency, happens
from domain.pack.pack import Pack
from domain.ticket.because import Because, ReasonCode, because, sentence
from domain.ticket.complaint import Complaint, Place

_SURE_FROM = 4
"""The least score of a sure suggestion: a keyword's characters count, in the title twice."""
_SURE_AHEAD = 1.5
"""The least ratio of its score to the next category's."""
_TITLE_WEIGHT = 2

_of_pack = lru_cache(20_000)(folded)
"""`folded` of the words of packs, which are the same for every complaint."""


class CategorySuggestion(Recorded):
    """The suggested category of a complaint. `area` is the code of the street it is in.

    `urgent`: its words tell of an emergency that is there now. `site`, `site_part`: the known place
    that it names, and the house or building number.
    """

    category: str | None
    confident: bool
    because: list[Because]
    area: str | None = None
    site: str | None = None
    site_part: str | None = None
    urgent: bool = False

    @property
    def why(self) -> str:
        return sentence(self.because)


class Routing(Recorded):
    """The responsible unit, and the row of the pack that names it."""

    unit: str
    because: list[Because]

    @property
    def why(self) -> str:
        return sentence(self.because)


class _Score(NamedTuple):
    urgent: bool
    points: int
    category: Category
    words: list[str]


def classify(pack: Pack, complaint: Complaint) -> CategorySuggestion:
    """Suggest the category and the street of a complaint, as far as its words show them.

    A category of the pack that the citizen or the operator gave is taken. Otherwise every keyword
    found counts its length, twice in the title, and the highest sum wins; words of an urgent tier
    (fire, leaking gas) win over any sum of the others, because queueing a fire costs more than a
    dispatcher's confirmation. They count only where they tell of a danger that is there now.
    """
    area = find_area(pack, complaint)
    if pack.knows(complaint.category):
        why = [because(ReasonCode.NAMED_BY_COMPLAINANT)]
        return CategorySuggestion(
            category=complaint.category, confident=True, because=why, area=area
        )
    scores = _scores(pack, complaint)
    if not (scores and scores[0].urgent):
        urgent = _by_rule(pack, complaint, area)
        if urgent is not None:
            return urgent
    if not scores:
        why = [because(ReasonCode.NO_KEYWORD)]
        return CategorySuggestion(category=None, confident=False, because=why, area=area)
    best, *others = scores
    rival = max((score.points for score in others), default=0)
    confident = best.points >= _SURE_FROM and best.points >= rival * _SURE_AHEAD
    why = [because(ReasonCode.KEYWORDS, keywords=", ".join(best.words))]
    if not confident and others:
        code, words = others[0].category.code, ", ".join(others[0].words)
        why.append(because(ReasonCode.OTHER_KEYWORDS, category=code, keywords=words))
    return CategorySuggestion(
        category=best.category.code,
        confident=confident,
        because=why,
        area=area,
        urgent=best.urgent,
    )


def route(
    pack: Pack, category: str | None, area: str | None, place: Place | None = None
) -> Routing:
    """Return the unit for `category` in `area`: the first responsibility that covers both.

    A row for "@street", "@community" or "@nearest" covers only places where there is one. Anything
    not covered goes to the city's fallback unit (区政府兜底).
    """
    for row in pack.responsibilities:
        if not row.covers(category, area):
            continue
        unit = resolve(pack, row.unit, area, place)
        if unit is not None:
            return Routing(unit=unit, because=[_row(pack, row)])
    return Routing(unit=pack.city.fallback, because=[_nobody(pack, category, area)])


def _row(pack: Pack, row: Responsibility) -> Because:
    return because(
        ReasonCode.RESPONSIBILITY,
        city=pack.city.id,
        line=row.line,
        category=row.category,
        area=row.area,
        unit=row.unit,
    )


def _nobody(pack: Pack, category: str | None, area: str | None) -> Because:
    city, what = pack.city.id, str(category)
    if area is None:
        return because(ReasonCode.NOBODY_RESPONSIBLE_NO_AREA, city=city, category=what)
    return because(ReasonCode.NOBODY_RESPONSIBLE, city=city, category=what, area=area)


def resolve(pack: Pack, target: str, area: str | None, place: Place | None = None) -> str | None:
    """Return the code of the unit that `target` means there; None if there is none.

    A place without a point is served by the centre that is under its street, or by the first.
    """
    if target == BY_STREET:
        unit = pack.street_of(area)
    elif target == BY_COMMUNITY:
        unit = pack.community_of(area) or pack.street_of(area)
    elif target == NEAREST:
        unit = _nearest(pack, area, place)
    else:
        return target
    return unit.code if unit else None


def _nearest(pack: Pack, area: str | None, place: Place | None) -> Unit | None:
    if place is not None and place.lat is not None and place.lon is not None:
        return pack.nearest_centre(*in_wgs84(place.lat, place.lon, place.crs))
    street = pack.street_of(area)
    near = (centre for centre in pack.centres if street and centre.parent == street.code)
    return next(near, next(iter(pack.centres), None))


def find_area(pack: Pack, complaint: Complaint) -> str | None:
    """Return the code of the street a complaint is about, None if it names none.

    In this order: the place's division code; a street's full name in the address, then in the title
    and text; its short name (without 街道, 镇 or 乡) in the address. Two streets count as none; a
    short name that goes on as a road's (新华大街) is a road.
    """
    street = pack.street_of(complaint.place.area)
    if street is not None:
        return street.area
    address = folded(complaint.place.address)
    text = f"{folded(complaint.title)}\n{folded(complaint.text)}"
    full = {_of_pack(unit.name): unit.area for unit in pack.streets}
    return (
        _only(full, address, "")
        or _only(full, text, "")
        or _only({_short(name): area for name, area in full.items()}, address, _A_ROAD)
    )


_ENDING = re.compile(r"(街道|镇|(?:(?:回|满|蒙古)族)?乡)$")
_A_ROAD = r"(?![东西南北中]?(?:大街|路|街|桥|站))"


def _short(name: str) -> str:
    short = _ENDING.sub("", name)
    return short if len(short) > 1 else name


def _only(names: dict[str, str | None], text: str, unless: str) -> str | None:
    texts = {area for name, area in names.items() if re.search(re.escape(name) + unless, text)}
    return texts.pop() if len(texts) == 1 else None


def _scores(pack: Pack, complaint: Complaint) -> list[_Score]:
    """Score every category with a keyword in the complaint, best first; ties in pack order."""
    title, text = folded(complaint.title), folded(complaint.text)
    scores = []
    for category in pack.categories:
        urgent = pack.tier(category.tier).urgent
        points, words = 0, []
        for keyword in category.keywords:
            weight = _weight(_of_pack(keyword), title, text, urgent)
            if weight:
                points += weight * len(_of_pack(keyword))
                words.append(keyword)
        if words:
            scores.append(_Score(urgent, points, category, words))
    return sorted(scores, key=lambda score: (not score.urgent, -score.points))


def _weight(word: str, title: str, text: str, urgent: bool) -> int:
    if word in title and (not urgent or happens(title, word)):
        return _TITLE_WEIGHT
    return int(word in text and (not urgent or happens(text, word)))


def _by_rule(pack: Pack, complaint: Complaint, area: str | None) -> CategorySuggestion | None:
    """Return an emergency that no keyword of a category tells; a person looks at it at once."""
    text = f"{folded(complaint.title)}\n{folded(complaint.text)}"
    found = first_emergency(pack.triage.emergencies, text)
    if found is None:
        return None
    rule, words = found
    why = [because(ReasonCode.EMERGENCY, keywords=", ".join(words))]
    known = rule.category if pack.knows(rule.category) else None
    return CategorySuggestion(category=known, confident=False, because=why, area=area, urgent=True)
