"""The precedents of a subject: its tickets whose units disputed that they are responsible."""

from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from domain.events import Event
from domain.policy.precedents import Precedent, precedents_of
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import Store
from store.tickets.tickets import event_of_row

_MOST = 60
_T, _E = tables.ticket.c, tables.event.c
_SETTLING = ("return_asked", "returned", "arbitrated", "fell_back")


async def read_precedents(
    store: Store, city: str, category: str, since: datetime
) -> list[tuple[Ticket, list[Precedent]]]:
    """Return the newest tickets of a category that were returned, each with its precedents.

    Reports of wrongdoing are none: who reads of them is asked elsewhere.

    Raises:
        StoreUnavailable
    """
    returned = (
        select(_T.number, _T.state)
        .where(_T.city == city, _T.category == category, _T.returns > 0)
        .where(_T.filed_at >= since, _T.of_wrongdoing.is_(False))
        .order_by(_T.filed_at.desc(), _T.number.desc())
        .limit(_MOST)
    )
    tickets = {
        row.number: Ticket.model_validate_json(row.state) for row in await store.rows(returned)
    }
    if not tickets:
        return []
    settling = (
        select(tables.event)
        .where(_E.number.in_(tickets), _E.kind.in_(_SETTLING))
        .order_by(_E.number, _E.version)
    )
    events = [event_of_row(row) for row in await store.rows(settling)]
    by_number: dict[str, list[Event]] = {
        number: list(told) for number, told in groupby(events, lambda one: one.number)
    }
    return [
        (ticket, list(precedents_of(ticket, by_number.get(number, ()))))
        for number, ticket in tickets.items()
    ]
