"""Tests that what the engine has answered is on the disk: a power cut takes none of it back.

The engine runs as `jiesu up` starts it, under load by the whole product. Both databases are rebuilt
as of the same moments (`tests.support.engine_disk`, `tests.support.power`).
"""

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.intake_backlog import IntakeBacklog
from audit.verdicts import judge
from runtime.names import ticket_workflow_id
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.tickets import intake, tickets
from tests.api.running_api import Api, Filed, serve_api
from tests.support import seeds
from tests.support.engine import connect_to, engine_server, platform
from tests.support.engine_disk import EngineDisk, recorded
from tests.support.power import Disk, power
from tests.support.seeds import dice
from workers.stack import engine_command

pytestmark = pytest.mark.timeout(900)

CUTS = seeds.of(200)
STARTED = range(19, CUTS, 40)
"""The cuts after which engine, store and worker are started again."""

PEOPLE = 6

Fact = tuple[str, str]
"""A ticket's number, and a kind of message that it got, with the key of a command."""


@dataclass
class Answered:
    """The complaints and facts that were confirmed so far: by the book, and by the engine."""

    numbers: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    def copied(self) -> "Answered":
        return Answered(list(self.numbers), list(self.facts))


@dataclass(frozen=True)
class Cut:
    """A power cut: its time, what was confirmed before, and for `STARTED` the store's files."""

    at: float
    answered: Answered
    store: dict[str, bytes] | None


# --- load -----------------------------------------------------------------------------------------


async def _live(api: Api, answered: Answered, draw: Random, over: asyncio.Event) -> None:
    """File complaints and lead each to its rating, until it is over."""
    while not over.is_set():
        answer = await api.http.post("/api/v1/complaints", json=_complaint())
        assert answer.status_code in (201, 202), answer.text
        ticket = Filed(api, answer.json())
        answered.numbers.append(ticket.number)
        if answer.status_code == 201:
            answered.facts.append((ticket.number, "started"))
            await _be_handled(ticket, answered, draw)


def _complaint() -> dict[str, str]:
    return {"city": "tongzhou", "text": "小区门口的河水又黑又臭。", "category": "0301"}


async def _be_handled(ticket: Filed, answered: Answered, draw: Random) -> None:
    officer = await ticket.api.officer()
    for what, who, body in (
        ("sign", officer, {}),
        ("facts", ticket.citizen, {"text": "桥东边也有。"}),
        ("contact", officer, {"reached": True}),
        ("urge", ticket.citizen, {}),
    ):
        if draw.random() < 0.8:
            key = uuid4().hex
            answer = await ticket.act(what, who, body, **{"Idempotency-Key": key})
            if answer.status_code == 200:
                answered.facts.append((ticket.number, f"command {key}"))
    if (await ticket.complete()).status_code == 200:
        answered.facts.append((ticket.number, "result"))
        await ticket.until_stage("rate")
        if (await ticket.rate()).status_code == 200:
            answered.facts.append((ticket.number, "rating"))


async def _cut(disk: Disk, answered: Answered, draw: Random) -> list[Cut]:
    """Return power cuts at random moments."""
    cuts = []
    for n in range(CUTS):
        await asyncio.sleep(draw.random() * 0.15)
        before = answered.copied()  # first, so that the disk has had the time to be later
        cuts.append(Cut(time.time(), before, disk.cut(draw) if n in STARTED else None))
    return cuts


@asynccontextmanager
async def _under_load(api: Api, draw: Random) -> AsyncIterator[Answered]:
    answered, over = Answered(), asyncio.Event()
    async with asyncio.TaskGroup() as people:
        for _ in range(PEOPLE):
            people.create_task(_live(api, answered, draw, over))
        async with asyncio.timeout(60):
            while len(answered.facts) < PEOPLE:
                await asyncio.sleep(0.02)
        yield answered
        over.set()


# --- what is left ---------------------------------------------------------------------------------

_NODES = """
    SELECT execution.workflow_id, execution.next_event_id, node.data
    FROM executions AS execution JOIN history_node AS node ON node.tree_id = execution.run_id
    WHERE execution.workflow_id LIKE 'ticket/%'
"""


