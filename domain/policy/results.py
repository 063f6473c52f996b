"""Facts that follow when a share is done, fails, or is not needed any more."""

from domain.commands.joint.release import released
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import (
    anytime,
    handling,
    intake,
    joint,
    merging,
    returning,
    verifying,
    wrongdoing,
)
from domain.ticket.assignment import HandlingResult, Share
from domain.ticket.ticket import Ticket


def result_of(ticket: Ticket, n: int, result: HandlingResult) -> Fact:
    """Return the fact of a result: a share of several, the whole answer, or a verification."""
    assignment = ticket.assignment(n)
    if assignment.share is Share.VERIFY:
        return _verified(ticket, n, result)
    lead = ticket.lead
    others = any(a.share is Share.CO for a in ticket.opened if a.n != n)
    lead_done = assignment.share is Share.LEAD or (lead is not None and not lead.open)
    if assignment.share is Share.DELEGATE or others or not lead_done:
        return handling.ShareHandled(assignment=n, result=result)
    return handling.Handled(assignment=n, result=result)


def _verified(ticket: Ticket, n: int, result: HandlingResult) -> Fact:
    if ticket.verifying == "closing":
        if result.resolved:
            return verifying.ClosingConfirmed(assignment=n, result=result)
        return verifying.ClosingRefuted(assignment=n, result=result, reason=result.reply)
    if result.resolved:
        return verifying.FilingConfirmed(assignment=n, result=result)
    return verifying.FilingRefuted(assignment=n, result=result, text=result.reply)


def failure_of(ticket: Ticket, n: int, code: str, clocks: list[Clock]) -> Fact:
    """Return the fact of a department program's failure.

    Only the lead's failure sends the ticket back to dispatch: a helper is released, and a failed
    verification counts as confirmed.
    """
    share = ticket.assignment(n).share
    if share is Share.VERIFY and ticket.verifying == "closing":
        return verifying.ClosingConfirmed(assignment=n)
    if share is Share.VERIFY:
        return verifying.FilingConfirmed(assignment=n, clocks=clocks)
    if share is not Share.LEAD:
        return released(ticket, n, code)
    return handling.HandlingFailed(assignment=n, code=code, clocks=clocks)


def shares_ended(ticket: Ticket, fact: Fact) -> list[int]:
    """Return the shares that a decision ends, although their units are not done."""
    match fact:
        case joint.Released(assignment=n):
            return [n]
        case wrongdoing.Accused(released=released):
            return [a.n for a in ticket.opened if a.n in released]
        case joint.Overridden():
            return [a.n for a in ticket.opened]
        case (
            intake.Reassigned()
            | joint.Intervened()
            | joint.LevelRaised()
            | returning.Returned()
            | merging.Merged()
            | anytime.Withdrawn()
            | wrongdoing.TakenFromAccused()
        ):
            return [a.n for a in ticket.opened]
        case _:
            return []
