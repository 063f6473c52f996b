"""Tests of sending commands: each is sent and answered once, despite clocks and networks."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from app.errors import Problem
from app.sending import engine_gateway as gateway
from app.sending.call_errors import EngineUnavailable, NotRunning
from app.sending.sending import Budget
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.reassign import Reassign
from domain.commands.units.sign import Sign
from domain.events import Event
from domain.messages import Act, Command
from domain.refusals import Refused
from domain.ticket.complaint import Complaint
from runtime.engine_clock import EngineClock
from runtime.engine_limits import PAYLOAD_BYTES
from runtime.names import TICKETS, ticket_workflow_id
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.packs.archive import ArchivedPacks
from store.tickets import tickets
from tests.api.running_api import serve_api
from tests.support.desk import CITIZEN, DISPATCHER, complaint, officer
from tests.support.engine import Engine, connect_to, engine_server, furnish, platform, working
from tests.support.way import Way, way_to

ELSEWHERE = Reassign(unit="market", reason="职责所在。")
SIGN = Act(actor=officer("water"), command=Sign())
URGE = Act(actor=CITIZEN, command=Urge())
SECONDS = timedelta(seconds=5)


class Desk:
    """A gateway to the engine, and the recorded events of one ticket."""

    def __init__(self, context: gateway.Engine, store: Store, number: str) -> None:
        self.context, self.store, self.number = context, store, number

    @classmethod
    async def file(cls, client: Client, store: Store, off: timedelta = timedelta()) -> "Desk":
        clock = EngineClock(lambda: datetime.now(UTC) + off)
        new_complaint = complaint()
        assert await gateway.Engine(client, timeout=30).file(new_complaint) is not None
        return cls(gateway.Engine(client, timeout=5, clock=clock), store, new_complaint.number)

    async def execute(self, act: Act, key: str | None = None) -> Any:
        return await self.context.act(self.number, act, key)

    async def by(self, command: Command, key: str | None = None) -> Any:
        return await self.execute(Act(actor=DISPATCHER, command=command), key)

    async def events(self, kind: str) -> list[Event]:
        return [e for e in await tickets.events(self.store, self.number) if e.kind == kind]

    async def found_out(self) -> None:
        """Wait until the client knows that its connection is broken."""
        while await self.context.ready():
            await asyncio.sleep(0.02)

    async def shown(self, kind: str) -> None:
        async with asyncio.timeout(60):
            while not await self.events(kind):
                await asyncio.sleep(0.02)


@pytest.fixture
async def desk(engine: Engine) -> Desk:
    return await Desk.file(engine.client, engine.store)


def calls_of(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the names of the calls to the engine from now on."""
    made: list[str] = []
    call = client.service_client._rpc_call

    async def counted(rpc: str, *args: Any, **more: Any) -> Any:
        made.append(rpc)
        return await call(rpc, *args, **more)

    monkeypatch.setattr(client.service_client, "_rpc_call", counted)
    return made


