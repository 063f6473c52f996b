"""What happened, in a line: the words of a story's timeline."""

from domain.clocks import ClockName, RungKind
from domain.events import Event
from domain.facts.anytime import RungClimbed
from domain.facts.joint import Whistled
from domain.pack import Pack, UnknownInPack

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
    "called_back": "电话回访",
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
    "rung_climbed": "时限",
}

RUNGS = {
    RungKind.WARN: "黄牌",
    RungKind.DUE: "红牌",
    RungKind.SUPERVISE: "督办",
    RungKind.NOTICE: "通报",
}

CLOCKS = {
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


def words_of(event: Event, pack: Pack) -> str:
    """What happened, by whom, to whom."""
    fact = event.fact
    if isinstance(fact, RungClimbed):
        what = f"{CLOCKS[fact.clock]}时限{RUNGS[fact.rung]}"
        return f"{what}（{name_of(pack, fact.unit)}）" if fact.unit else what
    words = WORDS[fact.kind]
    share = getattr(fact, "share", None)
    target = share.unit if share else getattr(fact, "unit", None)
    if isinstance(fact, Whistled):
        words += " → " + "、".join(name_of(pack, given.unit) for given in fact.shares)
    elif target:
        words += f" → {name_of(pack, target)}"
    rating = getattr(fact, "rating", None)
    if rating is not None:
        words += f"：{rating.grade} 分，{'已解决' if rating.resolved else '未解决'}"
    by = name_of(pack, event.actor.unit)
    return f"{by} {words}" if by else words


def name_of(pack: Pack, unit: str | None) -> str:
    """A unit's name in the city."""
    if unit is None:
        return ""
    try:
        return pack.unit(unit).name
    except UnknownInPack:
        return unit
