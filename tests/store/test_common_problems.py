"""Tests of common problems: many complaints about one category in one street."""

from datetime import timedelta
from typing import Any

import pytest

from domain.ticket.complaint import Channel, Kind, Place
from store.db.engine import Store
from store.reporting import common_problems
from tests.store.stories import START, Story, complaint, project

STREET, OTHER = "110112003", "110112004"


async def _project(store: Store, *lives: Story) -> None:
    await project(store, *(one.whole() for one in lives))


def _at(area: str | None, hours: float = 0, **more: Any) -> Story:
    new_complaint = complaint(
        place=Place(area=area), filed_at=START + timedelta(hours=hours), **more
    )
    return Story(new_complaint)


async def _topics(store: Store, least: int = 3, hours: float = 24) -> list[common_problems.Topic]:
    return await common_problems.topics(store, "demo", START, START + timedelta(hours=hours), least)


async def test_a_topic_is_one_kind_of_thing_in_one_street(store: Store) -> None:
    cells = [f"{STREET}001001", f"{STREET}002", STREET]
    here = [_at(area, hours) for hours, area in enumerate(cells)]
    stories = [_at(OTHER), _at(OTHER)]
    await _project(store, *here, *stories)
    assert await _topics(store) == [
        common_problems.Topic("lamp", STREET, 3, [story.number for story in reversed(here)])
    ]
    assert [(topic.area, topic.count) for topic in await _topics(store, least=2)] == [
        (STREET, 3),
        (OTHER, 2),
    ]
    assert await _topics(store, hours=2) == []


async def test_what_is_no_complaint_is_no_part_of_a_topic(store: Store) -> None:
    await _project(
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
    monkeypatch.setattr(common_problems, "NUMBERS", 2)
    lives = [_at(STREET, hours) for hours in range(4)]
    await _project(store, *lives)
    (topic,) = await _topics(store)
    assert (topic.count, topic.numbers) == (4, [lives[3].number, lives[2].number])


async def test_the_largest_come_first_and_only_so_many(store: Store) -> None:
    streets = ["110112001", "110112002", "110112002", OTHER, OTHER, OTHER]
    await _project(store, *(_at(street) for street in streets))
    until = START + timedelta(hours=24)
    topics = await common_problems.topics(store, "demo", START, until, 1, 2)
    assert [(topic.area, topic.count) for topic in topics] == [(OTHER, 3), ("110112002", 2)]


async def test_a_topic_needs_no_answer_only_a_category(store: Store) -> None:
    stories = [_at(STREET), _at(STREET)]
    lives = [[story.accepted(), story.classified("water")] for story in stories]
    await project(store, *lives)
    assert [(topic.category, topic.count) for topic in await _topics(store, least=2)] == [
        ("water", 2)
    ]
