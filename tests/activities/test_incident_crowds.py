"""Tests of crowds: found from what is new, with what came late, and none twice."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Executable

from activities.incident_crowds import IncidentCrowds
from store.db.engine import ResultRow, Store
from store.incidents import marks
from store.incidents.marks import ReportKind
from tests.store.stories import complaint

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
WINDOW, SECOND = timedelta(minutes=10), timedelta(seconds=1)


async def _no(_: ReportKind) -> bool:
    return False


async def _yes(_: ReportKind) -> bool:
    return True


async def _reported(store: Store, at: datetime, category: str = "0401") -> None:
    filed = complaint().model_copy(update={"filed_at": at})
    enter = marks.enter(store, category, "110112003")
    await store.write(lambda connection: enter(connection, filed))


async def test_a_crowd_is_seen_when_it_is_large_enough(store: Store) -> None:
    crowds = IncidentCrowds(store)
    for n in range(10):
        await _reported(store, NOW - SECOND * (n + 1))
    assert await crowds.large("demo", NOW, WINDOW, 12, _no) == []
    later = NOW + SECOND * 3
    await _reported(store, NOW + SECOND)
    await _reported(store, NOW - SECOND)  # filed before the last look, and in the book after it
    (crowd,) = await crowds.large("demo", later, WINDOW, 12, _no)
    assert (crowd.category, crowd.size, crowd.usual) == ("0401", 12, 0)
    assert await crowds.large("demo", later, WINDOW, 13, _no) == []
    assert await crowds.large("demo", later, WINDOW, 12, _yes) == []
    assert await crowds.large("elsewhere", later, WINDOW, 1, _no) == []


async def test_a_crowd_that_is_over_is_none(store: Store) -> None:
    crowds = IncidentCrowds(store)
    for n in range(10):
        await _reported(store, NOW - SECOND * n)
    now = NOW
    sizes = []
    while now <= NOW + WINDOW + timedelta(minutes=1):
        sizes.append([one.size for one in await crowds.large("demo", now, WINDOW, 5, _no)])
        now += timedelta(seconds=20)
    assert sizes[0] == [10]
    assert sizes[-1] == []


async def test_a_report_that_came_very_late_is_seen_within_a_minute(store: Store) -> None:
    crowds = IncidentCrowds(store)
    assert await crowds.large("demo", NOW, WINDOW, 1, _no) == []
    await _reported(store, NOW - timedelta(minutes=3))
    assert await crowds.large("demo", NOW + SECOND * 30, WINDOW, 1, _no) == []
    (crowd,) = await crowds.large("demo", NOW + SECOND * 61, WINDOW, 1, _no)
    assert crowd.size == 1


async def test_a_look_reads_what_is_new(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each second the marks of the whole window, and of two weeks, were counted."""
    for n in range(200):
        await _reported(store, NOW - SECOND * (20 + n), f"{n % 2}")
    for n in range(100):
        await _reported(store, NOW - timedelta(hours=n + 1), "0")
    crowds, read, counted = IncidentCrowds(store), [0], [0]
    rows, first = store.rows, store.first

    async def watched(query: Executable) -> list[ResultRow]:
        found = list(await rows(query))
        read[0] += len(found)
        return found

    async def counting(query: Executable) -> ResultRow | None:
        counted[0] += 1
        return await first(query)

    monkeypatch.setattr(store, "rows", watched)
    monkeypatch.setattr(store, "first", counting)
    assert len(await crowds.large("demo", NOW, WINDOW, 50, _no)) == 2
    assert (read[0], counted[0]) == (200, 4)
    read[0] = counted[0] = 0
    await _reported(store, NOW + SECOND, "0")
    assert len(await crowds.large("demo", NOW + SECOND, WINDOW, 50, _no)) == 2
    assert (read[0], counted[0]) == (1, 2), "what is usual was counted a second ago"
    read[0] = counted[0] = 0
    assert await crowds.large("demo", NOW + SECOND * 2, WINDOW, 50, _yes) == []
    assert counted[0] == 0, "a crowd that is an incident already is counted no more"
