"""Event descriptions, one line each, of a story's timeline."""

from collections.abc import Callable
from typing import Any

from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import DEADLINES, Nature
from domain.events import Event, Fact
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    joint,
    merging,
    supervising,
    verifying,
)
from domain.facts.anytime import LevelReached
from domain.facts.base import FactBase
from domain.facts.machine_reasons import is_ours, reasons_of
from domain.pack.names import names_of
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.complaint import Channel
from domain.ticket.minutes import Meeting
from domain.ticket.rating import Rating

LEVELS = {
    LevelKind.WARN: "黄牌",
    LevelKind.DUE: "红牌",
    LevelKind.SUPERVISE: "督办",
    LevelKind.NOTICE: "通报",
}
REMINDERS = {LevelKind.WARN: "提醒", LevelKind.DUE: "到期"}
"""The words of clocks that expire without anybody's fault."""

MEETINGS = {
    Meeting.ON_SITE: "现场会",
    Meeting.ARBITRATION: "协调会",
    Meeting.MEDIATION: "调解",
    Meeting.DELIBERATION: "协商议事",
}

SEVERITY = {"urged": "多次催办", "complainants": "多人反映", "repeated": "同地同类再次反映"}

CHANNELS = {
    Channel.HOTLINE: "热线",
    Channel.WEB: "网站",
    Channel.APP: "客户端",
    Channel.WECHAT: "微信",
    Channel.GRID: "网格员",
    Channel.PART_TIME_GRID: "兼职网格员",
    Channel.SENSOR: "卫星、传感",
    Channel.OFFLINE: "线下",
    Channel.SNAPSHOT: "随手拍",
    Channel.MAIL: "电子邮件",
    Channel.PORTAL: "网上留言",
    Channel.PROACTIVE: "未诉先办",
    Channel.INSPECTION: "举一反三",
    Channel.OPEN311: "开放接口",
    Channel.OTHER: "其他",
}

_MOST = 40
"""Most characters of a quoted text."""


def words_of(event: Event, pack: Pack) -> str:
    """Describe an event: its actor, action, target and the gist of its text."""
    fact = event.fact
    if isinstance(fact, LevelReached):
        clock = DEADLINES[fact.clock]
        values = LEVELS if clock.nature is Nature.DUTY else LEVELS | REMINDERS
        what = f"{clock.label_zh}时限{values[fact.rung]}"
        return f"{what}（{name_of(pack, fact.unit)}）" if fact.unit else what
    describe = _GIST.get(type(fact))
    parts = [
        describe(fact, pack) if describe else "",
        *reasons_of(fact, "zh", names_of(pack, "zh")),
    ]
    gist = "；".join(part for part in parts if part)
    by = name_of(pack, event.actor.unit)
    words = f"{fact.words.staff_zh}{_target(fact, pack)}{f'：{gist}' if gist else ''}"
    return f"{by} {words}" if by else words


def name_of(pack: Pack, unit: str | None) -> str:
    """Return a unit's name in the city."""
    if unit is None:
        return ""
    try:
        return pack.unit(unit).name
    except UnknownInPack:
        return unit


def _target(fact: Fact, pack: Pack) -> str:
    if isinstance(fact, joint.Whistled):
        return " → " + "、".join(name_of(pack, assignment.unit) for assignment in fact.shares)
    share = getattr(fact, "share", None)
    unit = share.unit if share else getattr(fact, "unit", None)
    return f" → {name_of(pack, unit)}" if unit else ""


def _written(fact: Fact, text: str) -> str:
    """Return a text unless it is the system's reason."""
    return "" if is_ours(fact, text) else _shortened(text)


def _shortened(text: str) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"


def _rating(rating: Rating, pack: Pack) -> str:
    grades = {grade.grade: grade.zh for grade in pack.rating.grades}
    parts = [grades.get(rating.grade, str(rating.grade)), "已解决" if rating.resolved else "未解决"]
    return "，".join(parts + (["称没有联系过"] if rating.contacted is False else []))


def _category(code: str, pack: Pack) -> str:
    return pack.category(code).name if pack.knows(code) else code


def _ground(code: str, pack: Pack) -> str:
    return next((reason.zh for reason in pack.reasons.whistle if reason.code == code), code)


_GIST: dict[type[FactBase], Callable[[Any, Pack], str]] = {
    intake.Classified: lambda fact, pack: (
        f"{_category(fact.category, pack)}（{pack.tier(fact.tier).name}）"
    ),
    intake.Answered: lambda fact, _: _shortened(fact.text),
    verifying.VerificationRequested: lambda fact, _: (
        "办结前" if fact.before == "closing" else "立案前"
    ),
    verifying.ClosingConfirmed: lambda fact, _: (
        _shortened(fact.result.reply) if fact.result else ""
    ),
    handling.Contacted: lambda fact, _: "" if fact.reached else "未接通",
    handling.StepDone: lambda fact, _: _shortened(f"{fact.step} {fact.note}"),
    handling.ShareHandled: lambda fact, _: _shortened(fact.result.reply),
    handling.Handled: lambda fact, _: "" if fact.result.resolved else "暂未解决，已作说明",
    joint.Whistled: lambda fact, pack: _ground(fact.ground, pack),
    joint.Delegated: lambda fact, _: _shortened(fact.share.task),
    joint.LevelRaised: lambda fact, _: _written(fact, fact.reason),
    joint.Intervened: lambda fact, _: _shortened(fact.reason),
    closing.Replied: lambda fact, _: _shortened(fact.text),
    closing.Rated: lambda fact, pack: _rating(fact.rating, pack),
    closing.CalledBack: lambda fact, _: (
        _shortened(fact.note) or ("接通" if fact.reached else "无人接听")
    ),
    closing.Reworked: lambda fact, _: f"第 {fact.round} 次",
    closing.FinalReplied: lambda fact, _: _shortened(fact.text),
    aftercare.Revisited: lambda fact, _: (
        f"{'成效保持' if fact.holds else '问题反弹'}，{_shortened(fact.note)}"
    ),
    aftercare.Reopened: lambda fact, _: _shortened(fact.text),
    supervising.SupervisionOrdered: lambda fact, _: (
        "自动督办" if fact.escalated else _written(fact, fact.text)
    ),
    supervising.OrderAnswered: lambda fact, _: _shortened(fact.answer),
    supervising.PubliclyNoticed: lambda fact, _: _shortened(fact.text),
    merging.HeldWithParent: lambda fact, _: _shortened(fact.reason),
    merging.AskedWithParent: lambda fact, _: _shortened(fact.text),
    merging.ExtendedWithParent: lambda fact, _: _shortened(fact.reason),
    merging.ComplainantAdded: lambda fact, _: _shortened(fact.text),
    anytime.FactsAdded: lambda fact, _: _shortened(fact.text),
    anytime.Urged: lambda fact, _: _shortened(fact.text),
    anytime.SeverityRaised: lambda fact, _: f"{fact.severity} 级，{SEVERITY.get(fact.why, '')}",
    anytime.MinutesRecorded: lambda fact, _: (
        f"{MEETINGS[fact.minutes.what]}，{_shortened(fact.minutes.text)}"
    ),
    anytime.InspectionsOpened: lambda fact, _: f"{len(fact.tickets)} 家，{_shortened(fact.text)}",
}
"""The gist of a fact by its type, for facts that have one."""
