"""Tests that what was received first is recorded first: commands, results and escalation levels.

Work handed in before its due time gets no card, whatever worker and store did meanwhile; work
handed in after it does.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client

from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.units.ask import Ask
from domain.facts.anytime import LevelReached
from domain.messages import ParentReply
from domain.pack.pack import Pack
from domain.ticket.assignment import HandlingResult
from packs.registry import PackRegistry
from runtime.engine import waiting_work
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, Filed, file, officer
from tests.support.engine import Engine, platform
from workflows.ticket import TicketWorkflow

HANDLE = 4.0
"""The seconds in which a unit has to answer; another unit that is called in has five more."""
WATER = officer("water")
_SCHEDULED = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
NONE = dict.fromkeys(("sign", "contact", "meet"))


def town(folder: Path, **tables: Mapping[str, Any]) -> PackRegistry:
    """Return Tongzhou with a limit of seconds, red cards at once, and no other clock."""
    due = [{"kind": "due", "tells": ["officer"]}]
    changed: dict[str, Any] = {
        "features": {"ask_citizen": True, "merge": True},
        "limits": {**NONE, "citizen": "20s"},
        "ladder": {"handle": due, "promise": due, **dict.fromkeys(("citizen", *NONE))},
        "tiers": {
            "complex": {"handle": f"{HANDLE:.0f}s"},
            **{name: {"sign": None, "contact": None} for name in ("emergency", "utility")},
        },
        "joint": {"handle": "9s", **NONE},
        **tables,
    }
    return city_with(folder / "cities", **changed)


async def recorded(ticket: Filed, engine: Engine) -> list[str]:
    """Return the kinds of the events, and of the levels which clock became due."""
    return [
        f"{event.fact.clock}.{event.fact.rung}"
        if isinstance(event.fact, LevelReached)
        else event.kind
        for event in await ticket.events(engine)
    ]


async def taken_up(ticket: Filed) -> None:
    """Wait until the units' worker has taken up every order: it may be stopped then."""
    async with asyncio.timeout(10):
        while True:
            pending = (await ticket.handle.describe()).raw_description.pending_activities
            if pending and all(one.state != _SCHEDULED for one in pending):
                return
            await asyncio.sleep(0.02)


async def with_the_water_bureau(
    client: Client, store: Store, packs: PackRegistry
) -> tuple[Filed, datetime]:
    """Return a ticket that its unit has, and when it is due; no worker runs any more."""
    async with platform(client, store, packs):
        ticket, _ = await file(client)
        due_at = (await ticket.until_stage("handle")).due_at
        await taken_up(ticket)
    assert due_at is not None
    return ticket, due_at


async def hand_in(ticket: Filed, unit: str, n: int, at: datetime) -> None:
    """Hand in a result as the API does at `at`."""
    share = waiting_work(ticket.client, ticket.number, f"handle-{unit}-{n}")
    await share.complete(HandlingResult(reply="已办结。", at=at))


async def past(moment: datetime | None) -> None:
    assert moment is not None
    await asyncio.sleep(max((moment - datetime.now(UTC)).total_seconds(), 0) + 0.5)


