"""The tickets that burn today, for the digest of a unit or of a city's supervisors: numbers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from store.db import tables
from store.db.engine import Store

_A, _T = tables.assignment.c, tables.ticket.c
_NAMED = 20


@dataclass(frozen=True)
class Burning:
    """The tickets late, and those due until then. `numbers`: the first of both, by their time.

    `units`: of a city, those with most of it.
    """

    late: int
    due: int
    numbers: list[str]
    units: list[tuple[str, int]]

    @property
    def any(self) -> bool:
        return bool(self.late or self.due)


async def burning(
    store: Store, city: str, unit: str | None, now: datetime, until: datetime
) -> Burning:
    """Return what burns of a unit, or of the whole city. Reports of wrongdoing are not told of."""
    open_ones: list[ColumnElement[bool]] = [
        _A.city == city,
        _A.ended_at.is_(None),
        _A.pause.is_(None),
        _A.burns_at < until,
        _T.of_wrongdoing.is_(False),
    ]
    if unit is not None:
        open_ones.append(_A.unit == unit)
    joined = tables.assignment.join(tables.ticket, _T.number == _A.number)
    late = func.count().filter(_A.burns_at < now)
    counted = select(late, func.count()).select_from(joined).where(*open_ones)
    row = (await store.rows(counted))[0]
    named = select(_A.number).select_from(joined).where(*open_ones)
    named = named.order_by(_A.burns_at, _A.number).limit(_NAMED)
    numbers = [str(number) for (number,) in await store.rows(named)]
    units: list[tuple[str, int]] = []
    if unit is None:
        most = func.count().label("most")
        by_unit = select(_A.unit, most).select_from(joined).where(*open_ones)
        by_unit = by_unit.group_by(_A.unit).order_by(most.desc(), _A.unit).limit(_NAMED)
        units = [(str(code), int(count)) for code, count in await store.rows(by_unit)]
    return Burning(int(row[0]), int(row[1]) - int(row[0]), list(dict.fromkeys(numbers)), units)
