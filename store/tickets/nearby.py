"""Open tickets about the same thing in the same place, shown to a citizen before filing and to a
dispatcher for merging.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import case, func, literal, or_, select

from domain.pack.policies import Severity
from domain.ticket.complaint import Complaint
from domain.ticket.stages import OPEN, Stage
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import Store
from store.tickets.repeats import Where, same_place, where_of

_TICKET = tables.ticket.c
_OPEN = sorted(OPEN)


@dataclass(frozen=True)
class Nearby:
    """The public facts of a ticket, without any text of its citizen.

    `public`: whether its citizen agreed to publish complaint and answer.
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
    where: Where,
    rules: Severity,
    limit: int = 5,
) -> list[Nearby]:
    """Return open tickets of `category` about the place of `complaint`, newest first.

    The pack defines the same place (see `store.tickets.repeats`). Reports of wrongdoing are never
    among them.
    """
    place = same_place(complaint, where, rules.repeats_metres)
    if place is None:
        return []
    statement = (
        select(_TICKET.number, _TICKET.stage, _TICKET.unit, _TICKET.filed_at, _TICKET.public)
        .where(
            _TICKET.city == complaint.city,
            _TICKET.category == category,
            _TICKET.of_wrongdoing.is_(False),
            _TICKET.stage.in_(_OPEN),
            place,
        )
        .order_by(_TICKET.filed_at.desc())
        .limit(limit)
    )
    return [
        Nearby(row.number, Stage(row.stage), row.unit, row.filed_at, row.public)
        for row in await store.rows(statement)
    ]


_TOGETHER = (Stage.TRIAGE, Stage.DISPATCH, Stage.HANDLE)
"""The stages at which a ticket can still be merged into another."""


@dataclass(frozen=True)
class Alike:
    """An open ticket that may be about the same as another. `near`: at the very same place."""

    number: str
    title: str
    stage: Stage
    unit: str | None
    area: str | None
    address: str
    filed_at: datetime
    near: bool


@dataclass(frozen=True)
class CommonProblem:
    """Open tickets about the same thing in the same area; `number` is the last one filed."""

    category: str
    area: str
    count: int
    number: str


async def alike(store: Store, ticket: Ticket, rules: Severity, limit: int = 12) -> list[Alike]:
    """Return open tickets of the same category in the same area, those at the same place first."""
    complaint = ticket.complaint
    category = ticket.category or ticket.suggestion
    if category is None:
        return []
    place = same_place(complaint, where_of(ticket), rules.repeats_metres)
    around = [place] if place is not None else []
    if ticket.area is not None:
        around.append(_TICKET.area == ticket.area)
    if not around:
        return []
    near = case((place, 1), else_=0) if place is not None else literal(0)
    names = [column for column in fields(Alike) if column.name != "near"]
    statement = (
        select(*(_TICKET[column.name] for column in names), near.label("near"))
        .where(
            _TICKET.city == complaint.city,
            _TICKET.category == category,
            _TICKET.stage.in_(_TOGETHER),
            _TICKET.of_wrongdoing.is_(False),
            _TICKET.number != complaint.number,
            or_(*around),
        )
        .order_by(near.desc(), _TICKET.filed_at.desc())
        .limit(limit)
    )
    items = [dict(row._mapping) for row in await store.rows(statement)]
    return [
        Alike(**row | {"stage": Stage(row["stage"]), "near": bool(row["near"])}) for row in items
    ]


async def crowds(store: Store, city: str, limit: int = 10) -> list[CommonProblem]:
    """Return the crowds of open tickets of a city, the largest first."""
    count = func.count().label("count")
    statement = (
        select(_TICKET.category, _TICKET.area, count, func.max(_TICKET.number).label("number"))
        .where(
            _TICKET.city == city,
            _TICKET.stage.in_(_TOGETHER),
            _TICKET.of_wrongdoing.is_(False),
            _TICKET.category.is_not(None),
            _TICKET.area.is_not(None),
        )
        .group_by(_TICKET.category, _TICKET.area)
        .having(count > 1)
        .order_by(count.desc(), _TICKET.category, _TICKET.area)
        .limit(limit)
    )
    return [CommonProblem(**row._mapping) for row in await store.rows(statement)]
