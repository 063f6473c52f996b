"""The counts of a period beside its figures: what was filed, by what and where, and what ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from store.db import tables
from store.db.engine import Store

_TICKET = tables.ticket.c
_STREET = 9
"""Digits of a street's division code; a community's and a cell's begin with their street's."""

_AREA: Any = func.substr(_TICKET.area, literal_column("1"), literal_column(str(_STREET)))
_GROUPS: Mapping[str, Any] = {
    "category": _TICKET.category,
    "street": _AREA,
    "channel": _TICKET.channel,
    "kind": _TICKET.kind,
}


@dataclass(frozen=True)
class PeriodCounts:
    """Tickets of a city and a period, without reports of wrongdoing.

    `groups`: those filed by category, street, channel and kind. `late`: of those ended, how many
    did so after the time that was promised to the citizen.
    """

    filed: int
    ended: int
    late: int
    groups: Mapping[str, Mapping[str, int]]


async def period_counts(store: Store, city: str, since: datetime, until: datetime) -> PeriodCounts:
    """Return the counts for since ≤ t < until."""
    ours = (_TICKET.city == city, _TICKET.of_wrongdoing.is_(False))
    filed = (*ours, _TICKET.filed_at >= since, _TICKET.filed_at < until)
    over = (*ours, _TICKET.ended_at >= since, _TICKET.ended_at < until)
    late = func.count().filter(_TICKET.ended_at > _TICKET.promised_at)

    def work(connection: Connection) -> PeriodCounts:
        groups = {}
        for name, column in _GROUPS.items():
            rows = connection.execute(
                select(column, func.count()).where(*filed).group_by(column)
            ).all()
            groups[name] = {str(value): int(count) for value, count in rows if value is not None}
        size = connection.execute(select(func.count()).where(*filed)).scalar_one()
        ended = connection.execute(select(func.count(), late).where(*over)).one()
        return PeriodCounts(int(size), int(ended[0]), int(ended[1]), groups)

    return await store.read(work)
