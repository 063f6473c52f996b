"""Promises that everybody may read: those of tickets whose answer is published."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from domain.promise.promise import Promise, PromiseEnd, PromiseState, state_of
from store.db import tables
from store.db.engine import Store
from store.db.promise_tables import promise
from store.reporting.published_answers import published_numbers
from store.tickets.promises import PromisePart, Promises, paged, part

_PROMISE, _TICKET = promise.c, tables.ticket.c


@dataclass(frozen=True)
class PromiseCounts:
    """The number of promises whose day lies in a period, in all and by their state."""

    total: int
    states: dict[PromiseState, int]


async def listed(
    store: Store,
    city: str,
    which: PromisePart,
    today: date,
    cursor: str | None = None,
    limit: int = 50,
    days: tuple[date, date] | None = None,
) -> Promises:
    """Return the city's public promises by their day; of `days`, from the first to the last.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    statement = select(promise).where(
        _PROMISE.city == city,
        _PROMISE.number.in_(published_numbers(city)),
        *part(which, today),
    )
    if days is not None:
        statement = statement.where(_PROMISE.due.between(*days))
    return await paged(store, statement, cursor, limit)


async def of_hearing(store: Store, number: str) -> list[Promise]:
    """Return the promises that were given at a public hearing, in the order of their making."""
    rows = await store.rows(
        select(promise).where(_PROMISE.hearing == number).order_by(_PROMISE.made_at, _PROMISE.id)
    )
    return [Promise.model_validate(dict(row._mapping)) for row in rows]


async def counts(store: Store, city: str, first: date, last: date, today: date) -> PromiseCounts:
    """Count the promises, public or not, whose day is one of these; moved ones by their own day.

    Those of reports of wrongdoing are in no published number.
    """
    states: dict[PromiseState, int] = dict.fromkeys(PromiseState, 0)
    rows = await store.rows(
        select(_PROMISE.end, _PROMISE.due, _PROMISE.asked_until, func.count().label("many"))
        .join(tables.ticket, _TICKET.number == _PROMISE.number)
        .where(
            _PROMISE.city == city,
            _PROMISE.due.between(first, last),
            _TICKET.of_wrongdoing.is_(False),
        )
        .group_by(_PROMISE.end, _PROMISE.due, _PROMISE.asked_until)
    )
    for row in rows:
        end = PromiseEnd(row.end) if row.end else None
        states[state_of(end, row.due, row.asked_until, today)] += row.many
    return PromiseCounts(sum(states.values()), states)
