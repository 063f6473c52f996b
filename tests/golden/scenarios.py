"""Scenarios of tickets whose histories are stored, each as a script that produces it again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from domain.actors import SYSTEM
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.call_back import CallBack
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.reclassify import Reclassify
from domain.commands.intake.triage import Triage
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.replan import Replan
from domain.commands.units.contact import Contact
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.commands.units.review import Review
from domain.commands.units.sign import Sign
from domain.messages import ParentReply
from domain.pack.pack import Pack
from domain.ticket.assignment import HandlingResult
from domain.ticket.rating import Rating
from packs.calendars import versioned
from runtime.engine import waiting_work
from runtime.names import RECORD_AGAIN
from store.packs import calendars
from store.packs.archive import ArchivedPacks
from tests.golden.rule_book import RULE_BOOK
from tests.support.desk import CITIZEN, DESK, DISPATCHER, SUPERVISOR, Filed, complaint, file
from tests.support.engine import Engine

Scenario = Callable[[Engine], Awaitable[Filed]]
UNCLEAR = {"title": "", "text": "管管吧", "category": None}


async def _rated(ticket: Filed, grade: int) -> None:
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(grade)


async def plain(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.by_unit(Sign())
    await ticket.by_unit(Contact())
    await _rated(ticket, 5)
    return ticket


async def triaged_by_hand(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client, complaint(**UNCLEAR))
    await ticket.act(DISPATCHER, Triage(category="0301", unit="environment"))
    await ticket.until_stage("handle")
    await ticket.act(CITIZEN, AddFacts(text="就在桥下"))
    await _rated(ticket, 4)
    return ticket


async def declined(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client, complaint(**UNCLEAR))
    reason = engine.packs.get("tongzhou").reason_codes("decline")[0]
    await ticket.act(DESK, Conclude(outcome="declined", reason=reason, text="不予受理。"))
    return ticket


async def returned(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    ground = engine.packs.get("tongzhou").reason_codes("return")[0]
    await ticket.by_unit(Return(ground=ground, reason="不属于我单位"))
    await ticket.act(DISPATCHER, Decide(approve=False, reason="属于"))
    await ticket.by_unit(Return(ground=ground, reason="请再议"))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="属实"))
    await ticket.act(DISPATCHER, Reassign(unit="environment", reason="改派"))
    await ticket.until_stage("handle")
    await _rated(ticket, 5)
    return ticket


async def reclassified(engine: Engine) -> Filed:
    """Correct a classification twice: the unit keeps it, then another gets it."""
    ticket, _ = await file(engine.client)
    await ticket.by_unit(Sign())
    await ticket.act(DESK, Reclassify(category="0202", reason="实为停水"))
    again = Reclassify(category="0204", reason="实为路灯", unit="city-management", longer=True)
    await ticket.act(DISPATCHER, again)
    await ticket.until(lambda at: at.unit == "city-management" and at.stage == "handle")
    await _rated(ticket, 5)
    return ticket


async def reassigned_and_extended(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.act(DISPATCHER, Reassign(unit="housing", reason="改派"))
    await ticket.by_unit(Extend(by="3d", reason="工程量大"))
    await ticket.act(SUPERVISOR, Decide(approve=True, reason="同意"))
    await ticket.act(CITIZEN, Urge(text="请抓紧"))
    await _rated(ticket, 3)
    return ticket


async def never_satisfied(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    for n in range(1, engine.packs.get("tongzhou").caps.reworks + 2):
        await ticket.until(lambda at, n=n: at.assignment == n)  # type: ignore[misc]
        await _rated(ticket, 1)
    await ticket.until_stage("supervise")
    await ticket.act(SUPERVISOR, Conclude(outcome="final_reply", text="最终答复。"))
    return ticket


async def unreachable(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    for _ in range(engine.packs.get("tongzhou").caps.call_backs):
        await ticket.act(DESK, CallBack(reached=False))
    return ticket


async def rated_by_phone(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    rating = Rating.model_validate({"contacted": False, "resolved": True, "grade": 4})
    await ticket.act(DESK, CallBack(reached=True, rating=rating))
    return ticket


async def withdrawn(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.by_unit(Sign())
    await ticket.act(CITIZEN, Withdraw(reason="已自行解决"))
    return ticket


async def carried_on(engine: Engine) -> Filed:
    """File and complete a ticket in three runs."""
    ticket, _ = await file(engine.client)
    await ticket.by_unit(Sign())
    await ticket.carry_on()
    await ticket.act(CITIZEN, AddFacts(text="就在桥下"))
    await ticket.by_unit(Contact())
    await ticket.carry_on()
    await _rated(ticket, 5)
    return ticket


async def recorded_again(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.by_unit(Sign())
    await ticket.handle.signal(RECORD_AGAIN)
    await ticket.by_unit(Contact())
    await _rated(ticket, 5)
    return ticket


async def _recorded(ticket: Filed) -> None:
    """Wait until no late recording is under way, and the ticket has heard of the last one."""
    async with asyncio.timeout(30):
        while True:
            response = (await ticket.handle.describe()).raw_description
            late = [
                one for one in response.pending_activities if one.activity_type.name == "project"
            ]
            if not late and not response.HasField("pending_workflow_task"):
                return
            await asyncio.sleep(0.05)


async def recorded_late(engine: Engine) -> Filed:
    """Sign while the store is away, and go on once the record has caught up."""
    ticket, _ = await file(engine.client)
    engine.projector.away = True
    await ticket.by_unit(Sign())
    engine.projector.away = False
    await _recorded(ticket)
    await ticket.by_unit(Contact())
    await _rated(ticket, 5)
    return ticket


async def heard_at_the_end(engine: Engine) -> Filed:
    """End a ticket while the store is away, with a late result and a late rating."""
    ticket, _ = await file(engine.client)
    unit = (await ticket.by_unit(Sign())).unit or ""
    engine.projector.away = True
    await ticket.act(CITIZEN, Withdraw(reason="已自行解决"))
    await ticket.rate(5)
    share = waiting_work(engine.client, ticket.number, f"handle-{unit}-1")
    await share.complete(HandlingResult(reply="已清理。", at=datetime.now(UTC)))
    await asyncio.sleep(0.2)  # both are received before it ends
    engine.projector.away = False
    return ticket


async def in_order(engine: Engine) -> Filed:
    """Let a hold end while an earlier command, which ends it as well, is being planned."""
    ticket, _ = await file(engine.client)
    await ticket.until_stage("handle")
    soon = datetime.now(UTC) + timedelta(seconds=4)
    await ticket.by_unit(Hold(ground="works", until=soon, reason="等待施工"))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    of, seconds = ArchivedPacks.of, iter([3.2])  # longer than a quick answer takes

    async def slowly(self: ArchivedPacks, city: str, version: str | None) -> Pack:
        await asyncio.sleep(next(seconds, 1.5))
        return await of(self, city, version)

    ArchivedPacks.of = slowly  # type: ignore[method-assign]
    try:
        await ticket.by_unit(Review(note="已完工", resume=True))
    finally:
        ArchivedPacks.of = of  # type: ignore[method-assign]
    await _rated(ticket, 5)
    return ticket


async def planned_again(engine: Engine) -> Filed:
    """Declare days off, in a published year, that an extension in working days counts."""
    ticket, _ = await file(engine.client)
    pack = engine.packs.get("tongzhou")
    today = datetime.now(UTC).astimezone(pack.calendar.tz).date()
    years = tuple(range(min(pack.calendar.years), today.year + 2))
    published = versioned(pack.calendar.model_copy(update={"years": years}))
    off = tuple(today + timedelta(days=n) for n in range(30))
    changed = versioned(published.model_copy(update={"days_off": off, "days_on": ()}))
    await calendars.keep(engine.store, published, datetime.now(UTC))
    await ticket.by_unit(Extend(by="2wd", reason="等待材料"))
    for calendar, by, command in (
        (published, DISPATCHER, Decide(approve=True, reason="同意")),
        (changed, SUPERVISOR, Replan()),
    ):
        replaced = pack.model_copy(update={"calendar": calendar})
        with patch.object(engine.packs, "get", return_value=replaced):
            await ticket.act(by, command)
    await ticket.act(CITIZEN, Withdraw(reason="已自行解决"))
    return ticket


async def member_of_incident(engine: Engine) -> Filed:
    """Merge a member of an incident into the lead, which is not told, and pass an answer on."""
    lead, _ = await file(engine.client)
    member, _ = await file(engine.client, complaint(by_hand=True))
    await member.until_stage("triage")
    command = Merge(into=lead.number, reason="同一起停水", incident="0" * 16)
    await member.act(SYSTEM, command)
    await member.until_stage("merged")
    reply = ParentReply(
        parent=lead.number, text="供水已恢复。", resolved=True, at=datetime.now(UTC)
    )
    await member.handle.signal("answered_with_parent", reply)
    await member.until_stage("rate")
    await member.rate(5)
    return member


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        plain,
        triaged_by_hand,
        declined,
        returned,
        reclassified,
        reassigned_and_extended,
        never_satisfied,
        unreachable,
        rated_by_phone,
        withdrawn,
        member_of_incident,
        carried_on,
        recorded_again,
        heard_at_the_end,
        recorded_late,
        in_order,
        planned_again,
        *RULE_BOOK,
    )
}
