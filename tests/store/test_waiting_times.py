"""Tests of waiting times of a city: what is told, from how many, and whether it came true."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, event

from domain.insight.waiting import WaitedFor
from domain.insight.waiting_statements import cells_of
from domain.pack.waiting import WaitingPolicy
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.reporting import waiting_making, waiting_times
from tests.store.population import Busy
from tests.store.stories import complaint, project

_SHIPPED = load_pack(default_root() / "jinan")
CODE, OTHER = (one.code for one in _SHIPPED.categories[:2])
PACK = _SHIPPED.model_copy(update={"waiting": WaitingPolicy.model_construct(least=5)})
FIRST = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)


def _busy(filed: datetime) -> Busy:
    one = Busy(complaint(city="jinan", filed_at=filed))
    one.at = filed
    return one


async def _closed(
    store: Store, filed: datetime, hours: float, *, category: str = CODE, unit: str = "water"
) -> None:
    """File a ticket that is closed after so many hours."""
    one = _busy(filed)
    life = [one.accepted(), one.classified(category), one.led_by(unit)]
    one.at = filed + timedelta(hours=hours) - timedelta(minutes=4)
    life += [one.done(1), one.replied(), one.rated(5), one.watched()]
    await project(store, life)


async def _open(store: Store, filed: datetime, unit: str = "water") -> None:
    one = _busy(filed)
    await project(store, [one.accepted(), one.classified(CODE), one.led_by(unit)])


async def _march(store: Store, hours: list[float]) -> None:
    for n, taken in enumerate(hours):
        await _closed(store, FIRST + timedelta(hours=n), taken)


def test_a_ticket_is_of_its_subject_at_its_unit_then_of_its_subject_then_of_the_group() -> None:
    assert cells_of("030102", "water") == [
        ("030102", "water"), ("030102", ""), ("0301", ""), ("03", ""),
    ]  # fmt: skip
    assert cells_of("03", "") == [("03", "")]


async def test_what_is_told_rests_on_closed_and_open_tickets_of_the_subject(store: Store) -> None:
    await _march(store, [10, 20, 30, 40, 50])
    await _open(store, FIRST)
    assert await waiting_making.state(store, PACK, APRIL) > 0
    found = await waiting_times.told(store, PACK, CODE, ["water", ""], WaitedFor.CLOSURE, APRIL)
    said = found["water"]
    assert (said.category, said.unit, said.tickets, said.over) == (CODE, "water", 6, 5)
    assert said.hours(0.5) == 30
    assert said.hours(0.95) is None
    assert found[""].unit == ""
    answer = await waiting_times.told(store, PACK, CODE, [""], WaitedFor.ANSWER, APRIL)
    first = answer[""].hours(0.5)
    assert first is not None
    assert first < 30


async def test_few_tickets_of_a_subject_are_told_by_its_group_or_not_at_all(store: Store) -> None:
    await _march(store, [10, 20, 30, 40])
    await waiting_making.state(store, PACK, APRIL)
    assert await waiting_times.told(store, PACK, CODE, [""], WaitedFor.CLOSURE, APRIL) == {}


async def test_the_group_speaks_for_a_rare_subject(store: Store) -> None:
    assert CODE[:2] == OTHER[:2]
    await _march(store, [10, 20, 30, 40])
    await _closed(store, FIRST, 50, category=OTHER)
    await waiting_making.state(store, PACK, APRIL)
    found = await waiting_times.told(store, PACK, OTHER, ["water"], WaitedFor.CLOSURE, APRIL)
    assert (found["water"].category, found["water"].over) == (CODE[:2], 5)


async def test_a_month_is_stated_once_from_what_was_known_when_it_began(store: Store) -> None:
    await _march(store, [10, 20, 30, 40, 50])
    await _closed(store, datetime(2026, 4, 2, tzinfo=UTC), 500)
    await waiting_making.state(store, PACK, APRIL)
    assert await waiting_making.state(store, PACK, APRIL) == 0
    found = await waiting_times.told(store, PACK, CODE, [""], WaitedFor.CLOSURE, APRIL)
    assert found[""].tickets == 5
    later = APRIL + timedelta(days=30)
    assert await waiting_times.told(store, PACK, CODE, [""], WaitedFor.CLOSURE, later) == {}


async def test_what_was_told_is_compared_with_what_came(store: Store) -> None:
    await _march(store, [10, 20, 30, 40, 50])
    await waiting_making.state(store, PACK, APRIL)
    begun = datetime(2026, 4, 2, tzinfo=UTC)
    for n, hours in enumerate([5, 10, 45, 60]):
        await _closed(store, begun + timedelta(hours=n), hours)
    await _open(store, begun)
    later = begun + timedelta(days=40)
    await _open(store, later - timedelta(hours=1))  # of another month
    found = await waiting_times.check(store, PACK, "2026-04", later)
    of_all = {
        one.level: (one.found.kept, one.found.tickets)
        for one in found
        if one.what is WaitedFor.CLOSURE and one.category == ""
    }
    assert of_all == {0.5: (2, 5), 0.8: (2, 5), 0.95: (3, 5)}


async def test_a_ticket_whose_time_is_not_over_is_not_compared(store: Store) -> None:
    await _march(store, [10, 20, 30, 40, 50])
    await waiting_making.state(store, PACK, APRIL)
    begun = datetime(2026, 4, 2, tzinfo=UTC)
    await _closed(store, begun, 5)
    found = await waiting_times.check(store, PACK, "2026-04", begun + timedelta(hours=35))
    levels = {one.level for one in found if one.what is WaitedFor.CLOSURE}
    assert levels == {0.5}


async def test_the_load_of_a_unit_is_its_open_and_overdue_work(store: Store) -> None:
    for n in range(3):
        await _open(store, FIRST + timedelta(hours=10 * n), unit="370102")
    await _open(store, FIRST, unit="environment")
    now = FIRST + timedelta(hours=11)  # the first is overdue
    found = await waiting_times.loads(store, PACK, ["370102", "environment", "none"], now)
    assert (found["370102"].open, found["370102"].overdue, found["370102"].usual) == (3, 1, None)
    assert (found["environment"].open, found["none"].open) == (1, 0)
    await waiting_making.state(store, PACK, APRIL)
    usual = (await waiting_times.loads(store, PACK, ["370102"], APRIL))["370102"].usual
    assert usual is not None
    assert 1 < usual < 2  # three were open in the second half of the sixty days


async def test_the_load_is_one_look_into_an_index_of_open_work(sqlite_store: Store) -> None:
    await _open(sqlite_store, FIRST, unit="370102")
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "assignment" in statement:
            asked.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await waiting_times.loads(sqlite_store, PACK, ["370102", "370103"], APRIL)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    [(statement, values)] = asked

    def plan(connection: Connection) -> list[str]:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [str(row[3]) for row in rows]

    steps = " ".join(await sqlite_store.read(plan))
    assert "INDEX assignment_open " in steps or "INDEX assignment_inbox " in steps, steps
    assert "SCAN" not in steps
