"""Our own tickets, as the hand-overs need them: ended here, started here, and told what is said."""

import asyncio
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.actors import CITIZEN, Actor
from domain.commands.base import CommandBase
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.urge import Urge
from domain.commands.intake.conclude import Conclude
from domain.handover.envelopes import CitizenNote
from domain.messages import Act, RatingMessage
from domain.ticket.complaint import Complaint
from domain.ticket.rating import Rating
from domain.ticket.stages import Outcome
from domain.ticket.state import Snapshot
from runtime.names import TICKET_WORKFLOW, TICKETS, search_attributes, ticket_workflow_id
from store.db.engine import Store
from store.tickets import intake, tickets

_PATIENCE = timedelta(seconds=20)
_MOST_FORMER = 20
_PASSING = frozenset({"too_late", "gave_up", "carrying_on", "clock_differs", "overtaken"})
"""Refusals of a sending, and not of the command: it was not carried out."""


class Became(StrEnum):
    """The fate of a command to one of our tickets."""

    DONE = "done"
    REFUSED = "refused"
    LATER = "later"  # nothing is known of it: the same again, later


class Outcomes(NamedTuple):
    became: Became
    code: str = ""


LATER = Outcomes(Became.LATER)


class HandedTickets(Protocol):
    """Our tickets, as far as hand-overs need them."""

    async def end(
        self, number: str, handover: str, actor: Actor, reason: str, text: str
    ) -> Outcomes:
        """End the ticket as one that another city has taken on, once.

        Only `DONE` and `REFUSED` are final: after `REFUSED` it certainly is not, and will not be,
        ended for this hand-over.
        """

    async def say(self, number: str, note: CitizenNote, key: str) -> Outcomes:
        """Pass on what the citizen said at the other city. The same `key` says it once."""

    async def start(self, complaint: Complaint) -> None:
        """Start a ticket that is registered; what fails is done by the intake backlog."""


class EngineTickets:
    """Our tickets in the engine."""

    def __init__(self, store: Store, client: Client) -> None:
        self._store, self._client = store, client

    async def end(
        self, number: str, handover: str, actor: Actor, reason: str, text: str
    ) -> Outcomes:
        command = Conclude(outcome="referred", reason=reason, text=text)
        became = await self._act(number, actor, command, f"handover-{handover}")
        if became.became is Became.DONE:
            return became
        # The answer of an earlier attempt may have been lost: then it has ended by that one.
        ticket = await tickets.state(self._store, number)
        if ticket is not None and ticket.outcome is Outcome.REFERRED and ticket.answer == text:
            return Outcomes(Became.DONE)
        if became.code == "ticket_ended" and (ticket is None or ticket.outcome is None):
            return LATER  # the record does not show its end yet
        return became

    async def say(self, number: str, note: CitizenNote, key: str) -> Outcomes:
        if note.what == "rating":
            return await self._rate(number, note, key)
        command = AddFacts(text=note.text) if note.what == "facts" else Urge(text=note.text)
        return await self._act(number, CITIZEN, command, key)

    async def start(self, complaint: Complaint) -> None:
        try:
            await self._client.start_workflow(
                TICKET_WORKFLOW,
                complaint,
                id=ticket_workflow_id(complaint.number),
                task_queue=TICKETS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=search_attributes(complaint),
            )
        except (RPCError, RuntimeError):
            return
        except WorkflowAlreadyStartedError:
            pass
        await intake.mark_started(self._store, complaint.number, datetime.now(UTC))

    async def _act(self, number: str, actor: Actor, command: CommandBase, key: str) -> Outcomes:
        handle = self._client.get_workflow_handle(ticket_workflow_id(number))
        for former in range(_MOST_FORMER):
            now = datetime.now(UTC)
            try:
                await handle.execute_update(
                    "act",
                    Act(actor=actor, command=command, at=now, until=now + _PATIENCE),
                    # The same id attaches to an attempt of which no answer came.
                    id=f"{key}~{former}" if former else key,
                    result_type=Snapshot,
                    rpc_timeout=_PATIENCE,
                )
            except WorkflowUpdateFailedError as error:
                code = error.cause.type if isinstance(error.cause, ApplicationError) else None
                if code == "AcceptedUpdateCompletedWorkflow":
                    return Outcomes(Became.REFUSED, "ticket_ended")
                if code not in _PASSING:
                    return Outcomes(Became.REFUSED, code or "internal_error")
                continue
            except WorkflowUpdateRPCTimeoutOrCancelledError:
                _check_cancelled()
                return LATER
            except (RPCError, RuntimeError) as error:
                return await self._unanswered(number, error)
            return Outcomes(Became.DONE)
        return LATER

    async def _unanswered(self, number: str, error: RPCError | RuntimeError) -> Outcomes:
        if not isinstance(error, RPCError) or error.status is not RPCStatusCode.NOT_FOUND:
            return LATER
        row = await tickets.get(self._store, number)
        if row is not None and row.outcome is not None:
            return Outcomes(Became.REFUSED, "ticket_ended")
        return LATER

    async def _rate(self, number: str, note: CitizenNote, key: str) -> Outcomes:
        row = await tickets.get(self._store, number)
        if row is None:
            return LATER
        rating = Rating.model_validate(
            {
                "contacted": note.contacted,
                "resolved": bool(note.resolved),
                "grade": note.grade,
                "words": note.text[:1000],
            }
        )
        message = RatingMessage(actor=CITIZEN, rating=rating, key=key, at=datetime.now(UTC))
        handle = self._client.get_workflow_handle(ticket_workflow_id(number))
        try:
            await handle.signal("rate", message, rpc_timeout=_PATIENCE)
        except (RPCError, RuntimeError) as error:
            return await self._unanswered(number, error)
        return Outcomes(Became.DONE)


def _check_cancelled() -> None:
    """Raise if the task is to end: the client says the same of a call that took too long."""
    task = asyncio.current_task()
    if task is not None and task.cancelling() > 0:
        raise asyncio.CancelledError from None
