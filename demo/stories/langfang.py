"""廊坊: offline reports, raising one level at a time, and repeated dumping at a nursery."""

import asyncio
from typing import Any

from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role

VILLAGE, TOWN, COUNTY, CITY = "131002100-village-1", "131002100", "131002", "gov"
LEVELS = (VILLAGE, TOWN, COUNTY, CITY)
"""Village, township, county, city."""
NEIGHBOURS, NEIGHBOUR_TOWN = "131002101-village-1", "131002101"
HELPERS = ("131002-lawyers", "131002-mediators")
CALLED = ("131002-police", "131002-environment", TOWN)
"""The units that the county calls to the dump."""
SILENT, ABOVE = "131022104", "131022"
"""The township that does nothing, and the county above it."""


async def play(story: Telling) -> None:
    """Play a month of residents' reports and their handling."""
    async with asyncio.TaskGroup() as meanwhile:
        await story.scene("没人办的：超期自动提级，一级一级来")
        meanwhile.create_task(_silent(await _lamp(story)))
        await story.scene("说事箱：开箱一次登记，断网重报不会多一件；没署名的先到现场核实")
        box = await _box(story)
        meanwhile.create_task(_from_the_box(box["箱一"]))
        await _unfounded(box["箱二"])
        await _signed(box["箱三"])
        await story.scene("说事点：老人没有手机，代办员登记，当面回访")
        await _without_a_phone(story)
        await story.scene("一般问题就地办，纠纷请律师和调解员：地界之争，调解有记录")
        await _boundary(story)
        await story.scene("超事权提级办：村、乡镇、县、市，一次只提一级")
        await _raised(story)
        await story.scene("苗圃不能再烧一次：同一处倾倒，第三次自动提级，三家联办，回头再看")
        await _nursery(story)
        await story.scene("月底：没署名的无人可问，超期的有了下文")


# --- offline reports ------------------------------------------------------------------------------

_NOTES: dict[str, dict[str, Any]] = {
    "箱一": {
        "text": "村里脏，柴草乱堆乱放，没人清扫。",
        "anonymous": True,
        "place": {"area": "131002100901", "address": "村西大街"},
    },
    "箱二": {
        "text": "村东拌合站扬尘很大，尘土飞进院子。",
        "anonymous": True,
        "place": {"area": "131002100902", "address": "村东拌合站"},
    },
    "箱三": {
        "text": "村口路灯不亮，晚上孩子下学害怕。",
        "place": {"area": "131002100901", "address": "村口"},
        "contact": {"phone": "13800006666"},
    },
}
"""The notes in the box of one village, in the order they were taken out."""


async def _box(story: Telling) -> dict[str, StoryTicket]:
    """Register the whole box twice, as a clerk does after a broken connection."""
    box = f"box-{TOWN}-{story.began:%Y%m%d}"
    for _ in range(2):
        for serial, (name, note) in enumerate(_NOTES.items(), 1):
            await story.file(name, key=f"{box}-{serial}", channel="offline", **note)
    return {name: story.tickets[name] for name in _NOTES}


async def _from_the_box(note: StoryTicket) -> None:
    """Play an unsigned note: verified on site, settled in the village, and unrated."""
    await note.with_unit(TOWN)
    await note.by(TOWN, "sign")
    await note.done(TOWN, "到村查看，情况属实。")
    await note.with_unit(VILLAGE)
    await note.by(VILLAGE, "sign")
    await note.done(VILLAGE, "柴草已清走，大街每日清扫。")
    await note.closed()


async def _unfounded(note: StoryTicket) -> None:
    """Play a note not confirmed on site: it is not filed."""
    await note.with_unit(TOWN)
    await note.by(TOWN, "sign")
    await note.done(TOWN, "拌合站已停产拆除，现场无扬尘。", resolved=False)
    await note.at("ended")


async def _signed(note: StoryTicket) -> None:
    """Play a signed note; a dispatcher refuses the township's return."""
    await note.with_unit(TOWN)
    await note.by(TOWN, "return", ground="not_ours", reason="路灯归供电所管")
    await note.by(Role.DISPATCHER, "decide", approve=False, reason="村口路灯由乡镇管护")
    await note.handled(TOWN, "路灯已修好，更换灯头两个。")
    await note.rated(4)
    await note.closed()


