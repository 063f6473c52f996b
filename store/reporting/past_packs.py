"""The pack that a period's figures and scores are computed by: the city's at the period's end.

A formula that is changed today must not change what was published for last month.
"""

from datetime import datetime

from sqlalchemy import and_, bindparam, select

from domain.facts.intake import Accepted
from domain.pack.pack import Pack
from store.db import tables
from store.db.engine import Store
from store.packs import archive
from store.packs.archive import UnknownPackVersion

_TICKET, _EVENT = tables.ticket.c, tables.event.c

_LAST_ACCEPTED = (
    select(_EVENT.fact)
    .select_from(
        tables.ticket.join(tables.event, and_(_EVENT.number == _TICKET.number, _EVENT.version == 1))
    )
    .where(
        _TICKET.city == bindparam("city"),
        _TICKET.filed_at < bindparam("at"),
        # A complaint that waited in the intake backlog may have got a later pack.
        _EVENT.at < bindparam("at"),
    )
    .order_by(_TICKET.filed_at.desc(), _TICKET.number.desc())
    .limit(1)
)


async def pack_at(
    store: Store, current: Pack, at: datetime, now: datetime, version: str | None = None
) -> Pack:
    """Return the city's pack at `at`: that of the last complaint accepted before then.

    It is `current` if `at` is not in the past, or if the other one is not archived. With
    `version`, it is that version, whenever it was in use.

    Raises:
        UnknownPackVersion: `version` is given, and is not archived.
        PackError: that pack cannot be read any more.
        StoreUnavailable: the database cannot be reached.
    """
    wanted = version or await _in_use(store, current, at, now)
    if wanted == current.version:
        return current
    try:
        return await archive.recall(store, current.city.id, wanted)
    except UnknownPackVersion:
        if version is not None:
            raise
        return current


async def _in_use(store: Store, current: Pack, at: datetime, now: datetime) -> str:
    if at >= now:
        return current.version
    row = await store.first(_LAST_ACCEPTED, {"city": current.city.id, "at": at})
    return Accepted.model_validate_json(row.fact).rules.pack_version if row else current.version
