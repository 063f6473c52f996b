"""Marks of reports: what each seems to be about, and how many of a kind are usual.

A mark is kept for some weeks. It says neither who reported nor what they wrote.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, select

from domain.incident.rate import Crowd
from domain.ticket.complaint import Complaint
from store.db import incident_tables, tables
from store.db.engine import Store

_MARK = incident_tables.mark
_COLUMNS, _MEMBER = incident_tables.mark.c, incident_tables.member.c
KEPT = timedelta(days=15)
"""The age at which marks are deleted: what is usual is what came in two weeks."""


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


async def crowds(
    store: Store, city: str, now: datetime, window: timedelta, least: int
) -> list[Crowd]:
    """Return the kinds of reports of which at least so many came within the window.

    Members of an incident are in it, whatever else they mention. `usual`: how many came in a
    window of that length in the days before, on average.
    """
    since = now - window
    count = func.count().label("size")
    groups = (_COLUMNS.category, _COLUMNS.area)
    recent = (
        select(*groups, count)
        .where(
            _COLUMNS.city == city,
            _COLUMNS.filed_at > since,
            _COLUMNS.filed_at <= now,
            ~exists().where(_MEMBER.number == _COLUMNS.number, _MEMBER.state == "member"),
        )
        .group_by(*groups)
        .having(count >= least)
    )

    def work(connection: Connection) -> list[Crowd]:
        found = connection.execute(recent).all()
        before = select(func.count(), func.min(_COLUMNS.filed_at)).where(
            _COLUMNS.city == city, _COLUMNS.filed_at <= since
        )
        result = []
        for row in found:
            same = before.where(_COLUMNS.category == row.category, _COLUMNS.area == row.area)
            total, first = connection.execute(same).one()
            windows = max((since - first) / window, 1) if first is not None else 1
            result.append(Crowd(row.category, row.area, row.size, total / windows))
        return result

    return await store.read(work)


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
