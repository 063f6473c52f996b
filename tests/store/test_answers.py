"""Published answers and common problems: what everybody, or the staff, may read of many tickets."""

from datetime import timedelta
from typing import Any

import pytest

from domain.complaint import Channel, Kind, Place
from domain.facts.anytime import Withdrawn
from store import topics
from store.answers import answers
from store.engine import Store
from store.projector import Projector
from tests.store.stories import CITIZEN, START, Story, complaint

STREET, OTHER = "110112003", "110112004"


async def _told(store: Store, *lives: Story) -> None:
    projector = Projector(store)
    for story in lives:
        for projection in story.whole():
            await projector.project(projection)
    await projector.close()


def _public(hours: float = 0, **more: Any) -> Story:
    return Story(complaint(public=True, filed_at=START + timedelta(hours=hours), **more))


async def _numbers(store: Store) -> list[str]:
    found = await answers(store, "demo")
    return [ticket.complaint.number for ticket in found.tickets]


async def test_only_what_is_public_and_answered_is_published(store: Store) -> None:
    shown, rating = _public(), _public(1)
    private, elsewhere = Story(), _public(city="other")
    report, waiting, withdrawn = _public(kind=Kind.REPORT), _public(), _public()
    await _told(store, shown, private, elsewhere, report)
    projector = Projector(store)
    for story in (rating, waiting):
        for projection in story.until_replied()[: None if story is rating else -1]:
            await projector.project(projection)
    await projector.project(withdrawn.accepted())
    await projector.project(withdrawn.tell(Withdrawn(), by=CITIZEN))
    await projector.close()
    assert await _numbers(store) == [rating.number, shown.number]


async def test_answers_come_in_pages_the_last_filed_first(store: Store) -> None:
    lives = [_public(hours) for hours in (0, 1, 1, 2, 3)]
    await _told(store, *lives)
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


def _at(area: str | None, hours: float = 0, **more: Any) -> Story:
    told = complaint(place=Place(area=area), filed_at=START + timedelta(hours=hours), **more)
    return Story(told)


async def _topics(store: Store, least: int = 3, hours: float = 24) -> list[topics.Topic]:
    return await topics.topics(store, "demo", START, START + timedelta(hours=hours), least)


async def test_a_topic_is_one_kind_of_thing_in_one_street(store: Store) -> None:
    cells = [f"{STREET}001001", f"{STREET}002", STREET]
    here = [_at(area, hours) for hours, area in enumerate(cells)]
    there = [_at(OTHER), _at(OTHER)]
    await _told(store, *here, *there)
    assert await _topics(store) == [
        topics.Topic("lamp", STREET, 3, [story.number for story in reversed(here)])
    ]
    assert [(topic.area, topic.count) for topic in await _topics(store, least=2)] == [
        (STREET, 3),
        (OTHER, 2),
    ]
    assert await _topics(store, hours=2) == []


async def test_what_is_no_complaint_is_no_part_of_a_topic(store: Store) -> None:
    await _told(
        store,
        _at(STREET),
        _at(STREET),
        _at(STREET, kind=Kind.REPORT),
        _at(STREET, channel=Channel.PROACTIVE),
        _at(STREET, channel=Channel.INSPECTION),
        _at(STREET, city="other"),
        _at("110112"),
        _at(None),
    )
    assert [topic.count for topic in await _topics(store, least=2)] == [2]


async def test_of_a_large_topic_only_the_newest_are_named(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "NUMBERS", 2)
    lives = [_at(STREET, hours) for hours in range(4)]
    await _told(store, *lives)
    (topic,) = await _topics(store)
    assert (topic.count, topic.numbers) == (4, [lives[3].number, lives[2].number])
