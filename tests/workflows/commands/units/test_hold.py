"""Tests of holds (挂账)."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from audit.verdicts import judge
from domain.commands.supervising.decide import Decide
from domain.commands.units.extend import Extend
from domain.commands.units.review import Review
from domain.deadlines.registry import ClockName
from store.db.engine import Store
from store.tickets import tickets
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, file, officer
from tests.support.engine import Engine, platform
from tests.support.prepared import GROUND, held, hold_for

WATER = officer("water")


async def test_a_hold_ends_by_itself_on_its_day(patient: Engine) -> None:
    ticket = await held(patient, timedelta(seconds=3.9))
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
    request = (
        hold_for(timedelta(days=9)) if asks == "a hold" else Extend(by="1h", reason="等待材料")
    )
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
