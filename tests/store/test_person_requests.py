"""Tests of requests for a person and of drafts, on both databases: once, in order, decided once."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.actors import Role
from domain.refusals import Refused
from store.agents import drafts, requests
from store.agents.drafts import ReplyDraft
from store.agents.requests import PersonRequest, RequestKind, RequestOutcome
from store.db.engine import Store
from store.tickets import erasure
from tests.store.stories import Story, complaint, project

START = datetime(2026, 3, 2, 1, tzinfo=UTC)


async def a_ticket(store: Store, *, ended: bool = False) -> str:
    story = Story(complaint())
    await project(store, story.whole() if ended else story.until_replied())
    return story.number


def asked(number: str, **changes: Any) -> PersonRequest:
    values: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "number": number,
        "city": "demo",
        "kind": RequestKind.CONTEST,
        "version": 3,
        "asked_at": START,
        "asked_by": "citizen",
        "asked_role": Role.CITIZEN,
        "asked_unit": None,
        "reason": "分类不对",
    }
    return PersonRequest(**values | changes)


def draft(number: str, text: str = "您好，已修复。") -> ReplyDraft:
    return ReplyDraft(
        id=secrets.token_hex(8),
        number=number,
        assignment=1,
        unit="water",
        text=text,
        proposed_at=START,
        proposed_by="agent:0",
    )


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


async def test_the_same_asked_by_many_at_once_is_one_request(store: Store) -> None:
    number = await a_ticket(store)
    made = await asyncio.gather(*(requests.ask(store, asked(number)) for _ in range(5)))
    assert {one.n for one in made} == {1}
    other = await requests.ask(store, asked(number, version=4))
    wish = await requests.ask(store, asked(number, kind=RequestKind.PERSON, version=None))
    assert (other.n, wish.n) == (2, 3)
    assert [one.n for one in await requests.of_ticket(store, number)] == [1, 2, 3]
    assert await refusal(requests.ask(store, asked("2603021234560"))) == "not_started_yet"


async def test_it_is_open_until_a_person_has_decided_and_decided_once(store: Store) -> None:
    number = await a_ticket(store)
    assert not await requests.is_open(store, number)
    await requests.ask(store, asked(number, due_at=START + timedelta(hours=2)))
    [waiting] = (await requests.waiting(store, "demo")).items
    assert waiting.late(START + timedelta(hours=3))
    assert not waiting.late(START + timedelta(hours=1))
    outcomes = (RequestOutcome.STANDS, RequestOutcome.CORRECTED)
    both = [requests.decide(store, number, 1, one, "看过了", one.value) for one in outcomes]
    refused = [refusal(one) for one in both]
    assert sorted(await asyncio.gather(*refused)) == ["", "person_request_decided"]
    assert not await requests.is_open(store, number)
    assert (await requests.waiting(store, "demo")).items == []
    again = requests.decide(store, number, 2, RequestOutcome.STANDS, "看过了", "a")
    assert await refusal(again) == "person_request_not_found"
    assert (await requests.ask(store, asked(number))).n == 2


async def test_what_waits_is_listed_in_parts_the_oldest_first(store: Store) -> None:
    numbers = [await a_ticket(store) for _ in range(3)]
    for hours, number in enumerate(numbers):
        moment = START - timedelta(hours=hours)
        await requests.ask(store, asked(number, asked_at=moment))
    first = await requests.waiting(store, "demo", limit=2)
    rest = await requests.waiting(store, "demo", first.next_cursor, 2)
    assert [one.number for one in (*first.items, *rest.items)] == numbers[::-1]
    assert rest.next_cursor is None
    assert (await requests.waiting(store, "other")).items == []


async def test_a_draft_waits_for_one_decision(store: Store) -> None:
    number = await a_ticket(store)
    assert (await drafts.propose(store, draft(number))).n == 1
    assert (await drafts.propose(store, draft(number))).n == 1
    assert (await drafts.propose(store, draft(number, "另一稿"))).n == 2
    decided = await drafts.decide(store, number, 1, "a", used=True)
    assert decided.used
    assert (await drafts.decide(store, number, 1, "a", used=True)).decided_by == "a"
    assert await refusal(drafts.decide(store, number, 1, "b", used=False)) == "draft_decided"
    assert await refusal(drafts.decide(store, number, 9, "b", used=False)) == "draft_not_found"


async def test_of_an_erased_ticket_no_word_is_left(store: Store) -> None:
    number = await a_ticket(store, ended=True)
    await requests.ask(store, asked(number))
    await requests.decide(store, number, 1, RequestOutcome.STANDS, "王芳来电", "a")
    await drafts.propose(store, draft(number))
    await erasure.erase(store, number, START)
    [left] = await requests.of_ticket(store, number)
    assert (left.reason, left.answer, left.outcome) == ("", "", RequestOutcome.STANDS)
    assert [one.text for one in await drafts.of_ticket(store, number)] == [""]
