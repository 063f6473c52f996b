"""Tests of event replay: a ticket's state at any earlier time."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.aftercare import Reopened
from domain.facts.anytime import LevelReached
from domain.pack.periods import Period
from domain.policy.condition_inputs import due_of
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import Store
from store.tickets import event_replay, intake, tickets
from store.tickets.event_replay import BrokenReplay, By, TicketReplay, each_replay, numbers_of
from tests.store.population import Busy, population
from tests.store.stories import CITIZEN, START, Story, complaint, project

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST_DAY = Period(START, START + DAY)


async def _replays(store: Store, *numbers: str) -> dict[str, TicketReplay]:
    histories: list[TicketReplay] = []
    assert await each_replay(store, numbers, histories.append) == []
    return {life.number: life for life in histories}


async def _replay(store: Store, number: str) -> TicketReplay:
    return (await _replays(store, number))[number]


def _until(life: TicketReplay, until: datetime | None = None) -> tuple[list[str], Ticket]:
    kinds, ticket = list[str](), life.begun()
    for event, current in life.steps(until):
        kinds.append(event.kind)
        ticket = current
    return kinds, ticket


async def _candidates(store: Store, by: By, known_at: datetime | None = None) -> set[str]:
    return set(await numbers_of(store, "demo", FIRST_DAY, known_at or FIRST_DAY.until, by))


async def test_what_is_told_again_is_what_the_record_says(store: Store) -> None:
    everything = population("demo")
    await project(store, *everything)
    histories = await _replays(store, *(life[0].ticket.complaint.number for life in everything))
    assert len(histories) == len(everything)
    for number, life in histories.items():
        kinds, ticket = _until(life)
        assert ticket == await tickets.state(store, number)
        assert kinds == [event.kind for event in await tickets.events(store, number)]


async def test_a_ticket_is_told_as_it_was_at_a_past_moment(store: Store) -> None:
    story = Story()
    projections = story.whole()
    await project(store, projections)
    life = await _replay(store, story.number)
    for version, projection in enumerate(projections, 1):
        moment = projection.events[-1].at
        _, before = _until(life, moment)
        assert before.version == version - 1
        _, after = _until(life, moment + timedelta(microseconds=1))
        assert after == projection.ticket


async def test_before_anything_happened_there_is_only_the_complaint(store: Store) -> None:
    story = Story(complaint(title="Lamp"))
    await project(store, story.whole())
    kinds, ticket = _until(await _replay(store, story.number), START)
    assert (kinds, ticket.version, ticket.complaint.title) == ([], 0, "Lamp")


async def test_the_complaint_is_told_as_the_intake_book_has_it(store: Store) -> None:
    new_complaint = complaint()
    await intake.register(
        store, new_complaint, None, None, None, "print", lambda: new_complaint.number
    )
    story = Story(new_complaint)
    await project(store, story.whole())
    await store.change(update(tables.ticket).values(state="{}"))
    _, ticket = _until(await _replay(store, story.number))
    assert ticket.complaint == new_complaint


async def test_a_rung_that_is_recorded_late_keeps_its_own_time(store: Store) -> None:
    story = Story()
    life = [story.accepted(), story.classified(), story.assigned()]
    due = story.ticket.running(ClockName.SIGN, 1)
    story.at = due.due_at + HOUR
    life.append(story.contacted())
    contacted_at = story.at
    level = due.rungs[0]
    story.at = level.at
    life.append(
        story.tell(
            LevelReached(
                clock=ClockName.SIGN, assignment=1, rung=LevelKind.WARN, due_at=due.due_at
            ),
            minutes=0,
        )
    )
    await project(store, life)
    history = await _replay(store, story.number)
    assert _until(history)[0][-2:] == ["contacted", "rung_climbed"]
    # At that time the level had not been recorded: it came after the contact.
    assert _until(history, contacted_at)[0][-1] == "assigned"
    # The row's time of change is earlier than that: the ticket is found all the same.
    row = await tickets.get(store, story.number)
    assert row is not None
    assert row.updated_at == level.at < contacted_at
    after = Period(contacted_at, contacted_at + DAY)
    assert await numbers_of(store, "demo", after, after.until, "touched") == [story.number]


async def test_a_life_with_a_missing_event_is_broken_and_the_others_are_told(store: Store) -> None:
    sound, broken, refused, strange = Story(), Story(), Story(), Story()
    await project(store, *(story.whole() for story in (sound, broken, refused, strange)))
    event = tables.event
    await store.change(delete(event).where(event.c.number == broken.number, event.c.version == 4))
    one_more = update(event).where(event.c.number == refused.number, event.c.version == 9)
    await store.change(one_more.values(version=10))
    unknown = update(event).where(event.c.number == strange.number, event.c.version == 5)
    await store.change(unknown.values(fact='{"kind": "eaten"}'))
    looked_at: list[str] = []

    def look(life: TicketReplay) -> None:
        list(life.steps())
        looked_at.append(life.number)

    numbers = sorted(story.number for story in (sound, broken, refused, strange))
    replayed = await each_replay(store, numbers, look)
    assert looked_at == [sound.number]
    assert sorted(replayed) == sorted(story.number for story in (broken, refused, strange))
    for story, says in ((broken, "one is missing"), (refused, "event 9 is"), (strange, "event 5")):
        with pytest.raises(BrokenReplay, match=says) as error:
            list((await _replay(store, story.number)).steps())
        assert story.number in str(error.value)
        assert error.value.code == "events_broken"


async def test_an_event_that_may_not_be_is_told(store: Store) -> None:
    story = Story()
    await project(store, story.whole())
    event = tables.event
    await store.change(
        update(event)
        .where(event.c.number == story.number, event.c.version == 6)
        .values(role="citizen")
    )
    with pytest.raises(BrokenReplay, match=r"event 6: .*citizen"):
        list((await _replay(store, story.number)).steps())


async def test_many_lives_are_read_a_few_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_replay, "CHUNK", 2)
    stories = [Story() for _ in range(5)]
    await project(store, *(story.whole() for story in stories))
    histories = await _replays(store, *(story.number for story in stories))
    assert {number: _until(life)[1].version for number, life in histories.items()} == {
        story.number: 9 for story in stories
    }
    assert await _replays(store) == {}


async def test_only_tickets_that_may_be_in_the_period_are_looked_at(store: Store) -> None:
    early, late = Busy(complaint(filed_at=START - 30 * DAY)), Busy(complaint(filed_at=START + DAY))
    here, elsewhere = Busy(), Busy(complaint(city="other"))
    await project(store, *(one.whole() for one in (early, late, here, elsewhere)))
    for by in ("filed", "ended", "due", "touched"):
        assert here.number in await _candidates(store, by)
        assert not await _candidates(store, by) & {early.number, late.number, elsewhere.number}
    assert await numbers_of(store, "demo", FIRST_DAY, FIRST_DAY.until) == []


async def test_what_happened_since_does_not_hide_a_ticket(store: Store) -> None:
    """It ended, and was due, on the first day; later it was reopened with a new promise."""
    one = Busy()
    life = [*one.answered_by(), one.watched()]
    ended_at, promised_at = one.ticket.ended_at, due_of(one.ticket)
    assert ended_at in FIRST_DAY
    assert promised_at in FIRST_DAY
    one.at += 40 * DAY
    life.append(one.tell(Reopened(reason="recurred", text="Dark again."), by=CITIZEN))
    life.append(one.led_by("U1"))
    await project(store, life)
    for by in ("filed", "ended", "due", "touched"):
        assert await _candidates(store, by) == {one.number}
    _, ticket = _until(await _replay(store, one.number), FIRST_DAY.until)
    assert (ticket.ended_at, due_of(ticket)) == (ended_at, promised_at)
