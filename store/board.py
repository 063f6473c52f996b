"""What a supervisor watches: what comes in today, what waits where, what will be late next.

All of it is read at once, by a fixed number of statements that never look at what ended long ago:
so one reading every few seconds costs little beside a million tickets (docs/performance.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, case, func, literal_column, select, text, true

from domain.casting import UNIT_CLOCKS
from domain.clocks import RungKind
from domain.complaint import Channel
from domain.pack import Pack
from domain.stages import OPEN, Stage
from store import tables
from store.engine import Found, Store
from store.periods import Period, beginning_of

AHEAD = timedelta(hours=4)
"""How far a board looks: what is due until then and not done is about to be late."""

NEXT = 20
"""Tickets that are listed of those about to be late."""

STATEMENTS = 12
"""What one reading asks the database."""

WAITING = OPEN - {Stage.AFTERCARE}
"""Stages of the backlog: aftercare is closed and counted, and only watched."""

HOUSE = WAITING - {Stage.RATE, Stage.MERGED}
"""Stages at which the city is waited for, and is late; not the citizen, not another ticket."""

WITH_UNITS = (Stage.VERIFY, Stage.HANDLE)

_TICKET, _EVENT, _ASSIGNMENT = tables.ticket.c, tables.event.c, tables.assignment.c
_HOUR = timedelta(hours=1)


class Queue(StrEnum):
    """Where a ticket waits for a role, and no unit has it."""

    TRIAGE = "triage"
    DISPATCH = "dispatch"
    ARBITRATE = "arbitrate"
    DECISIONS = "decisions"
    CALL_BACKS = "call_backs"
    SUPERVISE = "supervise"


_STAGE_QUEUES = (Stage.TRIAGE, Stage.DISPATCH, Stage.ARBITRATE, Stage.SUPERVISE)
_ASKS = ("return_asked", "extension_asked", "hold_asked")
_ASIDE = ("rung_climbed", "urged", "facts_added", "severity_raised", "complainant_joined")
"""What happens to a ticket that waits, and does not end its waiting."""

# Word for word as in the indexes, so that both databases see that they fit.
_QUESTIONS, _ASKED = text(tables.QUESTIONS), text(tables.ASKED)


@dataclass(frozen=True, slots=True)
class Inflow:
    """Tickets filed by one channel in the hour that begins `at`."""

    at: datetime
    channel: Channel
    tickets: int


@dataclass(frozen=True, slots=True)
class StageLoad:
    """Tickets at a stage; `soon` are due within `AHEAD`."""

    stage: Stage
    tickets: int
    late: int
    soon: int


@dataclass(frozen=True, slots=True)
class UnitLoad:
    """Tickets that a unit leads and has not answered."""

    unit: str
    tickets: int
    late: int


@dataclass(frozen=True, slots=True)
class Soon:
    """A ticket that will be late at `due_at` unless something is done."""

    number: str
    title: str
    category: str | None
    unit: str | None
    stage: Stage
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tickets that wait for a role. `since`: when the one that waits longest began to.

    `late` is None of decisions: their clock is not the ticket's own.
    """

    queue: Queue
    tickets: int
    late: int | None
    since: datetime | None


@dataclass(frozen=True)
class Board:
    """A city at one moment. `today` begins at midnight there; `before` is what was filed until this
    time of yesterday."""

    city: str
    at: datetime
    today: datetime
    filed: int
    before: int
    ended: int
    inflow: list[Inflow]
    stages: list[StageLoad]
    units: list[UnitLoad]
    yellow_cards: int
    red_cards: int
    orders: int
    soon: list[Soon]
    queues: list[Waiting]

    @property
    def backlog(self) -> int:
        return sum(one.tickets for one in self.stages)

    @property
    def late(self) -> int:
        return sum(one.late for one in self.stages)

    @property
    def about_to_be(self) -> int:
        """How many will be late within `AHEAD`."""
        return sum(one.soon for one in self.stages)


async def board(store: Store, pack: Pack, now: datetime) -> Board:
    """The board of a city, in one reading."""
    today = beginning_of(pack, now.astimezone(pack.calendar.tz).date())
    reading = _Reading(pack.city.id, Period(today, now), _hours(today, now), now)
    return await store.read(reading.read)


def _hours(today: datetime, now: datetime) -> list[datetime]:
    """When each hour of the day began, so far. A day has 23, 24 or 25."""
    return [today + n * _HOUR for n in range(int((now - today) / _HOUR) + 1)]


