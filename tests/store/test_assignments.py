"""A unit's inbox: what burns first comes first."""

import pytest

from store import assignments
from store.engine import Store
from store.errors import BadCursor
from store.projector import Projector
from tests.store.stories import Story


@pytest.fixture
async def told(store: Store) -> list[Story]:
    """Five tickets of unit U1, due in 30, 10, 20 hours, one never, one done; and one of U2."""
    projector, stories = Projector(store), []
    for hours, unit in [(30, "U1"), (10, "U1"), (20, "U1"), (1, "U1"), (5, "U1"), (1, "U2")]:
        story = Story()
        stories.append(story)
        await projector.project(story.accepted())
        await projector.project(story.classified())
        given = story.assigned(unit, hours)
        if (hours, unit) == (1, "U1"):
            given.ticket.clocks.clear()  # a city that sets no limit
        await projector.project(given)
    await projector.project(stories[4].handled())
    await projector.close()
    return stories


async def test_the_inbox_is_ordered_by_what_burns_first(store: Store, told: list[Story]) -> None:
    inbox = await assignments.inbox(store, "U1")
    assert [row.number for row in inbox.rows] == [told[n].number for n in (1, 2, 0, 3)]
    assert inbox.next_cursor is None
    assert inbox.rows[-1].due_at is None
    assert {row.category for row in inbox.rows} == {"lamp"}
    everything = await assignments.inbox(store, "U1", open_only=False)
    assert [row.number for row in everything.rows] == [told[n].number for n in (4, 1, 2, 0, 3)]
    assert (await assignments.inbox(store, "U9")).rows == []


async def test_the_inbox_comes_in_pages(store: Store, told: list[Story]) -> None:
    whole = await assignments.inbox(store, "U1", open_only=False)
    for limit in (1, 2, 4, 5):
        collected, cursor = [], None
        while True:
            part = await assignments.inbox(store, "U1", False, cursor, limit)
            collected += part.rows
            cursor = part.next_cursor
            if cursor is None:
                break
        assert collected == whole.rows


@pytest.mark.parametrize("cursor", ["", "x", "WyJhIiwiYiJd", "WyJhIiwiYiIsMV0"])
async def test_a_cursor_nobody_gave_out_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await assignments.inbox(store, "U1", cursor=cursor)
