"""Comparison, field by field, of a history with the record, and of a ticket before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.fields import MISSING, apart, unlike
from audit.replay import Replayed
from domain.events import Event
from domain.ticket.ticket import Ticket


@dataclass(frozen=True)
class Difference:
    """A field that differs in history and record; `path` like `ticket.assignments.0.signed_at`."""

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
    """Return every difference between replayed history and stored record; [] when they agree.

    Events before the first one in the history are not compared.
    """
    stored_events = [event for event in events if event.version >= replayed.since]
    return [
        *compare_events(replayed.events, stored_events),
        *compare_tickets(replayed.ticket, ticket),
    ]


def compare_events(events: Sequence[Event], stored_events: Sequence[Event]) -> list[Difference]:
    """Compare events by version, so that a missing one does not shift all that follow."""
    one = {event.version: event for event in events}
    other = {event.version: event for event in stored_events}
    differences: list[Difference] = []
    for version in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(version), other.get(version)
        if mine != theirs:
            differences += _differences(f"events.{version - 1}", mine, theirs)
    return differences


def compare_tickets(ticket: Ticket, stored_ticket: Ticket | None) -> list[Difference]:
    """Compare the final state of the history with the one in the record."""
    return _differences("ticket", ticket, stored_ticket)


def changes(before: Ticket | None, after: Ticket) -> list[Change]:
    """Return each changed field; `before` is None for the first event."""
    return [Change(*difference) for difference in unlike(before, after)]


def event_differences(event: Event | None, stored_event: Event | None) -> list[Difference]:
    """Return each field of one event in which history and record differ, with full values."""
    return [Difference(*difference) for difference in unlike(event, stored_event)]


def _differences(
    path: str, replayed: Event | Ticket | None, stored: Event | Ticket | None
) -> list[Difference]:
    one, other = (each.model_dump(mode="json") if each else MISSING for each in (replayed, stored))
    return [Difference(*difference) for difference in apart(path, one, other)]
