"""Tests that a record follows an engine that was set back, and that nothing of it is lost."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from domain.activity_io import Projection
from domain.facts.anytime import Urged
from domain.policy.record import projection_number
from domain.ticket.stages import Stage
from store.db.engine import Store
from store.tickets import assignments, erasure, outbox, setbacks, tickets
from store.tickets.outbox import MailboxNotifier
from store.tickets.setbacks import changed_last, lost_events, noted, settle, unsettled
from store.tickets.stuck import Waits, stuck
from tests.store.stories import CITIZEN, START, Story, complaint, project

HOUR = timedelta(hours=1)


def _numbered(projections: Sequence[Projection], length: int, age: timedelta) -> list[Projection]:
    """Return them with numbers as the workflow gives: five events of history and a second each."""
    return [
        one.model_copy(
            update={"told": projection_number(length + 5 * n, age + timedelta(seconds=n))}
        )
        for n, one in enumerate(projections)
    ]


class Setback:
    """A ticket that was answered, and an engine that knows only that it was sent to its unit."""

    def __init__(self, age: timedelta = HOUR) -> None:
        filed = complaint()
        lost, self.story = Story(filed), Story(filed)
        self.number = lost.number
        self.before = _numbered(lost.until_replied(), 3, timedelta(minutes=1))
        begun = (self.story.accepted(), self.story.classified(), self.story.assigned())
        self.kept = [event for one in begun for event in one.events]
        on = [self.story.tell(Urged(), by=CITIZEN), self.story.signed(), self.story.contacted()]
        self.after = _numbered(on, 18, age)


async def test_a_record_follows_an_engine_that_was_set_back(store: Store) -> None:
    one = Setback()
    await project(store, one.before)
    assert [candidate.length for candidate in await changed_last(store, 0, 10)] == [33]
    await project(store, one.after[:1])
    assert await tickets.state(store, one.number) != one.story.ticket
    await project(store, one.after[1:])
    assert await tickets.state(store, one.number) == one.story.ticket
    events = [*one.kept, *(event for after in one.after for event in after.events)]
    assert await tickets.events(store, one.number) == events
    share = await assignments.get(store, one.number, 1)
    assert share is not None
    assert share.ended_at is None


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_what_the_record_alone_has_is_set_aside(store: Store, order: tuple[int, ...]) -> None:
    one = Setback()
    await project(store, one.before)
    await project(store, [one.after[n] for n in order])
    assert await tickets.state(store, one.number) == one.story.ticket
    lost = await lost_events(store)
    assert [(event.version, event.kind) for event in lost] == [
        (4, "signed"),
        (5, "contacted"),
        (6, "handled"),
        (7, "replied"),
    ]
    assert {event.number for event in lost} == {one.number}


async def test_the_ticket_is_shown_until_somebody_has_dealt_with_it(store: Store) -> None:
    one, now = Setback(), datetime.now(UTC)
    await project(store, one.before, one.after)
    for city in (None, "demo"):
        [found] = [each for each in await stuck(store, START, city) if each.waits is Waits.SETBACK]
        assert (found.tickets, found.numbers) == (1, (one.number,))
    assert await stuck(store, START, "elsewhere") == []
    await setbacks.note(store, {}, now)  # the engine knows no less any more: it is still shown
    assert await unsettled(store) == [one.number]
    assert await settle(store, one.number, now)
    assert not await settle(store, one.number, now)
    assert await stuck(store, START) == []
    assert await lost_events(store) == []
    assert len(await lost_events(store, one.number)) == 4


async def test_of_messages_only_those_not_sent_go_with_their_events(store: Store) -> None:
    one = Setback()
    await project(store, one.before[:4])
    await MailboxNotifier().deliver(store, 100, START)
    sent = {message.key for message in await outbox.messages(store, one.number)}
    await project(store, one.before[4:])
    assert await outbox.pending_count(store) > 0
    await project(store, one.after)
    await MailboxNotifier().deliver(store, 100, START)
    messages = [message.key for message in await outbox.messages(store, one.number)]
    assert sent <= set(messages)
    assert len(messages) == len(set(messages))
    assert not [key for key in messages if "replied" in key]


async def test_a_task_that_is_done_again_at_once_sets_nothing_aside(store: Store) -> None:
    filed = complaint()
    lost, story = Story(filed), Story(filed)
    for each in (lost, story):
        each.accepted()
    cut_short = _numbered([lost.classified("noise"), lost.assigned("U2")], 10, HOUR)
    again = _numbered([story.classified("lamp")], 15, HOUR + timedelta(seconds=50))
    await project(store, cut_short, again)
    assert await tickets.state(store, story.number) == story.ticket
    assert await lost_events(store, story.number) == []


async def test_what_was_shown_for_long_is_set_aside_when_the_task_is_done_otherwise(
    store: Store,
) -> None:
    """The engine may have lost no more than the task that was answered last."""
    filed = complaint()
    lost, story = Story(filed), Story(filed)
    for each in (lost, story):
        each.accepted()
    await project(store, _numbered([lost.classified("noise")], 10, HOUR))
    await project(store, _numbered([story.classified("lamp")], 10, 2 * HOUR))
    assert await tickets.state(store, story.number) == story.ticket
    assert [event.version for event in await lost_events(store)] == [2]


async def test_the_same_events_again_set_nothing_aside(store: Store) -> None:
    story = Story()
    life = story.until_replied()
    events = [event for one in life for event in one.events]
    again = life[-1].model_copy(update={"events": events})
    await project(store, _numbered(life, 3, HOUR), _numbered([again], 3, 5 * HOUR))
    assert await lost_events(store, story.number) == []
    assert await tickets.events(store, story.number) == events
    state = await tickets.state(store, story.number)
    assert state is not None
    assert state.stage is Stage.RATE


async def test_an_older_projection_that_comes_late_replaces_nothing(store: Store) -> None:
    story = Story()
    life = _numbered(story.until_replied(), 3, HOUR)
    await project(store, [*life[:2], *life[3:], life[2]])
    assert await tickets.state(store, story.number) == story.ticket
    assert await lost_events(store, story.number) == []


async def test_a_ticket_that_is_ahead_no_longer_is_not_shown(store: Store) -> None:
    one, other = Setback(), Setback()
    now = datetime.now(UTC)
    await project(store, one.before, other.before)
    await setbacks.note(store, {one.number: "demo", other.number: "demo"}, now)
    await setbacks.note(store, {one.number: "demo", other.number: "demo"}, now + HOUR)
    [found] = [each for each in await stuck(store, START) if each.waits is Waits.SETBACK]
    assert (found.tickets, found.since) == (2, now)
    assert {each.number for each in await noted(store, 10)} == {one.number, other.number}
    await setbacks.note(store, {other.number: "demo"}, now)
    assert await unsettled(store) == [other.number]
    await settle(store, other.number, now)
    await setbacks.note(store, {other.number: "demo"}, now)
    assert await unsettled(store) == [other.number]


async def test_erasure_takes_what_was_set_aside(store: Store) -> None:
    one = Setback()
    await project(store, one.before, one.after)
    on = [one.story.handled(), one.story.replied(), one.story.rated(), one.story.closed()]
    await project(store, _numbered(on, 40, 2 * HOUR))
    await erasure.erase(store, one.number, datetime.now(UTC))
    assert await lost_events(store, one.number) == []
    assert await unsettled(store) == []