async def _without_a_phone(story: Telling) -> None:
    """Play a note registered by a clerk, handled by the village, rated in person."""
    aged = await story.file(
        "老人",
        kind="help",
        channel="offline",
        text="一个人住，低保的事不会办。",
        place={"area": "131002100902", "address": "说事点代为登记"},
    )
    await aged.happened("triage_unsure")
    await aged.by(Role.DESK, "triage", category="1402", note="说事点当面问明")
    await aged.with_unit(TOWN)
    await aged.by(TOWN, "sign")
    village = "131002100-village-2"
    await aged.by(TOWN, "delegate", unit=village, task="上门帮老人备齐材料")
    await aged.with_unit(village)
    await aged.by(village, "sign")
    await aged.by(TOWN, "contact", reached=True, note="包村干部上门")
    await aged.done(village, "材料已备齐，代为递交。")
    await aged.done(TOWN, "低保申请已受理，村干部全程代办。")
    await aged.at("rate")
    rating = {"contacted": True, "resolved": True, "grade": 5}
    await aged.by(Role.DESK, "call-back", reached=True, rating=rating, note="代办员当面回访")
    await aged.closed()


# --- helpers --------------------------------------------------------------------------------------


async def _boundary(story: Telling) -> None:
    """Play a mediation: lawyer and mediator come late, and only the second talk succeeds."""
    wall = await story.file(
        "地界",
        kind="help",
        channel="wechat",
        title="两家为地界吵了半年",
        text="隔壁把院墙往外砌，两家为地界吵了半年，请村里评评理。",
        category="1703",
        place={"area": "131002101901", "address": "前街 8 号"},
        contact={"phone": "13800007777"},
    )
    await wall.with_unit(NEIGHBOURS)
    await wall.by(NEIGHBOURS, "sign")
    await wall.by(NEIGHBOURS, "contact", reached=True)
    calls = [
        {"unit": HELPERS[0], "task": "释明相邻关系和举证责任"},
        {"unit": HELPERS[1], "task": "主持调解"},
    ]
    reason = "两家各执一词，需要律师和调解员"
    await wall.by(NEIGHBOURS, "whistle", ground="helpers", reason=reason, units=calls)
    for helper in HELPERS:
        await wall.with_unit(helper)
        await wall.by(helper, "sign")
        await wall.by(helper, "contact", reached=True)
    await wall.climbed("meet", "due")
    talks = (
        {"text": "双方情绪激动，约定次日丈量后再谈。", "agreed": False},
        {
            "text": "按宅基地证丈量，院墙退回半米，费用各半。",
            "agreed": True,
            "decision": "签订调解协议，村委会见证履行。",
        },
    )
    for talk in talks:
        minutes = {"what": "mediation", "units": [NEIGHBOURS, *HELPERS], "residents": 4} | talk
        await wall.by(NEIGHBOURS, "minutes", minutes=minutes)
    await wall.done(HELPERS[0], "已释明法律规定，协议文本已审。")
    await wall.done(HELPERS[1], "双方签字，协议当场履行。")
    await wall.done(NEIGHBOURS, "院墙已退回，双方握手言和，调解协议存档。")
    await wall.rated(5)
    await wall.closed()


# --- one level at a time --------------------------------------------------------------------------


async def _raised(story: Telling) -> None:
    """Raise a matter from village to township, county and city, and no further."""
    ditch = await story.file(
        "沟渠",
        kind="complaint",
        channel="app",
        title="村边水沟垃圾年年有",
        text="垃圾从上游邻县漂来，村里年年清，年年有。",
        category="0104",
        place={"area": "131002100901", "address": "村南水沟"},
        contact={"phone": "13800008888"},
    )
    reasons = ("上游在邻村，村里管不了", "上游在邻乡镇，镇里管不了", "上游在邻县，区里管不了")
    for unit, reason in zip(LEVELS[:-1], reasons, strict=True):
        await ditch.with_unit(unit)
        await ditch.by(unit, "sign")
        await ditch.by(unit, "raise-level", reason=reason)
    await ditch.with_unit(CITY)
    await ditch.by(CITY, "sign")
    await ditch.barred(CITY, "raise-level", "top_level", "再提一级", reason="再往上没有了")
    await ditch.done(CITY, "两县签订联防联治协议，上游设拦污网，定期清理。")
    await ditch.checked(TOWN, "水沟已清，拦污网已装。")
    await ditch.rated(4)
    await ditch.closed()


