"""Work queues of the centre: tickets waiting for desk, dispatchers and supervisors."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.commands.lookups import asking, pending_request
from domain.deadlines.registry import ClockName
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket


class Queue(StrEnum):
    TRIAGE = "triage"  # a person chooses the category
    DISPATCH = "dispatch"  # a person names the unit; automatic dispatch does not queue
    DECISION = "decision"  # a unit's request is pending
    ARBITRATE = "arbitrate"  # returned too often: a meeting names the unit
    CALL_BACK = "call_back"  # 回访
    SUPERVISE = "supervise"  # reworks used up: a supervisor decides


class QueuePosition(NamedTuple):
    """A ticket's queue, and until when it should be done; None: no clock runs for it.

    `since`: when the wait began; None if no clock was started and the ticket does not say.
    """

    queue: Queue
    until: datetime | None
    since: datetime | None


def waiting(ticket: Ticket) -> QueuePosition | None:
    """Return the queue the ticket waits in; None if the centre has nothing to do.

    A request comes before the final decision, which is not possible until it is decided.
    """
    stage, request = ticket.stage, pending_request(ticket)
    if stage is Stage.TRIAGE:
        return _in(Queue.TRIAGE, ticket, ClockName.TRIAGE, since=ticket.complaint.filed_at)
    if stage is Stage.DISPATCH and ticket.by_hand:
        return _in(Queue.DISPATCH, ticket, ClockName.DISPATCH)
    if stage is Stage.ARBITRATE:
        return _in(Queue.ARBITRATE, ticket, ClockName.ARBITRATE)
    if request is not None:
        share = asking(ticket) if request.what != "exclusion" else None
        n = share.n if share else None
        return _in(Queue.DECISION, ticket, ClockName.DECIDE, n, since=request.asked_at)
    if stage is Stage.RATE and ticket.call_back_due:
        return _in(Queue.CALL_BACK, ticket, ClockName.CALL_BACK)
    if stage is Stage.SUPERVISE:
        return _in(Queue.SUPERVISE, ticket, ClockName.SUPERVISE)
    return None


def _in(
    queue: Queue,
    ticket: Ticket,
    name: ClockName,
    assignment: int | None = None,
    *,
    since: datetime | None = None,
) -> QueuePosition:
    """Return the wait in `queue` since its clock runs; `since`: if no clock does."""
    for clock in ticket.clocks:
        if clock.running and clock.name is name and clock.assignment == assignment:
            return QueuePosition(queue, clock.due_at, clock.started_at)
    return QueuePosition(queue, None, since)
