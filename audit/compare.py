"""Compare what a history tells with what the record in the store says, field by field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
    return list(_differences("", told, kept))


def _differences(path: str, told: Any, kept: Any) -> Iterator[Difference]:
    if isinstance(told, dict) and isinstance(kept, dict):
        for key in sorted(told.keys() | kept.keys()):
            yield from _differences(
                f"{path}.{key}" if path else key, told.get(key, _MISSING), kept.get(key, _MISSING)
            )
    elif isinstance(told, list) and isinstance(kept, list):
        for index in range(max(len(told), len(kept))):
            yield from _differences(
                f"{path}.{index}",
                told[index] if index < len(told) else _MISSING,
                kept[index] if index < len(kept) else _MISSING,
            )
    elif told != kept:
        yield Difference(path, _shown(told), _shown(kept))


def _shown(value: Any) -> str:
    """Short: a report names the place, the whole is in the history and in the record."""
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
