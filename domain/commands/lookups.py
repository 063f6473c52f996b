"""Lookups in a ticket that the guards of several commands share."""

from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Request
from domain.ticket.rules_snapshot import Rules
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket


def rules_of(ticket: Ticket) -> Rules:
    """Return the rules that the ticket was accepted under.

    Raises:
        Refused: `not_now`, before it is accepted.
    """
    if ticket.rules is None:
        raise Refused("not_now", "This ticket is not accepted yet.")
    return ticket.rules


def asking(ticket: Ticket) -> Assignment | None:
    """Return the assignment whose unit has waited longest for a decision."""
    requests = [(a.asked.asked_at, a.n) for a in ticket.opened if a.asked is not None]
    return ticket.assignment(min(requests)[1]) if requests else None


def pending_request(ticket: Ticket) -> Request | None:
    """Return the request to decide: a unit's, or after the rating an exclusion."""
    if ticket.stage in (Stage.SUPERVISE, Stage.AFTERCARE):
        return ticket.contest
    assignment = asking(ticket)
    return assignment.asked if assignment else None
