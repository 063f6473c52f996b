"""Tests of topics: what many citizens complain about, kept up to date with their tickets."""

from datetime import UTC, datetime, timedelta
from typing import Any

from activities.topics import TopicKeeping
from domain.ticket.complaint import Channel, Kind
from store.db.engine import Store
from store.tickets.erasure import erase
from store.topics import book, placing
from store.topics.rebuilding import rebuild
from tests.store.stories import START, Story, complaint, project
from tests.support.cities import SHIPPED

NOW = datetime(2026, 4, 1, 8, tzinfo=UTC)
CITY = "tongzhou"
SMOKE = (
    ("魅力之城油烟扰民", "魅力之城小区底层餐馆没有排烟管道，油烟直接排进楼里。"),
    ("魅力之城小区油烟直排", "楼下夜宵摊油烟太大，魅力之城的居民不敢开窗。"),
    ("投诉魅力之城商铺油烟", "魅力之城临街商铺油烟呛人，一直开到凌晨。"),
)
PARKING = (
    ("滨河苑捆绑销售车位", "开发商要求滨河苑购房者必须同时购买车位。"),
    ("滨河苑车位捆绑销售", "滨河苑的车位和房子捆绑销售，不买车位不给签合同。"),
)
OTHERS = (
    ("路灯不亮", "新华东街的路灯坏了一个星期。"),
    ("井盖缺失", "玉带河大街辅路有一个井盖不见了，很危险。"),
    ("公交车晚点", "早高峰等了四十分钟，公交一辆也没有来。"),
)


def _of(said: tuple[str, str], person: str | None, hours: float, **more: Any) -> Story:
    made = complaint(city=CITY, title=said[0], filed_at=START + timedelta(hours=hours), **more)
    more_said = {"text": said[1], "person": person, "anonymous": person is None}
    return Story(made.model_copy(update=more_said))


async def _known_city(store: Store) -> list[Story]:
    lives = [_of(said, f"p{at}", at) for at, said in enumerate((*SMOKE, *PARKING, *OTHERS))]
    await project(store, *(one.whole() for one in lives))
    return lives


def _job(store: Store) -> TopicKeeping:
    return TopicKeeping(SHIPPED, store)


async def _kept(store: Store) -> None:
    job = _job(store)
    while await job.step(NOW):
        pass


async def _topics(store: Store) -> list[tuple[int, int]]:
    found = await book.topics(store, CITY, 2, None, 20)
    return [(one.people, one.tickets) for one in found]


async def test_complaints_of_several_citizens_about_one_matter_are_a_topic(store: Store) -> None:
    await _known_city(store)
    await _kept(store)
    assert await _topics(store) == [(3, 3), (2, 2)]
    smoke, parking = await book.topics(store, CITY, 2, None, 20)
    assert "魅力之城" in smoke.name
    assert "滨河苑" in parking.name


async def test_one_person_is_no_topic_however_often_they_write(store: Store) -> None:
    lives = [_of(SMOKE[at % 3], "the same", at) for at in range(10)]
    await project(store, *(one.whole() for one in lives))
    await _kept(store)
    assert await _topics(store) == []
    await project(store, _of(SMOKE[0], "another", 20).whole())
    await _kept(store)
    assert await _topics(store) == [(2, 11)]


async def test_those_who_gave_no_name_count_as_one(store: Store) -> None:
    lives = [_of(SMOKE[at % 3], None, at) for at in range(4)]
    await project(store, *(one.whole() for one in lives))
    await _kept(store)
    assert await _topics(store) == []


async def test_reports_of_wrongdoing_and_the_citys_own_tickets_are_in_no_topic(
    store: Store,
) -> None:
    lives = [
        _of(SMOKE[0], "a", 1, kind=Kind.REPORT),
        _of(SMOKE[0], "b", 2, channel=Channel.PROACTIVE),
        _of(SMOKE[0], "c", 3),
    ]
    await project(store, *(one.whole() for one in lives))
    await _kept(store)
    assert await _topics(store) == []
    assert await placing.alike(store, lives[2].number) == []


async def test_the_nearest_are_shown_with_what_they_share(store: Store) -> None:
    lives = await _known_city(store)
    await _kept(store)
    first, *_ = await placing.alike(store, lives[3].number)
    assert first.number == lives[4].number
    assert any("滨河苑" in word for word in first.words)
    assert await placing.alike(store, lives[5].number) == []


async def test_an_erased_ticket_leaves_its_topic_without_its_words(store: Store) -> None:
    lives = await _known_city(store)
    await _kept(store)
    await erase(store, lives[3].number, NOW)
    assert await _topics(store) == [(3, 3)]
    await _kept(store)
    assert await _topics(store) == [(3, 3)]


async def test_a_rebuild_finds_the_same_topics_under_the_same_numbers(store: Store) -> None:
    await _known_city(store)
    await _kept(store)
    before = await book.topics(store, CITY, 2, None, 20)
    made = await rebuild(store, CITY, NOW, lambda done: None)
    assert (made.tickets, made.topics) == (8, 2)
    after = await book.topics(store, CITY, 2, None, 20)
    assert [(one.number, one.people) for one in after] == [
        (one.number, one.people) for one in before
    ]
    await _kept(store)
    assert await book.topics(store, CITY, 2, None, 20) == after
