"""Which pack a period's figures and scores are computed by: the one the city had when it ended.

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
        # A complaint that waited for the engine may have been accepted under a later pack.
        _EVENT.at < bindparam("at"),
    )
    .order_by(_TICKET.filed_at.desc(), _TICKET.number.desc())
    .limit(1)
)


async def pack_at(
    store: Store, current: Pack, at: datetime, now: datetime, version: str | None = None
) -> Pack:
    """The pack that the city had at `at`: that of the last complaint accepted before then.

    It is `current` from now on, and where no process has kept the other one. With `version`, it
    is that one, whenever it was in use.

    Raises:
        UnknownPackVersion: `version` is asked for, and the store has not kept it.
        PackError: that pack cannot be read any more.
        StoreUnavailable: the database is away.
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
