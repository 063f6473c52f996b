"""Tests of the board: arrivals, queues, and the next tickets to be late."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from domain.activity_io import Projection
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.facts import closing, handling, returning
from domain.facts.supervising import OrderAnswered, SupervisionOrdered
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Channel
from domain.ticket.stages import Stage
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.reporting import board_statements as statements
from store.reporting.board import Board, Inflow, UnitLoad, board
from store.reporting.board_statements import STATEMENTS
from store.tickets import work_queues
from tests.store.population import QUEUED, SUPERVISOR, Busy
from tests.store.stories import DESK, DISPATCHER, START, clock, complaint, project

TONGZHOU = load_pack(default_root() / "tongzhou")
NOW = START + timedelta(hours=4)
"""The time of the board, one o'clock in the afternoon in the city; `START` is nine."""


def _busy(hours: float = 0, **more: Any) -> Busy:
    filed = START + timedelta(hours=hours)
    return Busy(complaint(city="tongzhou", filed_at=filed, **more))


async def _board(store: Store, now: datetime = NOW) -> Board:
    return await board(store, TONGZHOU, now)


def _queue(city_board: Board, queue: Queue) -> tuple[int, datetime | None]:
    one = next(one for one in city_board.queues if one.queue is queue)
    return one.tickets, one.since


async def test_an_empty_city_has_an_empty_board(store: Store) -> None:
    city_board = await _board(store)
    assert city_board.today == datetime(2024, 11, 19, 16, tzinfo=UTC), "midnight in Beijing"
    assert (
        city_board.filed,
        city_board.before,
        city_board.ended,
        city_board.backlog,
        city_board.late,
    ) == (0, 0, 0, 0, 0)
    assert (city_board.inflow, city_board.units, city_board.soon) == ([], [], [])
    assert (city_board.yellow_cards, city_board.red_cards, city_board.orders) == (0, 0, 0)
    assert {one.tickets for one in city_board.queues} == {0}


async def test_what_came_in_is_counted_by_hour_and_channel_of_the_citys_day(store: Store) -> None:
    stories = [
        _busy(-10),  # yesterday at 23:00
        _busy(-22),  # yesterday at 11:00
        _busy(),
        _busy(0.99, channel=Channel.HOTLINE),
        _busy(1, channel=Channel.HOTLINE),
        _busy(5),  # in the future
        Busy(complaint(city="other")),
    ]
    await project(store, *([one.accepted()] for one in stories))
    city_board = await _board(store)
    assert city_board.inflow == [
        Inflow(START, Channel.HOTLINE, 1),
        Inflow(START, Channel.WEB, 1),
        Inflow(START + timedelta(hours=1), Channel.HOTLINE, 1),
    ]
    assert (city_board.filed, city_board.before) == (3, 1)


async def test_just_after_midnight_there_is_one_hour(store: Store) -> None:
    await project(store, [_busy(15.1).accepted()])
    city_board = await _board(store, START + timedelta(hours=15.2))
    assert city_board.inflow == [Inflow(START + timedelta(hours=15), Channel.WEB, 1)]


async def test_the_backlog_is_told_by_stage_and_by_unit(store: Store) -> None:
    late, soon, calm, closed = _busy(), _busy(), _busy(), _busy()
    await project(
        store,
        late.begun("water", hours=1),
        soon.begun("water", hours=6),
        calm.begun("market", hours=48),
        [*closed.answered_by("market"), closed.watched()],
        [_busy().accepted()],
    )
    city_board = await _board(store)
    loads = {
        one.stage: (one.tickets, one.late, one.soon) for one in city_board.stages if one.tickets
    }
    assert loads == {Stage.TRIAGE: (1, 1, 0), Stage.HANDLE: (3, 1, 1)}
    assert city_board.units == [UnitLoad("water", 2, 1), UnitLoad("market", 1, 0)]
    assert (city_board.backlog, city_board.late, city_board.about_to_be, city_board.ended) == (
        4,
        2,
        1,
        1,
    )
    assert [(one.number, one.unit) for one in city_board.soon] == [(soon.number, "water")]


async def test_a_citizen_who_does_not_rate_is_not_late(store: Store) -> None:
    one = _busy()
    rate = clock(ClockName.RATE, one.at, 1)
    life = [*one.begun(), one.done(1)]
    life.append(one.tell(closing.Replied(text="Done.", resolved=True, clocks=[rate])))
    await project(store, life)
    load = next(load for load in (await _board(store)).stages if load.stage is Stage.RATE)
    assert (load.tickets, load.late, load.soon) == (1, 0, 0)


