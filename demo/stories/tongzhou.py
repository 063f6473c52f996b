"""通州: one ticket to its end, the whistle (吹哨), grid workers, and proactive work (未诉先办)."""

import asyncio

from demo.stories import tongzhou_own_eyes as own_eyes
from demo.stories.telling import StoryTicket, Telling
from demo.stories.tongzhou_own_eyes import STREET
from domain.actors import Role

COMMUNITY = "community-zhongcang-1"
CALLED = ("city-management", "landscaping", "transport")
"""The departments that the street calls in to open one gate."""


async def play(story: Telling) -> None:
    """Play a fortnight of the sub-centre."""
    await story.scene("通州：一条热线、一个平台，一张单子管到底")
    async with asyncio.TaskGroup() as meanwhile:
        meanwhile.create_task(_called_back(await _lamp(story)))
        meanwhile.create_task(_never_reached(await _water(story)))
        await _leak(story)
        await story.scene("人人都是网格员：专职、兼职网格员随手报，立案、办理、结案")
        await own_eyes.part_time_case(story)
        await own_eyes.grid_case(story)
        meanwhile.create_task(own_eyes.late(await own_eyes.left_lying(story)))
        await story.scene("吹哨报到：为开一扇门，街道吹哨，三个部门三次到现场")
        await _gate(story)
        await story.scene("卫星图斑：疑似违建，按阶段限时查处，同一闭环")
        await own_eyes.satellite(story)
        await story.scene("未诉先办：网格日志里的共性问题，抢在市民投诉之前办")
        await own_eyes.unsued(story)
        await story.scene("催办与重办：三次催办加重分量，办得不满意就再办")
        await _urged(story)
        await story.scene("表扬：记在社区名下")
        await _praise(story)
        await story.scene("到期：没有人评价的，热线打电话问；没有人办的，红牌找上门")


# --- direct to street, bureau or company; four tiers ----------------------------------------------


async def _lamp(story: Telling) -> StoryTicket:
    """File a general complaint to a bureau; answered, and not rated."""
    lamp = await story.file(
        "路灯",
        kind="complaint",
        channel="web",
        title="路灯不亮",
        text="小区门口的路灯坏了三盏。",
        category="0204",
        place={"area": STREET},
        contact={"phone": "13800001234"},
    )
    await lamp.handled("city-management", "三盏路灯已更换，当晚恢复照明。")
    return lamp


async def _water(story: Telling) -> StoryTicket:
    """File a utility complaint to the company; answered, the citizen not reached."""
    water = await story.file(
        "停水",
        kind="help",
        channel="hotline",
        title="整栋楼停水",
        text="早上六点起整栋楼停水，没有通知。",
        category="0401",
        place={"area": STREET},
        contact={"phone": "13800005555"},
    )
    await water.handled("water-supply", "水泵已抢修，九点恢复供水。")
    return water


async def _leak(story: Telling) -> None:
    """Play an emergency, in calendar time."""
    leak = await story.file(
        "燃气",
        kind="help",
        channel="hotline",
        title="楼道里有很重的燃气味",
        text="楼道燃气泄漏，气味很重。",
        category="0802",
        place={"area": STREET},
    )
    await leak.handled("gas", "已关阀、通风并更换接头，检测正常。")
    await leak.rated(5)
    await leak.closed()


# --- the whistle ----------------------------------------------------------------------------------


async def _gate(story: Telling) -> None:
    """Play a gate with three meetings: the answer waits for all called units."""
    gate = await story.file(
        "开门",
        kind="help",
        channel="hotline",
        title="请打开小区东门",
        text="小区东门被护栏和绿化带挡住，老人出行要绕一公里，请把门打开。",
        category="0701",
        place={"area": STREET, "address": "新华西里东门"},
        contact={"phone": "13800005678"},
    )
    await gate.with_unit(STREET)
    await gate.by(STREET, "sign")
    await gate.by(STREET, "contact", reached=True)
    tasks = ("护栏与路面", "迁移绿化带", "公交站位与路口")
    calls = [{"unit": unit, "task": task} for unit, task in zip(CALLED, tasks, strict=True)]
    calls[-1] |= {"limit": "5d"}
    reason = "开门涉及护栏、绿化带和路口，街道一家办不了"
    await gate.by(STREET, "whistle", ground="beyond_street", reason=reason, units=calls)
    for unit in CALLED:
        await gate.with_unit(unit)
        await gate.by(unit, "sign")
        await gate.by(unit, "contact", reached=True)
    for met in ("三家到场，分头认领", "管线和树木逐一核对，方案定下", "工完场清，现场验收"):
        minutes = {"what": "on_site", "text": f"{met}。", "units": list(CALLED)}
        await gate.by(STREET, "minutes", minutes=minutes)
    await gate.done(STREET, "东门已打开，护栏改造、绿化迁移和路口标线均已完成。")
    for unit, task in zip(CALLED, tasks, strict=True):
        await gate.done(unit, f"{task}已完成。")
    await gate.rated(5)
    await gate.closed()


# --- urges, rework, the final reply ---------------------------------------------------------------


async def _urged(story: Telling) -> None:
    """Play urges that raise the severity, two reworks, and a final reply."""
    smell = await story.file(
        "催办",
        kind="complaint",
        channel="app",
        title="河道有异味",
        text="河道发臭，反映过多次。",
        category="0301",
        place={"area": STREET},
        contact={"phone": "13800004321"},
    )
    await smell.with_unit("water")
    for text in ("三天了", "还没人来", "请尽快"):
        await smell.citizen("urge", text=text)
    await smell.handled("water", "已现场查看，列入计划。", resolved=False)
    await smell.rated(1, resolved=False)
    await _again(smell, 1, "已打捞水面垃圾，截污工程正在设计。")
    await smell.rated(2, resolved=False)
    await _again(smell, 2, "已截污清淤，异味消除；历时较长，向您致歉。")
    await smell.rated(2)
    await smell.at("supervise")
    text = "河道已截污清淤，水质达标；办理历时较长，已约谈责任单位，特此最终答复。"
    await smell.by(Role.SUPERVISOR, "conclude", outcome="final_reply", text=text)
    await smell.closed()


async def _again(smell: StoryTicket, time: int, reply: str) -> None:
    await smell.until(
        "handed out again", lambda ticket: ticket.reworks == time and len(ticket.opened) == 1
    )
    await smell.handled("water", reply)


async def _praise(story: Telling) -> None:
    """Play a praise, which goes to the praised unit."""
    praise = await story.file(
        "表扬",
        kind="praise",
        channel="wechat",
        title="表扬社区工作人员",
        text="社区帮老人装了扶手，特来感谢。",
        place={"area": story.pack.unit(COMMUNITY).area},
    )
    await praise.handled(COMMUNITY, "谢谢您的认可，我们继续努力。")
    await praise.rated(5)
    await praise.closed()


# --- call-backs -----------------------------------------------------------------------------------


async def _called_back(lamp: StoryTicket) -> None:
    """Call back after the limit has passed without a rating."""
    await lamp.happened("call_back_due")
    await lamp.by(Role.DESK, "call-back", reached=False, note="无人接听")
    rating = {"contacted": True, "resolved": True, "grade": 4}
    await lamp.by(Role.DESK, "call-back", reached=True, rating=rating)
    await lamp.closed()


async def _never_reached(water: StoryTicket) -> None:
    """Call back in vain; the ticket is counted as unrated."""
    await water.happened("call_back_due")
    for _ in range(3):
        await water.by(Role.DESK, "call-back", reached=False, note="无人接听")
    await water.closed()
