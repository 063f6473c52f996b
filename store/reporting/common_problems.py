"""Common problems (共性问题): many complaints about one kind of thing in one street."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from domain.ticket.complaint import Channel
from store.db import tables
from store.db.engine import Store

_TICKET = tables.ticket.c

MOST = 100
"""The most topics that are listed, the largest first."""

NUMBERS = 50
"""The most tickets that are listed per topic, the last filed first."""

_STREET = 9
"""Digits of a street's division code; a community's and a cell's begin with their street's."""


@dataclass
class Topic:
    """A common problem: `count` tickets of `category` in the street with the code `area`."""

    category: str
    area: str
    count: int
    numbers: list[str] = field(default_factory=list)


async def topics(
    store: Store, city: str, since: datetime, until: datetime, least: int, most: int = MOST
) -> list[Topic]:
    """Return the common problems of `city`, filed in since ≤ t < until, largest first.

    Tickets that the city opened by itself and reports of wrongdoing are not counted.
    """
    counted = await store.rows(_counted(city, since, until, least).limit(most))
    topics_by_key = {
        (row.category, row.street): Topic(row.category, row.street, row.tickets) for row in counted
    }
    if topics_by_key:
        for row in await store.rows(_named(city, since, until, topics_by_key)):
            topic = topics_by_key.get((row.category, row.street))
            if topic is not None:
                topic.numbers.append(row.number)
    return list(topics_by_key.values())


# Literals, because PostgreSQL does not see that two parameters are the same.
_AREA: Any = func.substr(_TICKET.area, literal_column("1"), literal_column(str(_STREET)))


def counted_in_topics() -> list[ColumnElement[bool]]:
    """Return the conditions of the tickets that are counted, beside their time and place."""
    return [
        _TICKET.category.is_not(None),
        func.length(_TICKET.area) >= _STREET,
        _TICKET.of_wrongdoing.is_(False),
        _TICKET.channel.not_in([Channel.PROACTIVE, Channel.INSPECTION]),
    ]


def _filed(statement: Select[Any], city: str, since: datetime, until: datetime) -> Select[Any]:
    return statement.where(
        _TICKET.city == city,
        _TICKET.filed_at >= since,
        _TICKET.filed_at < until,
        *counted_in_topics(),
    )


def _counted(city: str, since: datetime, until: datetime, least: int) -> Select[Any]:
    tickets = func.count().label("tickets")
    statement = select(_TICKET.category, _AREA.label("street"), tickets)
    return (
        _filed(statement, city, since, until)
        .group_by(_TICKET.category, _AREA)
        .having(func.count() >= least)
        .order_by(tickets.desc(), _TICKET.category, _AREA)
    )


def _named(
    city: str, since: datetime, until: datetime, pairs: Iterable[tuple[str, str]]
) -> Select[Any]:
    categories = sorted({category for category, _ in pairs})
    place = func.row_number().over(
        partition_by=(_TICKET.category, _AREA),
        order_by=(_TICKET.filed_at.desc(), _TICKET.number.desc()),
    )
    statement = select(
        _TICKET.number, _TICKET.category, _AREA.label("street"), place.label("place")
    ).where(_TICKET.category.in_(categories))
    ranked = _filed(statement, city, since, until).subquery()
    return (
        select(ranked.c.number, ranked.c.category, ranked.c.street)
        .where(ranked.c.place <= NUMBERS)
        .order_by(ranked.c.place)
    )
