"""Tests with kill -9 of worker and engine around due times: each level and notice comes once.

Limits are seconds here. Every ticket passes all its escalation levels, because nobody acts before
the last card was shown, and nobody rates. Only `make test-long` runs it.
"""

import asyncio
import os
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from audit.verdicts import judge
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.policy.notifications import notices
from domain.ticket.assignment import HandlingResult
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry, default_root
from runtime.engine import connect, encrypting, waiting_work
from runtime.names import TICKETS, ticket_workflow_id
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.secrets.key_ring import open_ring
from store.secrets.ticket_keys import TicketKeys
from store.tickets import outbox, tickets
from tests.domain.promises_checked import check_told_again
from tests.support.cities import city_with
from tests.support.desk import REACHABLE, complaint
from tests.support.seeds import dice
from workers.children import Child
from workers.stack import Stack, engine_port
from workflows.ticket import TicketWorkflow

LONG = os.environ.get("JIESU_LONG") == "1"
KILLS = 50
TOGETHER = 6
"""The number of tickets that escalate at the same time."""

pytestmark = pytest.mark.skipif(not LONG, reason="kills processes for minutes: make test-long")

VICTIMS = (("worker",), ("engine",), ("worker", "engine"))

RULES: dict[str, Any] = {
    "tiers": {"general": {"handle": "6s", "sign": "2s", "contact": "3s"}},
    "limits": {"rate": "4s", "call_back": "3s", "meet": "2s"},
    "ladder": {
        "rate": [{"kind": "warn", "offset": "2s"}, {"kind": "due", "tells": ["desk"]}],
        "call_back": [{"kind": "warn", "offset": "1s"}, {"kind": "due", "tells": ["supervisor"]}],
    },
    "joint": {"sign": "1s", "contact": "2s", "meet": "2s"},
}
"""The rules of Tongzhou with limits of seconds; its escalation policies are percentages of them."""

REACHED = (ClockName.SIGN, ClockName.CONTACT, ClockName.HANDLE, ClockName.PROMISE, ClockName.RATE)


class Installation:
    """The stack, and methods that file tickets, complete them late, and kill processes."""

    def __init__(self, stack: Stack, client: Client, store: Store, chance: Random) -> None:
        self.stack, self.client, self.store, self.chance = stack, client, store, chance
        self.pack = PackRegistry(stack.settings.cities or default_root()).get("tongzhou")
        self.numbers: list[str] = []
        self.hurried: set[str] = set()

    async def insist(self, call: Callable[[], Awaitable[object]]) -> None:
        """Call once, and ignore an engine that is away or only just back; the caller repeats it."""
        with suppress(RPCError, TimeoutError, WorkflowAlreadyStartedError):
            async with asyncio.timeout(60):
                await call()
        await asyncio.sleep(0.3)

    async def live(self, *, hurried: bool) -> None:
        """File a ticket, let every limit pass, complete it, and do not rate it.

        `hurried`: completed three seconds after the last card was due, shown by then or not.
        """
        new_complaint = complaint(category="0302", **REACHABLE)
        self.numbers.append(new_complaint.number)
        while await tickets.state(self.store, new_complaint.number) is None:
            await self.insist(
                lambda: self.client.start_workflow(
                    TicketWorkflow.run,
                    new_complaint,
                    id=ticket_workflow_id(new_complaint.number),
                    task_queue=TICKETS,
                )
            )
        state = await self.until(new_complaint.number, lambda ticket: ticket.stage is Stage.HANDLE)
        lead = state.lead
        assert lead is not None
        if hurried:
            self.hurried.add(new_complaint.number)
            last = max(level.at for clock in state.clocks if clock.running for level in clock.rungs)
            await asyncio.sleep(max((last - datetime.now(UTC)).total_seconds(), 0) + 3)
        else:
            await self.until(new_complaint.number, _all_shown)
        work = waiting_work(self.client, new_complaint.number, lead.activity_id)
        done = HandlingResult(reply="已办理。", at=datetime.now(UTC))
        while (await self.state(new_complaint.number)).stage is Stage.HANDLE:
            await self.insist(lambda: work.complete(done))
        await self.until(new_complaint.number, lambda ticket: not ticket.open)

    async def state(self, number: str) -> Ticket:
        state = await tickets.state(self.store, number)
        assert state is not None
        return state

    async def until(self, number: str, reached: Callable[[Ticket], bool]) -> Ticket:
        async with asyncio.timeout(120):
            while (state := await tickets.state(self.store, number)) is None or not reached(state):
                await asyncio.sleep(0.1)
        return state

    # --- killing ------------------------------------------------------------------------------

    async def kill(self, *victims: str) -> None:
        """Kill processes around the time of some ticket's next level; wait until they are back."""
        await self._about_a_due_time()
        killed = [child for child in self.stack.children if child.name in victims]
        before = [child.pid for child in killed]
        for pid in before:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            for child, pid in zip(killed, before, strict=True):
                await self._is_back(child, pid)

    async def _about_a_due_time(self) -> None:
        async with asyncio.timeout(60):
            while not (ahead := [at async for at in self._levels()]):
                await asyncio.sleep(0.1)
        at = self.chance.choice(ahead) + timedelta(seconds=self.chance.uniform(-0.5, 0.5))
        await asyncio.sleep(max((at - datetime.now(UTC)).total_seconds(), 0))

    async def _levels(self) -> AsyncIterator[datetime]:
        """Yield the times of levels in the next few seconds."""
        now = datetime.now(UTC)
        for number in self.numbers[-2 * TOGETHER :]:
            state = await tickets.state(self.store, number)
            for clock in state.clocks if state else ():
                if clock.next_level and now < clock.next_level.at < now + timedelta(seconds=6):
                    yield clock.next_level.at

    async def _is_back(self, child: Child, pid: int | None) -> None:
        while child.pid == pid or not child.alive:
            await asyncio.sleep(0.05)
        while child.name == "engine":
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", engine_port(self.stack.settings))) == 0:
                    return
            await asyncio.sleep(0.05)


