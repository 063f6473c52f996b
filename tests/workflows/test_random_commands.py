"""Tests of random commands on the real engine, with many tickets and several people at once.

Record, history and order always agree, and every ticket ends.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from audit.runs import fetch
from audit.verdicts import judge
from domain.events import Event
from domain.messages import RatingMessage
from domain.pack.pack import Pack
from domain.policy.record import record
from domain.ticket.assignment import HandlingResult
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from runtime.names import ticket_workflow_id
from store.db.engine import Store
from store.tickets import tickets
from tests.domain.invariants import check_caps, check_clock, check_order, check_steps
from tests.domain.promises_checked import Promises
from tests.support.cities import city_with
from tests.support.desk import Filed, complaint, file
from tests.support.doors import REFUSALS
from tests.support.engine import Engine, platform
from tests.support.histories import silent_tasks
from tests.support.scenes import Scene
from tests.support.seeds import dice, of
from tests.support.way_out import Give, HandIn, Judge, Step, way_out
from workflows.ticket import TicketWorkflow

CITY = "langfang"
UNITS = (
    "131002100", "131002100-village-1", "131002100-enforcement", "131002", "131002-water",
    "gov", "environment",
)  # fmt: skip
CATEGORIES = ("0101", "0102", "0204")
"""The categories of the tickets, one with steps and a closing condition."""

TICKETS = of(100)
AT_ONCE = 16

PATIENCE = 20
"""Seconds until an unanswered call is given up, and its result looked up."""

LIFE = 90
"""Seconds in which the slowest ticket ends on a busy machine: most take five."""

DAY = timedelta(seconds=0.6)
DAYS = {
    "triage": 1, "dispatch": 1, "sign": 1, "return_window": 2, "contact": 2, "decide": 1,
    "arbitrate": 1, "review": 1, "citizen": 1, "verify": 1, "order": 2, "appointment": 1,
    "rate": 2, "call_back": 1, "supervise": 1, "revisit": 1, "aftercare": 2,
}  # fmt: skip

NOT_TAKEN = (
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.DEADLINE_EXCEEDED,
)
"""The errors of a command that came too late, or too early, or that a busy engine did not answer.

A command that is never answered keeps its ticket open.
"""


RULES: dict[str, Any] = {
    "city": {"clock_scale": DAY / timedelta(days=1)},
    "features": {"intervene": True, "appoint": True},
    "limits": {name: f"{days}d" for name, days in DAYS.items()},
    "tiers": {"general": {"handle": "5d"}},
    "ladder": dict.fromkeys(["rate", "call_back", "review", "supervise", "revisit"]),
    "aftercare": {"revisits": ["1d"]},
    "severity": {"urges": 2, "complainants": 1},
}
"""The rules of Langfang with all features on, and days of less than a second."""


@pytest.fixture
async def town(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    packs = city_with(tmp_path / "cities", CITY, **RULES)
    async with platform(client, sqlite_store, packs) as running:
        yield running


class Townsfolk:
    """One ticket, and people who act on it at random."""

    def __init__(
        self, engine: Engine, chance: Random, ticket: Filed, others: Sequence[str]
    ) -> None:
        self.engine, self.chance, self.ticket, self.others = engine, chance, ticket, others
        self.pack: Pack = engine.packs.get(CITY)
        self.refusals: Counter[str] = Counter()
        self.diary: list[str] = []

    async def live(self) -> None:
        """Run some rounds, in each of which up to three act at the same moment."""
        for _ in range(self.chance.randint(2, 6)):
            state = await self.look()
            if not state.open:
                return
            steps = [self.step(state) for _ in range(self.chance.randint(1, 3))]
            await asyncio.gather(*(self.do(step, state) for step in steps))
            await asyncio.sleep(self.chance.random() * 0.2)

    async def find_the_way_out(self) -> None:
        """Act until the ticket has ended; retry an action that came too early or too late.

        A rating that arrives while the ticket closes is processed first, so the engine decides that
        it has ended: the record may show it a moment too early.
        """
        ended = asyncio.create_task(self.ticket.handle.result())
        seen, again = 0, 0.0
        try:
            while not ended.done():
                state, now = await self.look(), time.monotonic()
                step = way_out(state, self.pack) if state.open else None
                if step is not None and (state.version > seen or now > again):
                    await self.do(step, state)
                    seen, again = state.version, now + 1
                await asyncio.sleep(0.15)
            await ended
        finally:
            ended.cancel()

    async def look(self) -> Ticket:
        """Return the recorded ticket."""
        while (state := await tickets.state(self.engine.store, self.ticket.number)) is None:
            await asyncio.sleep(0.05)
        return state

    def step(self, state: Ticket) -> Step:
        now = datetime.now(UTC)
        scene = Scene(state, self.pack, now, self.chance, UNITS, CATEGORIES, self.others)
        if state.opened and scene.likely(0.15):
            n = self.chance.choice(state.opened).n
            return HandIn(n, HandlingResult(reply="已办。", resolved=scene.likely(0.7)))
        if state.stage is Stage.RATE and scene.likely(0.4):
            return Judge(scene.rating())
        return Give(*scene.command())

    async def do(self, step: Step, state: Ticket) -> None:
        began = datetime.now(UTC)
        answer = await self._answer(step, state)
        took = (datetime.now(UTC) - began).total_seconds()
        self.diary.append(f"{began:%H:%M:%S.%f} {step!r}: {answer or 'done'} after {took:.1f} s")
        if answer:
            self.refusals[answer] += 1

    async def _answer(self, step: Step, state: Ticket) -> str:
        """Return the code of a refusal; empty if it was done, or came too late."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._call(step, state)
        except WorkflowUpdateFailedError as failed:
            assert isinstance(failed.cause, ApplicationError), failed.cause
            code = failed.cause.type or ""
            assert isinstance(step, Give)
            assert code in REFUSALS[type(step.command)], (step.command.do, code)
            return code
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError from None
            return "no_answer"  # the record shows in the end whether it was done
        except TimeoutError:
            return "no_answer"
        except RPCError as error:
            assert error.status in NOT_TAKEN, error
            return error.status.name
        return ""

    async def _call(self, step: Step, state: Ticket) -> None:
        match step:
            case Give(actor, command):
                await self.ticket.act(actor, command)
            case HandIn(n, result):
                await self._hand_in(state, n, result)
            case Judge(rating, actor):
                message = RatingMessage(actor=actor, rating=rating, at=datetime.now(UTC))
                await self.ticket.handle.signal(TicketWorkflow.rated, message)

    async def _hand_in(self, state: Ticket, n: int, result: HandlingResult) -> None:
        handle = self.engine.client.get_async_activity_handle(
            workflow_id=ticket_workflow_id(self.ticket.number),
            run_id=None,
            activity_id=state.assignment(n).activity_id,
        )
        await handle.complete(result.model_copy(update={"at": datetime.now(UTC)}))


