"""Tests of a city through the end of a year without a published successor: months in a minute.

The shipped packs, unmodified, on the server that skips time: complaints of all categories over
eighty-two days around New Year. Every one is with a unit within its dispatch limit, every
escalation level is reached on time, and every ticket ends. Then the same with the next year
published halfway. `make test-long` files four hundred in each city, `make test` some dozens.
"""

import asyncio
import heapq
import os
import secrets
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from audit.verdicts import judge
from domain.actors import Actor
from domain.commands.intake.triage import Triage
from domain.deadlines.clocks import Basis, LevelKind
from domain.deadlines.registry import ClockName
from domain.events import Event
from domain.messages import Act, Command, RatingMessage
from domain.pack.pack import Pack
from domain.ticket.assignment import HandlingResult, WorkOrder
from domain.ticket.complaint import Complaint
from domain.ticket.rating import Rating
from domain.ticket.stages import Stage
from domain.ticket.state import Snapshot
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry, default_root
from runtime.engine import CONVERTER
from runtime.names import HANDLE_ACTIVITY, TICKETS, UNITS, ticket_workflow_id
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from store.tickets import tickets
from tests.domain.promises_checked import Promises, check_told_again
from tests.proof.people import DAY, WAYS, Life, Plan, plan_of
from tests.support.cities import add_days, effective_city, write_city
from tests.support.desk import CITIZEN, DISPATCHER
from tests.support.engine import platform, time_skipping_server, working
from tests.support.seeds import dice
from workflows.ticket import TicketWorkflow

CITIES = ("heping", "huangpu", "jinan", "langfang", "tongzhou")

Handle = WorkflowHandle[TicketWorkflow, Snapshot]

LONG = os.environ.get("JIESU_LONG") == "1"
PARTS, FILINGS, FEWER = (8, 50, 50) if LONG else (1, 24, 12)
"""Parts in which a city lives through the turn of the year, and the filings of each: the server
that skips time loses count of its locks after some minutes, and then answers nothing any more."""
SPAN = timedelta(days=82)
"""The time from 20 November to 10 February."""

_TRIES, _HANGS = 5, 2

_MOST_OF_A_SKIP, _MOST_OF_A_COMMAND = 120, 20
"""Seconds in which a skip of some days, or a command, is over on any machine."""

TAIL = timedelta(days=400)
"""The time after the last filing in which the slowest ticket has ended."""

ENDS = {"closed", "unrated", "final_reply", "withdrawn", "declined", "referred", "answered"}
POLICIES = (ClockName.SIGN, ClockName.CONTACT, ClockName.HANDLE, ClockName.RATE)


class ServerLost(Exception):
    """The server that skips time answers nothing any more: this part is lived again."""


@dataclass
class Held:
    """The ends and escalation levels that the parts have shown."""

    ends: Counter[str] = field(default_factory=Counter)
    reached: set[tuple[ClockName, LevelKind]] = field(default_factory=set)


