"""Repeats: earlier tickets of the same category about the same place."""

from datetime import datetime
from math import cos, radians
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from domain.canonical import folded
from domain.pack.policies import Severity
from domain.ticket.complaint import Complaint
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import Store
from store.tickets.rows import point_of

_TICKET = tables.ticket.c

MOST = 50
"""The number of repeats above which the severity does not rise."""

_METRES_PER_DEGREE = 111_320
_STREET, _COMMUNITY = 9, 12
"""The digits of a street's and a community's code; that is the largest area that is a place."""


class Where(NamedTuple):
    """The place of a complaint as it was understood: its division, the known place, the number."""

    area: str | None = None
    site: str | None = None
    part: str | None = None


def where_of(ticket: Ticket) -> Where:
    """Return the place of a ticket as it was understood."""
    return Where(ticket.area, ticket.site, ticket.site_part)


async def find_repeats(
    store: Store,
    complaint: Complaint,
    category: str,
    where: Where,
    rules: Severity,
    since: datetime,
) -> list[str]:
    """Return the numbers of earlier tickets of `category` about the same place, newest first.

    The same place is as `same_place` says. A report of wrongdoing is not among
    them: its number would be read by the units that have this one.
    """
    place = same_place(complaint, where, rules.repeats_metres)
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


def same_place(complaint: Complaint, where: Where, metres: int) -> ColumnElement[bool] | None:
    """Return the condition of tickets about the same place; None if the place is not known.

    The same place is within so many metres; or the same known place, and not another building of
    it; or the same address, unless it is known to be in another street; or, for a complaint that
    has none of these, the same community or cell. Where both name known places, only those count
    and no words: the same name in another street is another place.
    """
    ways: list[ColumnElement[bool]] = []
    point = point_of(complaint.place)
    if point is not None:
        ways.append(_near(*point, metres))
    if where.site is not None:
        ways.append(_same_site(where.site, where.part))
    if address := folded(complaint.place.address):
        ways.append(and_(_TICKET.address_folded == address, _same_street(where.area)))
    if not ways and where.area is not None and len(where.area) >= _COMMUNITY:
        ways.append(_TICKET.area == where.area)
    if not ways:
        return None
    same = or_(*ways)
    if where.site is None:
        return same
    return and_(same, or_(_TICKET.site.is_(None), _same_site(where.site, where.part)))


def _near(lat: float, lon: float, metres: int) -> ColumnElement[bool]:
    north = metres / _METRES_PER_DEGREE
    east = north / max(cos(radians(lat)), 0.01)
    return and_(
        _TICKET.lat.between(lat - north, lat + north),
        _TICKET.lon.between(lon - east, lon + east),
    )


def _same_site(site: str, part: str | None) -> ColumnElement[bool]:
    if part is None:
        return _TICKET.site == site
    return and_(_TICKET.site == site, or_(_TICKET.site_part.is_(None), _TICKET.site_part == part))


def _same_street(area: str | None) -> ColumnElement[bool]:
    """Return the condition of tickets that are not known to be in another street."""
    if area is None or len(area) < _STREET:
        return true()
    return or_(
        _TICKET.area.is_(None),
        func.length(_TICKET.area) < _STREET,
        _TICKET.area.startswith(area[:_STREET], autoescape=True),
    )
