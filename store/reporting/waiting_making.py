"""Waiting times of a city: made once a month from its own tickets, and checked by what came after.

A statement is of a subject, of a group of subjects (the beginning of their codes), or of a subject
at a unit. What is told is the closest one that enough tickets stand behind.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from domain.insight.waiting import WaitedFor, WaitSoFar
from domain.insight.waiting_statements import Stated, WaitingCase, hours_of, statements
from domain.pack.pack import Pack
from domain.pack.periods import month_at, month_of
from domain.ticket.stages import Outcome
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.waiting_tables import waiting

MOST = 3000
"""The most tickets of one subject that are taken, the newest."""

_LEFT = {Outcome.WITHDRAWN.value}
_OUT = {Outcome.DECLINED.value, Outcome.REFERRED.value}
_ANSWERS = ("replied", "replied_with_parent", "answered", "final_replied")
_TICKET, _EVENT, _SHARE, _WAITING = (
    tables.ticket.c,
    tables.event.c,
    tables.assignment.c,
    waiting.c,
)


async def cases_since(
    store: Store, pack: Pack, since: datetime, at: datetime, filed_before: datetime | None = None
) -> list[WaitingCase]:
    """Return the tickets filed since then, as they were at `at`; none of wrongdoing (举报)."""
    answered = (
        select(func.min(_EVENT.at))
        .where(_EVENT.number == _TICKET.number, _EVENT.kind.in_(_ANSWERS), _EVENT.at < at)
        .scalar_subquery()
    )
    found = list[WaitingCase]()
    for category in pack.categories:
        rows = await store.rows(
            select(
                _TICKET.category,
                _TICKET.unit,
                _TICKET.filed_at,
                _TICKET.ended_at,
                _TICKET.outcome,
                answered.label("answered"),
            )
            .where(
                _TICKET.city == pack.city.id,
                _TICKET.category == category.code,
                _TICKET.filed_at >= since,
                _TICKET.filed_at < (filed_before or at),
                _TICKET.of_wrongdoing.is_(False),
                _TICKET.parent.is_(None),
            )
            .order_by(_TICKET.filed_at.desc())
            .limit(MOST)
        )
        found.extend(_case(row, at) for row in rows if row.outcome not in _OUT)
    return found


def _case(row: ResultRow, at: datetime) -> WaitingCase:
    ended = row.ended_at if row.ended_at is not None and row.ended_at < at else None
    left = row.outcome in _LEFT and ended is not None
    until = ended or at

    def waited(over_at: datetime | None) -> WaitSoFar:
        over = over_at is not None and not (left and over_at == ended)
        return WaitSoFar(hours_of((over_at or until) - row.filed_at), over)

    values = {WaitedFor.ANSWER: waited(row.answered), WaitedFor.CLOSURE: waited(ended)}
    return WaitingCase(row.category, row.unit or "", row.filed_at, values)


async def state(store: Store, pack: Pack, now: datetime) -> int:
    """Make the statements of the running month, if they are not made; return how many.

    They are made from what was known when the month began, whenever that is.
    """
    month = month_at(pack, now)
    key = (_WAITING.city == pack.city.id, _WAITING.month == month)
    if await store.first(select(_WAITING.month).where(*key).limit(1)) is not None:
        return 0
    at = month_of(pack, month).since
    policy = pack.waiting
    cases = await cases_since(store, pack, at - policy.window.length, at)
    recent = at - policy.recent.length
    stated = statements(cases, recent, policy.least)
    rows = [_row(pack, month, at, one) for one in stated]
    usual = await _usual(store, pack, at)
    rows += [_load_row(pack, month, at, unit, load) for unit, load in sorted(usual.items())]
    # One row always: the month is not tried again and again in a city without tickets.
    rows.append(_load_row(pack, month, at, "", 0.0))
    insert = store.insert(waiting).on_conflict_do_nothing()
    await store.write(lambda connection: connection.execute(insert, rows))
    return len(rows) - 1


def _row(pack: Pack, month: str, at: datetime, one: Stated) -> dict[str, Any]:
    return {
        "city": pack.city.id,
        "month": month,
        "what": one.what.value,
        "category": one.category,
        "unit": one.unit,
        "made_at": at,
        "tickets": one.curve.tickets,
        "over": one.curve.over,
        "steps": json.dumps([each and round(each, 3) for each in one.steps]),
        "usual": None,
    }


async def _usual(store: Store, pack: Pack, at: datetime) -> dict[str, float]:
    """Return how much open work each unit had on average in the recent time."""
    since = at - pack.waiting.recent.length
    span, usual = hours_of(at - since), dict[str, float]()
    for unit in pack.units:
        rows = await store.rows(
            select(_SHARE.opened_at, _SHARE.ended_at).where(
                _SHARE.unit == unit.code,
                _SHARE.city == pack.city.id,
                _SHARE.opened_at < at,
                (_SHARE.ended_at.is_(None)) | (_SHARE.ended_at >= since),
            )
        )
        hours = sum(
            hours_of(min(row.ended_at or at, at) - max(row.opened_at, since)) for row in rows
        )
        if rows:
            usual[unit.code] = round(hours / span, 3)
    return usual


def _load_row(pack: Pack, month: str, at: datetime, unit: str, usual: float) -> dict[str, Any]:
    return {
        "city": pack.city.id,
        "month": month,
        "what": "load",
        "category": "",
        "unit": unit,
        "made_at": at,
        "tickets": 0,
        "over": 0,
        "steps": "[]",
        "usual": usual,
    }
