"""Tests of open tickets about the same thing in the same place, without any text of citizens."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

from domain.pack.policies import Severity
from domain.ticket.complaint import Kind
from domain.ticket.stages import Stage
from store.db.engine import Store
from store.tickets.nearby import Nearby, open_nearby
from store.tickets.projector import Projector
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
    return [one.number for one in await open_nearby(store, mine, category, None, Severity())]


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
    nearby_tickets = await open_nearby(store, complaint(place=GATE), "lamp", None, Severity())
    names = {"number", "stage", "unit", "filed_at", "public"}
    assert {field.name for field in fields(Nearby)} == names
    assert (nearby_tickets[0].stage, nearby_tickets[0].unit) == (Stage.HANDLE, "U1")
