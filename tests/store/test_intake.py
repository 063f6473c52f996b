"""Tests that a complaint gets one number, however often it is sent, and waits to be started."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.ticket.complaint import Complaint
from store.db import tables
from store.db.engine import Store
from store.db.errors import KeyReused, StoreError
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Person, Vault
from store.tickets import intake
from store.tickets.intake import Registered
from store.tickets.numbers import new_number
from tests.store.stories import START, complaint

VAULT = Vault(KeyRing.of(bytes(32)))
PERSON = Person(name="A. Citizen", phone="13800138000")


async def register(
    store: Store,
    filed: Complaint | None = None,
    person: Person | None = None,
    key: str | None = None,
    fingerprint: str = "f",
    numbers: Iterator[str] | None = None,
) -> Registered:
    def number() -> str:
        return next(numbers) if numbers else new_number(START.date())

    return await intake.register(
        store, filed or complaint(), person, VAULT, key, fingerprint, number
    )


async def persons(store: Store) -> int:
    return len(await store.rows(select(tables.person)))


async def test_a_registered_complaint_can_be_found_by_its_number(store: Store) -> None:
    registered = await register(store)
    assert (registered.new, registered.started) == (True, False)
    assert registered.complaint.number == registered.number
    stored = await intake.get(store, registered.number)
    assert stored == Registered(registered.number, registered.complaint, new=False, started=False)
    assert await intake.get(store, "2411200000000") is None


async def test_the_person_goes_into_the_vault_and_nowhere_else(store: Store) -> None:
    registered = await register(store, person=PERSON)
    person_id = registered.complaint.person
    assert person_id is not None
    assert await intake.person_of(store, VAULT, person_id) == PERSON
    assert await intake.person_of(store, VAULT, "unknown") is None
    for table in (tables.intake, tables.person):
        value = str(await store.rows(select(table)))
        assert "Citizen" not in value
        assert "13800138000" not in value


async def test_who_told_nothing_is_not_kept(store: Store) -> None:
    for person in (None, Person()):
        assert (await register(store, person=person)).complaint.person is None
    assert await persons(store) == 0


async def test_the_same_key_gives_the_same_ticket(store: Store) -> None:
    first = await register(store, person=PERSON, key="k")
    tomorrow = complaint(filed_at=START + timedelta(days=1))
    again = await register(store, tomorrow, PERSON, key="k")
    assert again == Registered(first.number, first.complaint, new=False, started=False)
    assert await persons(store) == 1
    await intake.mark_started(store, first.number, START)
    assert (await register(store, key="k")).started


async def test_a_key_is_not_for_two_complaints(store: Store) -> None:
    await register(store, key="k", fingerprint="one")
    with pytest.raises(KeyReused) as refused:
        await register(store, key="k", fingerprint="other")
    assert refused.value.code == "idempotency_key_reused"


async def test_without_a_key_every_complaint_is_a_new_one(store: Store) -> None:
    numbers = {(await register(store)).number for _ in range(5)}
    assert len(numbers) == 5


async def test_the_same_key_at_the_same_time_gives_one_ticket(store: Store) -> None:
    all_of_them = await asyncio.gather(
        *(register(store, person=PERSON, key="k") for _ in range(20))
    )
    assert len({registered.number for registered in all_of_them}) == 1
    assert [registered.new for registered in all_of_them].count(True) == 1
    assert await persons(store) == 1


async def test_the_same_key_in_two_processes_gives_one_ticket(store_url: str) -> None:
    stores = [Store.open(store_url) for _ in range(4)]
    all_of_them = await asyncio.gather(
        *(register(stores[n % 4], person=PERSON, key="k") for n in range(20))
    )
    assert len({registered.number for registered in all_of_them}) == 1
    for store in stores:
        await store.close()


async def test_a_number_that_is_taken_is_drawn_again(store: Store) -> None:
    await register(store, numbers=iter(["2411200000017"]))
    drawn = iter(["2411200000017", "2411200000017", "2411200000024"])
    registered = await register(store, person=PERSON, key="k", numbers=drawn)
    assert registered.number == "2411200000024"
    assert registered.new


async def test_drawing_ends(store: Store) -> None:
    def always() -> Iterator[str]:
        while True:
            yield "2411200000017"

    await register(store, numbers=always())
    with pytest.raises(StoreError):
        await register(store, numbers=always())


async def test_what_was_not_started_waits_in_the_spool(store: Store) -> None:
    def filed(minutes: int) -> Complaint:
        return complaint(filed_at=START + timedelta(minutes=minutes))

    late, early, fresh, done = [await register(store, filed(m)) for m in (2, 1, 60, 0)]
    await intake.mark_started(store, done.number, START)
    waiting = await intake.pending(store, timedelta(minutes=5), 10, START + timedelta(minutes=60))
    assert waiting == [early.complaint, late.complaint]
    assert fresh.complaint not in waiting


async def test_what_always_fails_does_not_hold_up_the_rest(store: Store) -> None:
    bad, good = await register(store), await register(store)
    await intake.mark_failed(store, bad.number, "engine_unavailable")
    waiting = await intake.pending(store, timedelta(0), 1, START)
    assert waiting == [good.complaint]
    row = await store.first(select(tables.intake).where(tables.intake.c.number == bad.number))
    assert row is not None
    assert (row.attempts, row.last_error) == (1, "engine_unavailable")


async def test_a_start_is_told_once(store: Store) -> None:
    registered = await register(store)
    for day in (1, 2):
        await intake.mark_started(store, registered.number, START + timedelta(days=day))
    row = await store.first(select(tables.intake))
    assert row is not None
    assert row.started_at == START + timedelta(days=1)
