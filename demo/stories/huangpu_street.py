"""黄埔: tickets that the street receives first, and settles at the lowest level."""

from demo.stories.claims import must
from demo.stories.telling import StoryTicket, Telling

STREET, COMMUNITY, CELL = "440112003", "440112003901", "440112003901001"
YUNPU, YUNPU_COMMUNITY = "440112013", "440112013901"
IN_THE_CELL = {"lat": 23.37526, "lon": 113.53262}
"""A point in `CELL`; the cells of the pack are illustrative."""
CALLED = ("water", "drainage-station")
"""The units that join the street when sewage overflows."""


# --- sensors and buttons: the emergency clock ----------------------------------------------------


async def outfall(story: Telling) -> None:
    """Play a sensor's report: a false-alarm answer is refuted; a sensor gives no rating."""
    water = await story.file(
        "排口",
        kind="complaint",
        channel="sensor",
        title="3 号排口氨氮超标",
        text="在线监测：氨氮 4.8 mg/L，持续 20 分钟。",
        category="0802",
        anonymous=True,
        place=IN_THE_CELL,
    )
    await water.handled(STREET, "现场水样正常，疑似仪器误报。", resolved=False)
    await water.happened("closing_refuted")
    await water.with_unit(STREET)
    await water.by(STREET, "sign")
    await water.by(STREET, "step", step="visit", note="沿管溯源，查到一家洗车场直排")
    await water.done(STREET, "已封堵洗车场排水口并立案，水质读数恢复正常。")


async def sos(story: Telling) -> None:
    """Play an emergency button: a visit, and an answer that says what was found."""
    call = await story.file(
        "求助键",
        kind="help",
        channel="sensor",
        title="长者一键呼叫",
        text="独居长者按下紧急呼叫按钮。",
        category="0801",
        place=IN_THE_CELL | {"address": "鱼珠东路 8 号 302"},
        contact={"phone": "13800002222"},
    )
    await call.with_unit(STREET)
    await call.by(STREET, "sign")
    await call.by(STREET, "contact", reached=True, note="到门口")
    await call.by(STREET, "step", step="visit", note="入户查看")
    await call.done(STREET, "已处理。")
    await call.happened("closing_refuted")
    await call.handled(STREET, "老人起身时滑倒，已扶起并通知家属，社区医生上门检查无碍。")
    await call.rated(5)
    await call.closed()


# --- street first, then the lowest level ---------------------------------------------------------


async def creek(story: Telling) -> StoryTicket:
    """Play a smelling creek: the street handles it, although there is a creek station."""
    creek = await story.file(
        "河涌",
        kind="complaint",
        channel="wechat",
        title="河涌发臭",
        text="屋后河涌又黑又臭，蚊子多。",
        category="0301",
        place=IN_THE_CELL,
        contact={"phone": "13800003333"},
    )
    await creek.handled(STREET, "已打捞并放水冲洗，溯源封堵两处散排。")
    await creek.rated(5)
    await creek.closed()
    return creek


async def trifle(story: Telling) -> None:
    """Play a trifle settled in the cell: delegated twice, with all three clocks running."""
    bags = await story.file(
        "琐事",
        kind="help",
        channel="app",
        title="楼下垃圾没人收",
        text="3 号楼下堆了几袋垃圾。",
        category="0101",
        place={"area": CELL},
    )
    await bags.with_unit(STREET)
    await bags.by(STREET, "sign")
    elsewhere = await bags.refused(STREET, "delegate", unit=YUNPU_COMMUNITY, task="去看看")
    must(elsewhere == "not_below", f"a street gave work to another street's: {elsewhere}")
    await _delegated(bags, STREET, COMMUNITY)
    await _delegated(bags, COMMUNITY, CELL)
    await bags.by(STREET, "contact", reached=True)
    await bags.done(CELL, "已收走，放了提示牌。")
    await bags.done(COMMUNITY, "网格员已处理。")
    await bags.done(STREET, "垃圾已清走，网格员每天两次巡查。")
    await bags.rated(5)
    await bags.closed()


