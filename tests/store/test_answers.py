"""Tests of published answers, which everybody may read."""

from datetime import timedelta
from typing import Any

from domain.facts.anytime import Withdrawn
from domain.ticket.complaint import Kind
from store.db.engine import Store
from store.reporting.published_answers import answers
from tests.store.stories import CITIZEN, START, Story, complaint, project


def _public(hours: float = 0, **more: Any) -> Story:
    return Story(complaint(public=True, filed_at=START + timedelta(hours=hours), **more))


async def _numbers(store: Store) -> list[str]:
    published = await answers(store, "demo")
    return [ticket.complaint.number for ticket in published.tickets]


async def test_only_what_is_public_and_answered_is_published(store: Store) -> None:
    shown, rating = _public(), _public(1)
    private, elsewhere = Story(), _public(city="other")
    report, waiting, withdrawn = _public(kind=Kind.REPORT), _public(), _public()
    await project(store, *(one.whole() for one in (shown, private, elsewhere, report)))
    await project(store, rating.until_replied(), waiting.until_replied()[:-1])
    await project(store, [withdrawn.accepted(), withdrawn.tell(Withdrawn(), by=CITIZEN)])
    assert await _numbers(store) == [rating.number, shown.number]


async def test_answers_come_in_pages_the_last_filed_first(store: Store) -> None:
    lives = [_public(hours) for hours in (0, 1, 1, 2, 3)]
    await project(store, *(one.whole() for one in lives))
    whole = await _numbers(store)
    assert len(whole) == 5
    assert whole[0] == lives[4].number
    assert whole[-1] == lives[0].number
    collected: list[str] = []
    cursor = None
    while True:
        part = await answers(store, "demo", cursor, 2)
        collected += [ticket.complaint.number for ticket in part.tickets]
        cursor = part.next_cursor
        if cursor is None:
            break
    assert collected == whole
