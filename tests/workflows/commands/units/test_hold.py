"""Tests of holds (挂账)."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.supervising.decide import Decide
from domain.commands.units.review import Review
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, file, officer
from tests.support.engine import Engine, platform
from tests.support.prepared import GROUND, held, hold_for

WATER = officer("water")


async def test_a_hold_ends_by_itself_on_its_day(patient: Engine) -> None:
    ticket = await held(patient, timedelta(seconds=2.5))
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
    hold = hold_for(after).model_copy(update={"ground": ground})
    assert await ticket.refused(WATER, hold) == code
    assert (await ticket.now()).version == before.version


async def test_a_hold_that_is_refused_leaves_the_clock_running(patient: Engine) -> None:
    ticket, before = await file(patient.client)
    await ticket.act(WATER, hold_for(timedelta(days=5)))
    await ticket.act(DISPATCHER, Decide(approve=False, reason="可以先行处置"))
    assert (await ticket.now()).due_at == before.due_at


async def test_a_city_without_holds_refuses_one(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", caps={"holds": 0, "hold": None})
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        assert await ticket.refused(WATER, hold_for(timedelta(days=5))) == "not_in_this_city"
