"""Tests of returns: window, policy, cap, meeting, and the final assignment."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.supervising.decide import Decide
from domain.commands.units.return_ticket import Return
from domain.commands.units.sign import Sign
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, Filed, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
NOT_OURS = Return(ground="not_ours", reason="不属于我单位职责")


@pytest.fixture
async def strict(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city with one return, within two seconds, then a meeting of two seconds."""
    packs = city_with(
        tmp_path / "cities",
        caps={"returns": 1},
        limits={"arbitrate": "2s"},
        tiers={"complex": {"return_window": "2s"}},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def _returned(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, NOT_OURS)
    await ticket.act(DISPATCHER, Decide(approve=True, reason="确有争议"))
    return ticket


async def test_silence_makes_the_unit_the_responsible_one(strict: Engine) -> None:
    ticket, _ = await file(strict.client)
    await ticket.act(WATER, Sign())
    await ticket.until_kind(strict, "taken_on")
    assert await ticket.refused(WATER, NOT_OURS) == "return_window"
    assert (await ticket.kinds(strict)).count("return_barred") == 1


async def test_a_return_asked_for_in_time_is_decided_after_the_window(strict: Engine) -> None:
    ticket, _ = await file(strict.client)
    await ticket.act(WATER, NOT_OURS)
    await ticket.until_clock_due(strict, "return_window")
    assert "taken_on" not in await ticket.kinds(strict)
    await ticket.act(DISPATCHER, Decide(approve=False, reason="职责清单明确"))
    assert (await ticket.now()).unit == "water"
    # A request in time does not keep the window open: it has closed meanwhile.
    assert await ticket.refused(WATER, NOT_OURS) == "return_window"


async def test_a_return_refused_within_the_window_can_be_asked_for_again(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, NOT_OURS)
    await ticket.act(DISPATCHER, Decide(approve=False, reason="职责清单明确"))
    await ticket.act(WATER, NOT_OURS)
    assert (await ticket.kinds(engine)).count("return_asked") == 2


async def test_the_last_return_calls_a_meeting_which_names_a_unit_for_good(strict: Engine) -> None:
    ticket = await _returned(strict)
    await ticket.until_stage("arbitrate")
    meeting = Arbitrate(unit="environment", text="协调会：由生态环境局牵头。", units=["water"])
    assert await ticket.refused(WATER, meeting) == "forbidden"
    await ticket.act(DISPATCHER, meeting)
    at = await ticket.until_stage("handle")
    assert at.unit == "environment"
    environment = officer("environment")
    assert await ticket.refused(environment, NOT_OURS) == "arbitrated"
    assert (await ticket.kinds(strict))[-1] == "return_barred"


async def test_when_nobody_is_named_in_time_the_government_takes_it(strict: Engine) -> None:
    ticket = await _returned(strict)
    at = await ticket.until(lambda at: at.unit == "gov" and at.stage == "handle")
    assert at.assignment == 2
    kinds = await ticket.kinds(strict)
    assert kinds.index("arbitration_called") < kinds.index("fell_back") < len(kinds)
    assert await ticket.refused(officer("gov"), NOT_OURS) == "arbitrated"


async def test_the_dispatcher_does_not_get_around_the_meeting(strict: Engine) -> None:
    ticket, _ = await file(strict.client)
    await ticket.act(WATER, NOT_OURS)
    around = Decide(approve=True, unit="environment", reason="直接改派")
    assert await ticket.refused(DISPATCHER, around) == "arbitration_due"


async def test_no_meeting_where_the_pack_has_none(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, NOT_OURS)
    await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    assert (await ticket.now()).stage == "dispatch"
    assert await ticket.refused(DISPATCHER, Arbitrate(unit="water", text="纪要")) == "not_now"


async def test_where_returns_are_off_the_attempt_is_kept_and_nothing_changes(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "cities", caps={"returns": 0})
    async with platform(client, sqlite_store, packs) as engine:
        ticket, before = await file(client)
        for _ in range(2):
            assert await ticket.refused(WATER, NOT_OURS) == "returns_not_allowed"
        at = await ticket.now()
        assert (at.stage, at.unit) == ("handle", "water")
        assert at.version == before.version + 2
        assert (await ticket.kinds(engine))[-2:] == ["return_barred"] * 2
