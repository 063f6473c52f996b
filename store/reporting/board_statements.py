"""Statements that a board (`store.reporting.board`) is read with; each has an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, func, select, text

from domain.pack.periods import Period
from domain.ticket.stages import OPEN, Stage
from store.db import tables
from store.tickets import cards, stuck

AHEAD = timedelta(hours=4)
"""How far a board looks: what is due until then and not done is about to be late."""

NEXT = 20
"""Tickets that are listed of those about to be late."""

STATEMENTS = 9 + stuck.STATEMENTS
"""What one reading asks the database."""

WAITING = OPEN - {Stage.AFTERCARE}
"""Stages of the backlog: what is closed, counted and only watched (aftercare) is none of it."""

HOUSE = WAITING - {Stage.RATE}
"""Stages at which the city is waited for, and is late; not the citizen. A merged ticket is waited
for, too: its citizen has been promised a day of their own."""

WITH_UNITS = (Stage.VERIFY, Stage.HANDLE)

_TICKET, _EVENT = tables.ticket.c, tables.event.c

# Beside the stage: the index of what waits is small, and SQLite sees by this that it fits.
GOES_ON = _TICKET.ended_at.is_(None)

# Word for word as in the index, so that both databases see that it fits.
_ORDERS = text(tables.ORDERS)


@dataclass(frozen=True)
class Statements:
    """What is asked of one city `now`; `hours`: when each hour of its day began."""

    city: str
    today: Period
    hours: Sequence[datetime]
    now: datetime

    # --- today ------------------------------------------------------------------------------

    def inflow(self) -> Select[Any]:
        # Hours begin when the city's clock says so: no database's own arithmetic is needed.
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
        late = _TICKET.due_at < self.now
        soon = (_TICKET.due_at >= self.now) & (_TICKET.due_at < self.now + AHEAD)
        return (
            select(
                _TICKET.stage,
                func.count().label("tickets"),
                func.count().filter(late).label("late"),
                func.count().filter(soon).label("soon"),
            )
            .where(_TICKET.city == self.city, GOES_ON, _TICKET.stage.in_(sorted(WAITING)))
            .group_by(_TICKET.stage)
        )

    def units(self) -> Select[Any]:
        tickets = func.count().label("tickets")
        late = func.count().filter(_TICKET.due_at < self.now).label("late")
        return (
            select(_TICKET.unit, tickets, late)
            .where(_TICKET.city == self.city, GOES_ON, _TICKET.stage.in_(WITH_UNITS))
            .where(_TICKET.unit.is_not(None))
            .group_by(_TICKET.unit)
            .order_by(late.desc(), tickets.desc(), _TICKET.unit)
        )

    def soon(self) -> Select[Any]:
        columns = ("number", "title", "category", "unit", "stage", "due_at")
        return (
            select(*(_TICKET[name] for name in columns))
            .where(_TICKET.city == self.city, GOES_ON, _TICKET.stage.in_(sorted(HOUSE)))
            .where(_TICKET.due_at >= self.now, _TICKET.due_at < self.now + AHEAD)
            .order_by(_TICKET.due_at, _TICKET.number)
            .limit(NEXT)
        )

    def orders(self) -> Select[Any]:
        """Supervision orders that nobody has answered yet."""
        ordered = _EVENT.kind == "supervision_ordered"
        each = (
            select(_EVENT.number, func.sum(case((ordered, 1), else_=-1)).label("open"))
            .where(_EVENT.city == self.city, _ORDERS)
            .group_by(_EVENT.number)
            .subquery()
        )
        return (
            select(func.coalesce(func.sum(each.c.open), 0))
            .join(tables.ticket, _TICKET.number == each.c.number)
            .where(each.c.open > 0, _TICKET.stage != Stage.ENDED)
        )

    # --- what waits for somebody at the centre ------------------------------------------------

    def queues(self) -> Select[Any]:
        return (
            select(
                _TICKET.queue,
                func.count().label("tickets"),
                func.count().filter(_TICKET.queue_until < self.now).label("late"),
                func.min(_TICKET.queue_since).label("since"),
            )
            .where(_TICKET.city == self.city, _TICKET.queue.is_not(None))
            .group_by(_TICKET.queue)
        )
