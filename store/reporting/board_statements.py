"""The statements that read a board (`store.reporting.board`); each has an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    Subquery,
    case,
    func,
    literal,
    select,
    text,
    union_all,
)

from domain.pack.periods import Period
from domain.ticket.stages import Stage
from store.db import tables
from store.tickets import cards, council_tasks, promises, stuck, supervision_lists
from store.tickets.states import State, counted, in_state, is_late

NEXT = 20
"""The most tickets about to be late that are listed."""

STATEMENTS = 10 + stuck.STATEMENTS
"""The number of statements of one reading."""

_TICKET, _EVENT = tables.ticket.c, tables.event.c

# Word for word as in the index, so that both databases see that it applies.
_ORDERS = text(tables.ORDERS)


class OverdueKind(StrEnum):
    """Kinds of things that may be past their day, beside the clocks of tickets."""

    LIST = "list"  # a rectification or a revisit of a supervision list (督导清单)
    COUNCIL = "council"  # a task that follows from a council (协商议事)
    PROMISE = "promise"  # a promise of a unit, of which nothing was said (承诺)


_LATE_DAYS = {
    OverdueKind.LIST: supervision_lists.late_days,
    OverdueKind.COUNCIL: council_tasks.late_days,
    OverdueKind.PROMISE: promises.late_days,
}
"""The days of what is late, as the lists behind the numbers take them."""


def open_orders(city: str) -> Subquery:
    """Select each ticket of the city with supervision orders, and how many lack an answer."""
    ordered = _EVENT.kind == "supervision_ordered"
    return (
        select(_EVENT.number, func.sum(case((ordered, 1), else_=-1)).label("open"))
        .where(_EVENT.city == city, _ORDERS)
        .group_by(_EVENT.number)
        .subquery()
    )


@dataclass(frozen=True)
class Statements:
    """The statements for one city at `now`; `hours`: the beginnings of the hours of its day."""

    city: str
    today: Period
    hours: Sequence[datetime]
    now: datetime

    # --- today ------------------------------------------------------------------------------

    def inflow(self) -> Select[Any]:
        # Computed from the given hours, so that no database needs arithmetic with time zones.
        ends = [(_TICKET.filed_at < at, n) for n, at in enumerate(self.hours[1:])]
        hour = case(*ends, else_=len(self.hours) - 1) if ends else func.length("")
        filed = (
            select(_TICKET.channel, hour.label("hour"))
            .where(_TICKET.city == self.city, _TICKET.filed_at >= self.today.since)
            .where(_TICKET.filed_at <= self.now)
            .subquery()
        )
        return (
            select(filed.c.hour, filed.c.channel, func.count().label("tickets"))
            .group_by(filed.c.hour, filed.c.channel)
            .order_by(filed.c.hour, filed.c.channel)
        )

    def filed_before(self) -> Select[Any]:
        day = timedelta(days=1)
        return (
            select(func.count())
            .select_from(tables.ticket)
            .where(_TICKET.city == self.city, _TICKET.filed_at >= self.today.since - day)
            .where(_TICKET.filed_at <= self.now - day)
        )

    def ended(self) -> Select[Any]:
        return (
            select(func.count())
            .select_from(tables.ticket)
            .where(_TICKET.city == self.city, _TICKET.ended_at.is_not(None))
            .where(_TICKET.ended_at >= self.today.since, _TICKET.ended_at <= self.now)
        )

    def cards(self) -> Select[Any]:
        return (
            select(_EVENT.rung, func.count().label("cards"))
            .where(
                _EVENT.city == self.city,
                _EVENT.at >= self.today.since,
                _EVENT.at <= self.now,
                cards.counting(self.city),
            )
            .group_by(_EVENT.rung)
        )

    # --- the backlog ------------------------------------------------------------------------

    def stages(self) -> Select[Any]:
        return (
            select(
                _TICKET.stage,
                func.count().label("tickets"),
                counted(State.OVERDUE, self.now).label("late"),
                counted(State.SOON, self.now).label("soon"),
            )
            .where(_TICKET.city == self.city, in_state(State.OPEN, self.now))
            .group_by(_TICKET.stage)
        )

    def units(self) -> Select[Any]:
        tickets = func.count().label("tickets")
        late = counted(State.OVERDUE_AT_UNITS, self.now).label("late")
        return (
            select(_TICKET.unit, tickets, late)
            .where(_TICKET.city == self.city, in_state(State.AT_UNITS, self.now))
            .group_by(_TICKET.unit)
            .order_by(late.desc(), tickets.desc(), _TICKET.unit)
        )

    def soon(self, most: int | None = None) -> Select[Any]:
        columns = ("number", "title", "category", "unit", "stage", "due_at")
        return (
            select(*(_TICKET[name] for name in columns))
            .where(_TICKET.city == self.city, in_state(State.SOON, self.now))
            .order_by(_TICKET.due_at, _TICKET.number)
            .limit(most or NEXT)
        )

    def orders(self) -> Select[Any]:
        """Count the supervision orders that nobody has answered yet."""
        each = open_orders(self.city)
        return (
            select(func.coalesce(func.sum(each.c.open), 0))
            .join(tables.ticket, _TICKET.number == each.c.number)
            .where(each.c.open > 0, _TICKET.stage != Stage.ENDED)
        )

    def overdue(self, day: date) -> CompoundSelect[Any]:
        """Count what is past its day beside tickets' clocks; `day`: today, in the city."""
        each = []
        for kind, late_days in _LATE_DAYS.items():
            late = late_days(self.city, day).subquery()
            columns = (func.count().label("late"), func.min(late.c.day).label("since"))
            each.append(select(literal(kind.value).label("kind"), *columns).select_from(late))
        return union_all(*each)

    # --- the queues of the centre -------------------------------------------------------------

    def queues(self) -> Select[Any]:
        return (
            select(
                _TICKET.queue,
                func.count().label("tickets"),
                func.count().filter(is_late(_TICKET.queue_until, self.now)).label("late"),
                func.min(_TICKET.queue_since).label("since"),
            )
            .where(_TICKET.city == self.city, _TICKET.queue.is_not(None))
            .group_by(_TICKET.queue)
        )
