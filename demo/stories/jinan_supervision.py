"""济南: declined and referred cases, leaders' areas, reports, and the final reply."""

from demo.stories.claims import must
from demo.stories.jinan_snapshots import BEIYUAN, EVALUATORS, LONGDONG
from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role

ACCUSED, DISCIPLINE = "enforcement-longdong", "discipline"
WANGGUAN = "370103015"


async def declined(story: Telling) -> None:
    """Decline a case already before a court, with the reason and the way onward."""
    claim = await story.file(
        "不受理",
        kind="complaint",
        channel="hotline",
        title="",
        text="我跟他那件事法院已经开庭了，你们再判一次。",
    )
    await claim.at("triage")
    text = "此事已进入诉讼程序，请按法院安排进行。"
    await claim.by(Role.DESK, "conclude", outcome="declined", reason="in_procedure", text=text)
    await claim.closed()


async def referred(story: Telling) -> None:
    """Refer an emergency: they stay with 110, 119 and 120."""
    quarrel = await story.file(
        "转110",
        kind="help",
        channel="hotline",
        title="",
        text="有人拿着刀追我！",
    )
    await quarrel.at("triage")
    text = "请立即拨打 110，我们已同步转告。"
    await quarrel.by(Role.DESK, "conclude", outcome="referred", reason="110", text=text)
    await quarrel.closed()


# --- leaders' areas (包片) ---


async def areas(story: Telling) -> None:
    """Play an order in each area, answered in time; a third party verifies both results."""
    waste = await _on_the_list(story, "包片一", "渣土乱倒在路边", "0102", LONGDONG)
    bikes = await _on_the_list(story, "包片二", "地铁口单车堆积", "0108", BEIYUAN)
    for ticket, street in ((waste, LONGDONG), (bikes, BEIYUAN)):
        await ticket.with_unit(street)
        await ticket.by(street, "sign")
        await ticket.by(street, "contact", reached=True)
        text = "列入片区问题清单，立行立改，两个工作日内报结果。"
        await ticket.by(Role.SUPERVISOR, "supervise", text=text)
        await ticket.by(street, "answer-order", order=1, answer="今日到场，明日完成。")
        await ticket.done(street, "已清理完毕。")
    await _looked_at(waste, "现场核查：仍有两堆未清。", resolved=False)
    await waste.happened("closing_refuted")
    await waste.with_unit(LONGDONG)
    await waste.handled(LONGDONG, "剩余两堆已清，路口装了监控。")
    await _looked_at(waste, "现场核查：已清。")
    await _looked_at(bikes, "现场核查：单车已入位。")
    for ticket in (waste, bikes):
        await ticket.rated(4)
        await ticket.closed()


async def _on_the_list(
    story: Telling, name: str, title: str, category: str, area: str
) -> StoryTicket:
    return await story.file(
        name,
        kind="complaint",
        channel="hotline",
        title=title,
        text=f"{title}，多日没人管。",
        category=category,
        place={"area": area},
        contact={"phone": "13900007777"},
    )


async def _looked_at(ticket: StoryTicket, result: str, *, resolved: bool = True) -> None:
    await ticket.at("verify")
    await ticket.by(EVALUATORS, "sign")
    await ticket.done(EVALUATORS, result, resolved=resolved)


# --- reports (举报) ---


async def report(story: Telling) -> None:
    """Play a report against the unit that would handle it: it goes to the discipline body."""
    ticket = await story.file(
        "举报",
        kind="report",
        channel="hotline",
        title="",
        text="他们的人收钱放行，我有录音。",
        place={"area": LONGDONG},
        contact={"phone": "13900008888"},
    )
    await ticket.at("triage")
    named = {"category": "0103", "accused": ACCUSED, "note": "占道执法中收钱放行"}
    await ticket.by(Role.DISPATCHER, "triage", **named)
    await ticket.with_unit(DISCIPLINE)
    seen = await ticket.refused(ACCUSED, "sign")
    must(seen == "ticket_not_found", f"the accused learnt of it: {seen}")
    value = await ticket.refused(Role.DISPATCHER, "reassign", unit=ACCUSED, reason="对口办理")
    must(value == "accused_unit", f"a report was given to the accused: {value}")
    await ticket.handled(DISCIPLINE, "已核查处理，涉事人员调离执法岗位。")
    await ticket.checked(EVALUATORS, "回访核查：属实。")
    await ticket.rated(5)
    await ticket.closed()


# --- the final reply -----------------------------------------------------------------------------


async def unhappy(story: Telling) -> None:
    """Play a rework that does not satisfy: the supervisor's final reply ends the matter."""
    noise = await story.file(
        "广场舞",
        kind="complaint",
        channel="hotline",
        title="广场舞音响扰民",
        text="每晚广场舞音响太大，要求永久取缔。",
        category="0502",
        place={"area": WANGGUAN},
        contact={"phone": "13900009999"},
    )
    await noise.handled(WANGGUAN, "已劝导。", resolved=False)
    await noise.rated(1, resolved=False)
    await noise.happened("reworked")
    await noise.with_unit(WANGGUAN)
    await noise.handled(WANGGUAN, "已约定九点收场，装了分贝仪，限音量。")
    await noise.checked(EVALUATORS, "现场核查：九点已收场。")
    await noise.rated(2)
    await noise.at("supervise")
    text = "音量和时段已依法规范；永久取缔没有法律依据，特此最终答复。"
    await noise.by(Role.SUPERVISOR, "conclude", outcome="final_reply", text=text)
    await noise.closed()
    refused = await noise.refused(Role.DESK, "recur", text="还是要求取缔。")
    must(refused == "final_reply_sealed", f"a concluded matter was answered with {refused}")
