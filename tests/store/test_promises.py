"""Tests of promises in the store, on both databases: one end, in order, and never moved."""

import asyncio
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.promise.promise import Promise, PromiseEnd, PromiseState
from domain.refusals import Refused
from domain.ticket.complaint import Kind
from store.db.clock import Clock
from store.db.engine import Store
from store.reporting import public_promises, published_answers
from store.tickets import erasure, promises
from store.tickets.promises import PromiseEnding, PromisePart
from tests.store.stories import Story, complaint, project

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TODAY = START.date()
DUE = TODAY + timedelta(days=10)
RULES = (90, 2)
AFTER = START + timedelta(days=13)
"""The first day after the grace."""


def at(moment: datetime) -> Clock:
    """Return a clock that stands still."""
    return lambda _connection: moment


async def a_ticket(store: Store, *, ended: bool = False, **changes: Any) -> str:
    story = Story(complaint(**changes))
    await project(store, story.whole() if ended else story.until_replied())
    return story.number


async def made(store: Store, number: str, due: date | None = DUE, **changes: Any) -> Promise:
    values: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "number": number,
        "city": "demo",
        "n": 0,
        "unit": "water",
        "text": "三月中旬修好",
        "due": TODAY,
        "asked_until": TODAY,
        "made_at": START,
        "made_by": "a",
    }
    return await promises.make(store, Promise(**values | changes), due, RULES, UTC, at(START))


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


async def numbers(
    store: Store, which: PromisePart, today: date, **more: Any
) -> list[tuple[str, int]]:
    found = await promises.listed(store, "demo", which, today, **more)
    return [(one.number, one.n) for one in found.items]


async def test_promises_made_at_once_have_numbers_of_their_own(store: Store) -> None:
    number = await a_ticket(store)
    await asyncio.gather(*(made(store, number) for _ in range(8)))
    found = await promises.of_ticket(store, number)
    assert [one.n for one in found] == list(range(1, 9))
    again = await made(store, number, id=found[0].id, text="anders")
    assert again == found[0], "the same form sent twice is one promise"


async def test_without_a_day_or_a_ticket_nothing_is_recorded(store: Store) -> None:
    number = await a_ticket(store)
    assert await refusal(made(store, number, None)) == "promise_undated"
    assert await refusal(made(store, number, date(9999, 12, 31))) == "too_far"
    assert await refusal(made(store, number, TODAY - timedelta(days=1))) == "in_the_past"
    assert await refusal(made(store, "2603020000000")) == "not_started_yet"
    assert await promises.of_ticket(store, number) == []


async def test_its_day_brings_it_to_the_list_and_silence_to_the_supervisor(store: Store) -> None:
    number = await a_ticket(store, ended=True)
    await made(store, number)
    own = [(number, 1)]
    for day, waiting, unsaid, broken in (
        (DUE - timedelta(days=1), [], [], []),
        (DUE, own, [], []),
        (DUE + timedelta(days=2), own, [], []),
        (DUE + timedelta(days=3), own, own, own),
    ):
        assert await numbers(store, PromisePart.WAITING, day, unit="water") == waiting
        assert await numbers(store, PromisePart.UNSAID, day) == unsaid
        assert await numbers(store, PromisePart.BROKEN, day) == broken
    assert await numbers(store, PromisePart.WAITING, DUE, unit="market") == []


async def test_of_two_ends_at_once_one_counts(store: Store) -> None:
    number = await a_ticket(store)
    one = await made(store, number)
    ends = [
        PromiseEnding(PromiseEnd.KEPT, "修好了", "a"),
        PromiseEnding(PromiseEnd.BROKEN, "没有修好", "b"),
        PromiseEnding(PromiseEnd.EXCUSED, "厂家停产", "c", None, DUE + timedelta(days=5), *RULES),
    ]
    codes = await asyncio.gather(
        *(refusal(promises.end(store, one.id, end, UTC, None, at(START))) for end in ends)
    )
    assert sorted(codes) == ["", "promise_ended", "promise_ended"]
    excused = codes[2] == ""
    assert len(await promises.of_ticket(store, number)) == (2 if excused else 1)


