"""Proof that a history can no longer be read, by trying to decrypt every payload in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from audit.errors import NoHistory
from audit.runs import all_run_ids, load
from runtime.codec import Keys, TicketCodec, is_encrypted, ticket_of_key
from runtime.names import ticket_workflow_id
from runtime.payloads import payloads_within
from store.db.errors import BadKey, Erased

_SIGNALLED = EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED


@dataclass(frozen=True)
class Readability:
    """The readability of a history's payloads. `clear`: from before payloads were encrypted.

    `theirs`: sent to other tickets (an answer to one that was merged into it). The engine stores
    one copy for both; it is encrypted with the other ticket's key and erased with that ticket.
    `runs`: how many runs of its workflow the engine has. `gone`: it has no history at all.
    """

    sealed: int = 0
    readable: int = 0
    clear: int = 0
    theirs: int = 0
    gone: bool = False
    runs: int = 1

    @property
    def holds(self) -> bool:
        """True if nobody can read any of it."""
        return self.gone or (self.readable == 0 and self.clear == 0)


async def prove(client: Client, keys: Keys, number: str) -> Readability:
    """Try to decrypt the history of each run of the ticket with all the keys there are."""
    whole: Readability | None = None
    for run_id in sorted(await all_run_ids(client, number)):
        try:
            history = await load(client, number, run_id)
        except NoHistory:
            continue  # it was removed just now
        one = await tried(history, keys, number)
        whole = one if whole is None else _together(whole, one)
    return whole or Readability(gone=True, runs=0)


async def tried(history: WorkflowHistory, keys: Keys, number: str) -> Readability:
    """Try to decrypt one history of the ticket."""
    codec = TicketCodec(keys)
    sealed = readable = clear = theirs = 0
    for event, payload in _payloads(history):
        # An unencrypted payload is readable, whichever ticket it was sent to.
        if event.event_type == _SIGNALLED and ticket_of_key(payload) not in (None, number):
            theirs += 1
            continue
        if not is_encrypted(payload):
            clear += bool(payload.data)
            continue
        sealed += 1
        try:
            await codec.decode([payload])
        except (Erased, BadKey):
            continue
        readable += 1
    return Readability(sealed, readable, clear, theirs)


def _together(one: Readability, other: Readability) -> Readability:
    return Readability(
        sealed=one.sealed + other.sealed,
        readable=one.readable + other.readable,
        clear=one.clear + other.clear,
        theirs=one.theirs + other.theirs,
        runs=one.runs + other.runs,
    )


async def delete_runs(client: Client, number: str) -> None:
    """Request the deletion of every run of an ended ticket; it may take the engine a minute."""
    name = ticket_workflow_id(number)
    for run_id in await all_run_ids(client, number):
        execution = WorkflowExecution(workflow_id=name, run_id=run_id)
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace, workflow_execution=execution
        )
        try:
            await client.workflow_service.delete_workflow_execution(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


async def running(client: Client, number: str) -> bool:
    """Return whether the engine still runs the ticket, whatever the record says."""
    try:
        description = await client.get_workflow_handle(ticket_workflow_id(number)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return description.close_time is None


def payloads(history: WorkflowHistory) -> Iterator[Payload]:
    """Return every payload with data of the ticket; not search attributes, nor the SDK's own notes
    in markers."""
    return (payload for _, payload in _payloads(history))


def _payloads(history: WorkflowHistory) -> Iterator[tuple[HistoryEvent, Payload]]:
    return ((event, payload) for event in history.events for payload in payloads_within(event))