async def test_todays_cards_are_the_units(store: Store) -> None:
    one, two = _busy(), _busy()
    climbed = two.accepted(), two.tell()
    await project(
        store,
        [*one.begun(hours=1), one.late(ClockName.SIGN), one.late(ClockName.HANDLE)],
        [climbed[0], two.classified(), two.assigned(), two.climbed(ClockName.SIGN, LevelKind.WARN)],
    )
    city_board = await _board(store, START + timedelta(hours=10))
    assert (city_board.yellow_cards, city_board.red_cards) == (3, 2)
    tomorrow = await _board(store, START + timedelta(hours=24))
    assert (tomorrow.yellow_cards, tomorrow.red_cards) == (0, 0)


async def test_an_order_is_open_until_it_is_answered(store: Store) -> None:
    one = _busy()

    def ordered(n: int) -> Projection:
        order = clock(ClockName.ORDER, one.at, 24).model_copy(update={"label": str(n)})
        fact = SupervisionOrdered(order=n, unit="U1", text="Now.", clocks=[order])
        return one.tell(fact, by=SUPERVISOR)

    await project(store, [*one.begun(), ordered(1), ordered(2)])
    assert (await _board(store)).orders == 2
    answered = one.tell(OrderAnswered(order=1, answer="Done."), by=one.officer)
    await project(store, [answered])
    assert (await _board(store)).orders == 1


async def test_every_queue_has_what_the_queues_list_has(store: Store) -> None:
    lives = {queue: [_busy(), _busy(2), _busy(2.5)] for queue in Queue}
    await project(store, *(one.until(queue) for queue, ones in lives.items() for one in ones))
    dispatched = _busy()
    # These wait for the engine, for a unit and for a citizen.
    await project(store, [dispatched.accepted(), dispatched.classified()])
    await project(store, _busy().begun(), _busy().answered_by())
    now = START + timedelta(hours=2 + QUEUED)
    city_board = await _board(store, now)
    assert {one.queue for one in city_board.queues} == set(Queue)
    for one in city_board.queues:
        listed = (await work_queues.page(store, [one.queue], "tongzhou")).rows
        assert {row.number for row in listed} == {life.number for life in lives[one.queue]}
        late = [row for row in listed if row.queue_until and row.queue_until < now]
        assert (one.tickets, one.late) == (len(listed), len(late)) == (3, 1), one.queue
        assert one.since == min(row.queue_since for row in listed if row.queue_since)


async def test_the_one_that_waits_longest_comes_first(store: Store) -> None:
    early, late = _busy(), _busy(2)
    silent = Busy(early.ticket.complaint.model_copy(update={"number": _busy().number}))
    await project(store, early.begun(), late.until(Queue.TRIAGE))
    moment = early.at
    await project(store, [early.more_time_asked()])
    # No clock tells the time since which a meeting is waited for.
    returned, called = silent.until(Queue.DISPATCH), returning.ArbitrationCalled(returns=1)
    await project(store, [*returned, silent.tell(called)])
    city_board = await _board(store)
    assert [(one.queue, one.since) for one in city_board.queues][:3] == [
        (Queue.DECISION, moment),
        (Queue.TRIAGE, late.ticket.complaint.filed_at),
        (Queue.ARBITRATE, None),
    ]


async def test_waiting_ends_with_the_word_and_not_with_an_attempt(store: Store) -> None:
    asking, called = _busy(), _busy()
    await project(store, asking.until(Queue.DECISION), called.until(Queue.CALL_BACK))
    since = called.at - timedelta(minutes=1)
    refused = handling.ExtensionRefused(assignment=1, reason="No.")
    await project(store, [asking.tell(refused, by=DISPATCHER)])
    await project(store, [called.tell(closing.CalledBack(reached=False), by=DESK)])
    city_board = await _board(store)
    assert _queue(city_board, Queue.DECISION) == (0, None)
    assert _queue(city_board, Queue.CALL_BACK) == (1, since)


async def test_only_so_many_are_listed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "NEXT", 1)
    await project(store, *(_busy().begun(hours=hours) for hours in (6, 5)))
    city_board = await _board(store)
    assert (len(city_board.soon), city_board.about_to_be) == (1, 2)
    assert city_board.soon[0].due_at < NOW + timedelta(hours=2)


async def test_nothing_is_read_from_end_to_end(sqlite_store: Store) -> None:
    pairs: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        pairs.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await _board(sqlite_store)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(pairs) == STATEMENTS
    steps = [
        step
        for statement, values in pairs
        for step in await sqlite_store.read(_explained(statement, values))
    ]
    for step in steps:
        assert not re.match(r"SCAN (ticket|event|assignment)\b", step), step
    # These queries use partial indexes of few rows, and read no table row.
    for index in ("ticket_by_queue", "event_orders", "ticket_with_void_cards"):
        assert any(f"USING COVERING INDEX {index} " in step for step in steps), steps


def _explained(statement: str, values: Any) -> Callable[[Connection], list[str]]:
    def explain(connection: Connection) -> list[str]:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [str(row[3]) for row in plan]

    return explain
