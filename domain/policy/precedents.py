"""Precedents (先例): how disputed responsibility for past tickets was settled."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import StrEnum

from domain.events import Event
from domain.facts.returning import Arbitrated, FellBack, Returned, ReturnRequested
from domain.model import Instant, Recorded
from domain.ticket.assignment import Assignment, Share
from domain.ticket.ticket import Ticket

PRECEDENT_DAYS = timedelta(days=730)
"""The time for which a precedent is shown: responsibilities are rearranged every few years."""


class Settled(StrEnum):
    """The ways in which a dispute about responsibility ends."""

    RETURNED = "returned"
    ARBITRATED = "arbitrated"
    FELL_BACK = "fell_back"


class Precedent(Recorded):
    """A unit that did not keep a ticket, and the unit that got it instead.

    `unit`: the one that returned it, or that had it last before a meeting decided. `instead`: None
    while nobody has it. `ground`, `reason`: those of the request; `decided`: the decision's words.
    """

    number: str
    at: Instant
    settled: Settled
    unit: str | None
    instead: str | None
    ground: str | None = None
    reason: str = ""
    decided: str = ""


def precedents_of(ticket: Ticket, events: Iterable[Event]) -> Iterator[Precedent]:
    """Yield the precedents that the events of one ticket make, the oldest first."""
    asked: dict[int, ReturnRequested] = {}
    for event in events:
        fact = event.fact
        if isinstance(fact, ReturnRequested):
            asked[fact.assignment] = fact
        elif isinstance(fact, Returned):
            request = asked.get(fact.assignment)
            yield Precedent(
                number=ticket.complaint.number,
                at=event.at,
                settled=Settled.RETURNED,
                unit=ticket.assignment(fact.assignment).unit,
                instead=_next_lead(ticket, fact.assignment) or fact.unit,
                ground=request.ground if request else None,
                reason=request.reason if request else "",
                decided=fact.reason,
            )
        elif isinstance(fact, Arbitrated | FellBack):
            yield Precedent(
                number=ticket.complaint.number,
                at=event.at,
                settled=_way(fact),
                unit=_last_lead(ticket, event),
                instead=fact.unit,
                decided="" if isinstance(fact, FellBack) else fact.minutes.decision,
            )


def _way(fact: Arbitrated | FellBack) -> Settled:
    return Settled.FELL_BACK if isinstance(fact, FellBack) else Settled.ARBITRATED


def _next_lead(ticket: Ticket, assignment: int) -> str | None:
    return next((one.unit for one in _leads(ticket) if one.n > assignment), None)


def _last_lead(ticket: Ticket, decision: Event) -> str | None:
    had = [one.unit for one in _leads(ticket) if one.opened_at <= decision.at]
    return had[-1] if had else None


def _leads(ticket: Ticket) -> list[Assignment]:
    return [one for one in ticket.assignments if one.share is Share.LEAD]
