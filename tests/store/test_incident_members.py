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
from store.tickets import intake
from tests.store.stories import complaint

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
WINDOW = timedelta(minutes=10)


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
    (crowd,) = await marks.crowds(store, "demo", NOW, WINDOW, 20)
    assert crowd.size == 30
    for one in reports[:11]:
        await _member(store, one, MemberState.MEMBER)
    assert await marks.crowds(store, "demo", NOW, WINDOW, 20) == []
    for one in reports[11:]:
        await _member(store, one, MemberState.SUGGESTED)
    (crowd,) = await marks.crowds(store, "demo", NOW, WINDOW, 19)
    assert crowd.size == 19, "what is only suggested may be another one"


async def test_the_usual_is_that_of_the_kind(store: Store) -> None:
    for n in range(100):
        await _marked(store, _filed(20 + n * 10))
        await _marked(store, _filed(20 + n * 10), "0501")
    for _ in range(20):
        await _marked(store, _filed(1))
    (crowd,) = await marks.crowds(store, "demo", NOW, WINDOW, 20)
    assert crowd.usual == pytest.approx(1, abs=0.02)


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
    lambda store: marks.crowds(store, "demo", NOW, WINDOW, 1),
]


@pytest.mark.parametrize("ask", ASKED)
async def test_what_is_asked_each_half_second_reads_no_whole_table(
    sqlite_store: Store, ask: Callable[[Store], Awaitable[Any]]
) -> None:
    one = _filed(1)
    await _marked(sqlite_store, one)
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await ask(sqlite_store)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

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
