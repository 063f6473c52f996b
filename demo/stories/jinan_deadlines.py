"""济南: five working days, and how they move: returns, extensions, holds, questions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.stories.claims import must
from demo.stories.jinan_snapshots import EVALUATORS
from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role

QUANCHENG, ZHONGGONG, LUOYUAN = "370102004", "370112018", "370103014"
POLICE, LAMPS = "traffic-police", "lamps-station"


async def returned(story: Telling) -> StoryTicket:
    """Play a return in time and with a reason, decided by a dispatcher."""
    parked = await story.file(
        "乱停车",
        kind="complaint",
        channel="app",
        title="商户占用便道停车",
        text="商铺门前便道天天停满车。",
        category="0901",
        place={"area": QUANCHENG},
        contact={"phone": "13900001111"},
    )
    await parked.with_unit(POLICE)
    await parked.by(POLICE, "sign")
    await parked.by(POLICE, "contact", reached=True)
    why = "门前三包区域，属街道管理"
    await parked.by(POLICE, "return", ground="not_ours", reason=why)
    again = await parked.refused(POLICE, "extend", by="2wd", reason="再看看")
    must(again == "already_asked", f"two requests at once were answered with {again}")
    reason = "情况属实，由街道办理"
    await parked.by(Role.DISPATCHER, "decide", approve=True, reason=reason, unit=QUANCHENG)
    await parked.with_unit(QUANCHENG)
    await parked.handled(QUANCHENG, "已设隔离桩，商户签订门前承诺。")
    await _closed(parked, 5)
    return parked


async def parked_again(parked: StoryTicket) -> None:
    """Reopen the ticket on a recurrence in aftercare."""
    await parked.citizen("recur", text="隔离桩被挪开，又停满了。")
    await parked.with_unit(QUANCHENG)
    await parked.handled(QUANCHENG, "隔离桩已固定，早晚各巡一次。")
    await _closed(parked, 4)


async def silent(story: Telling) -> None:
    """Play a unit bound by two days of silence, then late, publicly noticed, and excluded."""
    lamp = await story.file(
        "路灯",
        kind="complaint",
        channel="hotline",
        title="整条路的路灯不亮",
        text="学校门口一条路的路灯全灭。",
        category="0203",
        place={"area": QUANCHENG},
        contact={"phone": "13900002222"},
    )
    await lamp.with_unit(LAMPS)
    await lamp.by(LAMPS, "sign")
    await lamp.by(LAMPS, "contact", reached=True)
    await lamp.happened("taken_on")
    late = await lamp.refused(LAMPS, "return", ground="not_ours", reason="应由供电企业办理")
    must(late == "return_window", f"a return that came too late was answered with {late}")
    await lamp.climbed("handle", "due")
    text = "该件超期未办结，予以通报。"
    await lamp.by(Role.SUPERVISOR, "notice", text=text)
    await lamp.done(LAMPS, "供电恢复后已全部点亮。")
    await _closed(lamp, 3)
    contest: dict[str, Any] = {
        "ground": "not_unit",
        "reason": "超期因供电企业计划停电，与承办单位无关",
        "evidence": ["notice/power-cut-118.pdf"],
    }
    await lamp.by(LAMPS, "exclude", **contest)
    decision: dict[str, Any] = {"approve": True, "reason": "停电通知属实，同意剔除"}
    own = await lamp.refused(LAMPS, "decide", **decision)
    must(own == "forbidden", f"who asks for an exclusion may decide it: {own}")
    await lamp.by(Role.SUPERVISOR, "decide", **decision)


async def extended(story: Telling) -> None:
    """Play an extension: at most ten working days, decided by another."""
    park = await story.file(
        "步道",
        kind="help",
        channel="web",
        title="登山步道台阶断裂",
        text="健身步道台阶断了十几级。",
        category="0604",
        place={"area": LUOYUAN},
    )
    unit = "landscaping"
    await park.with_unit(unit)
    await park.by(unit, "sign")
    await park.by(unit, "contact", reached=True)
    long = await park.refused(unit, "extend", by="15wd", reason="石材要定制")
    must(long == "extension_too_long", f"fifteen working days more were answered with {long}")
    await park.by(unit, "extend", by="10wd", reason="石材要定制")
    own = await park.refused(unit, "decide", approve=True, reason="同意")
    must(own == "forbidden", f"who asks for more time may grant it: {own}")
    await park.by(Role.DISPATCHER, "decide", approve=True, reason="石材定制属实，同意")
    more = await park.refused(unit, "extend", by="1wd", reason="再延一天")
    must(more == "extension_cap", f"a second extension was answered with {more}")
    await park.done(unit, "台阶已换新石材。")
    await _closed(park, 5)


async def link_road(story: Telling) -> None:
    """Play a missing road: the village visits, and the case is held (挂账) with review dates."""
    road = await story.file(
        "连接路",
        kind="help",
        channel="hotline",
        title="两村之间缺一段连接路",
        text="村口到大路差两百米没有硬化，请修一段连接路。",
        category="0205",
        place={"area": ZHONGGONG},
        contact={"phone": "13900003333"},
    )
    await road.with_unit(ZHONGGONG)
    await road.by(ZHONGGONG, "sign")
    await road.by(ZHONGGONG, "contact", reached=True, note="村里到现场，量了长度")
    hold = {"ground": "works", "reason": "须备料、压实和养护"}
    far = await road.refused(ZHONGGONG, "hold", until=_in(story, 200), **hold)
    must(far == "hold_too_long", f"a hold of two hundred days was answered with {far}")
    await road.by(ZHONGGONG, "hold", until=_in(story, 90), **hold)
    await road.by(Role.SUPERVISOR, "decide", approve=True, reason="列入本月计划，每月一看")
    await road.by(ZHONGGONG, "review", note="路基压实，明天铺面")
    await road.by(ZHONGGONG, "review", note="一周完工，验收通过", resume=True)
    await road.done(ZHONGGONG, "连接路已修通，两百米全部硬化。")
    await _closed(road, 5)


async def questions(story: Telling) -> None:
    """Play two questions to the citizen, which pause the clock; one is answered."""
    leak = await story.file(
        "漏雨",
        kind="help",
        channel="wechat",
        title="顶楼漏雨",
        text="下雨就漏雨，屋顶防水坏了。",
        category="0703",
        place={"area": LUOYUAN},
        contact={"phone": "13900004444"},
    )
    await leak.with_unit(LUOYUAN)
    await leak.by(LUOYUAN, "sign")
    await leak.by(LUOYUAN, "contact", reached=True)
    await leak.by(LUOYUAN, "ask", question="请问是几号楼几单元？")
    await leak.citizen("facts", text="5 号楼 2 单元 602。")
    await leak.happened("resumed")
    await leak.by(LUOYUAN, "ask", question="哪天方便上门查看？")
    await leak.happened("resumed", 2)
    more = await leak.refused(LUOYUAN, "ask", question="周末行吗？")
    must(more == "question_cap", f"a third question was answered with {more}")
    await leak.done(LUOYUAN, "已按约定时段之外先做楼顶公共部位防水，室内另约。")
    await _closed(leak, 4)


async def _closed(ticket: StoryTicket, grade: int) -> None:
    await ticket.checked(EVALUATORS, "现场核查：已办好。")
    await ticket.rated(grade)
    await ticket.closed()


def _in(story: Telling, days: float) -> str:
    """Return the moment `days` days of the story from now."""
    return (datetime.now(UTC) + timedelta(seconds=days * story.day)).isoformat()
