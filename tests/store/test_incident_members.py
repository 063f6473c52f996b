"""Tests of what the job of incidents asks of the store, again and again: by index, of its city."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from domain.incident.incident import MemberState
from domain.ticket.complaint import Complaint
from store.db.engine import Store
from store.incidents import marks, members
from store.incidents.marks import ReportKind
from store.tickets import intake
from tests.store.stories import complaint

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
WINDOW = timedelta(minutes=10)
KIND = ReportKind("0401", "110112003")


async def _marked(
    store: Store, filed: Complaint, category: str = "0401", area: str = "110112003"
) -> None:
    enter = marks.enter(store, category, area)
    await store.write(lambda connection: enter(connection, filed))


async def _member(store: Store, filed: Complaint, state: MemberState, incident: str = "i1") -> None:
    new = members.New(incident, state, None, [], 0, "system")
    enter = members.enter(store, new, NOW)
    await store.write(lambda connection: enter(connection, filed))


def _filed(minutes: float, city: str = "demo") -> Complaint:
    return complaint(city=city).model_copy(update={"filed_at": NOW - timedelta(minutes=minutes)})


async def test_members_make_no_second_crowd(store: Store) -> None:
    """Reports of a dry pipe that also mention the water works were proposed as an incident."""
    reports = [_filed(n / 10) for n in range(30)]
    for one in reports:
        await _marked(store, one, "0405")
    kind = ReportKind("0405", "110112003")
    since = NOW - WINDOW
    assert await marks.size(store, "demo", kind, since, NOW) == 30
    for one in reports[:11]:
        await _member(store, one, MemberState.MEMBER)
    assert await marks.size(store, "demo", kind, since, NOW) == 19
    for one in reports[11:]:
        await _member(store, one, MemberState.SUGGESTED)
    assert await marks.size(store, "demo", kind, since, NOW) == 19, "a suggested one may be another"


async def test_the_usual_is_that_of_the_kind(store: Store) -> None:
    for n in range(100):
        await _marked(store, _filed(20 + n * 10))
        await _marked(store, _filed(20 + n * 10), "0501")
    usual = await marks.usual(store, "demo", KIND, NOW - WINDOW, WINDOW)
    assert usual == pytest.approx(1, abs=0.02)
    assert await marks.usual(store, "demo", ReportKind("0999", ""), NOW, WINDOW) == 0


async def test_who_waits_in_another_city_holds_nobody_up(store: Store) -> None:
    waiting = _filed(5, "elsewhere")
    await intake.register(store, waiting, None, None, None, "mark", lambda: waiting.number)
    assert not await members.others_wait(store, "demo", NOW, timedelta(seconds=2))
    assert await members.others_wait(store, "elsewhere", NOW, timedelta(seconds=2))


async def test_what_goes_on_is_told_by_city(store: Store) -> None:
    waits, out, told = _filed(1), _filed(2, "elsewhere"), _filed(3)
    await _member(store, waits, MemberState.MEMBER, "i1")
    await _member(store, out, MemberState.MEMBER, "i2")
    await _member(store, told, MemberState.MEMBER, "i3")
    await members.note_answered(store, told.number, NOW)
    assert await members.going(store) == {"demo": ["i1"], "elsewhere": ["i2"]}
    await members.take_out(store, out.number, "desk", NOW)
    assert await members.going(store) == {"demo": ["i1"]}
    await members.note_to_part(store, out.number, NOW)
    assert await members.going(store) == {"demo": ["i1"], "elsewhere": ["i2"]}
    assert await members.to_part(store, "i2", 10) == [out.number]


ASKED: list[Callable[[Store], Awaitable[Any]]] = [
    members.going,
    lambda store: members.to_part(store, "i1", 10),
    lambda store: members.unanswered(store, "i1", 10),
    lambda store: members.to_merge(store, "i1", 10),
    lambda store: members.to_answer(store, "i1", 10),
    lambda store: marks.filed(store, "demo", NOW - WINDOW, NOW),
    lambda store: marks.size(store, "demo", KIND, NOW - WINDOW, NOW),
    lambda store: marks.usual(store, "demo", KIND, NOW - WINDOW, WINDOW),
]


async def _asked(store: Store, ask: Callable[[Store], Awaitable[Any]]) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await ask(store)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return asked


@pytest.mark.parametrize("ask", ASKED)
async def test_what_is_asked_each_half_second_reads_no_whole_table(
    sqlite_store: Store, ask: Callable[[Store], Awaitable[Any]]
) -> None:
    one = _filed(1)
    await _marked(sqlite_store, one)
    asked = await _asked(sqlite_store, ask)

    def explained(connection: Connection) -> list[str]:
        return [
            str(row[3])
            for statement, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    for step in await sqlite_store.read(explained):
        read = step.startswith("SCAN incident_member") or step.startswith("SCAN report_mark")
        whole = read and "incident_member_waits" not in step and "incident_member_parts" not in step
        assert not whole, step


@pytest.mark.postgres
@pytest.mark.parametrize("ask", ASKED)
async def test_postgresql_has_an_index_for_what_is_asked_each_half_second(
    postgres_url: str, ask: Callable[[Store], Awaitable[Any]]
) -> None:
    """PostgreSQL, forbidden to read a whole table, does so only where there is no index."""
    store = Store.open(postgres_url)
    asked = await _asked(store, ask)

    def explained(connection: Connection) -> list[str]:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [
            str(row[0])
            for statement, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)
        ]

    steps = await store.read(explained)
    await store.close()
    for step in steps:
        assert "Seq Scan on incident_member" not in step, step
        assert "Seq Scan on report_mark" not in step, step
