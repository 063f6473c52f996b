"""The acts of machines on a ticket: of agents, and triage by the system itself."""

from collections.abc import Iterable

from domain.actors import Role, is_machine
from domain.events import Event
from domain.facts.intake import Accepted, Classified


def by_machine(event: Event) -> bool:
    """Return whether an agent did it, or filed the ticket."""
    return event.actor.machine or filed_by_machine(event)


def filed_by_machine(event: Event) -> bool:
    """Return whether the event is the acceptance of a complaint that an agent filed."""
    fact = event.fact
    return (
        isinstance(fact, Accepted)
        and fact.filed_by is not None
        and is_machine(fact.filed_by.account)
    )


def classified_by_itself(event: Event) -> bool:
    """Return whether the system classified it without a person."""
    return isinstance(event.fact, Classified) and event.actor.role is Role.SYSTEM


def machine_acts(events: Iterable[Event]) -> list[Event]:
    """Return the events that can be contested, the first one first."""
    return [event for event in events if by_machine(event) or classified_by_itself(event)]
