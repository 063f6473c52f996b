"""Hot spots of complaints: squares of the map, parts of the city, categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Select, cast, func, literal_column, select

from domain.pack.periods import Period
from store.db import tables
from store.db.engine import Store

PER_DEGREE = 400
"""The squares per degree: about 280 by 210 metres in the middle of China."""

_MOST = 5000
"""The most pairs of square and category that are read, the largest first."""

_TICKET = tables.ticket.c


@dataclass(frozen=True)
class HotSpotsQuery:
    """A request for the tickets filed in the period, of one category or of all."""

    city: str
    period: Period
    category: str | None = None


@dataclass(frozen=True)
class Spot:
    """A square of the map. `lat` and `lon` (WGS-84) are the mean point of its tickets."""

    row: int
    column: int
    lat: float
    lon: float
    tickets: int
    category: str | None
    of_category: int


@dataclass(frozen=True)
class Named:
    """The number of tickets with this code of a division, a known place or a category."""

    code: str
    tickets: int


async def spots(store: Store, query: HotSpotsQuery, most: int = 300) -> list[Spot]:
    """Return the squares with most tickets, and the most frequent category of each."""
    placed = (
        _filed(
            query,
            _square(_TICKET.lat).label("y"),
            _square(_TICKET.lon).label("x"),
            _TICKET.category,
            _TICKET.lat,
            _TICKET.lon,
        )
        .where(_TICKET.lat.is_not(None), _TICKET.lon.is_not(None))
        .subquery()
    )
    tickets = func.count().label("tickets")
    grouped = (
        select(
            placed.c.y,
            placed.c.x,
            placed.c.category,
            tickets,
            func.sum(placed.c.lat).label("lat"),
            func.sum(placed.c.lon).label("lon"),
        )
        .group_by(placed.c.y, placed.c.x, placed.c.category)
        .order_by(tickets.desc(), placed.c.y, placed.c.x)
        .limit(_MOST)
    )
    squares: dict[tuple[int, int], list[Any]] = {}
    for row in await store.rows(grouped):
        squares.setdefault((int(row.y), int(row.x)), []).append(row)
    spots = [_spot(square, rows) for square, rows in squares.items()]
    return sorted(spots, key=lambda one: (-one.tickets, one.row, one.column))[:most]


def _spot(square: tuple[int, int], rows: Sequence[Any]) -> Spot:
    tickets = sum(row.tickets for row in rows)
    lat, lon = (sum(getattr(row, name) for row in rows) / tickets for name in ("lat", "lon"))
    return Spot(*square, lat, lon, tickets, rows[0].category, rows[0].tickets)


async def areas(store: Store, query: HotSpotsQuery, digits: int, most: int = 20) -> list[Named]:
    """Return the parts of the city with most tickets, by codes of so many digits."""
    return await _most(store, _filed(query, _part(digits).label("code")), digits, most)


async def sites(store: Store, query: HotSpotsQuery, most: int = 20) -> list[Named]:
    """Return the known places with most tickets: by their codes, whatever words name them."""
    return await _most(store, _filed(query, _TICKET.site.label("code")), 1, most)


async def categories(store: Store, query: HotSpotsQuery, most: int = 20) -> list[Named]:
    """Return the categories with most tickets."""
    return await _most(store, _filed(query, _TICKET.category.label("code")), 1, most)


async def _most(store: Store, filed: Select[Any], digits: int, most: int) -> list[Named]:
    each = filed.subquery()
    tickets = func.count().label("tickets")
    statement = (
        select(each.c.code, tickets)
        .where(func.length(each.c.code) >= digits)
        .group_by(each.c.code)
        .order_by(tickets.desc(), each.c.code)
        .limit(most)
    )
    return [Named(row.code, row.tickets) for row in await store.rows(statement)]


def squares_of(spot_row: int, column: int) -> tuple[float, float, float, float]:
    """Return south, north, west, east of a square: south ≤ lat < north, west ≤ lon < east."""
    south, west = spot_row / PER_DEGREE, column / PER_DEGREE
    return south, (spot_row + 1) / PER_DEGREE, west, (column + 1) / PER_DEGREE


def _square(degrees: Any) -> Any:
    # Rounded half a square lower, because not both databases know floor.
    scaled = cast(degrees, Float) * literal_column(str(PER_DEGREE))
    return func.round(scaled - literal_column("0.5"))


def _part(digits: int) -> Any:
    return func.substr(_TICKET.area, 1, digits)


def _filed(query: HotSpotsQuery, *columns: Any) -> Select[Any]:
    statement = select(*columns).where(
        _TICKET.city == query.city,
        _TICKET.filed_at >= query.period.since,
        _TICKET.filed_at < query.period.until,
    )
    return (
        statement if query.category is None else statement.where(_TICKET.category == query.category)
    )
