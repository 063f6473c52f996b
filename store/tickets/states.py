"""The states by which tickets are counted and listed, each defined here alone.

A number on a page and the list behind it take the same conditions from here, so that they agree.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func

from domain.ticket.stages import BACKLOG, CITY_ACTS, WITH_UNITS, Stage
from store.db import tables

_TICKET = tables.ticket.c

AHEAD = timedelta(hours=4)
"""The look-ahead: an open ticket that is due within it is about to be late."""


class State(StrEnum):
    """The state of a ticket in lists. OPEN and ENDED are all tickets, each once."""

    OPEN = "open"  # something is still to be done
    OVERDUE = "overdue"  # the city has to act, and the running promise is past due
    SOON = "soon"  # likewise, and it is due within `AHEAD`
    AT_UNITS = "at_units"  # a unit has it, and has not answered
    OVERDUE_AT_UNITS = "overdue_at_units"
    ENDED = "ended"  # closed and counted, also if it is watched (aftercare)
    WATCHED = "watched"


def is_late(due_at: ColumnElement[Any], now: datetime) -> ColumnElement[bool]:
    """Return the condition that a due time is past: `domain.deadlines.lateness` as a query."""
    return due_at < now


def in_state(state: State, now: datetime) -> ColumnElement[bool]:
    """Return the condition of the tickets in this state."""
    ended = state in (State.ENDED, State.WATCHED)
    # Beside the stage, so that SQLite sees that the small index of open tickets applies.
    return and_(_TICKET.ended_at.is_not(None) if ended else _TICKET.ended_at.is_(None),
                *_CONDITIONS[state](now))  # fmt: skip


def counted(state: State, now: datetime) -> ColumnElement[int]:
    """Return how many of the selected tickets are in this state; those selected have not ended.

    Without the condition that they have not, so that the index of open tickets is all that is read.
    """
    return func.count().filter(and_(*_CONDITIONS[state](now)))


def _at(stages: frozenset[Stage]) -> list[ColumnElement[bool]]:
    return [_TICKET.stage.in_(sorted(stages))]


def _overdue(now: datetime) -> list[ColumnElement[bool]]:
    return [*_at(CITY_ACTS), is_late(_TICKET.due_at, now)]


def _soon(now: datetime) -> list[ColumnElement[bool]]:
    return [*_at(CITY_ACTS), ~is_late(_TICKET.due_at, now), is_late(_TICKET.due_at, now + AHEAD)]


def _at_units(now: datetime) -> list[ColumnElement[bool]]:
    return [*_at(WITH_UNITS), _TICKET.unit.is_not(None)]


_CONDITIONS: dict[State, Callable[[datetime], list[ColumnElement[bool]]]] = {
    State.OPEN: lambda now: _at(BACKLOG),
    State.OVERDUE: _overdue,
    State.SOON: _soon,
    State.AT_UNITS: _at_units,
    State.OVERDUE_AT_UNITS: lambda now: [*_at_units(now), is_late(_TICKET.due_at, now)],
    State.ENDED: lambda now: [],
    State.WATCHED: lambda now: [_TICKET.stage == Stage.AFTERCARE],
}
