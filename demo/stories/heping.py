"""和平: messages answered in public, work delegated to contractors, and revisits."""

import asyncio
from typing import Any

from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role
from store.reporting.published_answers import answers

STREET = "120101003"
COMMUNITY = "community-wudadao-1"
BUREAU, OFFICE = "city-management", "parking-office"
BIKES = ("bike-1", "bike-2", "bike-3")
"""The companies that clear shared bikes: contractors, assessed every month."""
CALLED = ("property-section", "planning", "police-wudadao")
"""The units that meet the street over a ground lock."""


async def play(story: Telling) -> None:
    """Play a season of the district."""
    async with asyncio.TaskGroup() as meanwhile:
        await story.scene("政民零距离：网上留言，公开答复；街道转社区，上级不脱责")
        gate = await _message(story)
        meanwhile.create_task(_still_holds(gate))
        await story.scene("地锁清了又来：同一地点第三次，自动督办；街巷吹哨，部门报到")
        await _lock(story, "地锁一", "已拆除地锁 2 个，告知当事人。", grade=4)
        await _lock(story, "地锁二", "再次拆除地锁 2 个，张贴告示。", grade=3)
        lock = await _lock_for_good(story)
        meanwhile.create_task(_reopened(lock))
        await story.scene("举一反三：发现一处，各街道同类全查")
        for name, ticket in (await _settle_all(story, lock)).items():
            meanwhile.create_task(_inspected(ticket, name))
        await story.scene("留言再多也条条有回音：当场答复的，讲清政策的")
        await _answered_at_once(story)
        await _explained(story)
        await _published(story)
        await story.scene("三级转办：城管委转停车办，停车办转单车企业，企业按月考核")
        await _bikes(story)
        await _bikes_again(story)
        await story.scene("回头看：到期再看，直到管住")


# --- messages on the portal -----------------------------------------------------------------------


async def _message(story: Telling) -> StoryTicket:
    """Play a public message. The street delegates the work and stays responsible."""
    gate = await story.file(
        "留言一",
        kind="help",
        channel="portal",
        public=True,
        title="小区门禁坏了一个月",
        text="小区门禁坏了一个月，物业一直不修，外来人员随意进出。",
        category="0501",
        place={"area": "120101003901", "address": "五大道某小区北门"},
        contact={"phone": "13800002222"},
    )
    await gate.with_unit(STREET)
    await gate.by(STREET, "sign")
    await gate.by(STREET, "delegate", unit=COMMUNITY, task="督促物业三日内修复并回访居民")
    await gate.with_unit(COMMUNITY)
    await gate.by(COMMUNITY, "sign")
    await gate.by(STREET, "contact", reached=True)
    await gate.done(COMMUNITY, "物业已更换控制器，门禁恢复。")
    await gate.done(STREET, "门禁控制器已更换，社区将每周巡查；感谢您的监督。")
    await gate.rated(5)
    await gate.closed()
    return gate


async def _answered_at_once(story: Telling) -> None:
    """Play a question that the office answers itself, in public."""
    question = await story.file(
        "留言二",
        kind="consultation",
        channel="portal",
        public=True,
        title="周日有人值班吗",
        text="平时上班走不开，周日有没有人值班？",
    )
    await question.happened("triage_unsure")
    text = "周六上午有人值班，可以先打电话约好时间；其他时间请走自助区。"
    await question.by(Role.DESK, "conclude", outcome="answered", text=text)
    await question.closed()


