"""The parts of a report card beside the figures: categories with most tickets, and cases."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from domain.refusals import Refused
from store.db import tables
from store.db.engine import Store
from store.db.report_tables import report_case

_TICKET, _CASE = tables.ticket.c, report_case.c


@dataclass(frozen=True)
class CategoryCount:
    category: str
    count: int


async def categories(
    store: Store, city: str, since: datetime, until: datetime, most: int
) -> list[CategoryCount]:
    """Return the categories with most tickets filed in the period, without reports of
    wrongdoing.
    """
    many = func.count().label("many")
    rows = await store.rows(
        select(_TICKET.category, many)
        .where(
            _TICKET.city == city,
            _TICKET.filed_at >= since,
            _TICKET.filed_at < until,
            _TICKET.of_wrongdoing.is_(False),
            _TICKET.category.is_not(None),
        )
        .group_by(_TICKET.category)
        .order_by(many.desc(), _TICKET.category)
        .limit(most)
    )
    return [CategoryCount(row.category, row.many) for row in rows]


async def cases(store: Store, city: str, period: str) -> list[str]:
    """Return the numbers of the chosen cases, in the order in which they were chosen."""
    rows = await store.rows(
        select(_CASE.number)
        .where(_CASE.city == city, _CASE.period == period)
        .order_by(_CASE.chosen_at, _CASE.number)
    )
    return [row.number for row in rows]


@dataclass(frozen=True)
class ChosenCase:
    """A case that somebody chose for a period, or gave up."""

    city: str
    period: str
    number: str
    by: str
    at: datetime


async def choose(store: Store, case: ChosenCase, most: int) -> None:
    """Choose a case, at most so many for a period; one that is chosen already stays.

    Raises:
        Refused: case_cap
    """
    row = {
        "city": case.city,
        "period": case.period,
        "number": case.number,
        "chosen_at": case.at,
        "chosen_by": case.by,
    }
    chosen = select(_CASE.number).where(_CASE.city == case.city, _CASE.period == case.period)

    def work(connection: Connection) -> None:
        if store.dialect != "sqlite":  # those who choose for a period wait for each other
            key = func.hashtextextended(f"report card/{case.city}/{case.period}", 0)
            connection.execute(select(func.pg_advisory_xact_lock(key)))
        known = {one.number for one in connection.execute(chosen).all()}
        if case.number in known:
            return
        if len(known) >= most:
            raise Refused("case_cap", f"A report card has at most {most} cases.")
        connection.execute(insert(report_case), row)

    await store.write(work)


async def give_up(store: Store, city: str, period: str, number: str) -> None:
    """Take a case out of the report card of a period."""
    await store.change(
        delete(report_case).where(
            _CASE.city == city, _CASE.period == period, _CASE.number == number
        )
    )
