"""Tests of open tickets about the same thing in the same place, without any text of citizens."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

from domain.activity_io import Projection
from domain.facts.intake import Classified
from domain.pack.periods import Period
from domain.pack.policies import Severity
from domain.ticket.complaint import Complaint, Kind
from domain.ticket.stages import Stage
from store.db.engine import Store
from store.reporting.drill_down import DrillDownQuery, What, counted_tickets
from store.reporting.hot_spots import HotSpotsQuery, sites
from store.tickets.nearby import Nearby, open_nearby
from store.tickets.projector import Projector
from store.tickets.repeats import Where
from tests.store.stories import START, Story, complaint

GATE = {"address": "新华西街东门"}
POINT = {"lat": 39.9, "lon": 116.65}


def _story(hours: float = 0, **more: Any) -> Story:
    return Story(complaint(filed_at=START + timedelta(hours=hours), **({"place": GATE} | more)))


async def _project(store: Store, *lives: Story, ended: bool = False) -> None:
    projector = Projector(store)
    for story in lives:
        projections = (
            story.whole() if ended else [story.accepted(), story.classified(), story.assigned()]
        )
        for projection in projections:
            await projector.project(projection)
    await projector.close()


async def _nearby(store: Store, place: dict[str, Any], category: str = "lamp") -> list[str]:
    mine = complaint(place=place)
    return [one.number for one in await open_nearby(store, mine, category, Where(), Severity())]


async def test_the_newest_come_first(store: Store) -> None:
    early, late = _story(), _story(1)
    await _project(store, early, late)
    assert await _nearby(store, GATE) == [late.number, early.number]


async def test_a_hundred_metres_are_the_same_place(store: Store) -> None:
    story = _story(place=POINT)
    await _project(store, story)
    assert await _nearby(store, POINT | {"lat": 39.9008}) == [story.number]
    assert await _nearby(store, POINT | {"lat": 39.91}) == []


async def test_what_ended_is_elsewhere_or_reports_wrongdoing_is_not_told(store: Store) -> None:
    await _project(store, _story(), ended=True)
    await _project(store, _story(city="other"), _story(kind=Kind.REPORT))
    assert await _nearby(store, GATE) == []


async def test_another_thing_or_nowhere_has_none(store: Store) -> None:
    await _project(store, _story())
    assert await _nearby(store, GATE, "water") == []
    assert await _nearby(store, {}) == []


async def test_only_what_anybody_may_know_is_told(store: Store) -> None:
    await _project(store, _story())
    nearby_tickets = await open_nearby(store, complaint(place=GATE), "lamp", Where(), Severity())
    names = {"number", "stage", "unit", "filed_at", "public"}
    assert {field.name for field in fields(Nearby)} == names
    assert (nearby_tickets[0].stage, nearby_tickets[0].unit) == (Stage.HANDLE, "U1")


# --- known places ---------------------------------------------------------------------------------

ESTATE = {"address": "幸福家园3号楼"}


class _Placed(Story):
    """A story whose triage understands the place."""

    def __init__(self, filed: Complaint, where: Where) -> None:
        super().__init__(filed)
        self.where = where

    def classified(self, category: str = "lamp") -> Projection:
        area, site, part = self.where
        known = {"area": area, "site": site, "site_part": part}
        fact = Classified(category=category, tier="normal", why="keywords lamp")
        return self.tell(fact.model_copy(update=known))


def _at(street: str, site: str | None, part: str | None = None) -> Story:
    return _Placed(complaint(place=ESTATE), Where(street or None, site, part))


async def _same_as(store: Store, where: Where, place: dict[str, Any] = ESTATE) -> set[str]:
    found = await open_nearby(store, complaint(place=place), "lamp", where, Severity())
    return {one.number for one in found}


async def test_the_same_name_in_another_street_is_another_place(store: Store) -> None:
    here, there = _at("110112003", "e2"), _at("110112004", "e3")
    await _project(store, here, there)
    assert await _same_as(store, Where("110112003", "e2")) == {here.number}
    assert await _same_as(store, Where("110112004", "e3")) == {there.number}


async def test_the_same_words_in_another_street_are_another_place(store: Store) -> None:
    here, there, unknown = _at("110112003", None), _at("110112004", None), _at("", None)
    await _project(store, here, there, unknown)
    assert await _same_as(store, Where("110112003")) == {here.number, unknown.number}
    everywhere = {here.number, there.number, unknown.number}
    assert await _same_as(store, Where()) == everywhere


async def test_a_known_place_is_the_same_in_other_words(store: Store) -> None:
    here = _at("110112003", "e2")
    await _project(store, here)
    assert await _same_as(store, Where("110112003", "e2"), {"address": "幸福家园"}) == {here.number}


async def test_another_building_is_another_place_where_both_say_which(store: Store) -> None:
    third, fifth, whole = (_at("110112003", "e2", part) for part in ("3号楼", "5号楼", None))
    await _project(store, third, fifth, whole)
    same = await _same_as(store, Where("110112003", "e2", "3号楼"))
    assert same == {third.number, whole.number}
    assert len(await _same_as(store, Where("110112003", "e2"))) == 3


async def test_points_close_by_are_one_place_but_for_another_known_one(store: Store) -> None:
    story = _Placed(complaint(place=POINT), Where("110112003", "e2"))
    await _project(store, story)
    assert await _same_as(store, Where("110112003"), POINT) == {story.number}
    assert await _same_as(store, Where("110112003", "e9"), POINT) == set()


async def test_hot_spots_tell_estates_of_one_name_apart(store: Store) -> None:
    await _project(store, _at("110112003", "e2"), _at("110112003", "e2"), _at("110112004", "e3"))
    await _project(store, _at("110112004", None))
    month = Period(START - timedelta(days=1), START + timedelta(days=1))
    query = HotSpotsQuery("demo", month)
    assert [(one.code, one.tickets) for one in await sites(store, query)] == [("e2", 2), ("e3", 1)]
    asked = DrillDownQuery("demo", What.FILED, month, START, site="e2")
    assert len((await counted_tickets(store, asked)).rows) == 2
