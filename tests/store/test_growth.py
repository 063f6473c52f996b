"""Tests of questions that must not grow with the store: each reads an index, and can be stopped."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from store.db.engine import Store
from store.reporting.open311_requests import RequestFilter, changed, listed
from store.reporting.published_answers import answers
from store.tickets import tickets
from store.tickets.tickets import Filters
from tests.store.population import population
from tests.store.stories import START, Story, complaint, project

_SLOW = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000000)"
    " SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}
"""A statement that takes a minute or more."""


async def _plans(store: Store, ask: Callable[[], Any]) -> list[str]:
    """Return the steps by which SQLite answers what `ask` asks."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await ask()
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    def explained(connection: Connection) -> list[str]:
        return [
            str(row[3])
            for statement, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    return await store.read(explained)


async def test_published_answers_are_found_in_their_index(sqlite_store: Store) -> None:
    plan = await _plans(sqlite_store, lambda: answers(sqlite_store, "demo"))
    assert any("ticket_published" in step for step in plan)
    assert not any("TEMP B-TREE" in step for step in plan), plan


async def test_a_page_of_open311_is_one_statement_by_its_index(sqlite_store: Store) -> None:
    wanted = RequestFilter(city="demo", categories=["0204"], filed_since=START)
    plan = await _plans(sqlite_store, lambda: listed(sqlite_store, wanted, 0, 1000))
    assert len(plan) == 1, plan
    assert "ticket_published" in plan[0]


async def test_updates_of_open311_begin_with_what_was_changed(sqlite_store: Store) -> None:
    wanted = RequestFilter(city="demo", categories=["0204"], updated_since=START)
    plan = await _plans(sqlite_store, lambda: changed(sqlite_store, wanted, ["closed"], [], 0, 9))
    assert "ticket" in plan[0], plan
    assert any("INDEX" in step and "event" in step for step in plan), plan
    assert not any(step.startswith(("SCAN ticket", "SCAN event")) for step in plan), plan


@pytest.mark.parametrize("city", ["demo", None])
async def test_a_search_for_nothing_reads_titles_alone(
    sqlite_store: Store, city: str | None
) -> None:
    filters = Filters(city=city, text="nowhere")
    plan = await _plans(sqlite_store, lambda: tickets.page(sqlite_store, filters))
    assert any(re.search(r"COVERING INDEX ticket_by_\w+_with_title", step) for step in plan), plan


async def test_a_search_finds_the_same_on_every_page(store: Store) -> None:
    await project(store, *(Story(complaint(title=f"Kerb {n}")).whole() for n in range(7)))
    await project(store, *population("demo"), Story(complaint(city="other", title="Kerb")).whole())
    found: list[str] = []
    cursor = None
    while True:
        page = await tickets.page(store, Filters(city="demo", text="KERB "), cursor, 3)
        found += [row.title for row in page.rows]
        if (cursor := page.next_cursor) is None:
            break
    assert len(found) == 7
    assert set(found) == {f"Kerb {n}" for n in range(7)}


async def test_the_database_stops_when_nobody_waits_any_more(store: Store) -> None:
    reading = asyncio.create_task(store.rows(text(_SLOW[store.dialect])))
    await asyncio.sleep(0.3)  # until it has begun
    began = time.monotonic()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await store.close()  # waits for the work in progress
    assert time.monotonic() - began < 20


async def test_who_reads_beside_a_cancelled_one_is_not_disturbed(store: Store) -> None:
    async def read() -> int:
        rows = await store.rows(text("SELECT 1"))
        return int(rows[0][0])

    for _ in range(5):
        slow = [asyncio.create_task(store.rows(text(_SLOW[store.dialect]))) for _ in range(6)]
        await asyncio.sleep(0.05)
        for one in slow:
            one.cancel()
        assert await asyncio.gather(*(read() for _ in range(8))) == [1] * 8
        assert all(isinstance(one, asyncio.CancelledError)
                   for one in await asyncio.gather(*slow, return_exceptions=True))  # fmt: skip