@dataclass
class City:
    """One city, and the people in it; see `people.Town`."""

    environment: WorkflowEnvironment
    store: Store
    pack: Pack
    chance: Random
    plans: dict[str, Plan] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    lives: list[tuple[datetime, int, Life]] = field(default_factory=list)
    next_pack: tuple[datetime, Pack] | None = None
    """The version published during the run, and the time from which it is in force."""

    @property
    def client(self) -> Client:
        return self.environment.client

    async def now(self) -> datetime:
        return await self.environment.get_current_time()

    def pack_at(self, at: datetime) -> Pack:
        if self.next_pack is not None and at >= self.next_pack[0]:
            return self.next_pack[1]
        return self.pack

    async def state(self, number: str) -> Ticket:
        """Return the ticket, once its record has no automatic step before it."""
        async with asyncio.timeout(30):
            while (state := await tickets.state(self.store, number)) is None or (
                state.stage in (Stage.ACCEPT, Stage.FEEDBACK)
                or (state.stage is Stage.TRIAGE and not state.unsure)
            ):
                await asyncio.sleep(0.01)
        return state

    async def start(self, complaint: Complaint) -> None:
        await self.client.start_workflow(
            TicketWorkflow.run,
            complaint,
            id=ticket_workflow_id(complaint.number),
            task_queue=TICKETS,
        )
        self.open.append(complaint.number)

    async def act(self, number: str, actor: Actor, command: Command) -> bool:
        handle: Handle = self.client.get_workflow_handle_for(
            TicketWorkflow.run, ticket_workflow_id(number)
        )
        act, key = Act(actor=actor, command=command, at=await self.now()), secrets.token_hex(8)
        for tried in range(1, _TRIES + 1):
            try:
                async with asyncio.timeout(_MOST_OF_A_COMMAND):
                    await handle.execute_update(TicketWorkflow.act, act, id=key)
            except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
                if tried == _HANGS:  # the same key gives the same answer, if it comes
                    raise ServerLost from None
            except WorkflowUpdateFailedError as error:
                assert isinstance(error.cause, ApplicationError), error.cause
                self.refused[f"{command.do} {error.cause.type}"] += 1
                return False
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                if (await handle.describe()).close_time is not None:
                    self.refused[f"{command.do} ended"] += 1
                    return False
                # This server forgets updates of a task that it gives anew.
                if tried == _TRIES:
                    raise
            else:
                break
        return True

    async def rate(self, number: str, rating: Rating) -> None:
        handle = self.client.get_workflow_handle(ticket_workflow_id(number))
        at = await self.now()
        await handle.signal(
            TicketWorkflow.rated, RatingMessage(actor=CITIZEN, rating=rating, at=at)
        )

    def someone_else(self, ticket: Ticket) -> str | None:
        having = {share.unit for share in ticket.opened} | {ticket.unit}
        kinds = ("bureau", "street")
        return next(
            (u.code for u in self.pack.units if u.code not in having and u.kind in kinds), None
        )

    def unit(self) -> Worker:
        """Return a worker of all units, which finish as planned; no activity runs meanwhile."""

        @activity.defn(name=HANDLE_ACTIVITY)
        async def handle(order: WorkOrder) -> HandlingResult:
            plan = self.plans[order.number]
            if activity.info().attempt == 1:
                takes = plan.takes(order, activity.info().scheduled_time)
                raise ApplicationError("not yet", next_retry_delay=takes)
            return plan.result(order)

        return Worker(self.client, task_queue=UNITS, activities=[handle])

    async def begin(self, filings: int, first: int) -> datetime:
        """Start on 20 November of the last published year, or now if that is over; plan filings.

        Complaints have all categories in turn, and so all tiers; courses have their frequency.
        `first`: the number of those filed in the parts before.
        """
        last = datetime(max(self.pack.calendar.years), 11, 20, tzinfo=self.pack.calendar.tz)
        since = max(await self.now(), last)
        await self.skip_to(since)
        names = [name for name, (_, often) in WAYS.items() for _ in range(often)]
        ways = [*WAYS, *self.chance.choices(names, k=max(filings - len(WAYS), 0))]
        self.chance.shuffle(ways)
        codes = [category.code for category in self.pack.categories]
        dice("categories", self.pack.city.id).shuffle(codes)
        moments = sorted(self.chance.random() * SPAN for _ in range(filings))
        self.lives = [
            (since + at, n, _life(self, way, codes[n % len(codes)], n))
            for n, (at, way) in enumerate(zip(moments, ways[:filings], strict=True), first)
        ]
        return since

    # --- time -----------------------------------------------------------------------------------

    async def live(self, until: datetime | None = None) -> None:
        """Run every ticket's generator when it is due; days in between are skipped."""
        while self.lives and (until is None or self.lives[0][0] <= until):
            at, n, life = heapq.heappop(self.lives)
            await self.skip_to(at)
            async for pause in life:
                heapq.heappush(self.lives, (at + pause, n, life))
                break

    async def skip_to(self, at: datetime) -> None:
        """Skip time; again if the server, busy with a long skip, loses connection or call."""
        for tried in range(1, _TRIES + 1):
            ahead = at - await self.now()
            if ahead <= timedelta(0):
                return
            try:
                async with asyncio.timeout(_MOST_OF_A_SKIP):
                    return await self.environment.sleep(ahead)
            except (RPCError, TimeoutError) as error:
                if tried == _HANGS:
                    raise ServerLost from error
                sys.stderr.write(f"skipping to {at} once more: {error!r}\n")

    async def until_all_have_ended(self) -> None:
        latest = await self.now() + TAIL
        while self.open and await self.now() < latest:
            await self.skip_to(await self.now() + 5 * DAY)
            for number in list(self.open):
                if not (await self.state(number)).open:
                    self.open.remove(number)


