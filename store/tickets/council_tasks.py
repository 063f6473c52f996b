"""The tasks of councils that are past their day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from store.db import tables
from store.db.council_tables import council, task
from store.db.engine import Store

_COUNCIL, _TASK, _TICKET = council.c, task.c, tables.ticket.c


@dataclass(frozen=True)
class LateTask:
    """A task of a council that is past its day. `number`: of the ticket, or of the topic."""

    number: str
    n: int
    council: int
    subject: str
    text: str
    unit: str
    due: date


async def late_tasks(store: Store, city: str, today: date, limit: int) -> list[LateTask]:
    """Return the tasks of a city's councils that are past their day, the oldest first."""
    columns = (
        _COUNCIL.number,
        _TASK.n,
        _COUNCIL.n.label("council"),
        _COUNCIL.subject,
        _TASK.text,
        _TASK.unit,
        _TASK.due,
    )
    rows = await store.rows(
        _late(select(*columns), city, today)
        .order_by(_TASK.due, _COUNCIL.number, _COUNCIL.n, _TASK.n)
        .limit(limit)
    )
    return [LateTask(*row) for row in rows]


def late_days(city: str, today: date) -> Select[Any]:
    """Select the days of the tasks that are late."""
    return _late(select(_TASK.due.label("day")), city, today)


def _late(statement: Select[Any], city: str, today: date) -> Select[Any]:
    return (
        statement.join(council, _COUNCIL.id == _TASK.council)
        .outerjoin(tables.ticket, _TICKET.number == _COUNCIL.number)  # a topic is no ticket
        .where(
            _TASK.city == city,
            _TASK.done_at.is_(None),
            _TASK.due < today,
            func.coalesce(_TICKET.of_wrongdoing, False).is_(False),
        )
    )
