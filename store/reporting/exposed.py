"""Queries for what earlier versions may have shown to somebody who should not have seen it."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from sqlalchemy import bindparam, select

from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import Store
from store.tickets import tickets

_TICKET, _EVENT, _INTAKE = tables.ticket.c, tables.event.c, tables.intake.c
_CHUNK = 200

RECURRED, INSPECTED = "recur/", "settle:"
"""The beginnings of the keys under which followers and inspections were registered."""


class Begun(NamedTuple):
    """A ticket that was begun because of another one."""

    number: str
    because_of: str


async def reports(store: Store) -> AsyncIterator[Ticket]:
    """Yield the reports of wrongdoing (举报) of all cities, in the order of their numbers."""
    after = ""
    statement = (
        select(_TICKET.number, _TICKET.state)
        .where(_TICKET.of_wrongdoing, _TICKET.number > bindparam("after"))
        .order_by(_TICKET.number)
        .limit(_CHUNK)
    )
    while rows := await store.rows(statement, {"after": after}):
        for row in rows:
            yield Ticket.model_validate_json(row.state)
        after = rows[-1].number


async def begun(store: Store, prefix: str) -> list[Begun]:
    """Return the tickets registered under keys with this beginning, and the cause of each."""
    statement = (
        select(_INTAKE.number, _INTAKE.idempotency_key)
        .where(_INTAKE.idempotency_key.startswith(prefix, autoescape=True))
        .order_by(_INTAKE.number)
    )
    items = []
    for row in await store.rows(statement):
        cause = row.idempotency_key.removeprefix(prefix)
        items.append(Begun(row.number, cause.partition("/")[0].partition("-")[0]))
    return items


async def merges(store: Store, number: str) -> list[str]:
    """Return the tickets that this one was merged into, or that were merged into it."""
    statement = (
        select(_EVENT.fact)
        .where(_EVENT.number == number, _EVENT.kind.in_(("merged", "complainant_joined")))
        .order_by(_EVENT.version)
    )
    facts = [tickets.FACTS.validate_json(row.fact) for row in await store.rows(statement)]
    others = [getattr(fact, "parent", None) or getattr(fact, "number", None) for fact in facts]
    return list(dict.fromkeys(other for other in others if other))