async def _filed(engine: Engine, chance: Random, numbers: list[str]) -> Townsfolk:
    """File a complaint; `numbers`: the existing tickets, of which its people know some."""
    new_complaint = complaint(
        city=CITY,
        category=chance.choice([None, *CATEGORIES]),
        place={"area": chance.choice(["131002100", "131002"])},
        anonymous=chance.random() < 0.2,
    )
    ticket, _ = await file(engine.client, new_complaint)
    others = chance.sample(numbers, min(3, len(numbers)))
    numbers.append(ticket.number)
    return Townsfolk(engine, chance, ticket, others)


async def _live(
    engine: Engine, chance: Random, numbers: list[str], places: asyncio.Semaphore
) -> Townsfolk:
    async with places:
        people = await _filed(engine, chance, numbers)
        try:
            async with asyncio.timeout(LIFE):
                await people.live()
                await people.find_the_way_out()
        except TimeoutError as error:
            raise AssertionError(await _what_is_known(engine, people)) from error
        return people


async def _what_is_known(engine: Engine, people: Townsfolk) -> str:
    """Describe a ticket that does not end: record, history, and the actions on it."""
    ticket = people.ticket
    state = await tickets.state(engine.store, ticket.number)
    history = await ticket.handle.fetch_history()
    last = [f"{each.event_id} {EventType.Name(each.event_type)}" for each in history.events]
    described = await ticket.handle.describe()
    last += [str(each) for each in described.raw_description.pending_activities]
    failed = [
        str(each.workflow_task_failed_event_attributes.failure)
        for each in history.events
        if each.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]
    value = state.model_dump_json(indent=1, exclude={"complaint"}) if state else "no record"
    title = f"{ticket.number} does not come to its end"
    return "\n".join([title, value, *last, *failed, *people.diary])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", ["spring", "autumn"])
async def test_whatever_people_do_at_once_the_record_holds(town: Engine, seed: str) -> None:
    numbers: list[str] = []
    places = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        lives = [
            group.create_task(_live(town, dice(seed, n), numbers, places)) for n in range(TICKETS)
        ]
    refusals: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for people in [life.result() for life in lives]:
        refusals += people.refusals
        kinds += Counter(await _agrees(town, people.ticket))
    # A quarter of the lives has not all that all of them have.
    assert len(refusals) > (10 if TICKETS == 100 else 5), refusals
    assert len(kinds) > (40 if TICKETS == 100 else 25), kinds


async def _agrees(engine: Engine, ticket: Filed) -> list[str]:
    """Check that record, event replay and history agree, in order throughout."""
    state, events = await ticket.state(engine), await ticket.events(engine)
    expected, promises = Ticket.of(state.complaint), Promises()
    happened: list[Event] = []
    for event in events:
        happened.append(record(expected, event.fact, event.actor, event.at))
        assert happened[-1] == event
        promises.see(event, expected)
        for clock in expected.clocks:
            check_clock(clock)
    assert expected == state
    assert len(events) == state.version
    check_steps(events)
    check_order(state, events)
    check_caps(state)
    verdict = await judge(engine.client, engine.store, ticket.number)
    assert verdict.agrees, verdict
    for run in await fetch(engine.client, ticket.number):
        assert silent_tasks(run.events) == [], ticket.number
    return [event.kind for event in events]