class TownRegistry(PackRegistry):
    """One city's pack as shipped, and its next version once that is published.

    An operator restarts the worker for it. The server that skips time does not allow that: it waits
    for the tickets that the first worker had in its memory.
    """

    def __init__(self, folder: Path, name: str) -> None:
        shutil.copytree(default_root() / name, folder / name)
        super().__init__(folder)

    async def publish(self, packs: PackRegistry, store: Store) -> None:
        self._root = packs.folder(packs.ids()[0]).parent
        self._packs.clear()
        await ArchivedPacks(self, store).keep_all()  # tickets stay pinned to a version


@asynccontextmanager
async def city(name: str, store: Store, packs: PackRegistry, chance: Random) -> AsyncIterator[City]:
    """Provide a city and its units at work, starting at the real time, as that server does."""
    with TemporaryDirectory() as home:
        async with await WorkflowEnvironment.start_time_skipping(
            data_converter=CONVERTER, test_server_existing_path=time_skipping_server(Path(home))
        ) as environment:
            await ArchivedPacks(packs, store).keep_all()
            town = City(environment, store, packs.get(name), chance)
            async with platform(town.client, store, packs, units=False), working(town.unit()):
                yield town


def with_next_year(folder: Path, name: str) -> PackRegistry:
    """Return the pack with the next year's notice: four days off, four days made up for."""
    shutil.copytree(default_root() / name, folder / name)
    content = effective_city(folder / name)
    year = max(content["calendar"]["years"]) + 1
    content["calendar"]["years"].append(year)
    write_city(folder / name, content)
    march = [date(year, 3, day) for day in range(1, 15)]
    january = [date(year, 1, day) for day in range(2, 32)]
    rows = [f"{day},no,放假," for day in march if day.weekday() < 4][:4]
    rows += [f"{day},yes,补班," for day in january if day.weekday() == 5][:4]
    add_days(folder / name, rows)
    registry = PackRegistry(folder)
    assert year in registry.get(name).calendar.years
    return registry


async def _life(town: City, way: str, category: str, n: int) -> Life:
    plan = plan_of(town, way, category, await town.now(), n)
    town.plans[plan.complaint.number] = plan
    await town.start(plan.complaint)
    await _is_with_a_unit_or_a_person(town, plan)
    if plan.complaint.category and (await town.state(plan.complaint.number)).stage is Stage.TRIAGE:
        yield timedelta(minutes=4)  # a condition of filing does not hold, or a report: by a person
        await town.act(plan.complaint.number, DISPATCHER, Triage(category=plan.complaint.category))
    async for pause in WAYS[way][0](town, plan):
        yield pause


async def _is_with_a_unit_or_a_person(town: City, plan: Plan) -> None:
    """Check that a filed ticket is with a unit or a person, with a due time."""
    state = await town.state(plan.complaint.number)
    where = (plan.complaint.number, plan.complaint.category, state.stage)
    assert state.stage is not Stage.DISPATCH or state.by_hand, where
    assert state.due_at is not None, where


# --- invariants -----------------------------------------------------------------------------------