@dataclass(frozen=True)
class _Reading:
    city: str
    today: Period
    hours: Sequence[datetime]
    now: datetime

    def read(self, connection: Connection) -> Board:
        def rows(asked: Select[Any]) -> Sequence[Found]:
            return connection.execute(asked).all()

        inflow = [
            Inflow(self.hours[row.hour], Channel(row.channel), row.tickets)
            for row in rows(self._inflow())
        ]
        cards = {RungKind(row.rung): row.cards for row in rows(self._cards())}
        return Board(
            city=self.city,
            at=self.now,
            today=self.today.since,
            filed=sum(one.tickets for one in inflow),
            before=rows(self._filed_before())[0][0],
            ended=rows(self._ended())[0][0],
            inflow=inflow,
            stages=self._stage_loads(rows(self._stages())),
            units=[UnitLoad(row.unit, row.tickets, row.late) for row in rows(self._units())],
            yellow_cards=cards.get(RungKind.WARN, 0),
            red_cards=cards.get(RungKind.DUE, 0),
            orders=rows(self._orders())[0][0],
            soon=[_soon(row) for row in rows(self._soon())],
            queues=_queues([row for one in self._queues() for row in rows(one)]),
        )

    # --- today ------------------------------------------------------------------------------

    def _inflow(self) -> Select[Any]:
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

    def _filed_before(self) -> Select[Any]:
        day = timedelta(days=1)
        return (
            select(func.count())
            .select_from(tables.ticket)
            .where(_TICKET.city == self.city, _TICKET.filed_at >= self.today.since - day)
            .where(_TICKET.filed_at <= self.now - day)
        )

    def _ended(self) -> Select[Any]:
        return (
            select(func.count())
            .select_from(tables.ticket)
            .where(_TICKET.city == self.city, _TICKET.ended_at.is_not(None))
            .where(_TICKET.ended_at >= self.today.since, _TICKET.ended_at <= self.now)
        )

    def _cards(self) -> Select[Any]:
        return (
            select(_EVENT.rung, func.count().label("cards"))
            .where(
                _EVENT.city == self.city,
                _EVENT.at >= self.today.since,
                _EVENT.at <= self.now,
                _EVENT.rung.is_not(None),
                _EVENT.rung.in_([RungKind.WARN, RungKind.DUE]),
                _EVENT.clock.in_(UNIT_CLOCKS),
            )
            .group_by(_EVENT.rung)
        )

    # --- the backlog ------------------------------------------------------------------------

    def _stages(self) -> Select[Any]:
        late = _TICKET.due_at < self.now
        soon = (_TICKET.due_at >= self.now) & (_TICKET.due_at < self.now + AHEAD)
        return (
            select(
                _TICKET.stage,
                func.count().label("tickets"),
                func.count().filter(late).label("late"),
                func.count().filter(soon).label("soon"),
            )
            .where(_TICKET.city == self.city, _TICKET.stage.in_(sorted(WAITING)))
            .group_by(_TICKET.stage)
        )

    def _stage_loads(self, rows: Sequence[Found]) -> list[StageLoad]:
        counted = {Stage(row.stage): row for row in rows}
        return [
            StageLoad(
                stage,
                counted[stage].tickets if stage in counted else 0,
                counted[stage].late if stage in counted and stage in HOUSE else 0,
                counted[stage].soon if stage in counted and stage in HOUSE else 0,
            )
            for stage in Stage
            if stage in WAITING
        ]

    def _units(self) -> Select[Any]:
        tickets = func.count().label("tickets")
        late = func.count().filter(_TICKET.due_at < self.now).label("late")
        return (
            select(_TICKET.unit, tickets, late)
            .where(_TICKET.city == self.city, _TICKET.stage.in_(WITH_UNITS))
            .where(_TICKET.unit.is_not(None))
            .group_by(_TICKET.unit)
            .order_by(late.desc(), tickets.desc(), _TICKET.unit)
        )

    def _soon(self) -> Select[Any]:
        columns = ("number", "title", "category", "unit", "stage", "due_at")
        return (
            select(*(_TICKET[name] for name in columns))
            .where(_TICKET.city == self.city, _TICKET.stage.in_(sorted(HOUSE)))
            .where(_TICKET.due_at >= self.now, _TICKET.due_at < self.now + AHEAD)
            .order_by(_TICKET.due_at, _TICKET.number)
            .limit(NEXT)
        )

    def _orders(self) -> Select[Any]:
        """Supervision orders that nobody has answered yet."""
        ordered = _EVENT.kind == "supervision_ordered"
        each = (
            select(_EVENT.number, func.sum(case((ordered, 1), else_=-1)).label("open"))
            .where(_EVENT.city == self.city, _QUESTIONS)
            .where(_EVENT.kind.in_(("supervision_ordered", "order_answered")))
            .group_by(_EVENT.number)
            .subquery()
        )
        return (
            select(func.coalesce(func.sum(each.c.open), 0))
            .join(tables.ticket, _TICKET.number == each.c.number)
            .where(each.c.open > 0, _TICKET.stage != Stage.ENDED)
        )

    # --- who waits for a role ---------------------------------------------------------------

    def _queues(self) -> list[Select[Any]]:
        late = case((_TICKET.due_at < self.now, 1), else_=0)
        tickets = tables.ticket.join(tables.event, _EVENT.number == _TICKET.number)
        at_stages = _each(_TICKET.stage, _TICKET.number, late).select_from(tickets)
        call_backs = _each(_literal(Queue.CALL_BACKS), _TICKET.number, late).select_from(tickets)
        shares = tables.assignment.join(tables.event, _EVENT.number == _ASSIGNMENT.number)
        decisions = _each(_literal(Queue.DECISIONS), _ASSIGNMENT.number, case((true(), 0)))
        return [
            _longest(
                at_stages.where(_TICKET.city == self.city, _TICKET.stage.in_(_STAGE_QUEUES))
                .where(_EVENT.kind.not_in(_ASIDE))
                .group_by(_TICKET.number)
            ),
            _longest(
                call_backs.where(_TICKET.city == self.city, _TICKET.stage == Stage.RATE)
                .where(_TICKET.call_back_due, _EVENT.kind == "call_back_due")
                .group_by(_TICKET.number)
            ),
            _longest(
                decisions.select_from(shares)
                .where(_ASSIGNMENT.city == self.city, _ASKED)
                .where(_EVENT.kind.in_(_ASKS))
                .group_by(_ASSIGNMENT.number, _ASSIGNMENT.n)
            ),
            _longest(self._exclusions()),
        ]

    def _exclusions(self) -> Select[Any]:
        """Asked for (剔除), and neither decided nor overtaken by a reopening."""
        asks = _EVENT.kind == "exclusion_asked"
        told = ("exclusion_asked", "exclusion_granted", "exclusion_refused", "reopened")
        last_ask = func.max(case((asks, _EVENT.version), else_=0))
        last_end = func.max(case((asks, 0), else_=_EVENT.version))
        asked_at = func.max(case((asks, _EVENT.at)))
        return (
            select(
                _literal(Queue.DECISIONS).label("queue"),
                _EVENT.number,
                case((true(), 0)).label("late"),
                asked_at.label("since"),
            )
            .where(_EVENT.city == self.city, _QUESTIONS, _EVENT.kind.in_(told))
            .group_by(_EVENT.number)
            .having(last_ask > last_end)
        )


