"""Event descriptions, one line each, of a story's timeline."""

from collections.abc import Callable
from typing import Any

from domain.deadlines.clocks import ClockName, RungKind
from domain.events import Event, Fact
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    joint,
    supervising,
    verifying,
)
from domain.facts.anytime import RungClimbed
from domain.facts.base import FactBase
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.complaint import Channel
from domain.ticket.minutes import Meeting
from domain.ticket.rating import Rating

WORDS = {
    "accepted": "受理",
    "triage_unsure": "机器不确定，等待人工分类",
    "classified": "分类",
    "answered": "当场答复",
    "declined": "不予受理",
    "referred": "告知其他途径",
    "verification_asked": "派人到现场核查",
    "filing_confirmed": "核查属实，立案",
    "filing_refuted": "现场未见，不予立案",
    "closing_confirmed": "核查通过，可以答复",
    "closing_refuted": "核查未通过，退回重办",
    "assigned": "派单",
    "reassigned": "改派",
    "intervened": "区指挥中心介入，指定主办",
    "signed": "签收",
    "contacted": "联系群众",
    "return_asked": "申请退单",
    "return_barred": "试图退单，不被允许，已记录",
    "return_refused": "退单不批",
    "returned": "退单批准",
    "taken_on": "逾期未退，视为责任单位",
    "arbitration_called": "退单次数用尽，召开协调会",
    "arbitrated": "协调会裁定",
    "fell_back": "无人认领，政府兜底",
    "extension_asked": "申请延期",
    "extension_refused": "延期不批",
    "extension_granted": "延期批准",
    "hold_asked": "申请挂账",
    "hold_refused": "挂账不批",
    "held": "挂账",
    "reviewed": "挂账复核",
    "review_missed": "挂账未按时复核，另定复核日期",
    "citizen_asked": "请群众补充情况，时限暂停",
    "resumed": "时限恢复",
    "step_done": "阶段完成",
    "whistled": "吹哨",
    "released": "协办解除",
    "overridden": "主办说明理由，不再等待协办",
    "delegated": "转派下级",
    "level_raised": "提级办理",
    "share_handled": "办完一份",
    "handled": "办结",
    "handling_failed": "部门系统失败，等待重新派单",
    "replied": "答复群众",
    "rated": "群众评价",
    "rating_refused": "评价未计入",
    "call_back_due": "到期未评，等待回访",
    "called_back": "回访",
    "reworked": "退回重办",
    "supervised": "转督办",
    "final_replied": "最终答复",
    "closed": "归档",
    "closed_on_watch": "办结，进入回头看",
    "revisited": "回头看",
    "reopened": "问题复发，重新办理",
    "exclusion_asked": "申请剔除",
    "exclusion_refused": "剔除不批",
    "exclusion_granted": "剔除批准",
    "watch_ended": "回头看结束，归档",
    "merged": "并入另一工单",
    "unmerged": "拆分，单独办理",
    "replied_with_parent": "随主单答复群众",
    "complainant_joined": "又一位群众反映同一问题",
    "complainant_left": "一位群众的工单拆出",
    "severity_raised": "严重程度上调",
    "supervision_ordered": "下达督办单",
    "order_answered": "督办反馈",
    "publicly_noticed": "通报",
    "appointed": "预约服务时间",
    "minutes_kept": "会议纪要",
    "inspections_opened": "举一反三，同类全查",
    "facts_added": "群众补充情况",
    "urged": "群众催办",
    "withdrawn": "群众撤回",
    "carried_on": "转入新的办理流程，继续办理",
    "result_overtaken": "收回任务时办理结果已送达，留存备查",
    "replanned": "时限重新核定",
    "rung_climbed": "时限",
}

RUNGS = {
    RungKind.WARN: "黄牌",
    RungKind.DUE: "红牌",
    RungKind.SUPERVISE: "督办",
    RungKind.NOTICE: "通报",
}
REMINDERS = {RungKind.WARN: "提醒", RungKind.DUE: "到期"}
"""The words of clocks that expire without anybody's fault."""

PATIENT = (
    ClockName.RETURN_WINDOW,
    ClockName.HOLD,
    ClockName.CITIZEN,
    ClockName.APPOINTMENT,
    ClockName.RATE,
    ClockName.CALL_BACK,
    ClockName.REVISIT,
    ClockName.AFTERCARE,
)

