"""The runs of a ticket's workflow: the engine's history of it, cut where it grew too long.

Each run but the first begins with what the one before it ended with (`domain.continuation`). They
are read one at a time, because each may be as long as the engine lets it become. A run is removed
when it has been over for the engine's retention time, even while the ticket is open: then the
history begins with a later one.
"""

from collections.abc import AsyncIterator

from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from audit.errors import NoHistory
from runtime.names import ticket_workflow_id


async def histories(
    client: Client, number: str, most: int | None = None
) -> AsyncIterator[WorkflowHistory]:
    """The history of each run, open or ended, the oldest first that the engine still has.

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
    while following := _continued_as(history):  # it went on while it was read
        history = await load(client, number, following)
        yield history


async def fetch(client: Client, number: str) -> list[WorkflowHistory]:
    """All of them at once, for a ticket that is known to be short. Raises NoHistory."""
    return [history async for history in histories(client, number)]


async def run_ids(client: Client, number: str, most: int | None = None) -> list[str]:
    """The runs that the engine still has, the oldest first; `most` as above. Raises NoHistory."""
    found: list[str] = []
    events = 0
    async for run_id, _ in backwards(client, number):
        if most is not None:
            events += await length(client, number, run_id)
            if found and events > most:
                break
        found.append(run_id)
    return found[::-1]


async def backwards(client: Client, number: str) -> AsyncIterator[tuple[str, WorkflowHistory]]:
    """Each run, the latest first, with the first event of its history. Raises NoHistory."""
    try:
        run_id = (await _handle(client, number).describe()).run_id
    except RPCError as error:
        raise _no_history(error, number) from error
    while run_id and (first := await _first(client, number, run_id)):
        yield run_id, first
        run_id = started(first).continued_execution_run_id


async def length(client: Client, number: str, run_id: str) -> int:
    """How many events the history of a run has. Raises NoHistory."""
    try:
        described = await _handle(client, number, run_id).describe()
    except RPCError as error:
        raise _no_history(error, number) from error
    return described.history_length


async def all_run_ids(client: Client, number: str) -> set[str]:
    """Every run of that name that the engine knows of, in the line or beside it."""
    query = f"WorkflowId='{ticket_workflow_id(number)}'"
    listed = {found.run_id async for found in client.list_workflows(query)}
    try:
        return listed.union(await run_ids(client, number))
    except NoHistory:
        return listed


async def is_kept(client: Client, number: str, run_id: str) -> bool:
    """Whether the engine still has this run."""
    return await _first(client, number, run_id) is not None


async def load(client: Client, number: str, run_id: str | None = None) -> WorkflowHistory:
    """The history of one run, or of the last one. Raises NoHistory."""
    try:
        return await _handle(client, number, run_id).fetch_history()
    except RPCError as error:
        raise _no_history(error, number) from error


def continues(history: WorkflowHistory) -> bool:
    """Whether there was a run before this one."""
    return bool(started(history).continued_execution_run_id)


def started(history: WorkflowHistory) -> WorkflowExecutionStartedEventAttributes:
    """What the run was begun with."""
    return history.events[0].workflow_execution_started_event_attributes


def _continued_as(history: WorkflowHistory) -> str:
    """The run after this one; empty where there is none."""
    last = history.events[-1].workflow_execution_continued_as_new_event_attributes
    return last.new_execution_run_id


async def _first(client: Client, number: str, run_id: str) -> WorkflowHistory | None:
    """Its first event; None where the engine no longer has the run."""
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
