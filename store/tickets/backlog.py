"""The backlog: complaints not started, messages not delivered. Codes only, no texts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, func, select

from domain.actors import Role
from store.db import tables
from store.db.engine import Store

_INTAKE, _OUTBOX = tables.intake.c, tables.outbox.c


@dataclass(frozen=True)
class WaitingComplaint:
    """A registered complaint whose workflow has not started."""

    number: str
    city: str
    filed_at: datetime
    attempts: int
    last_error: str | None


@dataclass(frozen=True)
class WaitingMessage:
    """A message in the outbox that was not delivered."""

    key: str
    number: str
    city: str
    audience: Role
    unit: str | None
    template: str
    created_at: datetime
    attempts: int
    last_error: str | None


async def complaints(
    store: Store, city: str | None, older_than: timedelta, limit: int, now: datetime
) -> tuple[int, list[WaitingComplaint]]:
    """Count the complaints that wait for `older_than`, and list the oldest; by city or all."""
    waits: list[ColumnElement[bool]] = [
        _INTAKE.started_at.is_(None),
        _INTAKE.incident.is_(None),  # members of incidents are started at a pace, and not late
        _INTAKE.filed_at <= now - older_than,
    ]
    if city is not None:
        waits.append(_INTAKE.city == city)
    statement = select(
        _INTAKE.number, _INTAKE.city, _INTAKE.filed_at, _INTAKE.attempts, _INTAKE.last_error
    ).where(*waits)
    rows = await store.rows(statement.order_by(_INTAKE.filed_at, _INTAKE.number).limit(limit))
    count = await _count(store, tables.intake, waits)
    return count, [WaitingComplaint(**row._mapping) for row in rows]


async def messages(store: Store, city: str | None, limit: int) -> tuple[int, list[WaitingMessage]]:
    """Count the messages that wait, and list the oldest; by city or all."""
    waits: list[ColumnElement[bool]] = [_OUTBOX.sent_at.is_(None)]
    if city is not None:
        waits.append(_OUTBOX.city == city)
    names = (
        "key", "number", "city", "audience", "unit", "template", "created_at", "attempts",
        "last_error",
    )  # fmt: skip
    statement = select(*(_OUTBOX[name] for name in names)).where(*waits)
    rows = await store.rows(statement.order_by(_OUTBOX.created_at, _OUTBOX.key).limit(limit))
    waiting_messages = [
        WaitingMessage(**{**row._mapping, "audience": Role(row.audience)}) for row in rows
    ]
    return await _count(store, tables.outbox, waits), waiting_messages


async def _count(store: Store, table: Table, waits: list[ColumnElement[bool]]) -> int:
    return int((await store.rows(select(func.count()).select_from(table).where(*waits)))[0][0])
