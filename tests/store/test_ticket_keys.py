"""Tests of each ticket's own key, made at registration and stored encrypted."""

import asyncio
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import delete, select, text

from store.db import tables
from store.db.engine import Store
from store.db.errors import BadKey, Erased
from store.secrets.key_ring import KeyRing
from store.secrets.re_encryption import re_encrypt, use_of_keys
from store.secrets.ticket_keys import TicketKeys, erased_at
from store.secrets.vault import Person, Vault
from store.tickets import erasure, intake
from store.tickets.numbers import new_number
from store.tickets.projector import Projector
from tests.store.stories import START, Story, complaint

RING = KeyRing.of(b"k" * 32)
NOW = datetime(2026, 11, 2, tzinfo=UTC)


async def register(store: Store, ring: KeyRing = RING, keys: TicketKeys | None = None) -> str:
    person = Person(name="王小明", phone="13812345678")
    registered = await intake.register(
        store, complaint(), person, Vault(ring), None, "f", lambda: new_number(START.date()), keys
    )
    return registered.number


async def test_a_key_is_made_with_the_entry_and_found_by_other_processes(store: Store) -> None:
    here, ticket_keys = TicketKeys(store, RING), TicketKeys(store, RING)
    number = await register(store, keys=here)
    name, cipher = await here.encryption_key(number)
    assert name == f"ticket/{number}".encode()
    encrypted = cipher.encrypt(bytes(12), b"word", None)
    assert (await ticket_keys.decryption_key(name)).decrypt(bytes(12), encrypted, None) == b"word"


async def test_tickets_do_not_share_keys_and_the_table_shows_none(store: Store) -> None:
    keys = TicketKeys(store, RING)
    one, other = await register(store, keys=keys), await register(store, keys=keys)
    encrypted = (await keys.encryption_key(one)).cipher.encrypt(bytes(12), b"word", None)
    with pytest.raises(InvalidTag):
        (await keys.encryption_key(other)).cipher.decrypt(bytes(12), encrypted, None)
    with pytest.raises(BadKey):
        await TicketKeys(store, KeyRing.of(b"x" * 32)).encryption_key(one)


async def test_the_key_is_asked_of_the_store_once(store: Store) -> None:
    keys, others = TicketKeys(store, RING), TicketKeys(store, RING)
    number = await register(store, keys=keys)
    await others.encryption_key(number)
    await store.change(delete(tables.ticket_key))
    for process in (keys, others):  # the process that made or fetched it has it cached
        assert (await process.encryption_key(number)).name.endswith(number.encode())
    with pytest.raises(BadKey):
        await TicketKeys(store, RING).decryption_key(f"ticket/{number}".encode())


async def test_no_more_keys_are_kept_at_hand_than_agreed(store: Store) -> None:
    keys = TicketKeys(store, RING, most=2)
    numbers = [await register(store, keys=keys) for _ in range(4)]
    assert len(keys._kept) == 2
    assert (await keys.encryption_key(numbers[0])).name.endswith(numbers[0].encode())
    assert len(keys._kept) == 2


async def test_a_ticket_from_before_there_were_keys_gets_one_key_from_many(store: Store) -> None:
    number = await register(store)
    processes = [TicketKeys(store, RING) for _ in range(4)]
    await asyncio.gather(*(keys.encryption_key(number) for keys in processes))
    encrypted = (await processes[0].encryption_key(number)).cipher.encrypt(bytes(12), b"word", None)
    for keys in processes:
        cipher = (await keys.encryption_key(number)).cipher
        assert cipher.decrypt(bytes(12), encrypted, None) == b"word"


async def test_what_is_no_ticket_is_encrypted_with_the_jobs_key(store: Store) -> None:
    keys = TicketKeys(store, RING)
    for nobody in (None, "2411200000017"):
        name, _ = await keys.encryption_key(nobody)
        assert name == b"ring/1"
        await keys.decryption_key(name)
    assert await store.rows(select(tables.ticket_key)) == []


@pytest.mark.parametrize("name", [b"", b"ring/x", b"ring/9", b"ticket/2411200000017", b"\xff"])
async def test_keys_that_never_were_open_nothing(store: Store, name: bytes) -> None:
    with pytest.raises(BadKey):
        await TicketKeys(store, RING).decryption_key(name)


async def _ended(store: Store) -> str:
    number = await register(store, keys=TicketKeys(store, RING))
    entry = await intake.get(store, number)
    assert entry is not None
    story, projector = Story(entry.complaint), Projector(store)
    for projection in story.whole():
        await projector.project(projection)
    await projector.close()
    return number


async def test_an_erased_key_is_gone_for_good(store: Store) -> None:
    number = await _ended(store)
    assert await erased_at(store, number) is None
    await erasure.erase(store, number, NOW)
    keys = TicketKeys(store, RING)
    name, cipher = await keys.encryption_key(number)
    content = cipher.encrypt(bytes(12), b"w", None)
    with pytest.raises(InvalidTag):  # it was encrypted with a key that is not stored
        (await keys.encryption_key(number)).cipher.decrypt(bytes(12), content, None)
    with pytest.raises(Erased, match="2026-11-02"):
        await keys.decryption_key(name)
    assert await erased_at(store, number) == NOW
    await erasure.erase(store, number, datetime.now(UTC))  # a repetition is harmless
    assert await erased_at(store, number) == NOW
    assert await register(store) != number


async def test_encrypting_anew_leaves_nothing_with_the_old_key(store: Store) -> None:
    number = await register(store, keys=TicketKeys(store, RING))
    before = (await TicketKeys(store, RING).encryption_key(number)).cipher.encrypt(
        bytes(12), b"w", None
    )
    erased = await _ended(store)
    await erasure.erase(store, erased, NOW)
    ring = RING.with_new_key()
    vault = Vault(ring)
    assert await re_encrypt(store, vault) == 2
    assert await re_encrypt(store, vault) == 0
    used = await use_of_keys(store)
    assert {key: (use.persons, use.tickets) for key, use in used.items()} == {2: (1, 1)}
    cipher = (await TicketKeys(store, ring).encryption_key(number)).cipher
    assert cipher.decrypt(bytes(12), before, None) == b"w"  # the history stays readable
    entry = await intake.get(store, number)
    assert entry is not None
    person = await intake.person_of(store, vault, entry.complaint.person or "")
    assert person is not None
    assert person.name == "王小明"
    assert vault.access_code(number) == Vault(RING).access_code(number)
    assert vault.phone_hash("138 1234 5678") == Vault(RING).phone_hash("13812345678")


async def test_encrypting_anew_without_the_old_key_changes_nothing(store: Store) -> None:
    await register(store, keys=TicketKeys(store, RING))
    with pytest.raises(BadKey):
        await re_encrypt(store, Vault(KeyRing({2: bytes(32)})))
    assert (await use_of_keys(store))[1].persons == 1
    assert await store.first(text("SELECT count(*) FROM person")) == (1,)
