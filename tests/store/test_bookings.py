"""Tests of appointments in the store: one seat for one person, on both databases."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.actors import Actor, Role
from domain.booking.booking import Booking, BookingAct, BookingState, Visit
from domain.pack.services import Service, Services
from domain.refusals import Refused
from store.db.clock import Clock
from store.db.engine import Store
from store.db.errors import KeyReused
from store.tickets import bookings, erasure
from store.tickets.bookings import NewTime
from tests.store.stories import Story, complaint, project

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STARTS = NOW + DAY
OFFICER = Actor(role=Role.OFFICER, id="o", unit="centre")
RULES = Services(per_phone=2, no_shows=2)
ONE = Service(
    code="insurance",
    name="社保",
    name_en="Insurance",
    places=("centre",),
    minutes=30,
    source="illustrative",
)


def at(moment: datetime) -> Clock:
    """Return a clock that stands still."""
    return lambda _connection: moment


def time_at(starts: datetime, place: str = "centre") -> NewTime:
    return NewTime(place, starts, starts + HOUR / 2, starts - DAY, starts + 10 * HOUR)


def draft(starts: datetime = STARTS, **changes: Any) -> Booking:
    times = time_at(starts)
    values: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "number": secrets.token_hex(5),
        "city": "demo",
        "service": "insurance",
        "place": times.place,
        "starts_at": times.starts_at,
        "ends_at": times.ends_at,
        "remind_at": times.remind_at,
        "missed_at": times.missed_at,
        "phone": secrets.token_hex(4),
        "sealed": b"sealed",
        "content": "what was asked for",
        "made_at": NOW,
    }
    return Booking(**values | changes)


async def book(store: Store, new: Booking, now: datetime = NOW, at_once: int = 1) -> Booking:
    service = ONE.model_copy(update={"at_once": at_once})
    return await bookings.book(store, new, service, RULES, at(now))


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


async def test_of_many_who_want_the_last_seats_as_many_get_one_as_there_are(store: Store) -> None:
    wanted = [book(store, draft(), at_once=2) for _ in range(12)]
    got = await asyncio.gather(*map(refusal, wanted))
    assert sorted(got) == ["", ""] + ["appointment_taken"] * 10
    taken = await bookings.taken(store, "demo", "insurance", ["centre"], NOW, NOW + 9 * DAY)
    assert len(taken) == 2


async def test_of_two_who_move_to_the_last_seat_one_gets_it(store: Store) -> None:
    first, second = [await book(store, draft(STARTS + n * HOUR)) for n in (1, 2)]
    moves = [
        bookings.move(store, one.id, ONE, time_at(STARTS), clock=at(NOW)) for one in (first, second)
    ]
    assert sorted(await asyncio.gather(*map(refusal, moves))) == ["", "appointment_taken"]
    taken = await bookings.taken(store, "demo", "insurance", ["centre"], NOW, NOW + 9 * DAY)
    assert len(taken) == 2


async def test_one_key_is_one_appointment(store: Store) -> None:
    new = draft()
    made = await asyncio.gather(*(book(store, new, at_once=9) for _ in range(5)))
    assert {one.seat for one in made} == {1}
    with pytest.raises(KeyReused):
        await book(store, new.model_copy(update={"content": "something else"}))


async def test_what_is_cancelled_is_free_for_others(store: Store) -> None:
    first = await book(store, draft())
    assert await refusal(book(store, draft())) == "appointment_taken"
    gone = await bookings.cancel(store, first.id, at(NOW))
    assert gone.state is BookingState.CANCELLED
    assert (await bookings.cancel(store, first.id, at(NOW))).state is BookingState.CANCELLED
    assert (await book(store, draft())).seat == 1
    code = await refusal(bookings.move(store, first.id, ONE, time_at(STARTS + HOUR), clock=at(NOW)))
    assert code == "appointment_over"


async def test_an_appointment_keeps_others_out_that_would_overlap(store: Store) -> None:
    await book(store, draft())
    assert await refusal(book(store, draft(STARTS + HOUR / 4))) == "appointment_taken"
    assert await refusal(book(store, draft(STARTS + HOUR / 2))) == ""


async def test_one_phone_has_one_appointment_at_a_time_wherever_it_is(store: Store) -> None:
    first = await book(store, draft(phone="p"), at_once=3)
    for minutes, place in ((0, "centre"), (15, "centre"), (-15, "other")):
        new = draft(STARTS + minutes * HOUR / 60, phone="p", place=place)
        assert await refusal(book(store, new, at_once=3)) == "appointment_clash"
    assert await refusal(book(store, draft(), at_once=3)) == "", "another phone"
    next_one = await book(store, draft(STARTS + HOUR / 2, phone="p"), at_once=3)
    back = bookings.move(store, next_one.id, ONE, time_at(STARTS, "other"), clock=at(NOW))
    assert await refusal(back) == "appointment_clash"
    await bookings.cancel(store, first.id, at(NOW))
    again = bookings.move(store, next_one.id, ONE, time_at(STARTS, "other"), clock=at(NOW))
    assert await refusal(again) == ""


async def test_moves_of_residents_are_counted_and_those_of_staff_are_not(store: Store) -> None:
    made = await book(store, draft())
    for n in (1, 2):
        moved = await bookings.move(store, made.id, ONE, time_at(STARTS + n * HOUR), clock=at(NOW))
        assert moved.moves == n
    same = await bookings.move(store, made.id, ONE, time_at(STARTS + 2 * HOUR), clock=at(NOW))
    assert same.moves == 2, "to the time that it has already is no move"
    third = bookings.move(store, made.id, ONE, time_at(STARTS), clock=at(NOW))
    assert await refusal(third) == "move_cap"
    by_staff = await bookings.move(
        store, made.id, ONE, time_at(STARTS), OFFICER, "窗口停电。", at(NOW)
    )
    assert (by_staff.moves, by_staff.starts_at) == (2, STARTS)
    record = await bookings.record_of(store, made.id)
    assert [one.act for one in record] == ["booked", "moved", "moved", "moved_by_staff"]
    assert (record[-1].unit, record[-1].reason) == ("centre", "窗口停电。")


async def test_who_misses_too_many_waits(store: Store) -> None:
    missed = [await book(store, draft(STARTS + n * HOUR, phone="p")) for n in (0, 1)]
    assert await refusal(book(store, draft(STARTS + 2 * HOUR, phone="p"))) == "appointment_cap"
    later = NOW + 3 * DAY
    again = draft(later + DAY, phone="p")
    assert await refusal(book(store, again, later)) == "appointments_paused"
    assert await refusal(book(store, draft(later + DAY), later)) == "", "others do not"
    await bookings.record_visit(store, missed[0].id, Visit.EXCUSED, OFFICER, at(later))
    assert await refusal(book(store, draft(later + 2 * DAY, phone="p"), later)) == ""


async def test_the_pause_ends(store: Store) -> None:
    for n in (0, 1):
        await book(store, draft(STARTS + n * HOUR, phone="p"))
    later = STARTS + RULES.pause.length + DAY
    assert await refusal(book(store, draft(later + DAY, phone="p"), later)) == ""


async def test_a_visit_is_recorded_once(store: Store) -> None:
    made = await book(store, draft())
    for _ in range(2):
        done = await bookings.record_visit(store, made.id, Visit.ARRIVED, OFFICER, at(STARTS))
        assert done.state is BookingState.ARRIVED
    record = await bookings.record_of(store, made.id)
    assert [one.act for one in record] == [BookingAct.BOOKED, BookingAct.ARRIVED]
    [line] = await bookings.of_day(store, "demo", ["centre"], STARTS, STARTS + DAY)
    assert line.state is BookingState.ARRIVED


async def test_people_are_erased_after_a_while_and_with_their_ticket(store: Store) -> None:
    old = await book(store, draft(phone="p"))
    assert await bookings.forget_people(store, "demo", STARTS) == 0
    assert await bookings.forget_people(store, "demo", STARTS + DAY) == 1
    assert await bookings.forget_people(store, "demo", STARTS + DAY) == 0
    found = await bookings.by_number(store, old.number)
    assert found is not None
    assert (found.sealed, found.phone) == (None, "")
    story = Story(complaint())
    await project(store, story.whole())
    made = await book(store, draft(STARTS + HOUR, ticket=story.number))
    to = time_at(STARTS + 2 * HOUR)
    await bookings.move(store, made.id, ONE, to, OFFICER, "王女士改期。", at(NOW))
    await erasure.erase(store, story.number, NOW)
    [left] = await bookings.of_ticket(store, story.number)
    assert (left.sealed, left.phone, left.number) == (None, "", made.number)
    record = await bookings.record_of(store, made.id)
    assert {one.reason for one in record} == {""}
