"""Tests of the archive: a history outlives the engine's copy, once, and not its erasure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.client import Client

from activities.sweep import swept_histories
from audit.archive import HistoryArchive, parsed
from audit.archiving import Exported, carried_on_unarchived, export, export_due
from audit.errors import ArchiveDamaged, HistoryErased, NoHistory
from audit.replay import replay_history
from audit.report import examine, state_then
from audit.runs import fetch, is_retained, run_ids
from audit.shredding import delete_runs
from audit.verdicts import ComparisonResult, judge
from domain.commands.citizens.add_facts import AddFacts
from store.db import tables
from store.db.engine import Store
from store.files.objects import Objects
from store.tickets import erasure, history_archive
from tests.api.running_api import REPLY, Api, serve_api
from tests.api.running_api import Filed as FiledByApi
from tests.support.desk import CITIZEN, Filed, removed
from tests.support.engine import Engine, furnish

MONTH = timedelta(days=30)


@pytest.fixture
async def api(engine: Engine, tmp_path: Path) -> AsyncIterator[Api]:
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def archive(engine: Engine, folder: Path) -> HistoryArchive:
    keys = furnish(engine.client, engine.store)
    return HistoryArchive(engine.store, Objects.open(folder.as_uri()), keys)


async def _ended(api: Api, **changes: Any) -> FiledByApi:
    """Return a ticket that took the plain path to its end, with its workflow closed."""
    ticket = await api.file(**changes)
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    assert (await ticket.rate()).status_code == 200
    await _desk(api, ticket).handle.result()
    return ticket


def _desk(api: Api, ticket: FiledByApi) -> Filed:
    client = api.context.engine._client
    assert client is not None
    return Filed(client, ticket.number)


async def _exported(
    client: Client, archive: HistoryArchive, now: datetime | None = None
) -> list[Exported]:
    due = export_due(client, archive, MONTH, now or datetime.now(UTC))
    return [became async for became in due if became is not Exported.KNOWN]


async def _forgotten(client: Client, number: str) -> None:
    """Delete the engine's copy of a history, and wait until it is gone."""
    runs = await run_ids(client, number)
    await delete_runs(client, number)
    async with asyncio.timeout(60):
        while any([await is_retained(client, number, run) for run in runs]):
            await asyncio.sleep(0.02)