async def _lamp(story: Telling) -> StoryTicket:
    return await story.file(
        "路灯",
        kind="complaint",
        channel="hotline",
        title="镇上路灯不亮",
        text="镇上路灯不亮半个月了，没人管。",
        category="0204",
        place={"area": SILENT, "address": "马庄镇大街"},
        contact={"phone": "13800009999"},
    )


async def _silent(lamp: StoryTicket) -> None:
    """Play inaction: yellow card, red card, raised a level, and again after a bad rating."""
    for text in ("一周了", "天天摸黑", "到底管不管"):
        await lamp.citizen("urge", text=text)
    await lamp.happened("level_raised")
    await lamp.handled(ABOVE, "灯杆线路老化，等待配件，暂用临时照明。", resolved=False)
    await lamp.checked(SILENT, "临时照明已装。")
    await lamp.rated(1, resolved=False, contacted=False)
    await lamp.happened("reworked")
    await lamp.handled(CITY, "市里调来配件，全镇路灯修好。")
    await lamp.checked(SILENT, "全镇路灯已亮。")
    await lamp.rated(2, contacted=False)
    await lamp.at("supervise")
    text = "路灯已全部修复，拖延单位已问责，向您致歉，特此最终答复。"
    await lamp.by(Role.SUPERVISOR, "conclude", outcome="final_reply", text=text)
    await lamp.closed()


# --- the nursery ----------------------------------------------------------------------------------

_DUMP: dict[str, Any] = {
    "kind": "complaint",
    "title": "苗圃旁夜里倒建筑垃圾",
    "category": "0102",
    "place": {"area": "131002100901", "address": "村北苗圃旁"},
}


async def _nursery(story: Telling) -> None:
    """Play repeated reports that raise the severity, and then the level automatically."""
    first = await story.file("倾倒一", channel="offline", text="苗圃旁有人倒建筑垃圾。", **_DUMP)
    await first.handled(TOWN, "垃圾已清走，立了警示牌。", evidence=["清理后照片"])
    await first.rated(4)
    await first.closed()
    second = await story.file("倾倒二", channel="wechat", text="又倒了两车，还有塑料。", **_DUMP)
    await second.handled(TOWN, "再次清走，安排人夜巡。", evidence=["清理后照片"])
    await second.rated(3)
    await second.closed()
    third = await story.file("倾倒三", channel="hotline", text="又倒了，怕着火烧了苗圃。", **_DUMP)
    await third.with_unit(COUNTY)
    await _joint(third)
    await third.rated(5)
    await third.closed()
    note = "夜间抓拍正常，无新增倾倒，苗圃完好。"
    await third.by(TOWN, "revisit", holds=True, note=note, evidence=["回访照片"])


async def _joint(dump: StoryTicket) -> None:
    await dump.by(COUNTY, "sign")
    await dump.by(COUNTY, "contact", reached=True)
    await dump.by(Role.SUPERVISOR, "supervise", text="三日内查清倾倒源头，报区政府。")
    tasks = ("蹲守查处倾倒车辆", "认定固废并监督处置", "封路、清运、装监控")
    calls = [{"unit": unit, "task": task} for unit, task in zip(CALLED, tasks, strict=True)]
    reason = "查车、认定固废、封路分属三家"
    await dump.by(COUNTY, "whistle", ground="joint_enforcement", reason=reason, units=calls)
    for unit in CALLED:
        await dump.with_unit(unit)
        await dump.by(unit, "sign")
    minutes = {"what": "on_site", "text": "三家到场，当夜布控。", "units": list(CALLED)}
    await dump.by(COUNTY, "minutes", minutes=minutes)
    for step, note in (("stop", "倾倒车辆扣押"), ("clear", "垃圾清运完毕")):
        await dump.by(COUNTY, "step", step=step, note=note)
    for unit, done in zip(CALLED, ("查扣两车", "固废合规处置", "路口限高、监控到位"), strict=True):
        await dump.done(unit, f"{done}。")
    answer = "源头为两家渣土公司，已立案处罚。"
    await dump.by(COUNTY, "answer-order", order=1, answer=answer)
    evidence = ["清理后照片", "处罚决定书"]
    await dump.done(COUNTY, "倾倒者已处罚，路口限高，监控到位。", evidence=evidence)
    await dump.checked(TOWN, "现场已清，监控在线。")
