"""Recording of facts as events of a ticket, which is the only way to change one."""

from datetime import datetime, timedelta

from domain.actors import Actor
from domain.commands.may_have import refuse_accused, units_given
from domain.events import Event, Fact
from domain.facts.base import RoundFact
from domain.facts.transitions import transition
from domain.ticket.preconditions import stop_unmeetable
from domain.ticket.stages import ANSWERED
from domain.ticket.ticket import Ticket

ATTEMPTS = 10**12
"""More milliseconds than a ticket lasts (31 years): room for one number per attempt."""

SETBACK = timedelta(seconds=1)
"""The difference of ages by which a projection of a shorter history is the later one: the engine's
clock is corrected by less. Then the engine's database was replaced by an older copy."""


def projection_number(length: int, age: timedelta) -> int:
    """Number a projection, so that of two of the same version the later one has the higher number.

    A task that was cut short and its repetition are distinguished even if the history is as long as
    before: the engine keeps no trace of the lost task.

    `length`: events of the engine's history. `age`: from the filing to the beginning of the task.
    """
    milliseconds = age // timedelta(milliseconds=1)
    return length * ATTEMPTS + min(max(milliseconds, 0), ATTEMPTS - 1)


def projected_length(number: int) -> int:
    """Return the length of the history that a projection of this number was made with.

    0 for one of before there were ages (lifecycle 0), whose number is the length alone.
    """
    return number // ATTEMPTS


def projected_age(number: int) -> timedelta:
    """Return the ticket's age when the task of a projection of this number began."""
    return timedelta(milliseconds=number % ATTEMPTS)


def is_setback(new: int, old: int) -> bool:
    """Return whether projection `new` is later than `old` although its history is shorter."""
    aged = projected_age(new) > projected_age(old) + SETBACK
    return aged and 0 < projected_length(new) < projected_length(old)


def begins_round(ticket: Ticket, fact: Fact) -> bool:
    """Return whether `fact` sends an answered ticket back to work."""
    return isinstance(fact, RoundFact) and ticket.stage in ANSWERED


def with_rounds(ticket: Ticket, fact: Fact) -> Fact:
    """Return `fact` so that it begins a round where it does, also if an older version recorded it.

    Figures and points, which are computed from events, ask for it of older events, too. The state
    of a ticket that was accepted before there were rounds stays as its history gives it.
    """
    if begins_round(ticket, fact):
        return fact.model_copy(update={"new_round": True})
    return fact


def record(ticket: Ticket, fact: Fact, actor: Actor, at: datetime) -> Event:
    """Check the table, apply `fact`, move the stage, count the version.

    Raises:
        Refused: the table has no such row for this stage, or not for this role; or it gives a share
            to a unit that the ticket accuses. The ticket is then unchanged.
    """
    row = transition(ticket.stage, fact)
    row.permit(actor)
    refuse_accused(ticket, units_given(fact))
    if ticket.rules is not None and ticket.rules.rounds:
        fact = with_rounds(ticket, fact)
    before = ticket.stage
    ticket.version += 1
    ticket.updated_at = at
    fact.apply(ticket, at)
    _pass_over_accused(ticket)
    stop_unmeetable(ticket, at)
    ticket.stage = row.to or before
    return Event(
        number=ticket.complaint.number,
        version=ticket.version,
        at=at,
        actor=actor,
        stage=ticket.stage,
        fact=fact,
    )


def _pass_over_accused(ticket: Ticket) -> None:
    """Leave it to a person where the unit that comes next is one that the ticket accuses.

    It may be the unit that had it last (rework, reopening), one that was named before the
    accusation, or a fallback.
    """
    if ticket.next_unit is not None and ticket.next_unit in ticket.kept_from:
        ticket.next_unit, ticket.by_hand = None, True
