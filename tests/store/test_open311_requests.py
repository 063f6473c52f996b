"""Tests of the public tickets that Open311 clients read, on both databases."""

from datetime import timedelta
from typing import Any

from domain.facts.anytime import Withdrawn
from domain.ticket.complaint import Channel, Kind, Place
from store.db.engine import Store
from store.reporting import open311_requests
from store.reporting.open311_requests import MapBox, RequestFilter
from store.tickets import tickets
from tests.store.stories import CITIZEN, START, Story, complaint, project

DAY = timedelta(days=1)
LAMPS = RequestFilter(city="demo", categories=["lamps"])


def _public(hours: float = 0, **more: Any) -> Story:
    filed_at = START + timedelta(hours=hours)
    said: dict[str, Any] = {"public": True, "filed_at": filed_at, "channel": Channel.OPEN311}
    return Story(complaint(**said | more))


async def _listed(store: Store, wanted: RequestFilter = LAMPS, offset: int = 0) -> list[str]:
    found = await open311_requests.listed(store, wanted, offset, 100)
    return [one.ticket.complaint.number for one in found]


async def test_only_what_is_public_is_listed_the_last_filed_first(store: Store) -> None:
    first, second = _public(), _public(1)
    private, report = _public(public=False), _public(kind=Kind.REPORT)
    elsewhere, other_door = _public(city="other"), _public(channel=Channel.WEB)
    every = (first, second, private, report, elsewhere, other_door)
    await project(store, *(one.whole() for one in every))
    assert await _listed(store) == [second.number, first.number]
    assert await _listed(store, offset=1) == [first.number]
    assert await _listed(store, offset=2) == []
    numbers = [one.number for one in every]
    among = await open311_requests.among(store, {"demo": ["lamps"]}, numbers)
    assert [one.ticket.complaint.number for one in among] == [first.number, second.number]
    assert await open311_requests.among(store, {}, numbers) == []


async def test_other_channels_are_listed_in_the_categories_of_services(store: Store) -> None:
    story = _public(channel=Channel.WEB)
    await project(store, story.whole())
    found = await tickets.get(store, story.number)
    assert found is not None
    assert found.category is not None
    category = found.category
    assert await _listed(store) == []
    assert await open311_requests.among(store, {"demo": ["lamps"]}, [story.number]) == []
    (same,) = await open311_requests.among(store, {"demo": [category]}, [story.number])
    assert same.ticket.category == category
    served = RequestFilter(city="demo", categories=[category])
    assert await _listed(store, served) == [story.number]


async def test_what_is_closed_has_its_answer_or_has_ended(store: Store) -> None:
    answered, rating, waiting, withdrawn = _public(), _public(1), _public(2), _public(3)
    await project(store, answered.whole(), rating.until_replied(), waiting.until_replied()[:-1])
    await project(store, [withdrawn.accepted(), withdrawn.tell(Withdrawn(), by=CITIZEN)])
    closed = RequestFilter(city="demo", categories=[], closed=True)
    still = RequestFilter(city="demo", categories=[], closed=False)
    assert await _listed(store, closed) == [withdrawn.number, rating.number, answered.number]
    assert await _listed(store, still) == [waiting.number]
    found = await open311_requests.listed(store, LAMPS, 0, 100)
    answers = {one.ticket.complaint.number: one.answered for one in found}
    assert answers == {
        answered.number: True, rating.number: True, waiting.number: False, withdrawn.number: False,
    }  # fmt: skip


async def test_a_box_looks_at_the_point_that_is_shown(store: Store) -> None:
    exact: dict[str, Any] = {"lat": 39.90214, "lon": 116.65734}
    here = _public(place=Place(**exact))
    vague = _public(1, place=Place(**exact), channel=Channel.WEB)
    south = _public(2, place=Place(lat=-33.86785, lon=-151.20732), channel=Channel.WEB)
    nowhere = _public(3)
    await project(store, *(one.whole() for one in (here, vague, south, nowhere)))
    found = await tickets.get(store, vague.number)
    assert found is not None
    categories = [str(found.category)]

    async def within(west: float, south: float, east: float, north: float) -> list[str]:
        box = MapBox(west, south, east, north)
        return await _listed(store, RequestFilter(city="demo", categories=categories, box=box))

    assert await within(116.65733, 39.90213, 116.65735, 39.90215) == [here.number]
    assert await within(116.6569, 39.9019, 116.6571, 39.9021) == [vague.number]
    assert await within(-151.2071, -33.8681, -151.2069, -33.8679) == [south.number]
    assert await within(-180, -90, 180, 90) == [south.number, vague.number, here.number]


async def test_events_come_in_their_order_and_with_their_answers(store: Store) -> None:
    story = _public()
    await project(store, story.until_replied())
    kinds, answers = ["accepted", "replied"], ["replied"]
    wanted = RequestFilter(city="demo", categories=[], updated_since=START - DAY)
    found = await open311_requests.changed(store, wanted, kinds, answers, 0, 100)
    assert [one.event.kind for one in found] == kinds
    assert found[0].of is None
    assert found[1].of is not None
    assert found[1].of.answered
    later = RequestFilter(city="demo", categories=[], updated_since=START + 1000 * DAY)
    assert await open311_requests.changed(store, later, kinds, answers, 0, 100) == []
    before = RequestFilter(city="demo", categories=[], updated_until=START - DAY)
    assert await open311_requests.changed(store, before, kinds, answers, 0, 100) == []
    (second,) = await open311_requests.changed(store, wanted, kinds, answers, 1, 100)
    assert second.event.kind == "replied"
    happened = await open311_requests.happened(store, [story.number], kinds)
    assert [event.kind for event in happened[story.number]] == kinds
