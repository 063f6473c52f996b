"""Tests that tickets opened under older code continue under today's, on any day.

`tickets.tar.xz` is an installation stopped in November 2026 (see `record.py`): a ticket in every
place where one may wait, and some that were stuck, because a limit of theirs reached into a year
whose calendar was not published. It is started again here, long after: most of their clocks are
overdue by then, and escalate at once.
"""

import asyncio
import json
import tarfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from temporalio.client import (
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError

from audit.verdicts import judge
from domain.commands.citizens.recur import Recur
from domain.commands.citizens.withdraw import Withdraw
from domain.events import Event
from domain.facts.anytime import LevelReached
from domain.messages import RatingMessage
from domain.pack.pack import Pack
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from runtime.engine import waiting_work
from store.db import schema
from store.db.engine import Store, default_url
from store.packs.archive import ArchivedPacks
from store.tickets import outbox, tickets
from tests.domain.invariants import check_caps, check_order, check_steps
from tests.support.cities import SHIPPED
from tests.support.desk import CITIZEN, Filed
from tests.support.engine import Engine, connect_to, engine_server, platform
from tests.support.way_out import Give, HandIn, Judge, way_out
from workflows.ticket import TicketWorkflow

RECORDED = Path(__file__).with_name("tickets.tar.xz")

SOON = 20
"""Seconds in which a stuck ticket is with a unit again, on a busy machine."""

TOO_LATE = (WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError, RPCError)
"""The errors of a command that came too late, or that the busy machine did not accept."""

LIFE = 90
"""Seconds in which the slowest ticket ends on a busy machine."""


class Left(NamedTuple):
    """A ticket as it was left; see `record.Left`."""

    number: str
    stage: str
    version: int
    waits_for: str | None


@dataclass
class Resumed:
    """The restarted installation. `before`: each ticket's events in its store until then."""

    engine: Engine
    left: dict[str, Left]
    before: dict[str, list[Event]]

    def ticket(self, name: str) -> Filed:
        return Filed(self.engine.client, self.left[name].number)

    async def state(self, name: str) -> Ticket | None:
        return await tickets.state(self.engine.store, self.left[name].number)


@pytest.fixture
async def resumed(tmp_path: Path) -> AsyncIterator[Resumed]:
    with tarfile.open(RECORDED) as packed:
        packed.extractall(tmp_path, filter="data")
    payload: dict[str, Any] = json.loads((tmp_path / "tickets.json").read_text(encoding="utf-8"))
    left = {name: Left(**each) for name, each in payload.items()}
    await schema.upgrade(default_url(tmp_path))
    store = Store.open(default_url(tmp_path))
    before = {name: await tickets.events(store, each.number) for name, each in left.items()}
    with engine_server(tmp_path / "log", tmp_path / "temporal.db") as address:
        client = await connect_to(address)
        async with platform(client, store) as engine:
            yield Resumed(engine, left, before)
    await store.close()


# --- commands until the end ----------------------------------------------------------------------


async def _end(resumed: Resumed, name: str) -> None:
    """Act on the ticket until it has ended; retry a command that came too early or too late."""
    packs = ArchivedPacks(SHIPPED, resumed.engine.store)
    ticket, seen, again = resumed.ticket(name), -1, 0.0
    while (state := await resumed.state(name)) is None or state.open:
        now = time.monotonic()
        if state is not None and (state.version > seen or now > again):
            version = state.rules.pack_version if state.rules else None
            pack = await packs.of(state.complaint.city, version)
            with suppress(*TOO_LATE, TimeoutError):
                async with asyncio.timeout(60):
                    await _step(ticket, state, pack)
            seen, again = state.version, now + 2
        await asyncio.sleep(0.1)
    async with asyncio.timeout(60):
        await ticket.handle.result()


async def _step(ticket: Filed, state: Ticket, pack: Pack) -> None:
    if state.stage is Stage.MERGED:
        return  # the parent's answer is this one's
    if state.stage is Stage.AFTERCARE and state.contest is None:
        await ticket.act(CITIZEN, Recur(text="又反弹了"))
        return
    if state.recurred and state.stage is Stage.HANDLE:
        await ticket.act(CITIZEN, Withdraw(reason="已经好了"))
        return
    match way_out(state, pack):
        case Give(actor, command):
            await ticket.act(actor, command)
        case HandIn(n, result):
            work = waiting_work(ticket.client, ticket.number, state.assignment(n).activity_id)
            await work.complete(result.model_copy(update={"at": datetime.now(UTC)}))
        case Judge(rating, actor):
            message = RatingMessage(actor=actor, rating=rating, at=datetime.now(UTC))
            await ticket.handle.signal(TicketWorkflow.rated, message)


# --- tests ---------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
async def test_every_ticket_comes_to_its_end(resumed: Resumed) -> None:
    names = [name for name, each in resumed.left.items() if each.waits_for is None]
    await _all_end(resumed, names)


@pytest.mark.timeout(600)
async def test_those_whose_plan_never_came_come_to_their_end(resumed: Resumed) -> None:
    names = [name for name, each in resumed.left.items() if each.waits_for is not None]
    await _all_end(resumed, names)


async def test_what_nobody_had_is_with_a_unit_within_seconds(resumed: Resumed) -> None:
    """A month before New Year, in an unmodified city, it was accepted and never dispatched."""
    assert resumed.left["nobody_has_it"].version == 0
    state = None
    async with asyncio.timeout(SOON):
        while state is None or state.unit is None:
            state = await resumed.state("nobody_has_it")
            await asyncio.sleep(0.05)
    assert state.due_at is not None


async def test_an_escalation_that_stood_still_goes_on_within_seconds(resumed: Resumed) -> None:
    """The overdue raise is carried out: the unit above has it."""
    before = await resumed.state("escalation_stopped")
    assert before is not None
    async with asyncio.timeout(SOON):
        while (state := await resumed.state("escalation_stopped")) is None or not state.raised:
            await asyncio.sleep(0.05)
        while state is None or state.unit == before.unit:
            state = await resumed.state("escalation_stopped")
            await asyncio.sleep(0.05)


async def test_a_result_that_was_not_taken_is_taken_within_seconds(resumed: Resumed) -> None:
    ticket = resumed.ticket("result_never_taken")
    assert "handled" not in [event.kind for event in resumed.before["result_never_taken"]]
    await ticket.until_kind(resumed.engine, "handled", within=SOON)


async def _all_end(resumed: Resumed, names: list[str]) -> None:
    async def life(name: str) -> str | None:
        try:
            async with asyncio.timeout(LIFE):
                await _end(resumed, name)
        except TimeoutError:
            state = await resumed.state(name)
            where = f"{state.stage}, version {state.version}" if state else "not in the record"
            return f"{name} ({resumed.left[name].number}) does not end: {where}"
        return None

    ends = await asyncio.gather(*(life(name) for name in names))
    assert not [each for each in ends if each is not None]
    for name in names:
        await _one_story(resumed, name)


async def _one_story(resumed: Resumed, name: str) -> None:
    """Check that earlier events are unchanged, later ones in order; history and record agree."""
    store, number = resumed.engine.store, resumed.left[name].number
    state, events = await resumed.state(name), await tickets.events(store, number)
    assert state is not None
    assert events[: len(resumed.before[name])] == resumed.before[name], name
    assert [event.version for event in events] == list(range(1, state.version + 1)), name
    check_steps(events)
    check_order(state, events)
    check_caps(state)
    twice = [rung for rung, times in Counter(_levels(events)).items() if times > 1]
    assert not twice, (name, twice)
    keys = [message.key for message in await outbox.messages(store, number)]
    assert len(keys) == len(set(keys)), name
    verdict = await judge(resumed.engine.client, store, number)
    assert verdict.agrees, (name, verdict)


def _levels(events: list[Event]) -> list[tuple[object, ...]]:
    """Return the identity of each card; a card of a moved clock is a different one."""
    return [
        (fact.clock, fact.assignment, fact.label, fact.rung, fact.due_at)
        for event in events
        if isinstance(fact := event.fact, LevelReached)
    ]
