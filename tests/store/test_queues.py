"""Tests of the centre's queues: each ticket in one, most urgent first, in a single query."""

from datetime import timedelta

from domain.activity_io import Projection
from domain.deadlines.registry import ClockName
from domain.facts.anytime import Withdrawn
from domain.facts.closing import CallBackDue, Supervised
from domain.facts.intake import TriageUnsure
from domain.facts.returning import ArbitrationCalled, Returned, ReturnRequested
from domain.policy.work_queues import Queue, waiting
from store.db.engine import Store
from store.tickets import work_queues
from store.tickets.projector import Projector
from tests.store.population import Busy
from tests.store.stories import CITIZEN, DISPATCHER, START, clock, complaint


def _life(hours: float = 0, city: str = "demo") -> Busy:
    return Busy(complaint(city=city, filed_at=START + timedelta(hours=hours)))


def _unsure(story: Busy, why: str = "no keyword found") -> list[Projection]:
    return [story.accepted(), story.tell(TriageUnsure(suggestion="lamp", why=why))]


def _return_requested(story: Busy) -> Projection:
    fact = ReturnRequested(
        assignment=1,
        ground="not_ours",
        reason="not ours",
        clocks=[clock(ClockName.DECIDE, story.at, 4, 1)],
    )
    return story.tell(fact, by=story.officer)


async def _project(store: Store, *projections: Projection) -> None:
    projector = Projector(store)
    for projection in projections:
        await projector.project(projection)
    await projector.close()


async def _numbers(store: Store, queue: Queue, city: str | None = "demo") -> list[str]:
    return [row.number for row in (await work_queues.page(store, [queue], city)).rows]


async def _counts(store: Store) -> dict[Queue, int]:
    """Return the counts that are not zero."""
    values = await work_queues.counts(store, list(Queue), "demo")
    assert set(values) == set(Queue)
    return {queue: count for queue, count in values.items() if count}


async def test_a_ticket_is_in_the_queue_of_whoever_has_to_act(store: Store) -> None:
    story = _life()
    await _project(store, *_unsure(story))
    assert await _numbers(store, Queue.TRIAGE) == [story.number]
    await _project(store, story.classified(), story.assigned("U1"))
    assert await _counts(store) == {}
    asked_at = story.at
    await _project(store, _return_requested(story))
    (row,) = (await work_queues.page(store, [Queue.DECISION], "demo")).rows
    assert (row.queue_since, row.queue_until) == (asked_at, asked_at + timedelta(hours=4))
    back = Returned(assignment=1, reason="granted", clocks=[clock(ClockName.DISPATCH, story.at, 1)])
    await _project(store, story.tell(back, by=DISPATCHER))
    assert await _counts(store) == {Queue.DISPATCH: 1}
    called = ArbitrationCalled(returns=1, clocks=[clock(ClockName.ARBITRATE, story.at, 48)])
    await _project(store, story.tell(called))
    assert await _counts(store) == {Queue.ARBITRATE: 1}
    gone = Withdrawn(reason="solved")
    await _project(store, story.tell(gone, by=CITIZEN))
    assert await _counts(store) == {}


async def test_whoever_does_not_rate_is_called_back(store: Store) -> None:
    story = _life()
    due = CallBackDue(clocks=[clock(ClockName.CALL_BACK, story.at, 24)])
    await _project(store, *story.until_replied())
    assert await _numbers(store, Queue.CALL_BACK) == []
    await _project(store, story.tell(due))
    assert await _numbers(store, Queue.CALL_BACK) == [story.number]
    await _project(store, story.rated())
    await _project(store, story.closed())
    assert await _numbers(store, Queue.CALL_BACK) == []


def test_a_contested_rating_waits_for_a_supervisor() -> None:
    story = _life()
    for verb in (story.until_replied, story.rated, story.watched):
        verb()
    projection, decided = story.excluded()
    contested = waiting(projection.ticket)
    assert contested == (Queue.DECISION, None, projection.events[0].at)
    assert waiting(decided.ticket) is None


def test_the_last_word_waits_until_what_is_contested_is_decided() -> None:
    story = _life()
    story.until_replied()
    story.rated_badly()
    began = story.at
    supervise = clock(ClockName.SUPERVISE, began, 48)
    last = story.tell(Supervised(reason="not_resolved", clocks=[supervise]))
    word = (Queue.SUPERVISE, supervise.due_at, began)
    projection, refused = story.excluded(granted=False)
    contested = (Queue.DECISION, None, projection.events[0].at)
    assert [waiting(one.ticket) for one in (last, projection, refused)] == [word, contested, word]


def test_where_no_clock_runs_a_queue_says_since_when_only_if_it_is_known() -> None:
    story = _life()
    accepted = story.accepted()
    accepted.ticket.clocks.clear()
    assert waiting(accepted.ticket) == (Queue.TRIAGE, None, START)
    story.classified()
    story.assigned()
    projection = story.tell(
        ReturnRequested(assignment=1, ground="not_ours", reason="not ours"), by=story.officer
    )
    assert waiting(projection.ticket) == (Queue.DECISION, None, projection.events[0].at)
    back = story.tell(Returned(assignment=1, reason="granted"), by=DISPATCHER)
    assert waiting(back.ticket) == (Queue.DISPATCH, None, None)


async def test_several_queues_make_one_list(store: Store) -> None:
    lives = {queue: _life(hours) for hours, queue in enumerate(Queue)}
    for queue, story in lives.items():
        await _project(store, *story.until(queue))
    both = [Queue.DISPATCH, Queue.TRIAGE]
    rows = (await work_queues.page(store, both, "demo")).rows
    assert [(row.number, row.queue) for row in rows] == [
        (lives[queue].number, queue) for queue in (Queue.TRIAGE, Queue.DISPATCH)
    ]
    but = lives[Queue.TRIAGE].number
    (one,) = await work_queues.whole(store, both, "demo", 10, but)
    assert one.ticket == lives[Queue.DISPATCH].ticket
    assert await work_queues.counts(store, both, "demo", but) == {
        Queue.DISPATCH: 1,
        Queue.TRIAGE: 0,
    }


async def test_what_is_due_first_comes_first_page_by_page(store: Store) -> None:
    lives = [_life(hours) for hours in (3, 1, 2, 0)]
    for story in lives:
        await _project(store, *_unsure(story))
    elsewhere = _life(city="other")
    await _project(store, *_unsure(elsewhere))
    in_order = [lives[n].number for n in (3, 1, 2, 0)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await work_queues.page(store, [Queue.TRIAGE], "demo", cursor, limit=3)
        seen += [row.number for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == in_order
    assert len(await _numbers(store, Queue.TRIAGE, None)) == 5


async def test_a_page_shows_the_whole_tickets_and_what_the_machine_doubted(store: Store) -> None:
    story = _life()
    await _project(store, *_unsure(story, "keywords lamp; also water: pipe"))
    (queued_ticket,) = await work_queues.whole(store, [Queue.TRIAGE], "demo", 10)
    assert queued_ticket.ticket == story.ticket
    assert queued_ticket.doubt is not None
    assert queued_ticket.doubt.why == "keywords lamp; also water: pipe"
    assert await work_queues.whole(store, [Queue.DECISION], "demo", 10) == []
