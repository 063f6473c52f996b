"""Tests that every view of personal data is logged, and that the log cannot be changed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from domain.actors import Actor, Role
from store.db.engine import Store
from store.db.errors import BadKey
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Person, Vault
from store.tickets import intake, view_log
from store.tickets.numbers import new_number
from store.tickets.projector import Projector
from tests.store.stories import START, Story, complaint

VAULT = Vault(KeyRing.of(b"k" * 32))
DESK = Actor(role=Role.DESK, id="desk-1")
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


async def filed(store: Store) -> tuple[str, str]:
    """Write a ticket with its person; return both ids."""
    person = Person(name="王小明", phone="138 1234 5678")
    registered = await intake.register(
        store, complaint(), person, VAULT, None, "f", lambda: new_number(START.date())
    )
    projector = Projector(store)
    await projector.project(Story(registered.complaint).accepted())
    await projector.close()
    return registered.number, registered.complaint.person or ""


async def test_a_look_shows_the_person_and_is_written_down(store: Store) -> None:
    number, person_id = await filed(store)
    person = await view_log.look(store, VAULT, person_id, number, DESK, NOW, "回访")
    assert person == Person(name="王小明", phone="13812345678")
    (seen,) = await view_log.views(store, number)
    assert (seen.at, seen.role, seen.actor, seen.purpose) == (NOW, Role.DESK, "desk-1", "回访")
    assert seen.fields == ["name", "phone"]


async def test_what_was_not_shown_is_not_written_down(store: Store) -> None:
    number, person_id = await filed(store)
    assert await view_log.look(store, VAULT, "nobody", number, DESK, NOW, "回访") is None
    with pytest.raises(BadKey):
        other = Vault(KeyRing.of(b"x" * 32))
        await view_log.look(store, other, person_id, number, DESK, NOW, "回访")
    assert await view_log.views(store, number) == []


async def test_a_caller_is_found_however_the_phone_is_written(store: Store) -> None:
    first, _ = await filed(store)
    second, _ = await filed(store)
    names = await view_log.search(store, VAULT, "+86 138-1234-5678", DESK, NOW, "来电")
    assert sorted(names) == sorted([first, second])
    for number in names:
        assert [view.fields for view in await view_log.views(store, number)] == [["search"]]
    assert await view_log.search(store, VAULT, "13900000000", DESK, NOW, "来电") == []
    nothing = await store.first(text("SELECT count(*) FROM view_log WHERE number IS NULL"))
    assert nothing == (1,)


async def test_reading_a_history_in_many_requests_is_one_look(store: Store) -> None:
    once = timedelta(minutes=10)
    for minute in (0, 1, 9, 15):
        at = NOW + timedelta(minutes=minute)
        await view_log.note_histories(store, ["2411200000017"], DESK, at, "pages", once)
    assert len(await view_log.views(store, "2411200000017")) == 2
    await view_log.note_histories(store, [], DESK, NOW, "pages", once)


@pytest.mark.parametrize(
    "statement", ["UPDATE view_log SET purpose = 'nothing'", "DELETE FROM view_log"]
)
async def test_the_database_refuses_to_change_the_log(store: Store, statement: str) -> None:
    number, person_id = await filed(store)
    await view_log.look(store, VAULT, person_id, number, DESK, NOW, "回访")
    with pytest.raises(Exception, match="only added to"):
        await store.change(text(statement))
    assert [view.purpose for view in await view_log.views(store, number)] == ["回访"]


@pytest.mark.postgres
async def test_the_log_cannot_be_emptied_at_once(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    with pytest.raises(Exception, match="only added to"):
        await store.change(text("TRUNCATE view_log"))
    await store.close()
