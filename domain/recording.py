"""Recording: how a fact becomes an event of a ticket. There is no other way to change one."""

from datetime import datetime

from domain.actors import Actor
from domain.events import Event, Fact
from domain.lifecycle import transition
from domain.ticket import Ticket


def record(ticket: Ticket, fact: Fact, actor: Actor, at: datetime) -> Event:
    """Check the table, apply `fact`, move the stage, count the version.

    Raises:
        Refused: the table has no such row for this stage, or not for this role. The ticket is
            then unchanged.
    """
    row = transition(ticket.stage, fact)
    row.permit(actor)
    before = ticket.stage
    ticket.version += 1
    ticket.updated_at = at
    fact.apply(ticket, at)
    ticket.stage = row.to or before
    return Event(
        number=ticket.complaint.number,
        version=ticket.version,
        at=at,
        actor=actor,
        stage=ticket.stage,
        fact=fact,
    )
