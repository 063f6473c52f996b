"""Open tickets about the same thing in the same place: what a citizen is told before filing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from domain.complaint import Complaint, Kind
from domain.promises import Severity
from domain.stages import OPEN, Stage
from store import tables
from store.engine import Store
from store.repeats import same_place

_TICKET = tables.ticket.c
_OPEN = sorted(OPEN)


@dataclass(frozen=True)
class Nearby:
    """What anybody may know of somebody's ticket: no word of what they said.

    `public`: whether its citizen let question and answer be published.
    """

    number: str
    stage: Stage
    unit: str | None
    filed_at: datetime
    public: bool


async def open_nearby(
    store: Store,
    complaint: Complaint,
    category: str,
    area: str | None,
    rules: Severity,
    limit: int = 5,
) -> list[Nearby]:
    """Open tickets of `category` about the place of `complaint`, newest first.

    What the same place is, the pack says (see `store.repeats`). Reports of wrongdoing are never
    among them.
    """
    place = same_place(complaint, area, rules.repeats_metres)
    if place is None:
        return []
    asked = (
        select(_TICKET.number, _TICKET.stage, _TICKET.unit, _TICKET.filed_at, _TICKET.public)
        .where(
            _TICKET.city == complaint.city,
            _TICKET.category == category,
            _TICKET.kind != Kind.REPORT,
            _TICKET.stage.in_(_OPEN),
            place,
        )
        .order_by(_TICKET.filed_at.desc())
        .limit(limit)
    )
    return [
        Nearby(row.number, Stage(row.stage), row.unit, row.filed_at, row.public)
        for row in await store.rows(asked)
    ]
