"""Tests of returns: window, policy and cap."""

from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from domain.commands.citizens.withdraw import Withdraw
from domain.commands.supervising.decide import Decide
from domain.commands.units.return_ticket import Return
from domain.commands.units.sign import Sign
from domain.ticket.assignment import HandlingResult
from runtime.engine import waiting_work
from store.db.engine import Store
from tests.support.cities import city_with, with_rule
from tests.support.desk import CITIZEN, DISPATCHER, file, officer
from tests.support.engine import Engine, platform
from tests.support.prepared import NOT_OURS, return_asked

WATER = officer("water")


async def test_returns_are_capped(engine: Engine) -> None:
    ticket = await return_asked(engine)
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


async def test_what_the_unit_hands_in_after_its_return_is_kept_although_the_ticket_ends(
    engine: Engine,
) -> None:
    """Nobody has the ticket then, but the engine still takes the old share's result."""
    ticket = await return_asked(engine)
    unit = (await ticket.now()).unit
    await ticket.act(DISPATCHER, Decide(approve=True, reason="属实"))
    share = waiting_work(engine.client, ticket.number, f"handle-{unit}-1")
    await share.complete(HandlingResult(reply="其实已经清理了。", at=datetime.now(UTC)))
    await ticket.act(CITIZEN, Withdraw(reason="已自行解决"))
    await ticket.handle.result()
    assert (await ticket.kinds(engine)).count("result_overtaken") == 1
