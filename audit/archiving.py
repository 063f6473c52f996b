"""The export of histories into the archive, before the engine forgets them.

What is to be exported is asked of both: the record knows which tickets have ended, the engine which
runs have closed, those included that an open ticket has behind it and those that were terminated.
Each export replaces what was archived of its ticket before, and may be cut off anywhere.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import structlog
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution, WorkflowHistory
from temporalio.converter import DataConverter

from audit.archive import ArchivedRun, ArchivedStory, HistoryArchive, Manifest
from audit.errors import ArchiveDamaged, NoHistory
from audit.replay import Run, replay_runs, since
from audit.runs import load, run_ids, started
from audit.verdicts import ComparisonResult, judge_runs
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from runtime.codec import Unreadable
from runtime.compact_history import compacted, digest, restored
from runtime.engine import encrypting
from runtime.names import TICKET_WORKFLOW, number_of, ticket_workflow_id
from runtime.release import release
from store.db.engine import Store
from store.db.errors import BadKey
from store.secrets.ticket_keys import erased_at, ring_key_of
from store.tickets import history_archive, tickets
from store.tickets.history_archive import Due

log = structlog.stdlib.get_logger(__name__)

_CHUNK = 200
_CLOSED = f"WorkflowType = '{TICKET_WORKFLOW}' AND ExecutionStatus != 'Running'"
_CARRIED_ON = f"WorkflowType = '{TICKET_WORKFLOW}' AND ExecutionStatus = 'ContinuedAsNew'"
_ENDS = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    }
)


class Exported(StrEnum):
    """The result of one ticket's export.

    `known`: nothing was new. `waits`: its last run has not closed yet. `failed`: its key is
    missing, or what was archived before is damaged; it is tried again the next time.
    """

    ARCHIVED = "archived"
    KNOWN = "known"
    WAITS = "waits"
    ERASED = "erased"
    LOST = "lost"
    FAILED = "failed"


async def export_due(
    client: Client, archive: HistoryArchive, retention: timedelta, now: datetime
) -> AsyncIterator[Exported]:
    """Export every history that is to be archived; yield what became of each ticket.

    `retention`: how long the engine keeps a closed run.
    """
    done = set[str]()
    async for due in _ended(archive.store):
        yield await _tried(client, archive, due.number, now - retention)
        done.add(due.number)
    async for number in _closed(client, archive.store):
        if number not in done:
            done.add(number)
            yield await _tried(client, archive, number)


async def _tried(
    client: Client, archive: HistoryArchive, number: str, lost_before: datetime | None = None
) -> Exported:
    """Export one ticket; one that cannot be exported does not hold up the others."""
    try:
        return await export(client, archive, number, lost_before)
    except (ArchiveDamaged, BadKey, Unreadable) as error:
        log.warning("a history could not be archived", number=number, error=type(error).__name__)
        return Exported.FAILED


async def _ended(store: Store) -> AsyncIterator[Due]:
    """Yield the tickets that have ended and are not archived, the first ended first."""
    after: Due | None = None
    while few := await history_archive.due(store, _CHUNK, after):
        for after in few:
            yield after


async def _closed(client: Client, store: Store, query: str = _CLOSED) -> AsyncIterator[str]:
    """Yield the tickets of which the engine has a closed run that is not archived."""
    few: list[WorkflowExecution] = []
    async for execution in client.list_workflows(query):
        few.append(execution)
        if len(few) == _CHUNK:
            for number in await _missing(store, few):
                yield number
            few = []
    for number in await _missing(store, few):
        yield number


async def _missing(store: Store, executions: Sequence[WorkflowExecution]) -> list[str]:
    runs = {(number_of(one.id), one.run_id) for one in executions}
    numbers = {number for number, _ in runs}
    kept = await history_archive.held_of(store, numbers)
    # A run that nothing in this store belongs to was encrypted with a key of another one.
    missing = {number for number, run in runs if number not in kept or run not in kept[number].runs}
    return sorted(missing & await tickets.recorded(store, missing))


async def carried_on_unarchived(client: Client, store: Store, closed_before: datetime) -> list[str]:
    """Return the tickets, open or ended, a run of which closed before then and is not archived."""
    query = f"{_CARRIED_ON} AND CloseTime < '{closed_before.isoformat()}'"
    return [number async for number in _closed(client, store, query)]


async def export(
    client: Client,
    archive: HistoryArchive,
    number: str,
    lost_before: datetime | None = None,
) -> Exported:
    """Archive all closed runs of a ticket, those of before included that the engine has no more.

    A ticket of which neither has any is recorded as lost if it ended before `lost_before`.

    Raises:
        ArchiveDamaged: what was archived before cannot be read.
        BadKey, RPCError, StoreUnavailable, ObjectsUnavailable
    """
    store = archive.store
    record = await tickets.state(store, number)
    version = record.version if record else 0
    if await erased_at(store, number) is not None:
        await history_archive.settle(store, number, version)
        return Exported.ERASED
    before = await _before(client, archive, number)
    known = {run.id: n for n, run in enumerate(before.runs)} if before else {}
    ids, fresh, open_run = await _closed_runs(client, number, known)
    if not ids and not known:
        if record is None or lost_before is None or record.updated_at >= lost_before:
            return Exported.WAITS
        await history_archive.lose(store, number, version, datetime.now(UTC))
        return Exported.LOST
    final = record is not None and record.stage is Stage.ENDED and not open_run
    if not fresh and before is not None and before.manifest.version == version:
        if final:
            await history_archive.settle(store, number, version)
        return Exported.KNOWN if not open_run else Exported.WAITS
    story = await _story(archive, number, before, ids, fresh, record if final else None)
    stays = await archive.write(story, version, final=final)
    if stays:
        return Exported.ARCHIVED
    # Another export of it was faster, unless it was erased meanwhile. Had that one seen less, the
    # ticket is due again.
    return Exported.KNOWN if await erased_at(store, number) is None else Exported.ERASED


async def _before(client: Client, archive: HistoryArchive, number: str) -> ArchivedStory | None:
    """Return what is archived; None as well if it is damaged and the engine has all of it."""
    try:
        return await archive.story(number)
    except ArchiveDamaged:
        try:
            first = await load(client, number, (await run_ids(client, number))[0])
        except NoHistory:
            first = None
        if first is None or started(first).continued_execution_run_id:
            raise
        return None


async def _closed_runs(
    client: Client, number: str, known: dict[str, int]
) -> tuple[list[str], dict[str, WorkflowHistory], bool]:
    """Return the closed runs that the engine has, oldest first, the histories of those not in
    `known`, and whether a run is still open."""
    try:
        ids = await run_ids(client, number)
    except NoHistory:
        return [], {}, False
    fresh: dict[str, WorkflowHistory] = {}
    for run_id in ids:
        if run_id in known:
            continue
        try:
            history = await load(client, number, run_id)
        except NoHistory:  # the engine forgot it just now
            continue
        if history.events[-1].event_type not in _ENDS:
            return [one for one in ids if one in known or one in fresh], fresh, True
        fresh[run_id] = history
    return [one for one in ids if one in known or one in fresh], fresh, False


async def _story(
    archive: HistoryArchive,
    number: str,
    before: ArchivedStory | None,
    ids: Sequence[str],
    fresh: dict[str, WorkflowHistory],
    record: Ticket | None,
) -> ArchivedStory:
    """Return all runs, verified: each is restored from what will be written, and replayed.

    `record`: the ticket in the record, if it has ended.
    """
    old = [] if before is None else list(zip(before.runs, before.parts, strict=True))
    known = {run.id: (run, part) for run, part in old}
    runs = [one for one in old if one[0].id not in ids]
    converter = encrypting(archive.keys)
    for run_id in ids:
        if run_id in fresh:
            known[run_id] = await _archived(archive, number, run_id, fresh[run_id], converter)
        runs.append(known[run_id])
    last = record

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for run, part in runs:
            history = await restored(part, ticket_workflow_id(number), archive.keys)
            if digest(history) != run.sha256:
                raise ArchiveDamaged(f"run {run.id} of {number} is not restored as it was")
            yield history

    async def replayed() -> AsyncIterator[Run]:
        nonlocal last
        async for run in replay_runs(histories(), converter):
            last = run.ticket
            yield run

    final = record is not None
    _, verdict = await judge_runs(archive.store, number, replayed(), final=final)
    if verdict.finding is ComparisonResult.ARCHIVE_DAMAGED:
        raise ArchiveDamaged(verdict.problem or "")
    manifest = Manifest(
        number=number,
        version=record.version if record else verdict.version,
        finding=verdict.finding,
        release=release(),
        pack=last.rules.pack_version if last and last.rules else None,
        key_id=await ring_key_of(archive.store, number),
        record=await _record_digest(archive.store, number, record) if record else None,
        at=datetime.now(UTC),
        runs=[run for run, _ in runs],
    )
    return ArchivedStory(manifest, [part for _, part in runs])


async def _archived(
    archive: HistoryArchive,
    number: str,
    run_id: str,
    history: WorkflowHistory,
    converter: DataConverter,
) -> tuple[ArchivedRun, bytes]:
    part = await compacted(history, number, archive.keys)
    run = ArchivedRun(
        id=run_id,
        follows=started(history).continued_execution_run_id,
        events=len(history.events),
        since=await since(history, converter),
        sha256=digest(history),
        bytes=len(part),
    )
    return run, part


async def _record_digest(store: Store, number: str, record: Ticket) -> str:
    """Return the SHA-256 of the ticket's state and events in the record."""
    lines = [record, *await tickets.events(store, number)]
    return sha256("\n".join(line.model_dump_json() for line in lines).encode()).hexdigest()