def _objects(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_history_is_told_as_before_when_the_engine_has_forgotten_it(
    api: Api, engine: Engine, archive: HistoryArchive, folder: Path
) -> None:
    ticket = await _ended(api)
    client, store, number = engine.client, engine.store, ticket.number
    before = await replay_history(client, store, number)
    states = [await state_then(client, store, number, one.version) for one in before.events]
    assert await _exported(client, archive) == [Exported.ARCHIVED]
    assert await _exported(client, archive) == []
    (file,) = _objects(folder)
    assert file.stat().st_size <= 4096
    await _forgotten(client, number)
    with pytest.raises(NoHistory):
        await replay_history(client, store, number)
    assert await replay_history(client, store, number, archive=archive) == before
    assert (await judge(client, store, number, archive=archive)).agrees
    report = await examine(client, store, number, archive=archive)
    assert (report.finding, report.lost) == (ComparisonResult.AGREES, 0)
    for state in states:
        assert state is not None
        assert await state_then(client, store, number, state.version, archive) == state
    assert await state_then(client, store, number, len(states) + 1, archive) is None


async def test_the_archived_history_is_the_engines_byte_for_byte(
    api: Api, engine: Engine, archive: HistoryArchive
) -> None:
    ticket = await _ended(api)
    [history] = await fetch(engine.client, ticket.number)
    await _exported(engine.client, archive)
    story = await archive.story(ticket.number)
    assert story is not None
    [kept] = [one async for one in archive.histories(story)]
    assert [one.SerializeToString(deterministic=True) for one in kept.events] == [
        one.SerializeToString(deterministic=True) for one in history.events
    ]
    for word in (REPLY["reply"], "又黑又臭"):
        assert word.encode() not in story.written()
    assert story.manifest.finding == "agrees"
    assert story.manifest.record is not None
    assert story.manifest.pack == engine.packs.get("tongzhou").version


async def test_a_ticket_in_several_runs_is_one_story(
    api: Api, engine: Engine, archive: HistoryArchive, folder: Path
) -> None:
    """The engine forgets the first run while the ticket is open, the others when it has ended."""
    ticket = await api.file()
    desk, client, store = _desk(api, ticket), engine.client, engine.store
    await desk.act(CITIZEN, AddFacts(text="桥东"))
    first = (await desk.handle.describe()).run_id
    await desk.carry_on()
    await desk.act(CITIZEN, AddFacts(text="桥西"))
    async with asyncio.timeout(60):  # until it can be listed
        while not await carried_on_unarchived(client, store, datetime.now(UTC)):
            await asyncio.sleep(0.02)
    assert await _exported(client, archive) == [Exported.ARCHIVED]
    assert await carried_on_unarchived(client, store, datetime.now(UTC)) == []
    await removed(client, ticket.number, first)
    open_one = await judge(client, store, ticket.number, archive=archive)
    assert (open_one.agrees, open_one.runs, open_one.lost, open_one.since) == (True, 2, 0, 1)
    assert (await judge(client, store, ticket.number)).lost == 1

    await ticket.complete()
    await ticket.until_stage("rate")
    await desk.carry_on()
    await ticket.rate()
    await desk.handle.result()
    assert await _exported(client, archive) == [Exported.ARCHIVED]
    await _forgotten(client, ticket.number)
    verdict = await judge(client, store, ticket.number, archive=archive)
    assert (verdict.agrees, verdict.runs, verdict.lost, verdict.since) == (True, 3, 0, 1)
    some = await replay_history(client, store, ticket.number, most=1, archive=archive)
    assert (some.left_out, some.lost) == (2, 0)
    for version in range(1, verdict.version + 1):
        then = await state_then(client, store, ticket.number, version, archive)
        assert then is not None
        assert then.event.version == version
    assert await _swept(store, archive) == 1
    assert len(_objects(folder)) == 1


async def _swept(store: Store, archive: HistoryArchive) -> int:
    return sum([count async for count in swept_histories(store, archive.objects)])


@pytest.mark.parametrize("archived_first", [True, False])
async def test_an_erased_ticket_cannot_be_read_in_the_archive(
    api: Api, engine: Engine, archive: HistoryArchive, folder: Path, archived_first: bool
) -> None:
    ticket = await _ended(api)
    client, store, number = engine.client, engine.store, ticket.number
    content = b""
    if archived_first:
        await _exported(client, archive)
        content = _objects(folder)[0].read_bytes()
    await erasure.erase(store, number, datetime.now(UTC))
    await _exported(client, archive)
    await _swept(store, archive)
    assert _objects(folder) == []
    assert await archive.story(number) is None
    assert await history_archive.behind(store) == (0, None)
    with pytest.raises(HistoryErased):
        await replay_history(client, store, number, archive=archive)
    if not archived_first:
        return
    # Whoever kept a copy of the object has nothing to read it with.
    keys = furnish(client, store)
    copy = HistoryArchive(store, archive.objects, keys)
    with pytest.raises(HistoryErased):
        await copy.history(parsed(content), 0)


async def test_a_ticket_that_is_erased_during_its_export_leaves_nothing(
    api: Api, engine: Engine, folder: Path
) -> None:
    ticket = await _ended(api)

    class Erasing(Objects):
        async def put(self, key: str, content: Any) -> None:
            await erasure.erase(engine.store, ticket.number, datetime.now(UTC))
            async for _ in swept_histories(engine.store, self):
                pass  # there is no object to delete yet
            await super().put(key, content)

    keys = furnish(engine.client, engine.store)
    erasing = HistoryArchive(engine.store, Erasing.open(folder.as_uri()), keys)
    assert await export(engine.client, erasing, ticket.number) is Exported.ERASED
    assert _objects(folder) == []


class Killed(BaseException):
    """The end of a process, which nothing catches."""


class _Switch:
    """A switch that kills at one of the steps that leave something behind.

    Between two of these steps an export only computes: killed there, it leaves what it leaves here.
    """

    def __init__(self, step: int | None) -> None:
        self.step = step
        self.count = 0

    def pass_(self) -> None:
        if self.count == self.step:
            raise Killed
        self.count += 1


def _interrupted(engine: Engine, folder: Path, switch: _Switch) -> HistoryArchive:
    """Return an archive whose store and objects end the export before and after each step."""

    class Cut:
        def __init__(self, real: Any, names: set[str]) -> None:
            self._real, self._names = real, names

        def __getattr__(self, name: str) -> Any:
            method = getattr(self._real, name)
            if name not in self._names:
                return method

            async def cut(*arguments: Any, **more: Any) -> Any:
                switch.pass_()
                result = await method(*arguments, **more)
                switch.pass_()
                return result

            return cut

    store: Any = Cut(engine.store, {"write", "change", "read", "rows", "first"})
    objects: Any = Cut(Objects.open(folder.as_uri()), {"put", "get", "drop"})
    return HistoryArchive(store, objects, furnish(engine.client, engine.store))


async def test_an_export_that_is_killed_anywhere_leaves_none_missing_and_none_twice(
    api: Api, engine: Engine, tmp_path: Path
) -> None:
    tickets = {(await _ended(api)).number, (await _ended(api, text="桥下又黑又臭。")).number}
    counting = _Switch(None)
    await _exported(engine.client, _interrupted(engine, tmp_path / "counted", counting))
    assert counting.count > 30
    for step in range(counting.count):
        folder = tmp_path / f"killed-{step}"
        await engine.store.change(tables.history_archive.delete())
        await engine.store.change(update(tables.ticket).values(archived_version=None))
        with suppress(Killed):
            await _exported(engine.client, _interrupted(engine, folder, _Switch(step)))
        archive = _interrupted(engine, folder, _Switch(None))
        await _exported(engine.client, archive)
        later = datetime.now(UTC) + timedelta(days=2)
        for key in await history_archive.given_up(engine.store, later):
            await archive.objects.drop(key)
            await history_archive.forget(engine.store, key, later)
        rows = await engine.store.rows(select(tables.history_archive))
        assert {row.number for row in rows} == tickets, step
        assert len(rows) == len(tickets), step
        assert len(_objects(folder)) == len(tickets), step
        assert await history_archive.behind(engine.store) == (0, None)
        for number in tickets:
            story = await archive.story(number)
            assert story is not None
            assert story.manifest.finding == "agrees"


async def test_what_the_engine_forgot_before_is_said_to_be_lost(
    api: Api, engine: Engine, archive: HistoryArchive
) -> None:
    ticket = await _ended(api)
    client, store = engine.client, engine.store
    await _forgotten(client, ticket.number)
    # It may be an engine that is not the right one: until the time is over it is not given up.
    assert await _exported(client, archive) == [Exported.WAITS]
    assert (await history_archive.behind(store))[0] == 1
    later = datetime.now(UTC) + MONTH + timedelta(minutes=1)
    assert await _exported(client, archive, later) == [Exported.LOST]
    assert await history_archive.behind(store) == (0, None)
    assert await history_archive.doubtful(store) == {"lost": 1}
    verdict = await judge(client, store, ticket.number, archive=archive)
    assert verdict.finding is ComparisonResult.NO_HISTORY


async def test_a_ticket_that_was_terminated_is_archived_as_well(
    api: Api, engine: Engine, archive: HistoryArchive
) -> None:
    ticket = await api.file()
    desk = _desk(api, ticket)
    await desk.handle.terminate()
    async with asyncio.timeout(60):
        while await _exported(engine.client, archive) != [Exported.ARCHIVED]:
            await asyncio.sleep(0.02)
    await _forgotten(engine.client, ticket.number)
    replayed = await replay_history(engine.client, engine.store, ticket.number, archive=archive)
    assert replayed.ticket.stage == "handle"


async def test_a_record_that_differs_is_archived_and_said_to_differ(
    api: Api, engine: Engine, archive: HistoryArchive
) -> None:
    ticket = await _ended(api)
    event = tables.event.c
    mine = (event.number == ticket.number, event.version == 2)
    await engine.store.change(update(tables.event).where(*mine).values(actor="somebody-else"))
    assert await _exported(engine.client, archive) == [Exported.ARCHIVED]
    assert await history_archive.doubtful(engine.store) == {"differs": 1}
    await _forgotten(engine.client, ticket.number)
    verdict = await judge(engine.client, engine.store, ticket.number, archive=archive)
    assert [one.path for one in verdict.differences] == ["events.1.actor.id"]


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
async def test_an_object_that_was_harmed_is_said_to_be(
    api: Api, engine: Engine, archive: HistoryArchive, folder: Path, harm: str
) -> None:
    ticket = await _ended(api)
    await _exported(engine.client, archive)
    await _forgotten(engine.client, ticket.number)
    (file,) = _objects(folder)
    content = file.read_bytes()
    match harm:
        case "changed":
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "cut":
            file.write_bytes(content[:-1])
        case _:
            file.unlink()
    verdict = await judge(engine.client, engine.store, ticket.number, archive=archive)
    assert verdict.finding is ComparisonResult.ARCHIVE_DAMAGED
    with pytest.raises(ArchiveDamaged):
        await archive.story(ticket.number)
