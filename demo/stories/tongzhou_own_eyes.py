"""通州: problems that the city finds by itself: grid workers, a satellite, 未诉先办."""

from datetime import UTC, datetime

from demo.stories.claims import must
from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role
from store.reporting.common_problems import topics

STREET, GRID_STREET = "110112003", "110112001"


# --- grid workers ---------------------------------------------------------------------------------


async def part_time_case(story: Telling) -> None:
    """Play a cleaner's report through the app."""
    case = await story.file(
        "垃圾",
        kind="complaint",
        channel="part_time_grid",
        title="路口暴露垃圾",
        text="保洁途中发现路口堆放垃圾，无人清运。",
        category="0101",
        place={"area": GRID_STREET, "address": "新华大街 12 号门前"},
    )
    await case.handled(GRID_STREET, "垃圾已清运，点位纳入每日巡查。")
    await case.rated(5)
    await case.closed()


async def grid_case(story: Telling) -> None:
    """Play a grid case whose closing requires a photo."""
    case = await story.file(
        "物料",
        kind="complaint",
        channel="grid",
        title="便道乱堆物料",
        text="巡查发现便道上堆放沙石。",
        category="0110",
        place={"area": GRID_STREET, "address": "车站路 3 号便道"},
    )
    await case.handled(GRID_STREET, "已清理。")
    await case.happened("closing_refuted")
    await case.handled(GRID_STREET, "沙石已清走，附清理后照片。", evidence=["清理后照片"])
    await case.rated(4)
    await case.closed()


async def left_lying(story: Telling) -> StoryTicket:
    """File a grid case that nobody handles for now."""
    return await story.file(
        "旧车",
        kind="complaint",
        channel="grid",
        title="废旧自行车占用便道",
        text="巡查发现十余辆废旧自行车堵住便道。",
        category="0113",
        place={"area": GRID_STREET, "address": "玉带河大街公交站旁"},
    )


async def late(case: StoryTicket) -> None:
    """Handle the case after yellow card, red card and supervision."""
    await case.climbed("handle", "supervise")
    await case.handled(GRID_STREET, "废旧车已全部清走，便道恢复通行；已对责任网格通报。")
    await case.rated(3)
    await case.closed()


# --- satellite and proactive work -----------------------------------------------------------------


async def satellite(story: Telling) -> None:
    """Play a satellite's report of a new roof, which accuses no unit: staged limits."""
    roof = await story.file(
        "图斑",
        kind="report",
        channel="sensor",
        title="疑似新增违法建设",
        text="影像比对发现疑似新增建筑。",
        category="0109",
        place={"area": GRID_STREET, "lat": 39.905, "lon": 116.66},
    )
    await roof.at("triage")
    await roof.by(Role.DISPATCHER, "triage", category="0109", nobody=True, note="未举报承办单位")
    ticket = await roof.with_unit(GRID_STREET)
    await roof.by(GRID_STREET, "sign")
    notes = {"stop": "责令停工", "order": "下达限期拆除通知", "demolish": "拆除完毕"}
    for step in [clock.label for clock in ticket.clocks if clock.label]:
        await roof.by(GRID_STREET, "step", step=step, note=notes[step])
    await roof.done(GRID_STREET, "已停工、处罚并拆除。", evidence=["拆除前后照片"])
    await roof.rated(5)
    await roof.closed()


DIARY = {
    "日志一": ("地铁口单车淤积", True),
    "日志二": ("公交站单车挡道", False),
    "日志三": ("商场门前单车乱停", True),
}
"""Diary entries of grid workers, and whether the resident was called."""


async def unsued(story: Telling) -> None:
    """Settle a problem that grid workers heard repeatedly before anybody complains (未诉先办)."""
    for name, (title, called) in DIARY.items():
        heard = await story.file(
            name,
            kind="suggestion",
            channel="grid",
            title=title,
            text=f"网格日志：居民说{title}，早高峰最严重。",
            category="0108",
            place={"area": STREET},
        )
        await heard.handled(STREET, "已联系企业清走，恢复通行。")
        await heard.rated(4, contacted=called)
        await heard.closed()
    problems = await topics(story.store, story.pack.city.id, story.began, datetime.now(UTC), 3)
    must(len(problems) == 1, f"{len(problems)} common problems instead of one")
    common = problems[0]
    bikes = await story.file(
        "未诉先办",
        kind="suggestion",
        channel="proactive",
        title=f"共性问题：{story.pack.category(common.category).name}（{common.count} 件）",
        text="网格日志连续多日记录，作为共性问题提前办理。",
        category=common.category,
        topic=f"{common.category}-{common.area}",
        place={"area": common.area},
    )
    await bikes.handled(STREET, "已设三处停放区，企业早晚高峰专人值守。")
    await bikes.rated(4, contacted=None)
    await bikes.closed()
