"""Repeats: earlier tickets of the same category about the same place."""

from datetime import datetime
from math import cos, radians

from sqlalchemy import ColumnElement, and_, or_, select

from domain.canonical import folded
from domain.pack.policies import Severity
from domain.ticket.complaint import Complaint
from store.db import tables
from store.db.engine import Store
from store.tickets.rows import point_of

_TICKET = tables.ticket.c

MOST = 50
"""The number of repeats above which the severity does not rise."""

_METRES_PER_DEGREE = 111_320
_COMMUNITY = 12
"""The digits of a community's division code, the largest area that counts as a place."""


async def find_repeats(
    store: Store,
    complaint: Complaint,
    category: str,
    area: str | None,
    rules: Severity,
    since: datetime,
) -> list[str]:
    """Return the numbers of earlier tickets of `category` about the same place, newest first.

    The same place is within the pack's distance; or the same address; or, for a complaint that
    has neither point nor address, the same community or cell. A report of wrongdoing is not among
    them: its number would be read by the units that have this one.
    """
    place = same_place(complaint, area, rules.repeats_metres)
    if place is None:
        return []
    statement = (
        select(_TICKET.number)
        .where(
            _TICKET.city == complaint.city,
            _TICKET.category == category,
            _TICKET.filed_at >= since,
            _TICKET.filed_at < complaint.filed_at,
            _TICKET.number != complaint.number,
            _TICKET.of_wrongdoing.is_(False),
            place,
        )
        .order_by(_TICKET.filed_at.desc())
        .limit(MOST)
    )
    return [row.number for row in await store.rows(statement)]


def same_place(complaint: Complaint, area: str | None, metres: int) -> ColumnElement[bool] | None:
    """Return the condition of tickets about the same place; None if the place is not known."""
    ways: list[ColumnElement[bool]] = []
    point = point_of(complaint.place)
    if point is not None:
        lat, lon = point
        north = metres / _METRES_PER_DEGREE
        east = north / max(cos(radians(lat)), 0.01)
        ways.append(
            and_(
                _TICKET.lat.between(lat - north, lat + north),
                _TICKET.lon.between(lon - east, lon + east),
            )
        )
    if address := folded(complaint.place.address):
        ways.append(_TICKET.address_folded == address)
    if not ways and area is not None and len(area) >= _COMMUNITY:
        ways.append(_TICKET.area == area)
    return or_(*ways) if ways else None
