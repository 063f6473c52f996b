"""The runs of a ticket's workflow: the engine's history of it, split where it grew too long.

The input of each run but the first is the end of the one before it (`domain.continuation`). They
are read one at a time, because each may be as long as the engine allows. The engine removes a run
that ended more than its retention time ago, even while the ticket is open: then the history begins
with a later one, unless the archive has the earlier ones (`audit.archive`).
"""

from collections.abc import AsyncIterator, Sequence

from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from audit.archive import ArchivedRun, HistoryArchive
from audit.errors import NoHistory
from runtime.names import ticket_workflow_id


async def histories(
    client: Client, number: str, most: int | None = None
) -> AsyncIterator[WorkflowHistory]:
    """Yield the history of each run that the engine still has, open or ended, oldest first.

    `most`: only of the last run, and of those before it that have no more events together with
    it. Raises NoHistory.
    """
    history = await load(client, number)
    if continues(history):
        for run_id in await run_ids(client, number, most):
            history = await load(client, number, run_id)
            yield history
    else:
        yield history
    while following := _continued_as(history):  # a new run began meanwhile
        history = await load(client, number, following)
        yield history


async def stored_histories(
    client: Client, number: str, most: int | None = None, archive: HistoryArchive | None = None
) -> AsyncIterator[WorkflowHistory]:
    """Yield the history of each run, oldest first: from the archive what the engine has no more.

    `most`: as in `histories`. Raises NoHistory, HistoryErased, ArchiveDamaged.
    """
    if archive is None:
        async for history in histories(client, number, most):
            yield history
        return
    told = histories(client, number, most)
    try:
        first = await anext(told)
    except NoHistory:
        story = await archive.story(number)
        if story is None:
            raise
        for n in range(_first_within(story.runs, most), len(story.runs)):
            yield await archive.history(story, n)
        return
    async for history in _before(client, number, first, most, archive):
        yield history
    yield first
    async for history in told:
        yield history


async def _before(
    client: Client,
    number: str,
    first: WorkflowHistory,
    most: int | None,
    archive: HistoryArchive,
) -> AsyncIterator[WorkflowHistory]:
    """Yield the archived runs before `first`, unless they were left out or are not there."""
    follows = started(first).continued_execution_run_id
    if not follows or await is_retained(client, number, follows):
        return
    story = await archive.story(number)
    ids = [run.id for run in story.runs] if story else []
    if story is None or follows not in ids:
        return
    end = ids.index(follows) + 1
    begin = 0
    if most is not None:
        told = [await length(client, number, run_id) for run_id in await run_ids(client, number)]
        begin = _first_within(story.runs[:end], most, sum(told))
    for n in range(begin, end):
        yield await archive.history(story, n)


def _first_within(runs: Sequence[ArchivedRun], most: int | None, events: int = 0) -> int:
    """Return the first of the last runs that together have no more than `most` events.

    `events`: those of the runs that follow. Without any the last run counts in any case.
    """
    first = len(runs)
    following = events > 0
    while first > 0:
        events += runs[first - 1].events
        if most is not None and events > most and following:
            break
        first, following = first - 1, True
    return first


async def fetch(client: Client, number: str) -> list[WorkflowHistory]:
    """Return all histories at once, for a ticket that is known to be short. Raises NoHistory."""
    return [history async for history in histories(client, number)]


async def run_ids(client: Client, number: str, most: int | None = None) -> list[str]:
    """Return the stored run ids, oldest first; `most` as in `histories`. Raises NoHistory."""
    names: list[str] = []
    events = 0
    async for run_id, _ in backwards(client, number):
        if most is not None:
            events += await length(client, number, run_id)
            if names and events > most:
                break
        names.append(run_id)
    return names[::-1]


async def backwards(client: Client, number: str) -> AsyncIterator[tuple[str, WorkflowHistory]]:
    """Yield each run, latest first, with the first event of its history. Raises NoHistory."""
    try:
        run_id = (await _handle(client, number).describe()).run_id
    except RPCError as error:
        raise _no_history(error, number) from error
    while run_id and (first := await _first(client, number, run_id)):
        yield run_id, first
        run_id = started(first).continued_execution_run_id


async def length(client: Client, number: str, run_id: str) -> int:
    """Return the number of events in the history of a run. Raises NoHistory."""
    try:
        described = await _handle(client, number, run_id).describe()
    except RPCError as error:
        raise _no_history(error, number) from error
    return described.history_length


async def all_run_ids(client: Client, number: str) -> set[str]:
    """Return every run of the workflow id, in the chain of continued runs or outside it."""
    query = f"WorkflowId='{ticket_workflow_id(number)}'"
    listed = {execution.run_id async for execution in client.list_workflows(query)}
    try:
        return listed.union(await run_ids(client, number))
    except NoHistory:
        return listed


async def is_retained(client: Client, number: str, run_id: str) -> bool:
    """Return whether the engine still has this run."""
    return await _first(client, number, run_id) is not None


async def load(client: Client, number: str, run_id: str | None = None) -> WorkflowHistory:
    """Return the history of one run, or of the last one. Raises NoHistory."""
    try:
        return await _handle(client, number, run_id).fetch_history()
    except RPCError as error:
        raise _no_history(error, number) from error


def continues(history: WorkflowHistory) -> bool:
    """Return whether there was a run before this one."""
    return bool(started(history).continued_execution_run_id)


def started(history: WorkflowHistory) -> WorkflowExecutionStartedEventAttributes:
    """Return the attributes that the run was started with."""
    return history.events[0].workflow_execution_started_event_attributes


def _continued_as(history: WorkflowHistory) -> str:
    """Return the id of the run after this one; empty where there is none."""
    last = history.events[-1].workflow_execution_continued_as_new_event_attributes
    return last.new_execution_run_id


async def _first(client: Client, number: str, run_id: str) -> WorkflowHistory | None:
    """Return the first event of a run; None where the engine no longer has it."""
    try:
        async for event in _handle(client, number, run_id).fetch_history_events(page_size=1):
            return WorkflowHistory(ticket_workflow_id(number), [event])
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return None


def _handle(
    client: Client, number: str, run_id: str | None = None
) -> WorkflowHandle[object, object]:
    return client.get_workflow_handle(ticket_workflow_id(number), run_id=run_id)


def _no_history(error: RPCError, number: str) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND:
        return NoHistory(f"the engine has no history of ticket {number}")
    return error
