"""A change: what another system is told of an event, without words and without persons."""

from enum import StrEnum
from typing import Any

from domain.events import Event
from domain.model import Instant, Recorded
from domain.ticket.stages import Stage


class ChangeStatus(StrEnum):
    """The fate of an event.

    An interrupted step of a ticket is done again, and may end otherwise: what was told of it is
    then replaced, or withdrawn.
    """

    HAPPENED = "happened"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class TicketChange(Recorded):
    """A change, as it is told. `id`: the same however often it is told.

    `cursor`: the position after it. `version` counts the events of the ticket, `stage` is the one
    after it; None where nothing is known of an event but that it is withdrawn. `role`, `unit`: of
    whoever did it. `details`: codes, dates and grades; see `details`.
    """

    id: str
    cursor: str
    what: ChangeStatus
    city: str
    number: str
    version: int
    kind: str
    at: Instant
    recorded_at: Instant
    stage: Stage | None
    role: str
    unit: str | None
    details: dict[str, Any]


_TOLD = frozenset(
    {
        "asked",
        "assignment",
        "category",
        "clock",
        "complaint_kind",
        "contacted",
        "due_at",
        "ending",
        "grade",
        "level",
        "order",
        "outcome",
        "resolved",
        "rung",
        "severity",
        "share",
        "tier",
        "unit",
        "units",
        "until",
    }
)
"""The fields of facts that are told; another one is not, before somebody has put it here."""

_OPENED = ("rating", "result")
"""Parts of facts of which the same fields are told."""


def details(event: Event) -> dict[str, Any]:
    """Return of an event what every system may be told: no text, no person, no other ticket."""
    fact = event.fact.model_dump(mode="json")
    parts = [fact, *(fact[name] for name in _OPENED if isinstance(fact.get(name), dict))]
    return {
        name: value
        for part in parts
        for name, value in part.items()
        if name in _TOLD and _is_plain(value)
    }


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    return isinstance(value, str | int | float | bool)
