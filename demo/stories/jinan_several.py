"""济南: deliberation with residents, and joint enforcement."""

from demo.stories.jinan_snapshots import EVALUATORS, LONGDONG
from demo.stories.telling import Telling

QUANCHENG = "370102004"
CALLED = ("market", "traffic-police", "cm-370102")
"""The units needed at the fair; a fourth is called and released."""

PLANS = [
    {
        "title": "增划路侧车位",
        "pros": ["当月可完成", "不花钱"],
        "cons": ["消防通道变窄"],
        "votes": 6,
    },
    {
        "title": "错时共享单位停车场",
        "pros": ["不占绿地", "夜间有六十个车位"],
        "cons": ["早上八点前须驶离"],
        "votes": 27,
    },
    {
        "title": "改绿地为车位",
        "pros": ["离家近"],
        "cons": ["少两片绿地", "须业主三分之二同意"],
        "votes": 4,
    },
]


async def parking(story: Telling) -> None:
    """Play a deliberation on three plans (三个方案): pros, cons, a vote, and a revisit."""
    parking = await story.file(
        "停车难",
        kind="suggestion",
        channel="web",
        title="老小区停车位太少",
        text="一百二十户只有四十个停车位。",
        category="0906",
        place={"area": LONGDONG},
        contact={"phone": "13900005555"},
    )
    await parking.with_unit(LONGDONG)
    await parking.by(LONGDONG, "sign")
    await parking.by(LONGDONG, "contact", reached=True)
    minutes = {
        "what": "deliberation",
        "text": "居民代表发言：一楼住户怕占消防通道，夜班住户盼错时共享；方案二改为八点半前驶离。",
        "units": [LONGDONG],
        "residents": 37,
        "options": PLANS,
        "decision": "采用方案二，驶离时间放宽到八点半，试行一个月。",
        "agreed": True,
    }
    await parking.by(LONGDONG, "minutes", minutes=minutes)
    await parking.done(LONGDONG, "错时共享已启用，夜间增加六十个车位。")
    await parking.checked(EVALUATORS, "现场核查：已启用。")
    await parking.rated(5)
    await parking.closed()
    note = "试行一个月，车位够用，无人反悔"
    await parking.by(LONGDONG, "revisit", holds=True, note=note)


async def fair(story: Telling) -> None:
    """Play a whistle to several departments, one of which is released."""
    fair = await story.file(
        "大集",
        kind="complaint",
        channel="hotline",
        title="早市占道缺斤短两",
        text="早市摊位占了半条路，还有缺斤短两。",
        category="1003",
        place={"area": QUANCHENG},
        contact={"phone": "13900006666"},
    )
    await fair.with_unit(QUANCHENG)
    await fair.by(QUANCHENG, "sign")
    await fair.by(QUANCHENG, "contact", reached=True)
    calls = [{"unit": unit, "task": "五点到场，联合整治"} for unit in (*CALLED, "fire")]
    reason = "占道、计量、交通各管一段，须一起办"
    await fair.by(QUANCHENG, "whistle", ground="joint_enforcement", reason=reason, units=calls)
    for unit in CALLED:
        await fair.with_unit(unit)
        await fair.by(unit, "sign")
        await fair.by(unit, "contact", reached=True)
    minutes = {"what": "on_site", "text": "五点联合到场，划线入市，设公平秤。", "units": [*CALLED]}
    await fair.by(QUANCHENG, "minutes", minutes=minutes)
    ticket = await fair.with_unit("fire")
    n = next(a.n for a in ticket.opened if a.unit == "fire")
    await fair.by(QUANCHENG, "release", assignment=n, reason="现场无消防问题，不用配合")
    for unit in CALLED:
        await fair.done(unit, "本单位事项已办结。")
    await fair.done(QUANCHENG, "早市划线入市，公平秤到位，七点半前散场。")
    await fair.checked(EVALUATORS, "现场核查：秩序良好。")
    await fair.rated(5)
    await fair.closed()
