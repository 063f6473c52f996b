"""Tests of the citizen's promise and the units' limits: their moves, and their cards."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select
from temporalio.client import Client

from domain.commands.citizens.add_facts import AddFacts
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.joint.raise_level import RaiseLevel
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.decide import Decide
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.anytime import LevelReached
from domain.ticket.assignment import HandlingResult
from store.db import tables
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, DISPATCHER, Filed, complaint, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
CALLED = [Call(unit="environment", task="查排口"), Call(unit="transport", task="清路面")]
WHISTLE = Whistle(ground="emergency", reason="需会同", units=CALLED)
_RED = select(tables.ticket.c.red_cards).where(tables.ticket.c.number == bindparam("number"))
YES = Decide(approve=True, reason="同意")


@pytest.fixture
async def brisk(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city with two seconds to handle, one to review; no signing and no contact."""
    packs = city_with(
        tmp_path / "cities",
        features={"ask_citizen": True, "raise_level": True},
        caps={"holds": 1, "hold": "10d", "extensions": 2, "extension": "3d", "questions": 2},
        limits={"citizen": "20s", "review": "1s", "sign": None, "contact": None, "meet": None},
        ladder={
            "handle": [
                {"kind": "due", "tells": ["officer"]},
                {"kind": "supervise", "offset": "1s", "tells": ["supervisor"]},
            ],
            **dict.fromkeys(("review", "promise", "citizen", "sign", "contact", "meet"), None),
        },
        tiers={
            "complex": {"handle": "2s"},
            **{name: {"sign": None, "contact": None} for name in ("emergency", "utility")},
        },
        joint={"handle": "1h", "sign": None, "contact": None, "meet": None},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def cards(ticket: Filed, engine: Engine, *names: str) -> list[tuple[str, int | None, str]]:
    """Return every escalation level that was reached, of those clocks."""
    facts = [event.fact for event in await ticket.events(engine)]
    return [
        (fact.clock, fact.assignment, fact.rung)
        for fact in facts
        if isinstance(fact, LevelReached) and fact.clock in names
    ]


async def promise(ticket: Filed, engine: Engine) -> Clock:
    clock = (await ticket.state(engine)).promise
    assert clock is not None
    return clock


async def test_the_promise_starts_with_the_first_unit_and_ends_with_the_answer(
    engine: Engine,
) -> None:
    ticket, _ = await file(engine.client)
    at = await ticket.until_stage("handle")
    promised = await promise(ticket, engine)
    assert promised.running
    assert at.due_at == promised.due_at
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.until_projected(engine, "rate")
    answered = await promise(ticket, engine)
    assert answered.stopped_at is not None
    assert answered.due_at == promised.due_at


async def test_passing_a_ticket_on_renews_the_units_limit_and_never_the_promise(
    brisk: Engine,
) -> None:
    ticket, _ = await file(brisk.client)
    promised = await promise(ticket, brisk)
    await ticket.until_clock_due(brisk, "promise")  # late by now
    await ticket.act(DISPATCHER, Reassign(unit="transport", reason="改派"))
    await ticket.until_stage("handle")
    await ticket.act(officer("transport"), RaiseLevel(reason="超出本级事权"))
    await ticket.until(lambda now: now.unit == "gov" and now.stage == "handle")
    state = await ticket.state(brisk)
    assert [c.due_at for c in state.clocks if c.name is ClockName.PROMISE] == [promised.due_at]
    lead = state.running(ClockName.HANDLE, state.assignment_count)
    assert lead.due_at > promised.due_at
    assert state.due_at == promised.due_at


async def test_a_pause_of_the_lead_stops_the_whole_tree_and_the_promise(brisk: Engine) -> None:
    ticket, before = await file(brisk.client)
    await ticket.act(WATER, Ask(question="具体在哪一段？"))
    await ticket.act(WATER, WHISTLE)  # called in while the clock is paused
    state = await ticket.state(brisk)
    pairs = {(c.name, c.assignment) for c in state.clocks if c.running and c.paused_at}
    assert pairs == {
        ("promise", None),
        ("handle", 1),
        ("handle", 2),
        ("handle", 3),
    }
    await ticket.act(CITIZEN, AddFacts(text="桥东"))
    state = await ticket.state(brisk)
    assert not [c for c in state.clocks if c.running and c.paused_at]
    after = await promise(ticket, brisk)
    assert before.due_at is not None
    assert after.due_at > before.due_at


async def test_helpers_go_on_when_the_lead_that_stood_still_is_done(brisk: Engine) -> None:
    ticket, _ = await file(brisk.client)
    await ticket.act(WATER, WHISTLE)
    await ticket.act(WATER, Ask(question="具体在哪一段？"))
    await ticket.complete_share(brisk, "water", HandlingResult(reply="已办结。"))
    await ticket.until_kind(brisk, "resumed")
    state = await ticket.state(brisk)
    assert not [c for c in state.clocks if c.running and c.paused_at]
    assert {c.assignment for c in state.clocks if c.running and c.name == "handle"} == {2, 3}
    assert state.promised


async def test_an_extension_of_the_lead_reaches_its_helpers_and_the_citizen(
    engine: Engine,
) -> None:
    ticket, before = await file(engine.client)
    await ticket.act(WATER, WHISTLE)
    handling = {
        c.assignment: c.due_at for c in (await ticket.state(engine)).clocks if c.name == "handle"
    }
    await ticket.act(WATER, Extend(by="2d", reason="等配件"))
    await ticket.act(DISPATCHER, YES)
    state = await ticket.state(engine)
    later = {c.assignment: c.due_at for c in state.clocks if c.name == "handle" and c.running}
    assert later == {n: due_at + timedelta(days=2) for n, due_at in handling.items()}
    assert before.due_at is not None
    assert (await promise(ticket, engine)).due_at == before.due_at + timedelta(days=2)


async def test_an_extension_granted_late_shows_no_card_again_and_takes_the_red_one_back(
    brisk: Engine,
) -> None:
    ticket, _ = await file(brisk.client)
    await ticket.act(WATER, Extend(by="1h", reason="等配件"))  # in time
    await ticket.until_clock_due(brisk, "handle")
    before = await cards(ticket, brisk, "handle")
    await ticket.act(DISPATCHER, YES)
    state = await ticket.state(brisk)
    row = await brisk.store.rows(_RED, {"number": ticket.number})
    assert row[0][0] == 0
    assert state.running(ClockName.HANDLE, 1).climbed == 0
    assert await cards(ticket, brisk, "handle") == before


async def test_an_extension_asked_for_too_late_leaves_the_red_card(brisk: Engine) -> None:
    ticket, _ = await file(brisk.client)
    await ticket.until_clock_due(brisk, "handle")
    await ticket.act(WATER, Extend(by="1h", reason="等配件"))
    await ticket.act(DISPATCHER, YES)
    row = await brisk.store.rows(_RED, {"number": ticket.number})
    assert row[0][0] == 1


async def test_who_is_called_in_late_gets_a_limit_of_its_own(brisk: Engine) -> None:
    ticket, _ = await file(brisk.client)
    await ticket.until_clock_due(brisk, "handle")
    await ticket.act(WATER, WHISTLE)
    state = await ticket.state(brisk)
    assert state.running(ClockName.HANDLE, 2).due_at > datetime.now(UTC) + timedelta(minutes=50)
    assert [n for _, n, _ in await cards(ticket, brisk, "handle") if n in (2, 3)] == []


async def test_a_hold_ends_on_its_day_although_every_review_was_missed(brisk: Engine) -> None:
    ticket, _ = await file(brisk.client)
    until = datetime.now(UTC) + timedelta(seconds=4)
    await ticket.act(WATER, Hold(ground="works", until=until, reason="汛期后施工"))
    await ticket.act(DISPATCHER, YES)
    await ticket.until_kind(brisk, "review_missed", times=2)
    assert await cards(ticket, brisk, "handle", "promise") == []
    await ticket.until_kind(brisk, "resumed")
    facts = [event.fact for event in await ticket.events(brisk) if event.kind == "resumed"]
    assert [getattr(fact, "why", "") for fact in facts] == ["hold_over"]
    state = await ticket.state(brisk)
    assert state.assignments[0].pause is None
    assert not [c for c in state.clocks if c.running and c.name in ("review", "hold")]


async def test_a_merged_citizen_keeps_what_was_promised(engine: Engine) -> None:
    parent, _ = await file(engine.client)
    child, _ = await file(engine.client, complaint(text="和邻居反映的是同一处。"))
    await child.until_stage("handle")
    promised = await promise(child, engine)
    await child.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    merged = await promise(child, engine)
    assert merged.running
    assert merged.due_at == promised.due_at
    await parent.until_kind(engine, "complainant_joined")
    await parent.complete()
    await child.until_kind(engine, "replied_with_parent")
    assert not (await promise(child, engine)).running
