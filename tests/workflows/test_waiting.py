"""Tests of pauses: holds with reviews, questions to the citizen, longer extensions."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from audit.verdicts import judge
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.supervising.decide import Decide
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.review import Review
from domain.deadlines.registry import ClockName
from store.db.engine import Store
from store.tickets import tickets
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, DESK, DISPATCHER, Filed, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
QUESTION = Ask(question="请问具体在哪一段河道？")


@pytest.fixture
async def patient(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city with two seconds for the citizen and for reviews, and holds of ten days."""
    packs = city_with(
        tmp_path / "cities",
        features={"ask_citizen": True},
        caps={"holds": 1, "hold": "10d", "extensions": 2, "extension": "3d", "questions": 2},
        limits={"citizen": "2s", "review": "2s"},
        ladder={"citizen": None, "review": None},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


GROUND = "works"


def _hold(after: timedelta) -> Hold:
    return Hold(ground=GROUND, until=datetime.now(UTC) + after, reason="汛期后施工")


async def _held(engine: Engine, after: timedelta = timedelta(days=9)) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, _hold(after))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="情况属实"))
    return ticket


async def test_the_citizen_is_asked_and_answers(patient: Engine) -> None:
    ticket, before = await file(patient.client)
    await ticket.act(WATER, QUESTION)
    state = await ticket.state(patient)
    assert state.assignments[0].pause is not None
    assert {c.name for c in state.clocks if c.running and c.paused_at} == {"handle", "promise"}
    assert await ticket.refused(WATER, QUESTION) == "paused"
    await ticket.act(CITIZEN, AddFacts(text="桥东第二个排口"))
    at = await ticket.now()
    assert before.due_at is not None
    assert at.due_at is not None
    assert before.due_at < at.due_at < before.due_at + timedelta(seconds=10)
    state = await ticket.state(patient)
    assert state.assignments[0].pause is None
    assert not any(c.running and c.name == "citizen" for c in state.clocks)


async def test_a_silent_citizen_does_not_stop_the_clock_for_ever(patient: Engine) -> None:
    ticket, _ = await file(patient.client)
    await ticket.act(WATER, QUESTION)
    await ticket.until_kind(patient, "resumed")
    await ticket.act(WATER, QUESTION)
    await ticket.until_kind(patient, "resumed", times=2)
    assert await ticket.refused(WATER, QUESTION) == "question_cap"


async def test_facts_that_nobody_asked_for_change_no_clock(patient: Engine) -> None:
    ticket, before = await file(patient.client)
    await ticket.act(DESK, AddFacts(text="来电补充"))
    assert (await ticket.now()).due_at == before.due_at
    assert (await ticket.kinds(patient))[-1] == "facts_added"


async def test_a_hold_is_decided_by_another_and_reviewed_until_it_is_over(
    patient: Engine,
) -> None:
    ticket, _ = await file(patient.client)
    await ticket.act(WATER, _hold(timedelta(days=9)))
    decision = Decide(approve=True, reason="情况属实")
    assert await ticket.refused(WATER, decision) == "forbidden"
    await ticket.act(DISPATCHER, decision)
    await ticket.until_kind(patient, "rung_climbed")  # the first review is due
    await ticket.act(WATER, Review(note="围堰已完成"))
    state = await ticket.state(patient)
    assert sum(c.name == "review" and c.running for c in state.clocks) == 1
    await ticket.act(WATER, Review(note="已完工", resume=True))
    state = await ticket.state(patient)
    assert state.assignments[0].pause is None
    assert [c.name for c in state.clocks if c.running and c.name == "handle"] == ["handle"]
    assert await ticket.refused(WATER, _hold(timedelta(days=3))) == "hold_cap"
    assert await ticket.refused(WATER, Review(note="再看")) == "not_on_hold"


