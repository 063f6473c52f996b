"""Tests that stuck tickets are found: those waiting for the system and not for a person."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from domain.facts.intake import TriageUnsure
from domain.policy.work_queues import Queue
from store.db import schema
from store.db.engine import Store
from store.tickets import intake
from store.tickets.stuck import GRACE, NAMED, STATEMENTS, Stuck, Waits, stuck
from tests.store.population import Busy
from tests.store.stories import START, Story, complaint, project
from tests.store.test_schema import downgrade


def _soon(story: Story) -> datetime:
    return story.at + GRACE - timedelta(seconds=1)


def _late(story: Story) -> datetime:
    return story.at + GRACE


async def _registered(store: Store, story: Story) -> None:
    new_complaint = story.ticket.complaint
    await intake.register(store, new_complaint, None, None, None, "f", partial(str, story.number))


async def _one(store: Store, now: datetime, city: str | None = None) -> Stuck:
    [stuck_ticket] = await stuck(store, now, city)
    return stuck_ticket


async def test_where_nothing_waits_nothing_is_found(store: Store) -> None:
    assert await stuck(store, START) == []


async def test_a_complaint_that_the_engine_has_not_taken_is_found(store: Store) -> None:
    story = Story()
    await _registered(store, story)
    assert await stuck(store, _soon(story)) == []
    assert await _one(store, _late(story)) == Stuck(Waits.START, 1, START, (story.number,))


async def test_a_ticket_that_was_started_and_is_not_recorded_is_found(store: Store) -> None:
    """The workflow has started, but no rules are recorded: it is in no list, queue or backlog."""
    story = Story()
    await _registered(store, story)
    await intake.mark_started(store, story.number, START)
    assert await _one(store, _late(story)) == Stuck(Waits.RECORD, 1, START, (story.number,))
    await project(store, [story.accepted(), story.classified(), story.assigned()])
    assert await stuck(store, story.at) == []


async def test_a_ticket_that_was_recorded_before_it_was_marked_is_not_found(store: Store) -> None:
    story = Story()
    await _registered(store, story)
    await project(store, [story.accepted(), story.classified(), story.assigned()])
    entry = await intake.get(store, story.number)
    assert entry is not None
    assert entry.started
    assert await stuck(store, story.at) == []


async def test_the_machine_that_does_not_say_what_it_is_about_is_waited_for(store: Store) -> None:
    story = Story()
    await project(store, [story.accepted()])
    assert await stuck(store, _soon(story)) == []
    assert await _one(store, _late(story)) == Stuck(Waits.TRIAGE, 1, story.at, (story.number,))


async def test_a_person_who_has_to_say_what_it_is_about_is_not(store: Store) -> None:
    story = Story()
    await project(store, [story.accepted(), story.tell(TriageUnsure(why="nothing fits"))])
    assert await stuck(store, story.at + timedelta(minutes=20)) == []


async def test_a_unit_that_does_not_get_the_ticket_is_waited_for(store: Store) -> None:
    story = Story()
    await project(store, [story.accepted(), story.classified()])
    stuck_ticket = await _one(store, _late(story))
    assert stuck_ticket == Stuck(Waits.DISPATCH, 1, story.at, (story.number,))


async def test_a_dispatcher_who_names_the_unit_is_not(store: Store) -> None:
    story = Busy(complaint())
    await project(store, story.until(Queue.DISPATCH))
    assert [one.waits for one in await stuck(store, story.at + GRACE)] == []


async def test_an_answer_that_does_not_go_to_the_citizen_is_found(store: Store) -> None:
    story = Story()
    life = [story.accepted(), story.classified(), story.assigned(), story.signed()]
    await project(store, [*life, story.contacted(), story.handled()])
    stuck_ticket = await _one(store, _late(story))
    assert stuck_ticket == Stuck(Waits.FEEDBACK, 1, story.at, (story.number,))
    await project(store, [story.replied()])
    assert await stuck(store, _late(story)) == []


async def test_a_rung_that_was_reached_and_is_not_recorded_is_found(store: Store) -> None:
    story = Story()
    await project(store, [story.accepted(), story.classified(), story.assigned()])
    following = story.ticket.next_level()
    assert following is not None
    clock, level = following
    assert await stuck(store, level.at + GRACE - timedelta(seconds=1)) == []
    stuck_ticket = await _one(store, level.at + GRACE)
    assert stuck_ticket == Stuck(Waits.RUNG, 1, level.at, (story.number,))
    await project(store, [story.climbed(clock.name, level.kind)])
    assert await stuck(store, level.at + GRACE) == []


async def test_a_clock_that_stands_still_reaches_no_rung(store: Store) -> None:
    story = Busy(complaint())
    await project(store, story.begun(hours=48))
    projection = story.tell()
    for clock in projection.ticket.clocks:
        clock.paused_at = story.at if clock.running else None
    await project(store, [projection])
    assert await stuck(store, story.at + timedelta(days=400)) == []


async def test_a_ticket_that_has_ended_waits_for_nothing(store: Store) -> None:
    story = Story()
    await project(store, [story.accepted(), story.answered()])
    assert await stuck(store, story.at + timedelta(days=400)) == []


async def test_of_each_sort_the_first_are_named_and_all_are_counted(store: Store) -> None:
    stories = [Story(complaint(filed_at=START + timedelta(minutes=n))) for n in range(NAMED + 3)]
    for story in reversed(stories):
        await _registered(store, story)
    await intake.mark_started(store, stories[0].number, START)
    waiting = Story()
    await project(store, [waiting.accepted()])
    stuck_tickets = await stuck(store, START + timedelta(hours=1))
    assert [(one.waits, one.tickets) for one in stuck_tickets] == [
        (Waits.START, NAMED + 2),
        (Waits.RECORD, 1),
        (Waits.TRIAGE, 1),
        (Waits.RUNG, 1),
    ]
    assert stuck_tickets[0].numbers == tuple(story.number for story in stories[1 : NAMED + 1])
    assert stuck_tickets[0].since == stories[1].ticket.complaint.filed_at


async def test_a_city_is_told_of_its_own(store: Store) -> None:
    here, existing_story = Story(), Story(complaint(city="elsewhere"))
    for story in (here, existing_story):
        await _registered(store, story)
        await project(store, [story.accepted()])
    lost = Story(complaint(city="elsewhere"))
    await _registered(store, lost)
    later = START + timedelta(hours=2)
    assert {one.numbers for one in await stuck(store, later, "demo")} == {(here.number,)}
    elsewhere = await stuck(store, later, "elsewhere")
    assert {one.waits for one in elsewhere} == {Waits.START, Waits.TRIAGE, Waits.RUNG}
    assert await stuck(store, later, "nowhere") == []


@pytest.mark.parametrize("city", [None, "demo"])
async def test_one_look_reads_only_what_waits(sqlite_store: Store, city: str | None) -> None:
    pairs: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        pairs.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await stuck(sqlite_store, START, city)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(pairs) == STATEMENTS

    def plans(connection: Connection) -> list[str]:
        steps: list[str] = []
        for statement, values in pairs:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps += [str(row[3]) for row in plan]
        return steps

    steps = " ".join(await sqlite_store.read(plans))
    for index in ("intake_unrecorded", "ticket_automatic", "ticket_by_rung"):
        assert f"USING INDEX {index} " in steps, steps
    assert "SCAN ticket" not in steps
    assert "SCAN intake" not in steps


async def test_what_was_stuck_before_anybody_looked_is_found_afterwards(store_url: str) -> None:
    store = Store.open(store_url)
    lost, begun, plain = Story(), Story(), Story()
    for story in (lost, begun, plain):
        await _registered(store, story)
        await intake.mark_started(store, story.number, START)
    await project(store, [begun.accepted()])
    await project(store, plain.until_replied())
    pair = begun.ticket.next_level()
    assert pair is not None
    await store.write(downgrade("0012"))
    await store.close()
    await schema.upgrade(store_url)
    store = Store.open(store_url)
    stuck_tickets = await stuck(store, pair[1].at + GRACE)
    await store.close()
    assert {one.waits: one.numbers for one in stuck_tickets} == {
        Waits.RECORD: (lost.number,),
        Waits.TRIAGE: (begun.number,),
        Waits.RUNG: (begun.number,),
    }
