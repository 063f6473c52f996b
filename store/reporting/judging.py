"""The judging of an event by a pack's scoring rules: which unit gets which points for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.events import Event
from domain.facts.intake import Answered
from domain.pack.catalogue import ScoringRule
from domain.policy.condition_inputs import case_of, event_case, judged_kind, share_case, share_of
from domain.ticket.assignment import Assignment
from domain.ticket.ticket import Ticket
from packs.conditions import Condition

ABOUT_EXCLUSION = ("exclusion_asked", "exclusion_granted")
"""The events of an excluded ticket whose points still count: they are about the exclusion."""

NO_ROUND = -1
"""The last excluded round of a ticket that has none."""

Rules = Mapping[str, Sequence[tuple[ScoringRule, Condition]]]
"""The rules of a pack by the kind of event that they judge."""


@dataclass(frozen=True, slots=True)
class Point:
    """The points of a unit for one event by one rule. `version` is the event's in its ticket.

    `part`: the kind of the event's share: lead, co, delegate or verify. `left_out`: it does not
    count, because the ticket is excluded. `round`: the ticket's, just after the event.
    """

    unit: str
    part: str
    rule: str
    points: float
    number: str
    version: int
    at: datetime
    event: str
    round: int = 0
    left_out: bool = False


def judged(event: Event, ticket: Ticket, rules: Rules) -> Iterator[Point]:
    """Yield the points for an event; `ticket` is as it was just after it."""
    asked = rules.get(judged_kind(event, ticket))
    if not asked:
        return
    share = share_of(event, ticket)
    seen = {
        "e": event_case(event, ticket).model_dump(),
        "a": share_case(ticket, share, event.at).model_dump(),
        "t": case_of(ticket, event.at).model_dump(),
    }
    for rule, condition in asked:
        unit = _EARNS[rule.to](event, ticket, share)
        if unit is not None and condition.holds(**seen):
            yield Point(
                unit=unit,
                part=share.share if share else "",
                rule=rule.code,
                points=rule.points,
                number=event.number,
                version=event.version,
                at=event.at,
                event=event.kind,
                round=ticket.round,
            )


def is_left_out(point: Point, excluded: int) -> bool:
    """Return whether the point is of a round up to the last one that is excluded."""
    return point.round <= excluded and point.event not in ABOUT_EXCLUSION


def _unit(event: Event, ticket: Ticket, share: Assignment | None) -> str | None:
    if share is not None:
        return share.unit
    # The desk answers a praise at once, and names the unit that it is for.
    return event.fact.unit if isinstance(event.fact, Answered) else None


def _lead(event: Event, ticket: Ticket, share: Assignment | None) -> str | None:
    return ticket.unit


def _parent(event: Event, ticket: Ticket, share: Assignment | None) -> str | None:
    return share.above if share is not None else None


_EARNS: Mapping[str, Callable[[Event, Ticket, Assignment | None], str | None]] = {
    "unit": _unit,
    "lead": _lead,
    "parent": _parent,
}
