"""Tests of a unit's inbox: most urgent first."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Connection

from domain.deadlines.registry import ClockName
from domain.ticket.assignment import Pause
from store.db import schema
from store.db.engine import Store
from store.db.errors import BadCursor
from store.tickets import assignments, inbox
from store.tickets.assignments import AssignmentRow
from store.tickets.inbox import Which
from store.tickets.projector import Projector
from tests.store.stories import START, Story, clock


@pytest.fixture
async def stories(store: Store) -> list[Story]:
    """Write five tickets of unit U1, due in 30, 10, 20 hours, never, and done; and one of U2."""
    projector, stories = Projector(store), []
    for hours, unit in [(30, "U1"), (10, "U1"), (20, "U1"), (1, "U1"), (5, "U1"), (1, "U2")]:
        story = Story()
        stories.append(story)
        await projector.project(story.accepted())
        await projector.project(story.classified())
        projection = story.assigned(unit, hours)
        if (hours, unit) == (1, "U1"):
            story.ticket.clocks.clear()
            projection.ticket.clocks.clear()  # a city without limits
        await projector.project(projection)
        await projector.project(story.signed())
    await projector.project(stories[4].handled())
    await projector.close()
    return stories


async def test_the_inbox_is_ordered_by_what_burns_first(store: Store, stories: list[Story]) -> None:
    inbox = await assignments.inbox(store, "U1")
    assert [row.number for row in inbox.rows] == [stories[n].number for n in (1, 2, 0, 3)]
    assert inbox.next_cursor is None
    assert inbox.rows[-1].due_at is None
    assert {row.category for row in inbox.rows} == {"lamp"}
    everything = await assignments.inbox(store, "U1", open_only=False)
    assert _numbers(everything.rows[:3]) == [stories[n].number for n in (1, 2, 0)]
    assert set(_numbers(everything.rows[3:])) == {stories[3].number, stories[4].number}
    assert (await assignments.inbox(store, "U9")).rows == []


async def test_the_inbox_comes_in_pages(store: Store, stories: list[Story]) -> None:
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


MORNING = START + timedelta(hours=2)


def _numbers(rows: list[AssignmentRow]) -> list[str]:
    return [row.number for row in rows]


async def test_what_is_to_be_signed_burns_before_what_is_to_be_handled(
    store: Store, stories: list[Story]
) -> None:
    story = Story()
    projector = Projector(store)
    for projection in (story.accepted(), story.classified(), story.assigned("U1", 40)):
        await projector.project(projection)
    first = (await assignments.inbox(store, "U1")).rows[0]
    assert (first.number, first.burns_at) == (story.number, first.sign_due_at)
    await projector.project(story.signed())
    await projector.close()
    rows = (await assignments.inbox(store, "U1")).rows
    assert _numbers(rows).index(story.number) == 3
    assert rows[3].sign_due_at is None


async def test_the_parts_of_an_inbox_and_their_counts_agree(
    store: Store, stories: list[Story]
) -> None:
    n, story, projector = 1, Story(), Projector(store)
    for projection in (story.accepted(), story.classified(), story.assigned("U1", 9)):
        await projector.project(projection)
    story.ticket.start([clock(ClockName.CONTACT, story.at, 1, n)])
    story.ticket.pause(n, Pause(why="citizen", since=story.at))
    await projector.project(story.signed())
    await projector.close()
    new = story.number
    for hours, which, expected in (
        (2, Which.ALL, [new, *(stories[n].number for n in (1, 2, 0, 3))]),
        (2, Which.CONTACT, [new]),
        (2, Which.PAUSED, [new]),
        (2, Which.SIGN, []),
        (0, Which.LATE, []),
        (0, Which.NEAR, []),
        (15, Which.LATE, [new, stories[1].number]),
        (15, Which.NEAR, [stories[2].number]),
        (2, Which.DONE, [stories[4].number]),
        (24 * 9, Which.DONE, []),
    ):
        now = START + timedelta(hours=hours)
        inbox_page = await assignments.inbox(store, "U1", which=which, now=now)
        counted = await inbox.counts(store, "U1", None, None, now)
        assert (_numbers(inbox_page.rows), counted[which]) == (expected, len(expected)), which


async def test_a_list_of_a_part_comes_in_pages_and_can_be_searched(
    store: Store, stories: list[Story]
) -> None:
    one = await assignments.inbox(store, "U1", limit=1, which=Which.DONE, now=MORNING)
    assert (_numbers(one.rows), one.next_cursor) == ([stories[4].number], None)
    for text, found in (("LAMP", 4), (stories[0].number[:12], 1), ("100%", 0), ("_", 0)):
        rows = (await assignments.inbox(store, "U1", text=text)).rows
        assert len([row for row in rows if row.number in [s.number for s in stories]]) == found


async def test_others_are_not_among_those_that_were_picked(
    store: Store, stories: list[Story]
) -> None:
    refs = [(story.number, 1) for story in stories]
    assert _numbers(await assignments.of_refs(store, "U2", refs)) == [stories[5].number]
    assert await assignments.of_refs(store, "U1", []) == []


async def test_an_older_store_learns_what_burns_when_it_is_brought_up_to_date(
    store: Store, stories: list[Story]
) -> None:
    before = (await assignments.inbox(store, "U1", open_only=False)).rows

    def back(connection: Connection) -> None:
        config = schema._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")
        command.upgrade(config, "head")

    await store.write(back)
    after = (await assignments.inbox(store, "U1")).rows
    assert after == [row for row in before if row.ended_at is None]