async def _explained(story: Telling) -> None:
    """Play a non-public request that policy forbids: explained, reworked twice, then closed."""
    aid = await story.file(
        "留言三",
        kind="help",
        channel="portal",
        title="低保没有批",
        text="申请低保没有批，家里确实困难。",
        category="1402",
        place={"area": "120101003"},
        contact={"phone": "13800003333"},
    )
    replies = ("收入超过标准，不符合条件。", "已入户核实，收入仍超标准。", "已协助申请临时救助。")
    for time, reply in enumerate(replies):
        await _handed_out(aid, time)
        await aid.handled("civil-affairs", reply, resolved=time == 2)
        await aid.checked(STREET, "已入户了解，情况属实。")
        await aid.rated(2, resolved=time == 2)
    await aid.at("supervise")
    text = "您的家庭收入超过低保标准，政策不能突破；临时救助已发放，特此最终答复。"
    await aid.by(Role.SUPERVISOR, "conclude", outcome="final_reply", text=text)
    await aid.closed()


async def _handed_out(story_ticket: StoryTicket, reworks: int) -> None:
    await story_ticket.until(
        "handed out", lambda ticket: (ticket.stage, ticket.reworks) == ("handle", reworks)
    )


async def _published(story: Telling) -> None:
    """Print the published answers: tickets with consent, without names."""
    await story.catch_up()
    for ticket in (await answers(story.store, story.pack.city.id)).tickets:
        story.say(f"  公开：「{ticket.complaint.text}」答：「{ticket.reply}」")


# --- the recurring lock ---------------------------------------------------------------------------

_LOCK: dict[str, Any] = {
    "kind": "complaint",
    "channel": "grid",
    "title": "公共车位私装地锁",
    "text": "公共车位上又装了地锁。",
    "category": "0102",
    "place": {"area": "120101003902", "address": "云南路 21 号门前"},
}


async def _lock(story: Telling, name: str, reply: str, grade: int) -> None:
    """Play a lock that is cleared and closed, and recurs later."""
    lock = await story.file(name, **_LOCK)
    await lock.handled(STREET, reply, evidence=["拆除后照片"])
    await lock.rated(grade)
    await lock.closed()


async def _lock_for_good(story: Telling) -> StoryTicket:
    """Play the third lock: its severity orders supervision automatically, and all units meet."""
    lock = await story.file("地锁三", **_LOCK)
    await lock.with_unit(STREET)
    await lock.happened("supervision_ordered")
    await lock.by(STREET, "sign")
    reason = "地锁反复，须物业、业主与部门共商"
    tasks = ("督促物业履行管理职责", "核实车位权属", "处理阻挠执法")
    calls = [{"unit": unit, "task": task} for unit, task in zip(CALLED, tasks, strict=True)]
    await lock.by(STREET, "whistle", ground="joint_property", reason=reason, units=calls)
    for unit in CALLED:
        await lock.with_unit(unit)
        await lock.by(unit, "sign")
    minutes = {
        "what": "on_site",
        "text": "物业联席会：当面劝导，约定自行拆除；拒不改正的依法处理。",
        "units": list(CALLED),
        "residents": 6,
        "decision": "依据《民法典》第二百八十六条发出整改通知书，网格员盯守点位。",
        "agreed": True,
    }
    await lock.by(STREET, "minutes", minutes=minutes)
    await lock.by(STREET, "contact", reached=True)
    for unit, done in zip(
        CALLED, ("物业已签责任书", "权属属业主共有", "已训诫当事人"), strict=True
    ):
        await lock.done(unit, f"{done}。")
    answer = "已发整改通知书，地锁全部拆除，网格员每日盯守。"
    await lock.by(STREET, "answer-order", order=1, answer=answer)
    await lock.done(STREET, answer, evidence=["整改通知书", "拆除后照片"])
    await lock.rated(5)
    await lock.closed()
    return lock


async def _reopened(lock: StoryTicket) -> None:
    """Revisit (回头看) when due: the problem is back, and the ticket is reopened."""
    await lock.climbed("revisit", "warn")
    await lock.by(STREET, "revisit", holds=False, note="点位又出现地锁 1 个")
    await lock.handled(STREET, "地锁已拆，加装隔离桩，车位改为共享泊位。", evidence=["改造后照片"])
    await lock.rated(5)
    await lock.closed()