@pytest.mark.parametrize("asks", ["a hold", "an extension"])
async def test_who_asks_for_time_before_it_is_over_gets_no_yellow_card_meanwhile(
    client: Client, sqlite_store: Store, tmp_path: Path, asks: str
) -> None:
    packs = city_with(
        tmp_path / "cities",
        caps={"holds": 1, "hold": "10d", "extensions": 2, "extension": "3d"},
        limits={"review": "1d", "sign": None, "contact": None},
        tiers={"complex": {"handle": "1h"}},
        ladder={
            "handle": [{"kind": "warn", "offset": "3598s"}, {"kind": "due"}],
            **dict.fromkeys(("promise", "citizen", "sign", "contact", "meet", "review")),
        },
    )
    request = _hold(timedelta(days=9)) if asks == "a hold" else Extend(by="1h", reason="等待材料")
    async with platform(client, sqlite_store, packs) as engine:
        ticket, _ = await file(engine.client)
        await ticket.act(WATER, request)
        requested_at = (await ticket.events(engine))[-1].at
        await ticket.until_kind(engine, "rung_climbed")
        await ticket.act(DISPATCHER, Decide(approve=True, reason="情况属实"))
        row = await tickets.get(engine.store, ticket.number)
        assert row is not None
        assert row.yellow_cards == 0
        if asks == "a hold":
            handle = (await ticket.state(engine)).running(ClockName.HANDLE, 1)
            assert handle.paused_at == requested_at
            # It goes on with the time and the warning that it had when it was requested.
            await ticket.act(WATER, Review(note="已完工", resume=True))
            now = (await ticket.state(engine)).running(ClockName.HANDLE, 1)
            resumed_at = (await ticket.events(engine))[-1].at
            assert now.due_at - resumed_at == handle.due_at - requested_at
            assert now.climbed == 0
        assert (await judge(client, engine.store, ticket.number)).agrees


async def test_a_hold_ends_by_itself_on_its_day(patient: Engine) -> None:
    ticket = await _held(patient, timedelta(seconds=2.5))
    await ticket.until_kind(patient, "rung_climbed")
    await ticket.act(WATER, Review(note="未完工"))  # the next review is on the last day
    await ticket.until_kind(patient, "resumed")
    assert (await ticket.state(patient)).assignments[0].pause is None


@pytest.mark.parametrize(
    ("after", "ground", "code"),
    [
        (timedelta(days=11), GROUND, "hold_too_long"),
        (timedelta(days=-1), GROUND, "in_the_past"),
        (timedelta(days=5), "whim", "unknown_reason"),
    ],
)
async def test_a_hold_has_its_bounds(
    patient: Engine, after: timedelta, ground: str, code: str
) -> None:
    ticket, before = await file(patient.client)
    hold = _hold(after).model_copy(update={"ground": ground})
    assert await ticket.refused(WATER, hold) == code
    assert (await ticket.now()).version == before.version


async def test_a_hold_that_is_refused_leaves_the_clock_running(patient: Engine) -> None:
    ticket, before = await file(patient.client)
    await ticket.act(WATER, _hold(timedelta(days=5)))
    await ticket.act(DISPATCHER, Decide(approve=False, reason="可以先行处置"))
    assert (await ticket.now()).due_at == before.due_at


async def test_an_extension_is_no_longer_than_the_pack_says(patient: Engine) -> None:
    ticket, before = await file(patient.client)
    too_long = Extend(by="4d", reason="采购")
    assert await ticket.refused(WATER, too_long) == "extension_too_long"
    await ticket.act(WATER, Extend(by="3d", reason="采购"))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    assert before.due_at is not None
    assert (await ticket.now()).due_at == before.due_at + timedelta(days=3)


async def test_a_city_without_it_refuses_it(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(
        tmp_path / "cities", features={"ask_citizen": False}, caps={"holds": 0, "hold": None}
    )
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        assert await ticket.refused(WATER, QUESTION) == "not_in_this_city"
        assert await ticket.refused(WATER, _hold(timedelta(days=5))) == "not_in_this_city"
