"""Tests of people's commands on a ticket, and of their refusals."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.call_back import CallBack
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.supervising.decide import Decide
from domain.commands.units.contact import Contact
from domain.commands.units.extend import Extend
from domain.commands.units.return_ticket import Return
from domain.commands.units.sign import Sign
from domain.ticket.rating import Rating
from store.db.engine import Store
from store.tickets import tickets
from tests.support.cities import with_rule
from tests.support.desk import (
    CITIZEN,
    DESK,
    DISPATCHER,
    SUPERVISOR,
    Filed,
    complaint,
    file,
    officer,
)
from tests.support.engine import Engine, platform

WATER = officer("water")


async def _kinds(engine: Engine, ticket: Filed) -> list[str]:
    return [event.kind for event in await tickets.events(engine.store, ticket.number)]


# --- triage ---------------------------------------------------------------------------------


async def test_a_dispatcher_triages_what_the_machine_could_not(engine: Engine) -> None:
    ticket, _ = await file(engine.client, complaint(title="", text="管管吧", category=None))
    await ticket.act(DISPATCHER, Triage(category="0301", note="电话里说是河"))
    at = await ticket.until_stage("handle")
    assert (at.category, at.unit) == ("0301", "water")


async def test_a_dispatcher_may_name_the_unit_at_once(engine: Engine) -> None:
    ticket, _ = await file(engine.client, complaint(title="", text="管管吧", category=None))
    await ticket.act(DISPATCHER, Triage(category="0301", unit="environment"))
    assert (await ticket.until_stage("handle")).unit == "environment"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Triage(category="9999"), "unknown_category"),
        (Triage(category="0301", unit="nobody"), "unknown_unit"),
        (Conclude(outcome="declined", text="不属于受理范围"), "reason_missing"),
        (Conclude(outcome="declined", reason="no-such", text="不予受理"), "unknown_reason"),
        (Sign(), "not_now"),
        (Decide(approve=True, reason="准"), "not_now"),
    ],
)
async def test_what_cannot_be_done_at_triage_is_refused_with_its_reason(
    engine: Engine, command: Triage | Conclude | Sign | Decide, code: str
) -> None:
    ticket, before = await file(engine.client, complaint(title="", text="管管吧", category=None))
    actor = WATER if isinstance(command, Sign) else DISPATCHER
    assert await ticket.refused(actor, command) == code
    assert await ticket.now() == before


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("answered", None), ("declined", "court"), ("referred", "110")],
)
async def test_what_needs_no_unit_ends_at_once(
    engine: Engine, outcome: str, reason: str | None
) -> None:
    new_complaint = complaint(title="", text="管管吧", category=None, kind="consultation")
    ticket, _ = await file(engine.client, new_complaint)
    city = engine.packs.get("tongzhou")
    if reason is not None:
        kind = "decline" if outcome == "declined" else "refer"
        reason = city.reason_codes(kind)[0]
    conclude = Conclude.model_validate(
        {"outcome": outcome, "reason": reason, "text": "请拨打110。"}
    )
    await ticket.act(DESK, conclude)
    end = await ticket.handle.result()
    assert (end.stage, end.outcome) == ("ended", outcome)


# --- units ----------------------------------------------------------------------------------


async def test_only_the_unit_that_has_it_signs_and_only_once(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    assert await ticket.refused(officer("housing"), Sign()) == "not_your_unit"
    assert await ticket.refused(DISPATCHER, Sign()) == "forbidden"
    assert await ticket.refused(CITIZEN, Sign()) == "forbidden"
    await ticket.act(WATER, Sign())
    assert await ticket.refused(WATER, Sign()) == "already_signed"


async def test_of_two_officers_at_once_one_signs_and_one_is_told(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    answers = await asyncio.gather(
        ticket.act(WATER, Sign()), ticket.act(WATER, Sign()), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, WorkflowUpdateFailedError)]
    assert len(refused) == 1
    assert (await _kinds(engine, ticket)).count("signed") == 1


async def test_a_failed_attempt_to_reach_the_citizen_does_not_stop_the_clock(
    engine: Engine,
) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, Contact(reached=False, note="无人接听"))
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.assignments[0].contacted_at is None
    await ticket.act(WATER, Contact())
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.assignments[0].contacted_at is not None


# --- returns --------------------------------------------------------------------------------


async def _ask_return(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    ground = engine.packs.get("tongzhou").reason_codes("return")[0]
    await ticket.act(WATER, Return(ground=ground, reason="该河段归属排水公司"))
    return ticket


async def test_a_granted_return_goes_to_the_unit_the_dispatcher_names(engine: Engine) -> None:
    ticket = await _ask_return(engine)
    assert (await ticket.now()).unit == "water"  # it stays with the unit until the decision
    await ticket.act(DISPATCHER, Decide(approve=True, reason="属实", unit="environment"))
    at = await ticket.until_stage("handle")
    assert (at.unit, at.assignment) == ("environment", 2)


async def test_a_granted_return_without_a_unit_waits_for_the_dispatcher(engine: Engine) -> None:
    ticket = await _ask_return(engine)
    at = await ticket.act(DISPATCHER, Decide(approve=True, reason="属实"))
    assert at.stage == "dispatch"
    assert await ticket.refused(DISPATCHER, Reassign(unit="nobody", reason="?")) == "unknown_unit"
    await ticket.act(DISPATCHER, Reassign(unit="housing", reason="房管部门办理"))
    assert (await ticket.until_stage("handle")).unit == "housing"


async def test_a_refused_return_stays_with_the_unit(engine: Engine) -> None:
    ticket = await _ask_return(engine)
    await ticket.act(DISPATCHER, Decide(approve=False, reason="职责清单写明由水务局办理"))
    at = await ticket.now()
    assert (at.unit, at.assignment, at.stage) == ("water", 1, "handle")
    assert await ticket.refused(DISPATCHER, Decide(approve=True, reason="?")) == "nothing_asked"


async def test_a_unit_asks_for_one_thing_at_a_time_and_does_not_decide_itself(
    engine: Engine,
) -> None:
    ticket = await _ask_return(engine)
    assert await ticket.refused(WATER, Extend(by="3d", reason="工程量大")) == "already_asked"
    assert await ticket.refused(WATER, Decide(approve=True, reason="同意")) == "forbidden"


async def test_returns_are_capped(engine: Engine) -> None:
    ticket = await _ask_return(engine)
    ground = engine.packs.get("tongzhou").reason_codes("return")[0]
    units = ["environment", "housing", "transport", "health"]
    cap = engine.packs.get("tongzhou").caps.returns
    for unit in units[:cap]:
        await ticket.act(DISPATCHER, Decide(approve=True, reason="属实", unit=unit))
        if unit != units[cap - 1]:
            await ticket.by_unit(Return(ground=ground, reason="不属于我单位"))
    again = Return(ground=ground, reason="不属于我单位")
    assert await ticket.refused(officer(units[cap - 1]), again) == "return_cap"


async def test_where_units_must_not_return_the_attempt_is_refused(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = with_rule(tmp_path / "cities", "returns", 0)
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        ground = packs.get("tongzhou").reason_codes("return")[0]
        code = await ticket.refused(WATER, Return(ground=ground, reason="不归我们"))
        assert code == "returns_not_allowed"


# --- reassigning, extending -----------------------------------------------------------------


async def test_reassigning_takes_it_from_the_unit_that_had_it(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, Sign())
    assert await ticket.refused(DISPATCHER, Reassign(unit="water", reason="?")) == "same_unit"
    await ticket.act(DISPATCHER, Reassign(unit="environment", reason="改由生态环境局牵头"))
    at = await ticket.until_stage("handle")
    assert (at.unit, at.assignment) == ("environment", 2)
    assert await ticket.refused(WATER, Contact(assignment=1)) == "assignment_ended"
    assert await ticket.refused(WATER, Contact()) == "not_your_unit"
    await ticket.complete()
    assert (await ticket.until_stage("rate")).unit == "environment"


async def test_an_extension_moves_the_due_time_and_is_capped(engine: Engine) -> None:
    ticket, receipt = await file(engine.client)
    await ticket.act(WATER, Extend(by="3d", reason="管网需要排查"))
    at = await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    assert at.due_at is not None
    assert receipt.due_at is not None
    assert (at.due_at - receipt.due_at).days == 3
    assert await ticket.refused(WATER, Extend(by="3d", reason="再给三天")) == "extension_cap"


async def test_a_refused_extension_changes_nothing_but_the_record(engine: Engine) -> None:
    ticket, receipt = await file(engine.client)
    await ticket.act(WATER, Extend(by="3d", reason="管网需要排查"))
    at = await ticket.act(SUPERVISOR, Decide(approve=False, reason="汛期不予延期"))
    assert at.due_at == receipt.due_at
    assert (await _kinds(engine, ticket))[-2:] == ["extension_asked", "extension_refused"]


# --- citizens -------------------------------------------------------------------------------


async def test_a_citizen_adds_urges_and_withdraws(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(CITIZEN, AddFacts(text="今天更臭了"))
    cap = engine.packs.get("tongzhou").caps.urges_per_day
    for _ in range(cap):
        await ticket.act(CITIZEN, Urge())
    assert await ticket.refused(CITIZEN, Urge()) == "urged_too_often"
    await ticket.act(CITIZEN, Withdraw(reason="自行解决了"))
    end = await ticket.handle.result()
    assert (end.stage, end.outcome) == ("ended", "withdrawn")
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.assignments[0].ending == "moot"


async def test_a_call_back_that_reached_nobody_brings_no_rating(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    rating = Rating.model_validate({"resolved": True, "grade": 5})
    code = await ticket.refused(DESK, CallBack(reached=False, rating=rating))
    assert code == "rating_without_contact"
