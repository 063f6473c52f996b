"""Queues of the centre."""

from typing import Annotated

from pydantic import Field

from domain.model import Incoming, Recorded
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Code
from store.tickets.work_queues import QueueRow


class QueueQuery(Incoming):
    queue: list[Queue] = Field(
        min_length=1,
        max_length=len(Queue),
        description="`triage`: a person says what it is about; `dispatch`: a person names the "
        "unit; `decision`: a unit asked for something; `arbitrate`: a meeting names the unit; "
        "`call_back`: the citizen is called; `supervise`: a supervisor has the last word. Several "
        "make one list.",
    )
    city: Code | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class QueueTickets(Recorded):
    items: list[QueueRow]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")