async def _still_holds(gate: StoryTicket) -> None:
    await gate.climbed("revisit", "warn")
    await gate.by(COMMUNITY, "revisit", holds=True, note="门禁完好，居民满意")


# --- settling all of the kind (举一反三) ---


async def _settle_all(story: Telling, lock: StoryTicket) -> dict[str, StoryTicket]:
    """Open an inspection at every other street."""
    await lock.by(STREET, "settle-all", text="排查辖区公共车位私装地锁，一周内清理完毕。")
    opened = (await lock.look()).inspections
    streets = story.pack.siblings(STREET)
    return {
        street: story.adopt(f"排查·{story.pack.unit(street).name[:-2]}", number)
        for street, number in zip(streets, opened, strict=True)
    }


async def _inspected(inspection: StoryTicket, street: str) -> None:
    """Handle an inspection: it has no citizen and is counted as unrated."""
    await inspection.with_unit(street)
    await inspection.by(street, "sign")
    await inspection.done(street, "已排查，发现的地锁全部拆除。", evidence=["排查台账"])
    await inspection.closed()


# --- delegation over three levels -----------------------------------------------------------------

_SPOT: dict[str, Any] = {
    "kind": "complaint",
    "channel": "grid",
    "text": "网格员巡查发现共享单车堵住人行道。",
    "category": "0101",
    "place": {"area": "120101003903", "address": "营口道地铁站 B 口"},
}


async def _passed_down(bikes: StoryTicket, *companies: str) -> None:
    """Delegate from bureau to office to companies; all their clocks run."""
    await bikes.with_unit(BUREAU)
    await bikes.by(BUREAU, "sign")
    await bikes.by(BUREAU, "delegate", unit=OFFICE, task="协调街道和企业，当日清理")
    await bikes.with_unit(OFFICE)
    await bikes.by(OFFICE, "sign")
    for company in companies:
        # The third company has its own limit of one day, and will exceed it.
        own = {"limit": "1d"} if company == BIKES[2] else {}
        await bikes.by(OFFICE, "delegate", unit=company, task="清走本企业车辆，回传照片", **own)
        await bikes.with_unit(company)
        await bikes.by(company, "sign")


async def _bikes(story: Telling) -> None:
    """Play a clearing by each company, one of them after its red card."""
    bikes = await story.file("单车一", title="地铁口单车淤积", **_SPOT)
    await _passed_down(bikes, *BIKES)
    for company in BIKES[:2]:
        await bikes.done(company, "本企业车辆已清走。", evidence=["清理后照片"])
    await bikes.climbed("handle", "due")
    await bikes.done(BIKES[2], "车辆已清走，人手不足来迟。", evidence=["清理后照片"])
    await _finished(bikes, 4)


async def _bikes_again(story: Telling) -> None:
    """Play a recurrence at the same place; the street verifies the result."""
    bikes = await story.file("单车二", title="同一地铁口单车又淤积", **_SPOT)
    await _passed_down(bikes, BIKES[1])
    await bikes.done(BIKES[1], "运维车故障，未能清理。", resolved=False)
    await bikes.by(OFFICE, "delegate", unit=BIKES[0], task="代为清走，费用由责任企业承担")
    await bikes.with_unit(BIKES[0])
    await bikes.by(BIKES[0], "sign")
    await bikes.done(BIKES[0], "已代为清走。", evidence=["清理后照片"])
    await _finished(bikes, 5)


async def _finished(bikes: StoryTicket, grade: int) -> None:
    await bikes.done(OFFICE, "点位恢复，增设电子围栏。", evidence=["点位照片"])
    await bikes.by(BUREAU, "contact", reached=True)
    await bikes.done(BUREAU, "已清理淤积单车，企业每日派员值守。", evidence=["点位照片"])
    await bikes.checked(STREET, "现场已恢复通行。")
    await bikes.rated(grade)
    await bikes.closed()