CLOCKS = {
    ClockName.PROMISE: "对群众承诺",
    ClockName.TRIAGE: "分类",
    ClockName.DISPATCH: "派单",
    ClockName.SIGN: "签收",
    ClockName.RETURN_WINDOW: "退单",
    ClockName.CONTACT: "首次联系",
    ClockName.HANDLE: "办理",
    ClockName.STEP: "阶段",
    ClockName.MEET: "到场",
    ClockName.DECIDE: "审批",
    ClockName.ARBITRATE: "协调",
    ClockName.REVIEW: "挂账复核",
    ClockName.HOLD: "挂账",
    ClockName.CITIZEN: "群众补充",
    ClockName.VERIFY: "核查",
    ClockName.ORDER: "督办反馈",
    ClockName.APPOINTMENT: "预约",
    ClockName.FEEDBACK: "答复",
    ClockName.RATE: "评价",
    ClockName.CALL_BACK: "回访",
    ClockName.SUPERVISE: "督办",
    ClockName.REVISIT: "回头看",
    ClockName.AFTERCARE: "观察期",
}

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
    Channel.PORTAL: "网上留言",
    Channel.PROACTIVE: "未诉先办",
    Channel.INSPECTION: "举一反三",
    Channel.OTHER: "其他",
}

_MOST = 40
"""Most characters of a quoted text."""


def words_of(event: Event, pack: Pack) -> str:
    """Describe an event: its actor, action, target and the gist of its text."""
    fact = event.fact
    if isinstance(fact, RungClimbed):
        rungs = RUNGS | REMINDERS if fact.clock in PATIENT else RUNGS
        what = f"{CLOCKS[fact.clock]}时限{rungs[fact.rung]}"
        return f"{what}（{name_of(pack, fact.unit)}）" if fact.unit else what
    told = _GIST.get(type(fact))
    gist = told(fact, pack) if told else ""
    by = name_of(pack, event.actor.unit)
    words = f"{WORDS[fact.kind]}{_target(fact, pack)}{f'：{gist}' if gist else ''}"
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
        return " → " + "、".join(name_of(pack, given.unit) for given in fact.shares)
    share = getattr(fact, "share", None)
    unit = share.unit if share else getattr(fact, "unit", None)
    return f" → {name_of(pack, unit)}" if unit else ""


def _said(text: str) -> str:
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


def _raised(fact: joint.LevelRaised) -> str:
    """Return a person's reason, or the cause of an automatic raise."""
    if fact.escalated:
        return "反复发生，自动提级"
    return "逾期，自动提级" if fact.reason.endswith("_overdue") else _said(fact.reason)


_GIST: dict[type[FactBase], Callable[[Any, Pack], str]] = {
    intake.Classified: lambda fact, pack: (
        f"{_category(fact.category, pack)}（{pack.tier(fact.tier).name}）"
    ),
    intake.Answered: lambda fact, _: _said(fact.text),
    verifying.VerificationAsked: lambda fact, _: "办结前" if fact.before == "closing" else "立案前",
    verifying.ClosingConfirmed: lambda fact, _: _said(fact.result.reply) if fact.result else "",
    handling.Contacted: lambda fact, _: "" if fact.reached else "未接通",
    handling.StepDone: lambda fact, _: _said(f"{fact.step} {fact.note}"),
    handling.ShareHandled: lambda fact, _: _said(fact.result.reply),
    handling.Handled: lambda fact, _: "" if fact.result.resolved else "暂未解决，已作说明",
    joint.Whistled: lambda fact, pack: _ground(fact.ground, pack),
    joint.Delegated: lambda fact, _: _said(fact.share.task),
    joint.LevelRaised: lambda fact, _: _raised(fact),
    joint.Intervened: lambda fact, _: _said(fact.reason),
    closing.Replied: lambda fact, _: _said(fact.text),
    closing.Rated: lambda fact, pack: _rating(fact.rating, pack),
    closing.CalledBack: lambda fact, _: (
        _said(fact.note) or ("接通" if fact.reached else "无人接听")
    ),
    closing.Reworked: lambda fact, _: f"第 {fact.round} 次",
    closing.FinalReplied: lambda fact, _: _said(fact.text),
    aftercare.Revisited: lambda fact, _: (
        f"{'成效保持' if fact.holds else '问题反弹'}，{_said(fact.note)}"
    ),
    aftercare.Reopened: lambda fact, _: _said(fact.text),
    supervising.SupervisionOrdered: lambda fact, _: "自动" if fact.escalated else _said(fact.text),
    supervising.OrderAnswered: lambda fact, _: _said(fact.answer),
    supervising.PubliclyNoticed: lambda fact, _: _said(fact.text),
    anytime.FactsAdded: lambda fact, _: _said(fact.text),
    anytime.Urged: lambda fact, _: _said(fact.text),
    anytime.SeverityRaised: lambda fact, _: f"{fact.severity} 级，{SEVERITY.get(fact.why, '')}",
    anytime.MinutesKept: lambda fact, _: (
        f"{MEETINGS[fact.minutes.what]}，{_said(fact.minutes.text)}"
    ),
    anytime.InspectionsOpened: lambda fact, _: f"{len(fact.tickets)} 家，{_said(fact.text)}",
}
"""The gist of a fact by its type, for facts that have one."""
