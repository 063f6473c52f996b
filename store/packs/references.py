"""The references of tickets to versions of a city's pack."""

from sqlalchemy import JSON, cast, func, select, type_coerce

from domain.ticket.stages import OPEN
from store.db import tables
from store.db.engine import Store

_TICKET = tables.ticket.c
_OPEN = sorted(OPEN)


async def open_tickets(store: Store, city: str) -> dict[str, int]:
    """Count the open tickets of the city by pack version; those not accepted yet have none."""
    # SQLite reads JSON from text as it is; PostgreSQL needs a cast.
    sqlite = store.dialect == "sqlite"
    state = type_coerce(_TICKET.state, JSON) if sqlite else cast(_TICKET.state, JSON)
    version = state["rules"]["pack_version"].as_string().label("version")
    statement = (
        select(version, func.count())
        .where(_TICKET.city == city, _TICKET.stage.in_(_OPEN))
        .group_by(version)
    )
    return {row[0]: row[1] for row in await store.rows(statement) if row[0] is not None}
