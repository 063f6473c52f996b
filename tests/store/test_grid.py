"""Tests of grid workers in the store, on both databases: what is kept, and until when."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.grid.entries import CheckMoment, Seen
from domain.refusals import Refused
from domain.ticket.complaint import Kind
from store.db.engine import Store
from store.files import files
from store.grid import checks, diaries, entries, workers
from store.grid.checks import Check, CheckAnswer
from store.grid.diaries import DiaryRow
from store.grid.entries import EntryRow
from store.grid.workers import WaitingResident, Worker
from store.secrets.key_ring import KeyRing
from store.secrets.re_encryption import re_encrypt, use_of_keys
from store.secrets.vault import ContactDetails, Vault
from store.tickets import erasure, tickets
from tests.store.stories import Story, complaint, project
from tests.support.uploaded_files import an_uploaded_photo

RING = KeyRing.of(b"k" * 32)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
STREET, CELL = "110112001", "110112001901001"
LONG_AGO, YEAR = NOW - timedelta(days=400), NOW - timedelta(days=365)


def an_entry(**changes: Any) -> EntryRow:
    values: dict[str, Any] = {
        "account": "a1",
        "id": secrets.token_hex(16),
        "digest": "d",
        "kind": "diary",
        "city": "demo",
        "cell": CELL,
        "day": NOW.date(),
        "at": NOW,
        "received_at": NOW,
        "outside": False,
    }
    return EntryRow(**values | changes)


def a_diary(**changes: Any) -> DiaryRow:
    values: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "city": "demo",
        "cell": CELL,
        "account": "a1",
        "at": NOW,
        "text": "水压低。",
        "private": False,
    }
    return DiaryRow(**values | changes)


def a_check(number: str, **changes: Any) -> Check:
    values: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "number": number,
        "city": "demo",
        "cell": CELL,
        "moment": CheckMoment.CLOSING,
        "question": "好了吗？",
        "address": "",
        "lat": None,
        "lon": None,
        "asked_by": "desk",
        "asked_at": NOW,
    }
    return Check(**values | changes)


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


async def a_ticket(store: Store, *, ended: bool = False, **changes: Any) -> str:
    story = Story(complaint(**changes))
    await project(store, story.whole() if ended else story.until_replied())
    return story.number


async def test_an_entry_is_one_however_often_it_comes(store: Store) -> None:
    first = an_entry()
    assert await entries.take(store, first, 5) == first
    await entries.settle(store, "a1", first.id, "2603021234560")
    again = await entries.take(store, replace(first, received_at=NOW + timedelta(days=1)), 5)
    assert (again.settled, again.number, again.received_at) == (True, "2603021234560", NOW)
    other = replace(first, digest="other")
    assert await refusal(entries.take(store, other, 5)) == "entry_differs"
    assert await entries.take(store, replace(other, account="a2"), 5) != again
    await entries.drop(store, "a1", first.id)
    assert len(await entries.of_worker(store, "a1", 9)) == 1, "what is settled stays"
    pending = an_entry()
    await entries.take(store, pending, 5)
    await entries.drop(store, "a1", pending.id)
    corrected = replace(pending, digest="corrected")
    assert await entries.take(store, corrected, 5) == corrected


async def test_where_somebody_was_is_forgotten_but_for_reports_that_have_words(
    store: Store,
) -> None:
    number = await a_ticket(store, ended=True)
    report = an_entry(kind="report", received_at=LONG_AGO)
    old = [an_entry(kind=kind, received_at=LONG_AGO) for kind in ("diary", "check")]
    for arrived in (report, *old, an_entry()):
        await entries.take(store, arrived, 9)
    await entries.settle(store, "a1", report.id, number)
    assert await entries.forget(store, "elsewhere", YEAR) == 0
    assert await entries.forget(store, "demo", YEAR) == 2
    assert [one.kind for one in await entries.of_worker(store, "a1", 9)] == ["diary", "report"]
    await erasure.erase(store, number, NOW)
    assert await entries.forget(store, "demo", YEAR) == 1
    assert [one.kind for one in await entries.of_worker(store, "a1", 9)] == ["diary"]


async def test_a_day_has_a_cap_and_the_next_one_its_own(store: Store) -> None:
    for _ in range(3):
        await entries.take(store, an_entry(), 3)
    assert await refusal(entries.take(store, an_entry(), 3)) == "grid_entry_cap"
    tomorrow = an_entry(day=NOW.date() + timedelta(days=1))
    assert await entries.take(store, tomorrow, 3) == tomorrow


async def test_diaries_are_read_by_area_encrypted_anew_and_gone_after_their_time(
    store: Store,
) -> None:
    old, near, far = a_diary(at=LONG_AGO), a_diary(), a_diary(cell="110112002901001")
    for one in (old, near, far, near):
        await diaries.keep(store, RING, one)
    found = await diaries.within(store, RING, "demo", STREET, LONG_AGO, 9)
    assert found == [near, old]
    ring = RING.with_new_key()
    assert await re_encrypt(store, Vault(ring)) == 3
    assert await re_encrypt(store, Vault(ring)) == 0
    assert {key: use.diaries for key, use in (await use_of_keys(store)).items()} == {2: 3}
    assert await diaries.within(store, ring, "demo", STREET, LONG_AGO, 9) == [near, old]
    await diaries.feed(store, [near.id], "1")
    await diaries.feed(store, [near.id], "2")
    assert await diaries.within(store, ring, "demo", STREET, LONG_AGO, 9, fed=False) == [old]
    both = await diaries.named(store, ring, "demo", STREET, [near.id, old.id, far.id])
    assert sorted(both) == sorted([near.id, old.id])
    assert await diaries.forget(store, "elsewhere", YEAR) == 0
    assert await diaries.forget(store, "demo", YEAR) == 1
    [left] = await diaries.within(store, ring, "demo", STREET, LONG_AGO, 9)
    assert left == replace(near, number="1")


async def test_who_asks_is_known_until_it_is_decided_and_no_longer(store: Store) -> None:
    vault = Vault(RING)
    contact = ContactDetails(name="测试居民", phone="13800138000")
    asked = WaitingResident("r1", CELL, NOW, contact)
    for _ in range(2):
        await workers.ask(store, vault, asked, "demo", "mark", 5)
    assert await refusal(workers.ask(store, vault, replace(asked, id="r2"), "demo", "m2", 1)) == (
        "grid_waiting_full"
    )
    later = NOW + timedelta(days=30)
    assert await erasure.forget_unused(store, later - timedelta(days=60), later) == 0
    [one] = await workers.waiting(store, vault, "demo", STREET, 9)
    assert (one.id, one.contact.name) == ("r1", "测试居民")
    assert await workers.decided(store, "r1", "demo", "110112002") is None
    assert await workers.decided(store, "r1", "demo", STREET) == CELL
    assert await workers.decided(store, "r1", "demo", STREET) is None
    await workers.ask(store, vault, asked, "demo", "mark", 5)
    late = NOW + timedelta(days=61)
    assert await erasure.forget_unused(store, late - timedelta(days=60), late) == 1
    assert await workers.waiting(store, vault, "demo", STREET, 9) == []
    assert await workers.cell_of(store, "r1", "demo", STREET) is None


async def test_an_appointment_is_replaced_and_ends_once(store: Store) -> None:
    new = Worker("a1", "demo", CELL, True, NOW, None)
    await workers.appoint(store, new, "b1")
    assert not await workers.end(store, "a1", "demo", "110112002", NOW)
    assert await workers.end(store, "a1", "demo", STREET, NOW)
    assert await workers.end(store, "a1", "demo", STREET, NOW + timedelta(days=1))
    assert await workers.get(store, "a1") == replace(new, ended_at=NOW)
    await workers.appoint(store, replace(new, cell=STREET), "b1")
    assert await workers.get(store, "a1") == replace(new, cell=STREET)


async def test_the_first_answer_stays_and_goes_with_its_ticket(store: Store) -> None:
    number = await a_ticket(store, ended=True)
    asked = await checks.ask(store, a_check(number), 1)
    assert await checks.ask(store, asked, 1) == asked
    assert await refusal(checks.ask(store, a_check(number), 1)) == "checks_enough"
    given = CheckAnswer("a1", Seen.DONE, "好了。", 12, ("f1", "f2"), NOW)
    answered = await checks.answer(store, asked.id, given)
    assert (answered.seen, answered.metres, answered.photos) == (Seen.DONE, 12, ("f1", "f2"))
    again = replace(given, seen=Seen.THERE)
    assert (await checks.answer(store, asked.id, again)).seen is Seen.DONE
    other = replace(given, worker="a2")
    assert await refusal(checks.answer(store, asked.id, other)) == "check_answered"
    assert await refusal(checks.answer(store, "none", given)) == "check_not_found"
    await erasure.erase(store, number, NOW)
    assert await checks.of_ticket(store, number) == []


async def test_the_photos_of_an_answer_that_is_refused_are_nobodys(store: Store) -> None:
    number = await a_ticket(store)
    asked = await checks.ask(store, a_check(number), 1)
    for worker, code in (("a1", ""), ("a2", "check_answered")):
        photos = await an_uploaded_photo(store, NOW, worker)
        [photo] = (claim.id for claim in photos.claims)
        given = CheckAnswer(worker, Seen.DONE, "", 12, (photo,), NOW)
        assert await refusal(checks.answer(store, asked.id, given, photos)) == code
        kept = await files.get(store, photo)
        assert kept is not None
        assert kept.number == (None if code else number)


async def test_the_own_cell_comes_first_however_much_the_street_asks(store: Store) -> None:
    number, neighbour = await a_ticket(store), STREET + "902"
    for n in range(3):
        before = NOW - timedelta(days=9 - n)
        await checks.ask(store, a_check(number, cell=neighbour, asked_at=before), 9)
    own = await checks.ask(store, a_check(number), 9)
    waiting = await checks.open_within(store, "demo", STREET, 2, CELL)
    assert [one.cell for one in waiting] == [CELL, neighbour]
    assert waiting[0] == own


async def test_nobody_is_sent_to_a_report_of_wrongdoing(store: Store) -> None:
    number = await a_ticket(store, kind=Kind.REPORT)
    assert await refusal(checks.ask(store, a_check(number), 1)) == "check_of_report"
    open_one = await a_ticket(store)
    await checks.ask(store, a_check(open_one), 1)
    waiting = await checks.open_within(store, "demo", STREET, 9)
    assert [one.number for one in waiting] == [open_one]


async def test_what_was_asked_before_a_ticket_ended_is_asked_no_more(store: Store) -> None:
    number = await a_ticket(store, ended=True)
    ended = await tickets.get(store, number)
    assert ended is not None
    assert ended.ended_at is not None
    minute = timedelta(minutes=1)
    await checks.ask(store, a_check(number, asked_at=ended.ended_at - minute), 2)
    after = await checks.ask(store, a_check(number, asked_at=ended.ended_at + minute), 2)
    assert await checks.open_within(store, "demo", STREET, 9) == [after]


@pytest.mark.parametrize("area", ["1101_", "110%", "110112002"])
async def test_an_area_is_no_pattern(store: Store, area: str) -> None:
    await workers.appoint(store, Worker("a1", "demo", CELL, True, NOW, None), "b1")
    assert await workers.listed(store, "demo", area, 9) == []
