"""Tests of raising a ticket by a level."""

from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.joint.raise_level import RaiseLevel
from domain.ticket.assignment import Ending
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")


@pytest.mark.must_work("langfang", "raise-command")
async def test_a_ticket_is_raised_by_one_level_at_a_time(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    await ticket.act(WATER, RaiseLevel(reason="超出我局事权"))
    at = await ticket.until(lambda at: at.stage == "handle" and at.unit == "gov")
    assert at.assignment == 2
    assert (await ticket.state(joint)).assignments[0].ending is Ending.RAISED
    assert await ticket.refused(officer("gov"), RaiseLevel(reason="再上一级")) == "top_level"
    assert await ticket.refused(WATER, RaiseLevel(reason="还是我")) == "not_your_unit"


@pytest.mark.must_work("langfang", "raise-ladder")
async def test_time_raises_it_by_itself(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(
        tmp_path / "cities",
        features={"raise_level": True},
        joint={"sign": None, "contact": None, "meet": None},
        limits={"meet": None},
        tiers={"complex": {"handle": "1s", "sign": "1s", "contact": "1s"}},
        ladder={
            "sign": None,
            "contact": None,
            "handle": [
                {"kind": "due", "tells": ["officer"]},
                {"kind": "supervise", "offset": "1s", "tells": ["supervisor"], "raises": True},
            ],
        },
    )
    async with platform(client, sqlite_store, packs) as engine:
        ticket, _ = await file(client)
        await ticket.until(lambda at: at.unit == "gov" and at.stage == "handle")
        raised = next(e for e in await ticket.events(engine) if e.kind == "level_raised")
        assert raised.actor.role == "system"
        values = raised.fact.model_dump()
        assert values["reason"] == "handle_overdue"
        assert values["because"] == [{"code": "overdue", "parameters": {"clock": "handle"}}]


async def test_a_city_without_it_refuses_to_raise_the_level(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", features={"raise_level": False})
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        assert await ticket.refused(WATER, RaiseLevel(reason="超出事权")) == "not_in_this_city"