async def test_an_ordinary_command_costs_one_round_trip(
    engine: Engine, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = calls_of(engine.client, monkeypatch)
    await desk.execute(SIGN)
    await desk.execute(URGE)
    assert made == ["update_workflow_execution"] * 2


# --- clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-730, 730])
@pytest.mark.parametrize("minutes", [-2, 2])
async def test_a_door_whose_clock_is_off_is_put_right_by_its_first_command(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, days: int, minutes: int
) -> None:
    off = timedelta(days=days, minutes=minutes)
    desk = await Desk.file(engine.client, engine.store, off)
    made = calls_of(engine.client, monkeypatch)
    began = datetime.now(UTC)
    signed = await desk.execute(SIGN)
    assert began - SECONDS < signed.updated_at < datetime.now(UTC) + SECONDS
    assert len(await desk.events("signed")) == 1
    assert len(made) == 2
    assert abs(desk.context.clock.ahead + off) < SECONDS
    await desk.execute(URGE)
    assert len(made) == 3


@pytest.mark.parametrize("off", [timedelta(minutes=-2), timedelta(minutes=2)])
async def test_two_minutes_are_enough_to_be_put_right(engine: Engine, off: timedelta) -> None:
    desk = await Desk.file(engine.client, engine.store, off)
    began = datetime.now(UTC)
    signed = await desk.execute(SIGN)
    assert began - SECONDS < signed.updated_at < datetime.now(UTC) + SECONDS


async def test_a_receipt_tells_what_the_engines_clock_shows(engine: Engine) -> None:
    clock = EngineClock(lambda: datetime.now(UTC) + timedelta(minutes=2))
    context = gateway.Engine(engine.client, timeout=10, clock=clock)
    assert await context.file(complaint(), new=True) is not None
    assert abs(clock.now() - datetime.now(UTC)) < SECONDS


async def test_what_the_doctor_asks_shows_the_engines_clock(engine: Engine) -> None:
    clock = EngineClock(lambda: datetime.now(UTC) - timedelta(days=730))
    context = gateway.Engine(engine.client, timeout=10, clock=clock)
    await context.compare_clocks()
    assert abs(clock.now() - datetime.now(UTC)) < SECONDS
    assert clock.within is not None
    assert clock.within < SECONDS


async def test_complaints_and_ratings_are_dated_by_the_engines_clock(
    engine: Engine, tmp_path: Path
) -> None:
    async with serve_api(tmp_path, engine.store, engine.client) as api:
        api.context.engine.clock._wall = lambda: datetime.now(UTC) + timedelta(days=730)
        api.context.engine.clock.heard(datetime.now(UTC), time.monotonic() - 0.01, time.monotonic())
        ticket = await api.handled()
        assert (await ticket.rate()).status_code == 200
        await ticket.until_stage("ended")
        events = await tickets.events(engine.store, ticket.number)
        assert max(event.at for event in events) < datetime.now(UTC) + SECONDS


# --- answers that get lost -----------------------------------------------------------------------


@pytest.fixture
async def way(engine_address: str) -> AsyncIterator[Way]:
    async with way_to(engine_address) as opened:
        yield opened


@pytest.fixture
async def far(way: Way, engine: Engine) -> Desk:
    """File a ticket through a client that reaches the engine by `way`."""
    client = await connect_to(way.address)
    furnish(client, engine.store)
    return await Desk.file(client, engine.store)


async def test_an_answer_that_got_lost_is_asked_for_again(way: Way, far: Desk) -> None:
    way.losing = True
    giving = asyncio.create_task(far.execute(SIGN))
    await far.shown("signed")
    way.cut()
    assert (await giving).version == 4
    assert len(await far.events("signed")) == 1


async def test_a_command_that_ended_its_ticket_is_answered_although_the_answer_got_lost(
    way: Way, far: Desk
) -> None:
    way.losing = True
    giving = asyncio.create_task(far.execute(Act(actor=CITIZEN, command=Withdraw())))
    await far.shown("withdrawn")
    way.cut()
    assert (await giving).outcome == "withdrawn"


async def test_where_nobody_listens_it_is_said_at_once(way: Way, far: Desk) -> None:
    await way.close()
    await far.found_out()
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match="unreachable"):
        await far.execute(SIGN)
    assert time.monotonic() - began < 3
    await way.begin()
    await far.execute(SIGN)


async def test_a_result_whose_answer_got_lost_is_not_told_as_somebody_elses(
    way: Way, far: Desk, tmp_path: Path, engine: Engine
) -> None:
    async with serve_api(tmp_path, engine.store, await connect_to(way.address)) as api:
        ticket = await api.file()
        way.losing = True
        completing = asyncio.create_task(ticket.complete())
        desk = Desk(far.context, engine.store, ticket.number)
        await desk.shown("handled")
        way.cut()
        answer = await completing
        assert answer.status_code == 200, answer.text
        assert len(await desk.events("handled")) == 1


# --- keys ----------------------------------------------------------------------------------------


async def test_what_ended_a_ticket_gives_the_first_answer_again(desk: Desk) -> None:
    withdraw = Act(actor=CITIZEN, command=Withdraw())
    first = await desk.execute(withdraw, "once")
    assert await desk.execute(withdraw, "once") == first
    with pytest.raises((Refused, NotRunning)):
        await desk.execute(withdraw, "twice")


async def test_what_was_given_up_can_be_sent_again_with_the_same_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> Any:
        raise StoreUnavailable("for a test")

    with monkeypatch.context() as patch:
        patch.setattr(ArchivedPacks, "of", away)
        with pytest.raises(Problem) as refused:
            await desk.by(ELSEWHERE, "once")
    assert refused.value.code == "gave_up"
    assert await desk.events("reassigned") == []
    again = await desk.by(ELSEWHERE, "once")
    assert again.unit == "market"
    assert await desk.by(ELSEWHERE, "once") == again
    assert len(await desk.events("reassigned")) == 1


# --- limits --------------------------------------------------------------------------------------


