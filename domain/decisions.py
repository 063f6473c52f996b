"""From commands to facts: pure decisions over a ticket, none of which changes it."""

from datetime import datetime, timedelta

from domain.actors import Actor, Role
from domain.assignment import Assignment
from domain.commands import (
    AddFacts,
    CallBack,
    Command,
    Conclude,
    Contact,
    Decide,
    Extend,
    Reassign,
    Return,
    Sign,
    UnitCommand,
    Urge,
    Withdraw,
    leads_to,
)
from domain.events import Fact
from domain.facts.anytime import FactsAdded, Urged, Withdrawn
from domain.facts.closing import CalledBack, Closed, FinalReplied, Rated, Reworked, Supervised
from domain.facts.handling import Contacted, Signed
from domain.facts.intake import Answered, Declined, Referred
from domain.lifecycle import transition
from domain.refusals import Refused
from domain.rules import Rules
from domain.stages import Outcome, Stage
from domain.ticket import Ticket


def check(ticket: Ticket, command: Command, actor: Actor, at: datetime) -> None:
    """Refuse what may not be: by the table, by role, by unit, by the city's caps.

    Raises:
        Refused: with the reason's code; nothing has changed.
    """
    transition(ticket.stage, leads_to(command)).permit(actor)
    match command:
        case UnitCommand():
            _check_unit_command(ticket, command, actor)
        case Decide():
            if asked(ticket) is None:
                raise Refused("nothing_asked", "No return or extension is waiting for a decision.")
        case Reassign(unit=unit):
            if ticket.current is not None and ticket.current.unit == unit:
                raise Refused("same_unit", f"Unit {unit} has the ticket already.")
        case Urge():
            day = [when for when in ticket.urged_at if at - when < timedelta(days=1)]
            if len(day) >= rules_of(ticket).urges_per_day:
                raise Refused("urged_too_often", "This ticket was urged often enough today.")
        case CallBack(reached=reached, rating=rating):
            if rating is not None and not reached:
                raise Refused("rating_without_contact", "A rating needs a citizen who was reached.")
        case Conclude(outcome="declined" | "referred", reason=None):
            raise Refused("reason_missing", "Declining or referring needs a reason code.")
        case _:
            pass


def _check_unit_command(ticket: Ticket, command: UnitCommand, actor: Actor) -> None:
    assignment = assignment_of(ticket, command)
    check_officer(assignment, actor)
    rules = rules_of(ticket)
    match command:
        case Sign() if assignment.signed_at is not None:
            raise Refused("already_signed", "This assignment is signed already.")
        case Return() | Extend() if assignment.asked is not None:
            raise Refused("already_asked", f"A {assignment.asked.what} is waiting already.")
        case Return() if rules.returns == 0:
            raise Refused("returns_not_allowed", "In this city units do not return tickets.")
        case Return() if ticket.returns >= rules.returns:
            raise Refused("return_cap", f"Returned {ticket.returns} times already: no more.")
        case Extend() if assignment.extensions >= rules.extensions:
            raise Refused("extension_cap", f"Extended {assignment.extensions} times: no more.")
        case _:
            pass


def check_officer(assignment: Assignment, actor: Actor) -> None:
    """Only the unit that has an open assignment acts on it."""
    if actor.role is Role.OFFICER and actor.unit != assignment.unit:
        raise Refused("not_your_unit", "Another unit has this assignment.")
    if not assignment.open:
        raise Refused("assignment_ended", "This assignment has ended.")


def assignment_of(ticket: Ticket, command: UnitCommand) -> Assignment:
    if command.assignment is not None:
        return ticket.assignment(command.assignment)
    if ticket.current is None:
        raise Refused("not_now", "No unit has this ticket now.")
    return ticket.current


def asked(ticket: Ticket) -> Assignment | None:
    """The current assignment, if its unit asked for a decision."""
    current = ticket.current
    return current if current is not None and current.asked is not None else None


def rules_of(ticket: Ticket) -> Rules:
    if ticket.rules is None:
        raise Refused("not_now", "This ticket is not accepted yet.")
    return ticket.rules


def facts_of(ticket: Ticket, command: Command) -> list[Fact]:
    """The facts of a command that needs no plan from outside (no route, no due time)."""
    match command:
        case Sign():
            return [Signed(assignment=assignment_of(ticket, command).n)]
        case Contact():
            n = assignment_of(ticket, command).n
            return [Contacted(assignment=n, reached=command.reached, note=command.note)]
        case AddFacts():
            return [FactsAdded(text=command.text)]
        case Urge():
            return [Urged(text=command.text)]
        case Withdraw():
            return [Withdrawn(reason=command.reason)]
        case CallBack():
            called = CalledBack(reached=command.reached, note=command.note)
            return [called, Rated(rating=command.rating)] if command.rating else [called]
        case Conclude():
            return [_conclusion(command)]
        case _:
            raise TypeError(f"{type(command).__name__} needs a plan")


def _conclusion(command: Conclude) -> Fact:
    match command.outcome:
        case "declined":
            return Declined(reason=command.reason or "", text=command.text)
        case "referred":
            return Referred(reason=command.reason or "", text=command.text)
        case "answered":
            return Answered(text=command.text)
        case "final_reply":
            return FinalReplied(text=command.text)


def verdict(ticket: Ticket) -> Closed | Reworked | Supervised | None:
    """What follows from the rating, or from nobody to be reached; None: keep waiting."""
    if ticket.stage is not Stage.RATE:
        return None
    rules, rating = rules_of(ticket), ticket.rating
    if rating is None:
        if ticket.call_backs >= rules.call_backs:
            return Closed(outcome=Outcome.UNRATED, reason="not_reached")
        return None
    if rating.resolved and rating.satisfied(rules.satisfied_from):
        return Closed(outcome=Outcome.CLOSED, reason="rated")
    reason = "dissatisfied" if rating.resolved else "not_resolved"
    if ticket.reworks < rules.reworks:
        return Reworked(round=ticket.reworks + 1, reason=reason)
    return Supervised(reason=reason)
