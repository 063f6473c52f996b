"""Tests that rows equal the ticket's state, for projections in any order and repeated."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from domain.activity_io import Projection
from domain.actors import CITIZEN
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.anytime import Urged
from domain.facts.closing import RatingRefused, Reworked
from domain.facts.handling import ExtensionGranted, ExtensionRequested
from domain.facts.intake import Reassigned
from domain.facts.returning import Returned
from domain.policy.notifications import notices
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Outcome, Stage
from store.db import tables
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Vault
from store.tickets import assignments, intake, outbox, tickets
from store.tickets.outbox import MailboxNotifier
from store.tickets.projector import Projector
from tests.store.stories import DISPATCHER, START, Story, clock, complaint


async def project(store: Store, *projections: Projection) -> None:
    projector = Projector(store)
    for projection in projections:
        await projector.project(projection)
    await projector.close()


async def rows(store: Store) -> dict[str, list[Any]]:
    return {
        table.name: [
            tuple(row)
            for row in await store.rows(select(table).order_by(*table.primary_key.columns))
        ]
        for table in (tables.ticket, tables.event, tables.assignment, tables.outbox)
    }


async def test_a_ticket_reads_back_as_it_was_told(store: Store) -> None:
    story = Story()
    life = story.whole()
    await project(store, *life)
    row = await tickets.get(store, story.number)
    assert row is not None
    assert (row.stage, row.outcome, row.version) == (Stage.ENDED, Outcome.CLOSED, 9)
    assert (row.rated, row.contacted, row.resolved, row.grade) == (True, True, True, 5)
    assert row.satisfied is True
    assert row.ended_at == story.at
    assert row.due_at is None
    assert row.title == "The street lamp at the gate is dark."
    assert await tickets.state(store, story.number) == story.ticket
    assert await tickets.events(store, story.number) == [e for p in life for e in p.events]


async def test_what_was_never_told_is_not_there(store: Store) -> None:
    assert await tickets.get(store, "2411200000000") is None
    assert await tickets.state(store, "2411200000000") is None
    assert await tickets.events(store, "2411200000000") == []
    assert await assignments.get(store, "2411200000000", 1) is None


async def test_an_older_version_changes_nothing_but_adds_its_event(store: Store) -> None:
    story = Story()
    first, second, third = story.accepted(), story.classified(), story.assigned()
    await project(store, first, third, second)
    row = await tickets.get(store, story.number)
    assert row is not None
    assert (row.version, row.unit) == (3, "U1")
    assert [e.version for e in await tickets.events(store, story.number)] == [1, 2, 3]


@given(order=st.permutations(range(5)), batch=st.integers(1, 5))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_what_a_task_told_that_was_cut_short_leaves_no_trace(
    store: Store, order: Sequence[int], batch: int
) -> None:
    """The retry may have fewer events, other ones of the same version, and an earlier time."""
    for table in (tables.ticket, tables.event, tables.assignment, tables.outbox):
        await store.change(delete(table))
    new_complaint = complaint()
    lost, story = Story(new_complaint), Story(new_complaint)
    before = lost.accepted()
    story.accepted()
    lost.at += timedelta(hours=3)
    undone = [lost.classified("noise"), lost.assigned("U2")]
    story.projection_number += 20
    again = [story.classified("lamp"), story.tell(Urged(), by=CITIZEN)]
    projections = [before, *undone, *again]
    projector = Projector(store, batch=batch)
    await asyncio.gather(*(projector.project(projections[i]) for i in order))
    await projector.close()
    assert await tickets.state(store, new_complaint.number) == story.ticket
    events = await tickets.events(store, new_complaint.number)
    assert events == [e for one in (before, *again) for e in one.events]
    assert await assignments.get(store, new_complaint.number, 1) is None


async def test_what_was_told_beyond_the_retry_is_gone_at_once(store: Store) -> None:
    new_complaint = complaint()
    lost, story = Story(new_complaint), Story(new_complaint)
    before = lost.accepted()
    story.accepted()
    story.projection_number += 20
    first, beyond, again = lost.classified("noise"), lost.assigned("U2"), story.classified("lamp")
    for order in ([before, first, beyond, again], [beyond, first]):
        for one in order:
            await project(store, one)
        assert await tickets.state(store, new_complaint.number) == story.ticket
        assert await tickets.events(store, new_complaint.number) == [*before.events, *again.events]
        assert await assignments.get(store, new_complaint.number, 1) is None


class Reprojected(NamedTuple):
    """The common projections, those of an aborted task, and those of its retry."""

    before: list[Projection]
    lost: list[Projection]
    kept: list[Projection]

    @classmethod
    def of(cls, upto: int, lost: "Telling", kept: "Telling") -> "Reprojected":
        new_complaint = complaint()
        first, second = Story(new_complaint), Story(new_complaint)
        begun = (Story.accepted, Story.classified, Story.assigned, Story.handled, Story.replied)
        before, _ = ([tell(story) for tell in begun[:upto]] for story in (first, second))
        second.projection_number += 20
        return cls(before, lost(first), kept(second))

    def due(self) -> set[str]:
        """Return the keys of the messages to be sent, event by event."""
        return {
            notice.key
            for one in (*self.before, *self.kept)
            for n, event in enumerate(one.events)
            for notice in notices(event, one.ticket, one.events[n + 1 :])
        }


Telling = Callable[[Story], list[Projection]]
TWICE = RatingRefused(code="already_rated", rating=Rating(grade=Grade(5), resolved=True))


def _closed_at_once(story: Story) -> list[Projection]:
    return [story.rated(5), story.closed()]


def _urged_and_closed(story: Story) -> list[Projection]:
    """Rate twice in the other order, after another event, so that every version differs."""
    rated = story.tell(Urged(), by=CITIZEN), story.rated(4), story.tell(TWICE, by=CITIZEN)
    return [*rated, story.closed()]


def _done_again(story: Story) -> list[Projection]:
    """Rate it badly first, so that it is closed much later, which has to be notified as well."""
    again = [story.rated(1, resolved=False), story.tell(Reworked(round=1, reason="unsolved"))]
    again += [story.assigned("U1"), story.handled(), story.replied()]
    return [*again, story.rated(), story.closed()]


def _sent(story: Story) -> list[Projection]:
    return [story.assigned("U1")]


def _moved_to(*units: str) -> Telling:
    def moved(story: Story) -> list[Projection]:
        items = []
        for unit in units:
            n = len(story.ticket.assignments)
            reassigned = Reassigned(assignment=n, unit=unit, reason="theirs")
            items += [story.tell(reassigned, by=DISPATCHER), story.assigned(unit)]
        return items

    return moved


REPROJECTED = [
    Reprojected.of(5, _closed_at_once, _urged_and_closed),
    Reprojected.of(5, _closed_at_once, _done_again),
    Reprojected.of(3, _moved_to("U2"), _moved_to("U3", "U2")),
    Reprojected.of(3, _moved_to("U2", "U3"), _moved_to("U3")),
    Reprojected.of(2, _sent, lambda story: [story.tell(Urged(), by=CITIZEN), *_sent(story)]),
]


@given(reprojected=st.sampled_from(REPROJECTED), data=st.data(), batch=st.integers(1, 5))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_what_waits_to_be_sent_is_what_the_kept_telling_asks_for(
    store: Store, reprojected: Reprojected, data: st.DataObject, batch: int
) -> None:
    for table in (tables.ticket, tables.event, tables.assignment, tables.outbox):
        await store.change(delete(table))
    projections = [projection for part in reprojected for projection in part]
    order = data.draw(st.permutations(range(len(projections))))
    again = data.draw(st.lists(st.sampled_from(order), max_size=6))
    projector = Projector(store, batch=batch)
    await asyncio.gather(*(projector.project(projections[i]) for i in [*order, *again]))
    await projector.close()
    assert {row[0] for row in (await rows(store))["outbox"]} == reprojected.due()


@given(reprojected=st.sampled_from(REPROJECTED), data=st.data())
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_what_has_left_is_not_sent_again_under_another_version(
    store: Store, reprojected: Reprojected, data: st.DataObject
) -> None:
    """At any time of delivery every due message is sent, and a sent one stays the only one."""
    for table in (tables.ticket, tables.event, tables.assignment, tables.outbox, tables.message):
        await store.change(delete(table))
    projections = [projection for part in reprojected for projection in part]
    order = data.draw(st.permutations(range(len(projections))))
    projector = Projector(store)
    for i in [*order, *data.draw(st.lists(st.sampled_from(order), max_size=6))]:
        await projector.project(projections[i])
        if data.draw(st.booleans()):
            await MailboxNotifier().deliver(store, 100, START)
    await projector.close()
    await MailboxNotifier().deliver(store, 100, START)
    sent = await outbox.messages(store, reprojected.before[0].ticket.complaint.number)
    assert reprojected.due() <= {message.key for message in sent}
    extra = {m.key for m in sent} - reprojected.due()
    assert extra <= {
        notice.key
        for one in reprojected.lost
        for event in one.events
        for notice in notices(event, one.ticket)
    }


async def test_two_ratings_at_once_close_a_ticket_once(store: Store) -> None:
    """The first message was sent before the second projection arrived."""
    before, lost, projections = REPROJECTED[0]
    await project(store, *before, *lost)
    await MailboxNotifier().deliver(store, 100, START)
    await project(store, *projections, *lost)
    await MailboxNotifier().deliver(store, 100, START)
    sent = await outbox.messages(store, before[0].ticket.complaint.number, CITIZEN.role)
    assert [message.template for message in sent].count("closed") == 1


async def test_a_message_that_failed_stays_as_it_is_when_it_is_told_again(store: Store) -> None:
    story = Story()
    projection = story.accepted()
    await project(store, projection)
    (letter,) = await outbox.claim(store, 10)
    await outbox.mark_failed(store, letter, "away")
    await project(store, projection)
    ((attempts, error),) = await store.rows(
        select(tables.outbox.c.attempts, tables.outbox.c.last_error)
    )
    assert (attempts, error) == (1, "away")


async def test_what_a_program_of_before_asked_for_is_sent(store: Store) -> None:
    """Older code stores no number; newer code must not take its messages for undone."""
    story = Story()
    await project(store, story.accepted())
    await store.change(update(tables.outbox).values(projection_number=0))
    await project(store, story.classified())
    assert await outbox.pending_count(store) == 1


async def test_several_events_may_come_in_one_projection(store: Store) -> None:
    story = Story()
    life = story.whole()
    events = [event for projection in life for event in projection.events]
    await project(store, Projection(ticket=story.ticket, events=events))
    assert await tickets.events(store, story.number) == events


async def test_the_intake_book_learns_that_the_ticket_started(store: Store) -> None:
    registered = await intake.register(
        store, complaint(), None, Vault(KeyRing.of(bytes(32))), None, "f", lambda: "2411200000017"
    )
    story = Story(registered.complaint)
    await project(store, story.accepted())
    entry = await intake.get(store, "2411200000017")
    assert entry is not None
    assert entry.started
    assert await intake.pending(store, timedelta(0), 10, START + timedelta(days=1)) == []


async def test_assignments_follow_their_ticket(store: Store) -> None:
    story = Story()
    projections = [story.accepted(), story.classified(), story.assigned("U1"), story.signed()]
    returned = story.tell(Returned(assignment=1, reason="not ours"), by=DISPATCHER)
    second = story.assigned("U2", hours=24)
    await project(store, *projections, second, returned)  # the return is projected late
    first = await assignments.get(store, story.number, 1)
    latest = await assignments.get(store, story.number, 2)
    assert first is not None
    assert latest is not None
    assert (first.unit, first.ending, first.signed_at is not None) == ("U1", "returned", True)
    assert (latest.unit, latest.ending, latest.activity_id) == ("U2", None, "handle-U2-2")
    assert latest.title == "The street lamp at the gate is dark."
    assert latest.stage is Stage.HANDLE


async def test_an_extension_moves_the_due_time_of_the_assignment(store: Store) -> None:
    story = Story()
    projections = [story.accepted(), story.classified(), story.assigned(hours=10)]
    projection = story.tell(
        ExtensionRequested(assignment=1, by="1d", reason="parts"), by=story.officer
    )
    await project(store, *projections, projection)
    row = await assignments.get(store, story.number, 1)
    assert row is not None
    assert (row.asked, row.extensions) == ("extension", 0)
    later = clock(ClockName.HANDLE, story.at, 34, 1)
    granted = ExtensionGranted(assignment=1, reason="parts", clocks=[later])
    await project(store, story.tell(granted, by=DISPATCHER))
    row = await assignments.get(store, story.number, 1)
    assert row is not None
    assert (row.asked, row.extensions, row.due_at) == (None, 1, later.due_at)


async def test_cards_are_counted(store: Store) -> None:
    story = Story()
    projections = [story.accepted(), story.classified(), story.assigned()]
    projections += [story.climbed(ClockName.SIGN, LevelKind.WARN)]
    projections += [story.climbed(ClockName.SIGN, LevelKind.DUE)]
    projections += [story.climbed(ClockName.HANDLE, LevelKind.WARN)]
    await project(store, *projections)
    row = await tickets.get(store, story.number)
    assert row is not None
    assert (row.yellow_cards, row.red_cards) == (2, 1)


_LIVES = [Story().whole() for _ in range(3)]
_PROJECTIONS = [projection for life in _LIVES for projection in life]


@given(
    order=st.permutations(range(len(_PROJECTIONS))),
    again=st.lists(st.integers(0, len(_PROJECTIONS) - 1), max_size=20),
    batch=st.integers(1, 30),
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_order_and_repetition_do_not_matter(
    store: Store, order: Sequence[int], again: Sequence[int], batch: int
) -> None:
    for table in (tables.ticket, tables.event, tables.assignment, tables.outbox):
        await store.change(delete(table))
    projector = Projector(store, batch=batch)
    await asyncio.gather(*(projector.project(_PROJECTIONS[i]) for i in [*order, *again]))
    await projector.close()
    shuffled = await rows(store)
    await project(store, *_PROJECTIONS)
    assert shuffled == await rows(store)
    for life in _LIVES:
        ended = life[-1].ticket
        assert await tickets.state(store, ended.complaint.number) == ended


async def test_callers_that_come_together_share_a_transaction(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(sqlite_url)
    begun = 0
    write = store.write

    async def counted(work: Any) -> Any:
        nonlocal begun
        begun += 1
        return await write(work)

    monkeypatch.setattr(store, "write", counted)
    projector = Projector(store, batch=10)
    await asyncio.gather(*(projector.project(projection) for projection in _PROJECTIONS))
    assert begun == 3
    await projector.close()
    await store.close()


async def test_one_bad_row_does_not_fail_the_others(store: Store) -> None:
    good, bad = Story(), Story()
    broken = bad.accepted()
    broken.ticket.category = object()  # type: ignore[assignment]
    projector = Projector(store)
    outcomes = await asyncio.gather(
        projector.project(good.accepted()), projector.project(broken), return_exceptions=True
    )
    await projector.close()
    assert outcomes[0] is None
    assert isinstance(outcomes[1], Exception)
    assert await tickets.get(store, good.number) is not None
    assert await tickets.get(store, bad.number) is None


async def test_a_store_that_is_away_is_said_to_every_caller() -> None:
    store = Store.open("postgresql://nobody@127.0.0.1:1/nothing")
    projector = Projector(store)
    projections = [Story().accepted(), Story().accepted()]
    outcomes = await asyncio.gather(
        *(projector.project(projection) for projection in projections), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable, StoreUnavailable]
    await projector.close()
    await store.close()


async def test_a_caller_who_gives_up_does_not_stop_the_writing(store: Store) -> None:
    story = Story()
    projector = Projector(store)
    caller = asyncio.create_task(projector.project(story.accepted()))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await projector.close()
    assert await tickets.get(store, story.number) is not None


async def test_a_closed_projector_takes_no_more(store: Store) -> None:
    projector = Projector(store)
    await projector.close()
    with pytest.raises(StoreUnavailable):
        await projector.project(Story().accepted())
