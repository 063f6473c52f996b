"""Tests that an accused unit's officers do not see the ticket in their lists."""

from sqlalchemy import select

from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.intake import Classified
from domain.facts.wrongdoing import Accused, TakenFromAccused
from store.db import tables
from store.db.engine import Store
from store.tickets import assignments, tickets
from store.tickets.accused_units import Hidden
from store.tickets.projector import Projector
from store.tickets.tickets import Filters
from tests.store.stories import DISPATCHER, Story, complaint


async def _accusing(store: Store, accused: str | None, city: str = "demo") -> Story:
    """Project a ticket of U1 in which `accused` is accused."""
    story, projector = Story(complaint(city=city)), Projector(store)
    fact = Classified(category="lamp", tier="normal", accused=accused, why="chosen by hand")
    for projection in (story.accepted(), story.tell(fact, by=DISPATCHER), story.assigned()):
        await projector.project(projection)
    await projector.close()
    return story


async def test_lists_leave_out_the_tickets_that_accuse_the_reader(store: Store) -> None:
    nobody, other = await _accusing(store, None), await _accusing(store, "U8")
    mine, elsewhere = await _accusing(store, "U7"), await _accusing(store, "U7", "other")
    hidden: Hidden = {"demo": ["U7", "gov"], "third": []}
    page = await tickets.page(store, Filters(hidden=hidden))
    shown = {nobody.number, other.number, elsewhere.number}
    assert {row.number for row in page.rows} == shown
    assert mine.number in {row.number for row in (await tickets.page(store, Filters())).rows}
    inbox = await assignments.inbox(store, "U1", hidden=hidden)
    assert {row.number for row in inbox.rows} == shown


async def test_who_is_confined_by_nothing_sees_everything(store: Store) -> None:
    ticket = await _accusing(store, "U7")
    nothing: tuple[Hidden | None, ...] = (None, {}, {"demo": []})
    for hidden in nothing:
        page = await tickets.page(store, Filters(hidden=hidden))
        assert [row.number for row in page.rows] == [ticket.number]


async def test_several_accused_units_and_those_below_are_told_apart(store: Store) -> None:
    """A code that is a part of another, or looks like a pattern, is another unit."""
    story, projector = Story(complaint()), Projector(store)
    said = Accused(accused=["U_1", "V2"], covered=["U_1", "V2", "V2-below"])
    for projection in (story.accepted(), story.tell(said, by=DISPATCHER), story.classified()):
        await projector.project(projection)
    await projector.close()
    for unit, seen in (
        ("U_1", False),
        ("V2", False),
        ("V2-below", False),
        ("U", True),
        ("V", True),
        ("UX1", True),
        ("below", True),
    ):
        page = await tickets.page(store, Filters(hidden={"demo": [unit]}))
        assert bool(page.rows) is seen, unit


async def test_what_was_to_be_sent_to_a_unit_goes_when_it_is_accused(store: Store) -> None:
    """Also where the projection that asked for it comes after the one that accuses."""
    story, projector = Story(complaint()), Projector(store)
    said = Accused(accused=["U1"], covered=["U1", "U1-below"])
    early = [story.accepted(), story.classified(), story.assigned("U1")]
    late = story.climbed(ClockName.SIGN, LevelKind.WARN)
    accusing = story.tell(TakenFromAccused(), said, by=DISPATCHER)
    for projection in early:
        await projector.project(projection)
    to_unit = select(tables.outbox.c.key).where(tables.outbox.c.unit == "U1")
    assert await store.rows(to_unit)
    for projection in (accusing, late):
        await projector.project(projection)
        assert await store.rows(to_unit) == []
    await projector.close()