async def neighbours(story: Telling) -> None:
    """Play a small matter settled in the community."""
    leak = await story.file(
        "小事",
        kind="complaint",
        channel="hotline",
        title="楼上装修影响邻居",
        text="邻居装修敲墙，说过几次不听。",
        category="1401",
        place={"area": COMMUNITY},
        contact={"phone": "13800004444"},
    )
    await leak.with_unit(STREET)
    await leak.by(STREET, "sign")
    await _delegated(leak, STREET, COMMUNITY)
    minutes = {
        "what": "mediation",
        "text": "双方到社区当面谈，约定每日施工时段。",
        "units": [COMMUNITY],
        "residents": 2,
        "agreed": True,
    }
    await leak.by(COMMUNITY, "minutes", minutes=minutes)
    await leak.done(COMMUNITY, "双方签了约定。")
    await leak.by(STREET, "contact", reached=True)
    await leak.done(STREET, "社区已调解，施工时段写进约定。")
    await leak.rated(4)
    await leak.closed()


async def _delegated(ticket: StoryTicket, above: str, below: str) -> None:
    await ticket.by(above, "delegate", unit=below, task="到现场处理，回报结果")
    await ticket.with_unit(below)
    await ticket.by(below, "sign")


# --- no returns, joint handling ------------------------------------------------------------------


async def refusing(story: Telling) -> None:
    """Play a street's return: refused, recorded, and it costs points. Then it handles."""
    noise = await story.file(
        "拒单",
        kind="complaint",
        channel="hotline",
        title="夜里唱歌扰民",
        text="广场夜里唱歌到十一点。",
        category="0502",
        place={"area": YUNPU},
        contact={"phone": "13800006666"},
    )
    await noise.with_unit(YUNPU)
    await noise.by(YUNPU, "sign")
    refused = await noise.refused(YUNPU, "return", ground="not_ours", reason="噪声应由公安管")
    must(refused == "returns_not_allowed", f"a return was answered with {refused}")
    await noise.by(YUNPU, "contact", reached=True)
    await noise.done(YUNPU, "已与歌友会约定九点半收场，音量计上墙。")
    await noise.rated(4)
    await noise.closed()


async def sewage(story: Telling) -> None:
    """Play joint handling by street and water bureau, in two stages, each with its clock."""
    sewage = await story.file(
        "倒灌",
        kind="complaint",
        channel="hotline",
        title="下水道返水",
        text="一楼厨房下午三点开始返水，污水倒灌。",
        category="0303",
        place={"area": STREET, "address": "茅岗路 20 号"},
        contact={"phone": "13800007777"},
    )
    await sewage.with_unit(STREET)
    await sewage.by(STREET, "sign")
    await sewage.by(STREET, "contact", reached=True)
    tasks = ("查明原因，制定方案", "疏通清淤，安排施工")
    calls = [{"unit": unit, "task": task} for unit, task in zip(CALLED, tasks, strict=True)]
    reason = "市政管网与小区管道相接，须水务同到现场"
    await sewage.by(STREET, "whistle", ground="beyond_street", reason=reason, units=calls)
    for unit in CALLED:
        await sewage.with_unit(unit)
        await sewage.by(unit, "sign")
    minutes = {
        "what": "on_site",
        "text": "三家到场：市政管堵塞顶托，先抽排，后清淤，加装止回阀。",
        "units": list(CALLED),
    }
    await sewage.by(STREET, "minutes", minutes=minutes)
    await sewage.by(
        STREET, "step", step="contain", note="抽排到位，不再倒灌", evidence=["抽排照片"]
    )
    await sewage.done("drainage-station", "已疏通清淤 120 米，止回阀明日安装。")
    await sewage.done("water", "原因已查明，方案已定，纳入管网改造。")
    await sewage.by(STREET, "step", step="clear", note="管道疏通", evidence=["清淤后照片"])
    await sewage.done(STREET, "倒灌已止，管道已通，止回阀安排到位。", evidence=["清淤后照片"])
    await sewage.rated(5)
    await sewage.closed()