async def test_a_result_of_before_the_due_time_gets_no_card_although_no_worker_ran(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = town(tmp_path)
    ticket, due_at = await with_the_water_bureau(client, sqlite_store, packs)
    await hand_in(ticket, "water", 1, datetime.now(UTC))
    await past(due_at)
    async with platform(client, sqlite_store, packs) as engine:
        await ticket.until_projected(engine, "rate")
        assert {"handle.due", "promise.due"}.isdisjoint(await recorded(ticket, engine))
        assert not (await ticket.state(engine)).broke_a_promise


async def test_a_result_of_after_the_due_time_gets_its_card_first(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = town(tmp_path)
    ticket, due_at = await with_the_water_bureau(client, sqlite_store, packs)
    await past(due_at)
    await hand_in(ticket, "water", 1, datetime.now(UTC))
    async with platform(client, sqlite_store, packs) as engine:
        await ticket.until_projected(engine, "rate")
        kinds = await recorded(ticket, engine)
        assert {"handle.due", "promise.due"} <= set(kinds[: kinds.index("handled")])
        assert (await ticket.state(engine)).broke_a_promise


async def test_a_promise_that_another_unit_kept_is_kept(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = town(tmp_path)
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        promised = (await ticket.until_stage("handle")).due_at
        await asyncio.sleep(1)
        await ticket.act(DISPATCHER, Reassign(unit="transport", reason="改派"))
        await ticket.until(lambda now: now.unit == "transport" and now.stage == "handle")
        await taken_up(ticket)
    await hand_in(ticket, "transport", 2, datetime.now(UTC))
    await past(promised)
    async with platform(client, sqlite_store, packs) as engine:
        await ticket.until_projected(engine, "rate")
        assert "promise.due" not in await recorded(ticket, engine)
        assert not (await ticket.state(engine)).broke_a_promise


async def test_of_two_results_only_the_late_one_gets_a_card(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    """The level lies between two results that are found together."""
    packs = town(tmp_path, caps={"co_handlers": 2}, joint={"handle": "3s", **NONE})
    async with platform(client, sqlite_store, packs):
        ticket, _ = await file(client)
        await ticket.until_stage("handle")
        calls = [Call(unit="health", task="消杀"), Call(unit="market", task="查商户")]
        called = await ticket.act(WATER, Whistle(ground="emergency", reason="请来", units=calls))
        await taken_up(ticket)
    early = datetime.now(UTC)
    await hand_in(ticket, "health", 2, early)
    await past(early + timedelta(seconds=3.5))
    await hand_in(ticket, "market", 3, datetime.now(UTC))
    assert called.due_at is not None
    async with platform(client, sqlite_store, packs) as engine:
        await ticket.until_kind(engine, "share_handled", times=2)
        shares = [
            (event.fact.unit, event.fact.clock)
            for event in await ticket.events(engine)
            if isinstance(event.fact, LevelReached) and event.fact.assignment in (2, 3)
        ]
        assert shares == [("market", "handle")]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Return how many seconds reading a pack takes: 0 until a test says more."""
    value, of = {"seconds": 0.0}, ArchivedPacks.of

    async def slowly(self: ArchivedPacks, *arguments: Any) -> Pack:
        await asyncio.sleep(value["seconds"])
        return await of(self, *arguments)

    monkeypatch.setattr(ArchivedPacks, "of", slowly)
    return value


async def test_a_question_asked_in_time_pauses_although_its_plan_took_longer(
    client: Client, sqlite_store: Store, tmp_path: Path, slow: dict[str, float]
) -> None:
    async with platform(client, sqlite_store, town(tmp_path)) as engine:
        ticket, _ = await file(client)
        handed_out = await ticket.until_stage("handle")
        assert handed_out.due_at is not None
        await past(handed_out.due_at - timedelta(seconds=2))
        slow["seconds"] = 3
        await ticket.act(WATER, Ask(question="哪一段河道？"))
        slow["seconds"] = 0
        await past(handed_out.due_at)
        assert (await recorded(ticket, engine))[-1] == "citizen_asked"


async def test_a_merged_ticket_answered_in_time_keeps_its_promise_although_the_plan_took_longer(
    client: Client, sqlite_store: Store, tmp_path: Path, slow: dict[str, float]
) -> None:
    async with platform(client, sqlite_store, town(tmp_path)) as engine:
        ticket, _ = await file(client)
        parent, _ = await file(client)
        promised = (await ticket.until_stage("handle")).due_at
        await parent.until_stage("handle")
        await ticket.act(DISPATCHER, Merge(into=parent.number, reason="同一件事"))
        assert promised is not None
        await past(promised - timedelta(seconds=1.5))
        slow["seconds"] = 2
        answer = ParentReply(
            parent=parent.number, text="已清淤。", resolved=True, at=datetime.now(UTC)
        )
        await ticket.handle.signal(TicketWorkflow.answered_with_parent, answer)
        await ticket.until_kind(engine, "replied_with_parent")
        assert "promise.due" not in await recorded(ticket, engine)
