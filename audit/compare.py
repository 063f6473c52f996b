"""Compare, field by field: a history with the record in the store; a ticket with what it was."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from audit.replay import Replayed
from domain.events import Event
from domain.ticket import Ticket

_MISSING = "(missing)"


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
    """Every difference between the replayed history and the stored record; [] when they agree."""
    told = {
        "ticket": replayed.ticket.model_dump(mode="json"),
        "events": [event.model_dump(mode="json") for event in replayed.events],
    }
    kept = {
        "ticket": ticket.model_dump(mode="json") if ticket else None,
        "events": [event.model_dump(mode="json") for event in events],
    }
    return [
        Difference(path, _shown(one), _shown(other)) for path, one, other in _apart("", told, kept)
    ]


def changes(before: Ticket | None, after: Ticket) -> list[Change]:
    """What is not as it was; before the first event there was nothing."""
    return [Change(*found) for found in _unlike(before, after)]


def event_differences(told: Event | None, kept: Event | None) -> list[Difference]:
    """Each field in which a history and a record tell one event otherwise, values whole."""
    return [Difference(*found) for found in _unlike(told, kept)]


def fields(model: BaseModel | None) -> dict[str, str]:
    """Every field that says something, by its path; values whole, as text."""
    return dict(_leaves("", model.model_dump(mode="json"))) if model else {}


def _unlike(one: BaseModel | None, other: BaseModel | None) -> Iterator[tuple[str, str, str]]:
    old, new = fields(one), fields(other)
    for path in old | new:
        if old.get(path) != new.get(path):
            yield path, old.get(path, ""), new.get(path, "")


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in pairs:
            yield from _leaves(f"{path}.{key}" if path else str(key), part)
    elif value not in (None, ""):
        yield path, str(value)


def _apart(path: str, told: Any, kept: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(told, dict) and isinstance(kept, dict):
        for key in sorted(told.keys() | kept.keys()):
            yield from _apart(
                f"{path}.{key}" if path else key, told.get(key, _MISSING), kept.get(key, _MISSING)
            )
    elif isinstance(told, list) and isinstance(kept, list):
        for index in range(max(len(told), len(kept))):
            yield from _apart(
                f"{path}.{index}",
                told[index] if index < len(told) else _MISSING,
                kept[index] if index < len(kept) else _MISSING,
            )
    elif told != kept:
        yield path, told, kept


def _shown(value: Any) -> str:
    """Short: a report names the place, the whole is in the history and in the record."""
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
