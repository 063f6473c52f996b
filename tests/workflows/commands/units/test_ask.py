"""Tests of questions to the citizen."""

from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from domain.commands.citizens.add_facts import AddFacts
from domain.commands.units.ask import Ask
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, file, officer
from tests.support.engine import Engine, platform

QUESTION = Ask(question="请问具体在哪一段河道？")
WATER = officer("water")


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


async def test_a_city_without_questions_refuses_one(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", features={"ask_citizen": False})
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        assert await ticket.refused(WATER, QUESTION) == "not_in_this_city"