def _checked(town: City, state: Ticket, events: list[Event]) -> Promises:
    """Check a ticket that has ended, and return its promises."""
    promises = check_told_again(events, state)
    number = state.complaint.number
    assert not promises.missed, (number, promises.missed)
    assigned = [event for event in events if event.kind == "assigned"]
    if assigned:
        first = assigned[0]
        limit = next(
            clock.due_at
            for event in events
            for clock in getattr(event.fact, "clocks", [])
            if clock.name is ClockName.DISPATCH
        )
        assert first.at <= limit, (number, first.at, limit)
        clocks = getattr(first.fact, "clocks", [])
        names = {clock.name for clock in clocks}
        assert {ClockName.HANDLE, ClockName.PROMISE} <= names, (number, names)
        assert all(clock.due_at > first.at for clock in clocks), number
        for clock in clocks:
            calendar = town.pack_at(first.at).calendar
            year = clock.due_at.astimezone(calendar.tz).year
            guessed = clock.basis is Basis.WORKING and year not in calendar.years
            assert clock.provisional or not guessed, (number, clock)
    return promises


async def _held(town: City, held: Held) -> None:
    """Check that every ticket has ended as it should; note all outcomes and levels."""
    for number in town.plans:
        state, events = await town.state(number), await tickets.events(town.store, number)
        assert not state.open, (town.plans[number].way, [event.kind for event in events])
        held.reached |= _checked(town, state, events).reached
        held.ends[str(state.outcome)] += 1
        verdict = await judge(town.client, town.store, number)
        assert verdict.agrees, verdict
    sys.stdout.write(f"{dict(held.ends)}; refused {dict(town.refused)}\n")


def _all_seen(pack: Pack, held: Held, filings: int) -> None:
    """Check that every end and every level occurred, where there were tickets of all courses."""
    assert held.ends.total() == filings
    if filings < len(WAYS):
        return
    assert set(held.ends) >= ENDS
    for clock in POLICIES:
        assert _levels(pack, clock) <= held.reached, (clock, held.reached)


def _levels(pack: Pack, *names: ClockName) -> set[tuple[ClockName, LevelKind]]:
    """Return every escalation level that the pack has for those clocks."""
    return {(name, rung.kind) for name in names for rung in pack.ladder.get(name, ())}


@pytest.fixture(params=CITIES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Course = Callable[[City, TownRegistry, int], Awaitable[None]]
"""The course of a part, given how many were filed in those before it."""


async def _through(name: str, store: Store, folder: Path, filings: int, course: Course) -> None:
    """Let a city live through the turn of the year in parts, each on a server of its own."""
    held = Held()
    for part in range(PARTS):
        for attempt in range(_TRIES):
            packs = TownRegistry(folder / f"{part}-{attempt}", name)
            chance = dice("year end", name, part, attempt)
            try:
                async with city(name, store, packs, chance) as town:
                    await course(town, packs, part * filings)
                    await town.until_all_have_ended()
                    await _held(town, held)
                break
            except ServerLost as lost:
                sys.stderr.write(f"part {part} once more: {lost!r}\n")
        else:
            pytest.fail(f"part {part}: the server was lost {_TRIES} times")
    _all_seen(packs.get(name), held, PARTS * filings)


@pytest.mark.timeout(1800 if LONG else 600)
async def test_a_year_ends_and_nobody_waits_for_its_successor(
    name: str, sqlite_store: Store, tmp_path: Path
) -> None:
    async def course(town: City, packs: TownRegistry, first: int) -> None:
        await town.begin(FILINGS, first)
        await town.live()

    await _through(name, sqlite_store, tmp_path, FILINGS, course)


@pytest.mark.timeout(1800 if LONG else 600)
async def test_the_next_year_is_published_in_the_middle(
    name: str, sqlite_store: Store, tmp_path: Path
) -> None:
    published = with_next_year(tmp_path / "next", name)

    async def course(town: City, packs: TownRegistry, first: int) -> None:
        since = await town.begin(FEWER, first)
        await town.live(until=since + SPAN / 2)
        await packs.publish(published, town.store)
        town.next_pack = (await town.now(), packs.get(name))
        await town.live()

    await _through(name, sqlite_store, tmp_path, FEWER, course)
