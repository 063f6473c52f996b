"""Tests that an accused unit's officers do not see the ticket in their lists."""

from domain.facts.intake import Classified
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
