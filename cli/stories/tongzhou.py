"""通州: one ticket followed to its end, the whistle, grid workers, and what nobody has said yet."""

import asyncio

from cli.stories.telling import Telling
from domain.actors import Role

STREET, GRID_STREET = "110112003", "110112001"
CALLED = ("city-management", "landscaping", "transport")
"""The departments that the street calls in to open one gate."""


async def play(story: Telling) -> None:
    """Several tickets side by side, as on any day."""
    story.narrate("通州：一张单子管到底，吹哨报到，人人都是网格员，未诉先办")
    acts = (_gate, _grid_case, _emergency, _silent, _praise, _satellite, _unsued, _urged)
    async with asyncio.TaskGroup() as group:
        for act in acts:
            group.create_task(act(story))


async def _gate(story: Telling) -> None:
    """One gate, three meetings: the answer waits for everybody who was called."""
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
    await gate.by(
        STREET,
        "whistle",
        ground="beyond_street",
        reason="开门涉及护栏、绿化带和路口，街道一家办不了",
        units=[{"unit": unit, "task": task} for unit, task in zip(CALLED, tasks, strict=True)],
    )
    for unit in CALLED:
        await gate.with_unit(unit)
        await gate.by(unit, "sign")
    for number in ("第一次", "第二次", "第三次"):
        minutes = {
            "what": "on_site",
            "text": f"{number}现场会：三家到场，分头落实。",
            "units": list(CALLED),
        }
        await gate.by(STREET, "minutes", minutes=minutes)
    await gate.done(STREET, "东门已打开，护栏改造、绿化迁移和路口标线均已完成。")
    for unit, task in zip(CALLED, tasks, strict=True):
        await gate.done(unit, f"{task}已完成。")
    await gate.rated(5)
    await gate.at("ended")


async def _grid_case(story: Telling) -> None:
    """A part-time grid worker reports through the app; filed, handled, closed in time."""
    case = await story.file(
        "网格案件",
        kind="complaint",
        channel="part_time_grid",
        title="井盖破损",
        text="路边一个井盖破损，存在隐患。",
        category="0101",
        place={"area": GRID_STREET, "address": "新华大街 12 号门前"},
    )
    await case.handled(GRID_STREET, "已清理并恢复。")
    await case.rated(5)
    await case.at("ended")


async def _emergency(story: Telling) -> None:
    """Calendar time, day and night, direct to the bureau."""
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
    await leak.at("ended")


async def _silent(story: Telling) -> None:
    """Nobody rates: when the limit has passed, the hotline calls back."""
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
    await lamp.handled("city-management", "已更换三盏路灯。")
    await lamp.happened("call_back_due")
    await lamp.by(Role.DESK, "call-back", reached=False, note="无人接听")
    rating = {"contacted": True, "resolved": True, "grade": 4}
    await lamp.by(Role.DESK, "call-back", reached=True, rating=rating)
    await lamp.at("ended")


async def _praise(story: Telling) -> None:
    """A praise is thanked for at the desk, and counts for the community."""
    praise = await story.file(
        "表扬",
        kind="praise",
        channel="hotline",
        title="表扬社区工作人员",
        text="社区帮老人装了扶手，特来感谢。",
    )
    ticket = await praise.until("classified", lambda ticket: ticket.stage in ("triage", "handle"))
    if ticket.stage == "triage":
        thanks = "感谢您的认可，已转告社区。"
        await praise.by(
            Role.DESK,
            "conclude",
            outcome="answered",
            text=thanks,
            unit="community-zhongcang-1",
        )
    await praise.at("ended")


async def _satellite(story: Telling) -> None:
    """A satellite sees a new roof: a ticket like any other, with staged limits."""
    roof = await story.file(
        "图斑",
        kind="report",
        channel="sensor",
        title="卫星图斑：疑似新增违法建设",
        text="影像比对发现疑似新增建筑。",
        category="0109",
        place={"area": GRID_STREET, "lat": 39.905, "lon": 116.66},
    )
    await roof.with_unit(GRID_STREET)
    await roof.by(GRID_STREET, "sign")
    ticket = await roof.look()
    for step in [clock.label for clock in ticket.clocks if clock.label]:
        await roof.by(GRID_STREET, "step", step=step, note="现场已办")
    evidence = ["拆除前后照片"]
    await roof.done(GRID_STREET, "已停工、处罚并拆除。", evidence=evidence)
    await roof.rated(5)
    await roof.at("ended")


async def _unsued(story: Telling) -> None:
    """未诉先办: what grid workers heard again and again is settled before anybody complains."""
    bikes = await story.file(
        "未诉先办",
        kind="suggestion",
        channel="proactive",
        title="地铁口早高峰共享单车淤积",
        text="网格日志连续多日记录，作为共性问题提前办理。",
        category="0108",
        topic="shared-bikes",
        place={"area": STREET},
    )
    await bikes.handled(STREET, "已设三处停放区，企业早晚高峰专人值守。")
    await bikes.rated(4)
    await bikes.at("ended")


async def _urged(story: Telling) -> None:
    """Urged again and again it weighs more; a first answer does not satisfy, a second does."""
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
    await smell.rated(2, resolved=False)
    await smell.happened("reworked")
    await smell.until("again", lambda ticket: len(ticket.opened) == 1 and ticket.reworks == 1)
    await smell.handled("water", "已截污清淤，异味消除。")
    await smell.rated(4)
    await smell.at("ended")