def _facts_in(database: Path) -> set[Fact]:
    """Return the facts that the engine's file holds, which must be in good order."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {
            (workflow_id.removeprefix("ticket/"), fact)
            for workflow_id, following, data in connection.execute(_NODES)
            for event in History.FromString(data).events
            if event.event_id < following
            for fact in _facts_of(event)
        }


def _facts_of(event: HistoryEvent) -> Iterator[str]:
    match event.WhichOneof("attributes"):
        case "workflow_execution_started_event_attributes":
            yield "started"
        case "workflow_execution_update_completed_event_attributes":
            update_id = event.workflow_execution_update_completed_event_attributes.meta.update_id
            yield from (f"command {part}" for part in re.split("[:~]", update_id))
        case "activity_task_completed_event_attributes":
            yield "result"
        case "workflow_execution_signaled_event_attributes":
            if event.workflow_execution_signaled_event_attributes.signal_name == "rate":
                yield "rating"


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


async def _goes_on(folder: Path, cut: Cut) -> None:
    """Start everything on these files: what was confirmed is there, and all goes on."""
    store = Store.open(f"sqlite:///{folder / 'jiesu.db'}")
    with engine_server(folder / "log", file=folder / "temporal.db") as address:
        client = await connect_to(address)
        async with platform(client, store):
            backlog = IntakeBacklog(store, client)
            later = datetime.now(UTC) + timedelta(minutes=2)
            await ActivityEnvironment().run(backlog.start_lost, later)
            await ActivityEnvironment().run(backlog.start_some, later)
            async with asyncio.timeout(60):
                for number in cut.answered.numbers:
                    assert await intake.get(store, number) is not None
                    while await tickets.get(store, number) is None:
                        await asyncio.sleep(0.05)
            told = {fact async for fact in _facts_told(client, cut.answered.numbers)}
            assert set(cut.answered.facts) - told == set()
            last = cut.answered.numbers[-1]
            assert (await judge(client, store, last)).problem is None
            async with serve_api(folder, store, client) as api:
                assert (await api.http.post("/api/v1/complaints", json=_complaint())).is_success
    await store.close()


async def _facts_told(client: Client, numbers: list[str]) -> AsyncIterator[Fact]:
    for number in numbers:
        handle = client.get_workflow_handle(ticket_workflow_id(number))
        for event in (await handle.fetch_history()).events:
            for fact in _facts_of(event):
                yield number, fact


# --- the test -------------------------------------------------------------------------------------


async def test_a_power_cut_takes_back_nothing_that_the_engine_answered(
    sqlite_url: str, tmp_path: Path
) -> None:
    draw = dice("engine's power cut")
    settings = Settings(home=tmp_path, temporal_address=f"127.0.0.1:{free_port()}")
    files, log = [tmp_path / "temporal.db", tmp_path / "temporal.db-wal"], tmp_path / "strace"
    with recorded(engine_command(settings), files, log), power(tmp_path / "jiesu.db") as disk:
        client, store = await connect_to(settings.temporal_address), Store.open(sqlite_url)
        async with (
            platform(client, store),
            serve_api(tmp_path, store, client) as api,
            _under_load(api, draw) as answered,
        ):
            cuts = await _cut(disk, answered, draw)
        await store.close()
    assert len(answered.facts) > 2 * PEOPLE
    for survive in (None, draw):
        engine_disk, moments = EngineDisk(files, log, {}), [cut.at for cut in cuts]
        rebuilt = engine_disk.cuts(moments, survive)
        for n, (cut, content) in enumerate(zip(cuts, rebuilt, strict=True)):
            folder = _written(tmp_path / "after", content)
            facts = _facts_in(folder / "temporal.db")
            assert set(cut.answered.facts) - facts == set(), f"cut {n}"
            if survive is not None and cut.store is not None:
                await _goes_on(_written(tmp_path / f"started-{n}", content | cut.store), cut)
        assert engine_disk.syncs > CUTS
        left = {path.name: path.read_bytes() for path in files}
        assert engine_disk.now() == left, "the record of the system calls is not complete"
    log.unlink()  # two hundred megabytes
