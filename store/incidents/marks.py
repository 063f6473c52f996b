"""Marks of reports: what each seems to be about, and how many of a kind are usual.

A mark is kept for some weeks. It says neither who reported nor what they wrote.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select

from domain.ticket.complaint import Complaint
from store.db import incident_tables, tables
from store.db.engine import Store

_MARK = incident_tables.mark
_COLUMNS, _MEMBER = incident_tables.mark.c, incident_tables.member.c
KEPT = timedelta(days=15)
"""The age at which marks are deleted: what is usual is what came in two weeks."""


class ReportKind(NamedTuple):
    """The category and the street of a report, as they seem."""

    category: str
    area: str


class Mark(NamedTuple):
    """The mark of a report."""

    number: str
    kind: ReportKind
    filed_at: datetime


def enter(store: Store, category: str, area: str) -> Callable[[Connection, Complaint], None]:
    """Return the entry of a mark, for the transaction that registers the report."""
    entry = store.insert(_MARK).on_conflict_do_nothing()

    def work(connection: Connection, complaint: Complaint) -> None:
        values = {
            "number": complaint.number,
            "city": complaint.city,
            "category": category,
            "area": area,
            "filed_at": complaint.filed_at,
        }
        connection.execute(entry, values)

    return work


async def filed(store: Store, city: str, after: datetime, until: datetime) -> list[Mark]:
    """Return the marks of the reports that were filed between these times."""
    which = select(_COLUMNS.number, _COLUMNS.category, _COLUMNS.area, _COLUMNS.filed_at).where(
        _COLUMNS.city == city, _COLUMNS.filed_at > after, _COLUMNS.filed_at <= until
    )
    return [
        Mark(row.number, ReportKind(row.category, row.area), row.filed_at)
        for row in await store.rows(which)
    ]


async def size(store: Store, city: str, kind: ReportKind, after: datetime, until: datetime) -> int:
    """Return how many reports of a kind were filed between these times.

    Members of an incident are in it, whatever else they mention.
    """
    row = await store.first(
        select(func.count()).where(
            *_of_kind(city, kind),
            _COLUMNS.filed_at > after,
            _COLUMNS.filed_at <= until,
            ~exists().where(_MEMBER.number == _COLUMNS.number, _MEMBER.state == "member"),
        )
    )
    return int(row[0]) if row else 0


async def usual(
    store: Store, city: str, kind: ReportKind, until: datetime, window: timedelta
) -> float:
    """Return how many reports of a kind came in a window of that length before, on average."""
    row = await store.first(
        select(func.count(), func.min(_COLUMNS.filed_at)).where(
            *_of_kind(city, kind), _COLUMNS.filed_at <= until
        )
    )
    total, first = row or (0, None)
    return float(total / max((until - first) / window, 1)) if first is not None else 0.0


def _of_kind(city: str, kind: ReportKind) -> tuple[ColumnElement[bool], ...]:
    return (
        _COLUMNS.city == city,
        _COLUMNS.category == kind.category,
        _COLUMNS.area == kind.area,
    )


async def reports_of(
    store: Store,
    city: str,
    since: datetime,
    limit: int,
    *,
    category: str | None = None,
    area: str | None = None,
    after: str = "",
) -> list[Complaint]:
    """Return the reports with marks since then, by their numbers, of one kind or of all."""
    intake = tables.intake.c
    which = (
        select(intake.complaint)
        .join(_MARK, intake.number == _COLUMNS.number)
        .where(_COLUMNS.city == city, _COLUMNS.filed_at >= since, _COLUMNS.number > after)
        .order_by(_COLUMNS.number)
        .limit(limit)
    )
    if category is not None:
        which = which.where(_COLUMNS.category == category, _COLUMNS.area == (area or ""))
    return [Complaint.model_validate_json(row.complaint) for row in await store.rows(which)]


async def forget(store: Store, before: datetime) -> int:
    """Delete the marks from before then; return how many there were."""
    return await store.change(delete(_MARK).where(_COLUMNS.filed_at < before))