def _literal(queue: Queue) -> Any:
    return literal_column(f"'{queue.value}'")


def _each(queue: Any, number: Any, late: Any) -> Select[Any]:
    """Each waiting ticket, and when it began to wait."""
    since = func.max(_EVENT.at).label("since")
    return select(queue.label("queue"), number, late.label("late"), since)


def _longest(each: Select[Any]) -> Select[Any]:
    waiting = each.subquery()
    return select(
        waiting.c.queue,
        func.count().label("tickets"),
        func.sum(waiting.c.late).label("late"),
        func.min(waiting.c.since, type_=tables.UtcDateTime()).label("since"),
    ).group_by(waiting.c.queue)


def _soon(row: Found) -> Soon:
    return Soon(**{**row._mapping, "stage": Stage(row.stage)})


def _queues(rows: Sequence[Found]) -> list[Waiting]:
    """Every queue, the one in which somebody waits longest first."""
    waiting = []
    for queue in Queue:
        of_it = [row for row in rows if row.queue == queue]
        late = sum(int(row.late) for row in of_it)
        waiting.append(
            Waiting(
                queue,
                sum(row.tickets for row in of_it),
                None if queue is Queue.DECISIONS else late,
                min((row.since for row in of_it), default=None),
            )
        )
    return sorted(waiting, key=lambda one: (one.since is None, one.since))
