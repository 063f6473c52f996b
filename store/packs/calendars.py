"""The working calendars that due times were planned with, each as it was.

A provisional clock is planned again when a year is published. The working time of its old plan is
then counted by the calendar of that plan, which the files of its pack do not determine: a newer
holiday list makes another calendar of the same files.
"""

from datetime import datetime

from sqlalchemy import bindparam, select

from domain.deadlines.calendar import WorkCalendar
from store.db import tables
from store.db.engine import Insert, Store

_CALENDAR = tables.calendar.c
_ONE = select(_CALENDAR.document).where(_CALENDAR.version == bindparam("version"))


def _insert(store: Store) -> Insert:
    return store.insert(tables.calendar).on_conflict_do_nothing()


async def keep(store: Store, calendar: WorkCalendar, now: datetime) -> None:
    """Store the calendar, unless it is stored already.

    Raises:
        StoreUnavailable
    """
    if await store.first(_ONE, {"version": calendar.version}) is None:
        row = {
            "version": calendar.version,
            "document": calendar.model_dump_json(),
            "first_seen_at": now,
        }
        await store.change(store.once(_insert), row)


async def recall(store: Store, version: str) -> WorkCalendar | None:
    """Return the calendar of that version; None if it is not stored.

    Raises:
        StoreUnavailable
    """
    row = await store.first(_ONE, {"version": version})
    return WorkCalendar.model_validate_json(row.document) if row is not None else None
