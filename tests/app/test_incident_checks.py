"""Tests of what the doctor says of incidents: silent while they go on, and exact once they fail."""

from datetime import UTC, datetime, timedelta

from app.installation.incident_checks import incidents_of
from domain.incident.incident import MemberState
from store.db.engine import Store
from store.incidents import members
from tests.store.stories import complaint

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


async def _joined(store: Store, incident: str) -> str:
    filed = complaint()
    new = members.New(incident, MemberState.MEMBER, None, [], 0, "system")
    enter = members.enter(store, new, NOW)
    await store.write(lambda connection: enter(connection, filed))
    return filed.number


async def test_incidents_that_go_on_are_no_finding(store: Store) -> None:
    await _joined(store, "i1")
    assert await incidents_of(store, NOW) == []


async def test_members_that_fail_are_told_with_the_worst_of_them(store: Store) -> None:
    await _joined(store, "i1")
    once, often, elsewhere = [await _joined(store, one) for one in ("i1", "i1", "i2")]
    for number, error in ((once, "too_late"), (often, "KeyError"), (often, "ValueError")):
        await members.note_failed(store, number, error)
    await members.note_failed(store, elsewhere, "not_now")
    first, second = await incidents_of(store, NOW)
    assert (first.what, first.state) == ("incident i1", "note")
    assert "answered: 2" in first.says
    assert "ValueError" in first.says and often in first.says
    assert second.what == "incident i2"
    late = await incidents_of(store, NOW + timedelta(hours=2))
    assert [one.state for one in late] == ["wrong", "wrong"]


async def test_what_has_passed_is_no_finding(store: Store) -> None:
    number = await _joined(store, "i1")
    await members.note_failed(store, number, "not_now")
    await members.note_answered(store, number, NOW)
    assert await incidents_of(store, NOW) == []
    out = await _joined(store, "i1")
    await members.note_failed(store, out, "not_now")
    await members.take_out(store, out, "desk", NOW)
    assert await incidents_of(store, NOW) == []
