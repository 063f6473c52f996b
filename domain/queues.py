"""What waits for somebody at the centre: the queues of desk, dispatchers and supervisors."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.checks import asked, asking
from domain.clocks import ClockName
from domain.stages import Stage
from domain.ticket import Ticket


class Queue(StrEnum):
    TRIAGE = "triage"  # a person says what it is about, or whose it is
    DECISION = "decision"  # a unit asked for something, or a meeting has to name a unit
    CALL_BACK = "call_back"  # 回访


class Waiting(NamedTuple):
    """In which queue, and until when it should be done; None: no clock runs for it."""

    queue: Queue
    until: datetime | None


def waiting(ticket: Ticket) -> Waiting | None:
    """What the ticket waits for; None while it is somebody else's turn."""
    stage = ticket.stage
    if stage is Stage.TRIAGE:
        return _in(Queue.TRIAGE, ticket, ClockName.TRIAGE)
    if stage is Stage.DISPATCH and ticket.by_hand:
        return _in(Queue.TRIAGE, ticket, ClockName.DISPATCH)
    if stage is Stage.ARBITRATE:
        return _in(Queue.DECISION, ticket, ClockName.ARBITRATE)
    if asked(ticket) is not None:
        share = None if ticket.contest is not None else asking(ticket)
        return _in(Queue.DECISION, ticket, ClockName.DECIDE, share.n if share else None)
    if stage is Stage.RATE and ticket.call_back_due:
        return _in(Queue.CALL_BACK, ticket, ClockName.CALL_BACK)
    return None


def _in(queue: Queue, ticket: Ticket, name: ClockName, assignment: int | None = None) -> Waiting:
    due = (
        clock.due_at
        for clock in ticket.clocks
        if clock.running and clock.name is name and clock.assignment == assignment
    )
    return Waiting(queue, next(due, None))