def _all_shown(ticket: Ticket) -> bool:
    return all(clock.climbed == len(clock.rungs) for clock in ticket.clocks if clock.running)


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    city_with(tmp_path / "cities", **RULES)
    settings = Settings(
        home=tmp_path / "home",
        api_port=free_port(),
        temporal_address=f"127.0.0.1:{free_port()}",
        cities=tmp_path / "cities",
    )
    stack = Stack(settings, say=lambda line: None)
    async with stack.running():
        store = Store.open(settings.store)
        keys = TicketKeys(store, open_ring(settings.key_text, settings.key_file))
        client = await connect(settings, encrypting(keys))
        yield Installation(stack, client, store, dice("kills"))
        await store.close()


@pytest.mark.timeout(3600 if LONG else 600)
async def test_no_rung_comes_twice_and_none_is_missing(installation: Installation) -> None:
    over = asyncio.Event()

    async def keep_living(*, hurried: bool) -> None:
        await asyncio.sleep(installation.chance.uniform(0, 5))
        await installation.live(hurried=hurried)
        while not over.is_set():
            await installation.live(hurried=hurried)

    async with asyncio.TaskGroup() as group:
        for n in range(TOGETHER):
            group.create_task(keep_living(hurried=n % 3 == 0))
        for n in range(KILLS):
            await installation.kill(*VICTIMS[n % len(VICTIMS)])
        over.set()
    killed = sum(len(child.deaths) for child in installation.stack.children)
    assert killed == sum(len(VICTIMS[n % len(VICTIMS)]) for n in range(KILLS)) or LONG
    for number in sorted(installation.numbers, key=installation.hurried.__contains__):
        await _held(installation, number)


async def _held(installation: Installation, number: str) -> None:
    state, events = (
        await tickets.state(installation.store, number),
        await tickets.events(installation.store, number),
    )
    assert state is not None
    promises = check_told_again(events, state)
    assert not promises.missed, (number, promises.missed)
    for name in REACHED:
        for rule in installation.pack.ladder[name]:
            assert (name, rule.kind) in promises.reached, (number, name, rule.kind)
    assert (ClockName.CALL_BACK, LevelKind.DUE) in promises.reached
    assert state.outcome == "unrated", (number, state.outcome)
    due = Counter(notice.key for event in events for notice in notices(event, state))
    counts = Counter(message.key for message in await outbox.messages(installation.store, number))
    assert counts == due, (number, counts - due, due - counts)
    assert set(counts.values()) == {1}
    verdict = await judge(installation.client, installation.store, number)
    assert verdict.agrees, verdict
