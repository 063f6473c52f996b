"""Compare, field by field: a history with the record in the store; a ticket with what it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.fields import MISSING, apart, unlike
from audit.replay import Replayed
from domain.events import Event
from domain.ticket.ticket import Ticket


@dataclass(frozen=True)
class Difference:
    """One field in which the two disagree; `path` like `ticket.assignments.0.signed_at`."""

    path: str
    history: str
    record: str


@dataclass(frozen=True)
class Change:
    """One field that an event changed; `path` like `assignments.0.signed_at`."""

    path: str
    before: str
    after: str


def compare(replayed: Replayed, ticket: Ticket | None, events: list[Event]) -> list[Difference]:
    """Every difference between the replayed history and the stored record; [] when they agree.

    Of events before the first one that the history tells nothing is said.
    """
    kept = [event for event in events if event.version >= replayed.since]
    return [*compare_events(replayed.events, kept), *compare_tickets(replayed.ticket, ticket)]


def compare_events(told: Sequence[Event], kept: Sequence[Event]) -> list[Difference]:
    """Side by side by version: what one side lacks does not shift all that follows."""
    one = {event.version: event for event in told}
    other = {event.version: event for event in kept}
    found: list[Difference] = []
    for version in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(version), other.get(version)
        if mine != theirs:
            found += _differences(f"events.{version - 1}", mine, theirs)
    return found


def compare_tickets(told: Ticket, kept: Ticket | None) -> list[Difference]:
    """The state that the history ends with, and the one in the record."""
    return _differences("ticket", told, kept)


def changes(before: Ticket | None, after: Ticket) -> list[Change]:
    """What is not as it was; before the first event there was nothing."""
    return [Change(*found) for found in unlike(before, after)]


def event_differences(told: Event | None, kept: Event | None) -> list[Difference]:
    """Each field in which a history and a record tell one event otherwise, values whole."""
    return [Difference(*found) for found in unlike(told, kept)]


def _differences(
    path: str, told: Event | Ticket | None, kept: Event | Ticket | None
) -> list[Difference]:
    one, other = (each.model_dump(mode="json") if each else MISSING for each in (told, kept))
    return [Difference(*found) for found in apart(path, one, other)]
