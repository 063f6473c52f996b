"""The preconditions of deadlines: a clock that nobody could meet neither starts nor runs on."""

from collections.abc import Iterable
from datetime import datetime

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import DEADLINES, ClockName, Precondition
from domain.ticket.assignment import Share
from domain.ticket.ticket import Ticket


def holds(ticket: Ticket, name: ClockName, share: Share = Share.LEAD) -> bool:
    """Return whether the precondition of the clock `name` holds for a share of this kind."""
    match DEADLINES[name].precondition:
        case Precondition.NONE:
            return True
        case Precondition.CONTACT_OPEN:
            # Only the unit that leads may know who complained.
            return share is Share.LEAD and ticket.contact_left and not ticket.contact_hidden
        case Precondition.CONTACT_LEFT:
            return ticket.contact_left
        case Precondition.RETURNABLE:
            rules = ticket.rules
            left = rules is None or ticket.returns < rules.returns
            return left and not ticket.no_returns
        case Precondition.LED:
            return ticket.led


def startable(ticket: Ticket, clocks: Iterable[Clock], share: Share = Share.LEAD) -> list[Clock]:
    """Return the planned clocks whose precondition holds.

    All of them on a ticket that was accepted before there were preconditions: when its history is
    replayed, the clocks must be those that were recorded.
    """
    if ticket.rules is None or not ticket.rules.preconditions:
        return list(clocks)
    return [clock for clock in clocks if _starts_with(ticket, clock, share)]


def _starts_with(ticket: Ticket, clock: Clock, share: Share) -> bool:
    """Return whether the clock starts with a share: that of an order, with the unit that leads."""
    if clock.name is ClockName.ORDER:
        waiting = {str(n) for n in ticket.orders_waiting}
        return share is Share.LEAD and clock.label in waiting
    return holds(ticket, clock.name, share)


def stop_unmeetable(ticket: Ticket, at: datetime) -> None:
    """Stop the running clocks whose precondition holds no longer.

    Whoever said that a complaint accuses a unit has hidden the citizen's contact by it: no unit can
    call them then.
    """
    if ticket.rules is None or not ticket.rules.preconditions:
        return
    for clock in ticket.clocks:
        n = clock.assignment
        if clock.running and not holds(
            ticket, clock.name, ticket.assignment(n).share if n is not None else Share.LEAD
        ):
            clock.stop(at)
