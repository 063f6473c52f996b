"""The working calendars that due times were planned with, each as it was.

A provisional clock is planned again when a year is published: then it is counted how much working
time the old plan had given, by the calendar of the day it was made. The files of its pack do not
tell that: a newer holiday list makes another calendar of the same files.
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
    """Keep the calendar, unless it is kept.

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
    """The calendar of that version; None where no process has kept it.

    Raises:
        StoreUnavailable
    """
    row = await store.first(_ONE, {"version": version})
    return WorkCalendar.model_validate_json(row.document) if row is not None else None
