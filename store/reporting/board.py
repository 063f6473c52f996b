"""The supervisor's board: today's intake, the backlog, and the tickets that will be late next.

It is read by a fixed number of statements that never look at tickets which ended long ago, so that
one reading every few seconds costs little beside a million tickets
(docs/explanation/performance.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select

from domain.deadlines.clocks import LevelKind
from domain.pack.pack import Pack
from domain.pack.periods import Period, beginning_of
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Channel
from domain.ticket.stages import BACKLOG, Stage
from store.db.engine import ResultRow, Store
from store.reporting.board_statements import OverdueKind, Statements
from store.tickets import stuck
from store.tickets.stuck import Stuck

_HOUR = timedelta(hours=1)


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
    """An open ticket that will be late at `due_at`."""

    number: str
    title: str
    category: str | None
    unit: str | None
    stage: Stage
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queue of the centre: its tickets, how many are late, and since when the first waits.

    `since` is None for an empty queue, and if it is not recorded when the tickets came.
    """

    queue: Queue
    tickets: int
    late: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Overdue:
    """Things past their day, beside the clocks of tickets; `since`: the first of those days."""

    kind: OverdueKind
    late: int
    since: date | None


@dataclass(frozen=True)
class Board:
    """A city at one moment. `today` begins at local midnight; `before` counts what was filed until
    this time of yesterday. `overdue`: of what the city has, also where nothing is late. `stuck`:
    tickets that wait although no person has to act."""

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
    overdue: list[Overdue]
    stuck: list[Stuck]

    @property
    def backlog(self) -> int:
        return sum(one.tickets for one in self.stages)

    @property
    def late(self) -> int:
        return sum(one.late for one in self.stages)

    @property
    def about_to_be(self) -> int:
        """The number of tickets that will be late within `AHEAD`."""
        return sum(one.soon for one in self.stages)


async def board(store: Store, pack: Pack, now: datetime) -> Board:
    """Read the board of a city, all at once."""
    today = beginning_of(pack, now.astimezone(pack.calendar.tz).date())
    statements = Statements(pack.city.id, Period(today, now), _hours(today, now), now)
    day = now.astimezone(pack.calendar.tz).date()
    return await store.read(partial(_read, statements, overdue_of(pack), day))


def overdue_of(pack: Pack) -> list[OverdueKind]:
    """Return which kinds of what may be past its day a city has."""
    has = {
        OverdueKind.LIST: bool(pack.supervision.leaders),
        OverdueKind.COUNCIL: pack.council is not None,
        OverdueKind.PROMISE: pack.promises is not None,
    }
    return [kind for kind in OverdueKind if has[kind]]


async def soon(store: Store, pack: Pack, now: datetime, most: int) -> list[Soon]:
    """Return the open tickets that will be late within `AHEAD`, at most so many."""
    today = Period(beginning_of(pack, now.astimezone(pack.calendar.tz).date()), now)
    rows = await store.rows(Statements(pack.city.id, today, [], now).soon(most))
    return [_soon(row) for row in rows]


def _hours(today: datetime, now: datetime) -> list[datetime]:
    """Return the beginnings of the hours of the day so far. A day has 23, 24 or 25."""
    return [today + n * _HOUR for n in range(int((now - today) / _HOUR) + 1)]


def _read(
    statements: Statements, kinds: Sequence[OverdueKind], day: date, connection: Connection
) -> Board:
    def rows(statement: Select[Any] | CompoundSelect[Any]) -> Sequence[ResultRow]:
        return connection.execute(statement).all()

    inflow = [
        Inflow(statements.hours[row.hour], Channel(row.channel), row.tickets)
        for row in rows(statements.inflow())
    ]
    overdue = {
        row.kind: Overdue(OverdueKind(row.kind), row.late, row.since)
        for row in rows(statements.overdue(day))
    }
    cards = {LevelKind(row.rung): row.cards for row in rows(statements.cards())}
    return Board(
        city=statements.city,
        at=statements.now,
        today=statements.today.since,
        filed=sum(one.tickets for one in inflow),
        before=rows(statements.filed_before())[0][0],
        ended=rows(statements.ended())[0][0],
        inflow=inflow,
        stages=_stage_loads(rows(statements.stages())),
        units=[UnitLoad(row.unit, row.tickets, row.late) for row in rows(statements.units())],
        yellow_cards=cards.get(LevelKind.WARN, 0),
        red_cards=cards.get(LevelKind.DUE, 0),
        orders=rows(statements.orders())[0][0],
        soon=[_soon(row) for row in rows(statements.soon())],
        queues=_queues(rows(statements.queues())),
        overdue=[overdue[kind] for kind in kinds],
        stuck=stuck.look(statements.now, statements.city, connection),
    )


def _stage_loads(rows: Sequence[ResultRow]) -> list[StageLoad]:
    counted = {Stage(row.stage): row for row in rows}
    return [
        StageLoad(
            stage,
            counted[stage].tickets if stage in counted else 0,
            counted[stage].late if stage in counted else 0,
            counted[stage].soon if stage in counted else 0,
        )
        for stage in Stage
        if stage in BACKLOG
    ]


def _soon(row: ResultRow) -> Soon:
    return Soon(**{**row._mapping, "stage": Stage(row.stage)})


def _queues(rows: Sequence[ResultRow]) -> list[Waiting]:
    """Return every queue, the one with the longest wait first, the empty ones last."""
    waiting_counts = {
        row.queue: Waiting(Queue(row.queue), row.tickets, row.late, row.since) for row in rows
    }
    queues = [waiting_counts.get(queue, Waiting(queue, 0, 0, None)) for queue in Queue]
    return sorted(queues, key=lambda one: (one.since is None, one.since, not one.tickets))