async def test_the_same_end_told_twice_is_one(store: Store) -> None:
    one = await made(store, await a_ticket(store))
    end = PromiseEnding(PromiseEnd.KEPT, "修好了", "a")
    first = await promises.end(store, one.id, end, UTC, None, at(START))
    later = START + timedelta(days=1)
    assert await promises.end(store, one.id, end, UTC, None, at(later)) == first


async def test_what_is_done_after_the_grace_stays_broken(store: Store) -> None:
    one = await made(store, await a_ticket(store))
    end = PromiseEnding(PromiseEnd.KEPT, "修好了", "a")
    ended = await promises.end(store, one.id, end, UTC, None, at(AFTER))
    assert (ended.end, ended.done_late, ended.said) == (PromiseEnd.BROKEN, True, "修好了")


async def test_a_moved_promise_keeps_its_day_and_a_new_one_follows(store: Store) -> None:
    number = await a_ticket(store)
    one = await made(store, number)
    moved = AFTER.date() + timedelta(days=20)
    end = PromiseEnding(PromiseEnd.EXCUSED, "厂家停产", "s", None, moved, *RULES)
    await promises.end(store, one.id, end, UTC, None, at(AFTER))
    old, new = await promises.of_ticket(store, number)
    assert (old.due, old.end, old.said) == (DUE, PromiseEnd.EXCUSED, "厂家停产")
    assert (new.due, new.follows, new.end, new.text) == (moved, 1, None, one.text)
    assert await promises.followers(store, [old]) == {(number, 1): new}
    again = await promises.end(store, one.id, end, UTC, None, at(AFTER))
    assert again.end is PromiseEnd.EXCUSED, "the same again is no harm"
    day = moved + timedelta(days=9)
    further = PromiseEnding(PromiseEnd.EXCUSED, "厂家停产", "s", None, day, *RULES)
    refused = await refusal(promises.end(store, one.id, further, UTC, None, at(AFTER)))
    assert refused == "promise_ended", "another day is not silently dropped"
    assert len(await promises.of_ticket(store, number)) == 2
    other = await made(store, number)
    past = PromiseEnding(PromiseEnd.EXCUSED, "再等", "s", None, TODAY, *RULES)
    assert await refusal(promises.end(store, other.id, past, UTC, None, at(AFTER))) == "in_the_past"
    still = await promises.get(store, number, other.n)
    assert still is not None
    assert still.end is None, "what is refused changes nothing"


async def test_a_list_is_read_page_by_page(store: Store) -> None:
    number = await a_ticket(store)
    for days in (4, 1, 3, 1, 2):
        await made(store, number, TODAY + timedelta(days=days))
    seen: list[date] = []
    cursor = None
    while True:
        found = await promises.listed(store, "demo", PromisePart.ALL, TODAY, None, cursor, 2)
        seen += [one.due for one in found.items]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert [(day - TODAY).days for day in seen] == [1, 1, 2, 3, 4]


async def test_only_promises_of_published_answers_are_public(store: Store) -> None:
    shown = await a_ticket(store, ended=True, public=True)
    hidden = await a_ticket(store, ended=True)
    report = await a_ticket(store, ended=True, public=True, kind=Kind.REPORT)
    unanswered = Story(complaint(public=True))
    await project(store, [unanswered.accepted(), unanswered.classified(), unanswered.assigned()])
    for number in (shown, hidden, report, unanswered.number):
        await made(store, number)
    found = await public_promises.listed(store, "demo", PromisePart.ALL, TODAY)
    assert [one.number for one in found.items] == [shown]
    known = [shown, hidden, report, unanswered.number]
    among = await published_answers.among(store, "demo", known)
    assert [one.complaint.number for one in among] == [shown]
    counts = await public_promises.counts(store, "demo", TODAY, DUE, AFTER.date())
    assert (counts.total, counts.states[PromiseState.BROKEN]) == (3, 3), "not of the report"


async def test_erasing_a_ticket_blanks_the_words_and_keeps_the_count(store: Store) -> None:
    number = await a_ticket(store, ended=True)
    one = await made(store, number)
    await promises.end(
        store, one.id, PromiseEnding(PromiseEnd.KEPT, "王先生家", "a"), UTC, None, at(START)
    )
    await erasure.erase(store, number, AFTER)
    [left] = await promises.of_ticket(store, number)
    assert (left.text, left.said, left.end) == ("", "", PromiseEnd.KEPT)
