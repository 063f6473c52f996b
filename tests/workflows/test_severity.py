"""Tests of severity above the threshold, besides urging: repeats nearby, and raising by itself."""

from pathlib import Path

import pytest
from temporalio.client import Client

from audit.verdicts import judge
from domain.commands.citizens.urge import Urge
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, complaint, file
from tests.support.engine import Engine, platform


@pytest.mark.must_work("heping", "came-back")
async def test_the_same_trouble_at_the_same_place_weighs_more(above_threshold: Engine) -> None:
    here = {"address": "文化馆 1 号", "lat": 39.9, "lon": 116.63}
    near = {"lat": 39.9005, "lon": 116.6305}
    far = {"lat": 39.95, "lon": 116.63}
    first, _ = await file(above_threshold.client, complaint(place=here))
    await first.until_kind(above_threshold, "assigned")
    elsewhere, at = await file(above_threshold.client, complaint(place=far))
    assert at.severity == 0
    again, _ = await file(above_threshold.client, complaint(place=near))
    await again.until_kind(above_threshold, "supervision_ordered")
    assert (await again.state(above_threshold)).repeats == [first.number]
    other, at = await file(above_threshold.client, complaint(place=near, category="0303"))
    assert at.severity == 0
    assert (await elsewhere.state(above_threshold)).repeats == []
    assert (await other.state(above_threshold)).repeats == []


async def test_what_comes_back_is_raised_by_itself_where_the_city_does_so(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(
        tmp_path / "cities",
        severity={"urges": 1, "escalate_at": 1, "escalate": "raise"},
        features={"raise_level": True},
    )
    async with platform(client, sqlite_store, packs) as engine:
        ticket, _ = await file(client)
        await ticket.act(CITIZEN, Urge())
        await ticket.until(lambda at: at.unit == "gov" and at.stage == "handle")
        kinds = await ticket.kinds(engine)
        assert kinds.index("severity_raised") < kinds.index("level_raised")
        await ticket.act(CITIZEN, Urge())
        raised = [e for e in await ticket.events(engine) if e.kind == "level_raised"]
        assert [e.fact.model_dump()["because"] for e in raised] == [
            [{"code": "severity", "parameters": {"severity": 1}}]
        ]
        assert (await judge(client, sqlite_store, ticket.number)).agrees