async def test_more_than_the_engine_takes_at_once_is_not_sent(
    engine: Engine, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = calls_of(engine.client, monkeypatch)
    long = AddFacts.model_construct(do="add_facts", text="长" * PAYLOAD_BYTES, files=[])
    with pytest.raises(Problem) as refused:
        await desk.execute(Act.model_construct(actor=CITIZEN, command=long, at=None, until=None))
    assert refused.value.code == "payload_too_large"
    assert made == []
    await desk.execute(URGE)


async def test_a_ticket_that_takes_no_more_commands_is_told_to_go_on(
    sqlite_store: Store, tmp_path: Path
) -> None:
    with engine_server(tmp_path / "log", settings=["history.maxTotalUpdates=4"]) as address:
        client = await connect_to(address)
        async with platform(client, sqlite_store):
            desk = await Desk.file(client, sqlite_store)
            for n in range(8):
                note = AddFacts(text=f"第 {n} 次补充。")
                await desk.execute(Act(actor=CITIZEN, command=note))
            assert len(await desk.events("facts_added")) == 8


async def test_nobody_is_served_by_a_worker_that_is_not_there(
    client: Client, sqlite_store: Store
) -> None:
    """It is refused after the time in which a worker could have taken it; here a short one."""
    furnish(client, sqlite_store)
    short = Budget(taken=0.3, untaken=0.6, answered=1.0, done=0.5)
    context = gateway.Engine(client, timeout=0.3, budget=short)
    new_complaint = complaint()
    assert await context.file(new_complaint) is None
    with pytest.raises(Problem) as refused:
        await context.act(new_complaint.number, SIGN, None)
    assert refused.value.code == "too_late"


async def test_who_waits_for_the_engine_can_be_cancelled(
    client: Client, sqlite_store: Store
) -> None:
    """The client reports a cancelled call as one that took too long: it must not go on."""
    furnish(client, sqlite_store)
    context, new_complaint = gateway.Engine(client, timeout=60), complaint()
    filing = asyncio.create_task(context.file(new_complaint))
    handle = client.get_workflow_handle(ticket_workflow_id(new_complaint.number))
    async with asyncio.timeout(60):
        while not filing.done():
            try:
                await handle.describe()
            except RPCError:
                await asyncio.sleep(0.02)
            else:
                break
    filing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filing
    giving = asyncio.create_task(context.act(new_complaint.number, SIGN, None))
    await asyncio.sleep(0.3)  # until it has been sent
    giving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving


@workflow.defn(name="Ticket", sandboxed=False)
class Defective:
    """A defective version of the workflow, deployed by mistake."""

    @workflow.run
    async def run(self, _: Complaint) -> None:
        raise RuntimeError("a defect")


async def test_a_ticket_whose_workflow_fails_takes_commands_once_it_is_mended(
    client: Client, sqlite_store: Store
) -> None:
    """The engine refuses commands to it; the API reports no defect, and nothing is lost."""
    furnish(client, sqlite_store)
    new_complaint, patient = complaint(), Budget(taken=0.5, untaken=1.0, answered=1.5, done=0.5)
    context = gateway.Engine(client, timeout=0.3, budget=patient)
    handle = await client.start_workflow(
        "Ticket", new_complaint, id=ticket_workflow_id(new_complaint.number), task_queue=TICKETS
    )
    async with working(Worker(client, task_queue=TICKETS, workflows=[Defective])):
        async with asyncio.timeout(30):
            while (await handle.describe()).raw_description.pending_workflow_task.attempt < 3:
                await asyncio.sleep(0.05)
        with pytest.raises(Problem) as refused:
            await context.act(new_complaint.number, SIGN, None)
        # The outcome is unknown if a running workflow task may still take it, else known.
        assert refused.value.code in ("too_late", "engine_unavailable")
        assert await context.file(new_complaint) is None
    async with platform(client, sqlite_store):
        desk = Desk(gateway.Engine(client, timeout=20), sqlite_store, new_complaint.number)
        await desk.shown("assigned")
        await desk.execute(SIGN)
        assert len(await desk.events("signed")) == 1


async def test_the_same_key_gives_the_first_answer_in_a_later_run(
    engine: Engine, desk: Desk
) -> None:
    await desk.execute(SIGN, "once")
    handle = engine.client.get_workflow_handle(ticket_workflow_id(desk.number))
    first = (await handle.describe()).run_id
    await handle.signal("carry_on")
    async with asyncio.timeout(60):
        while (await handle.describe()).run_id == first:
            await asyncio.sleep(0.02)
    assert (await desk.execute(SIGN, "once")).version >= 4
    assert len(await desk.events("signed")) == 1
    with pytest.raises(Refused, match="signed already"):
        await desk.execute(SIGN, "twice")
