"""What waits for the centre: each ticket in one queue, the most urgent first, in one question."""

from datetime import timedelta

from domain.clocks import ClockName
from domain.facts.anytime import Withdrawn
from domain.facts.closing import CallBackDue
from domain.facts.intake import TriageUnsure
from domain.facts.returning import ReturnAsked, Returned
from domain.plans import Projection
from domain.queues import Queue, waiting
from store import queues
from store.engine import Store
from store.projector import Projector
from tests.store.population import Busy
from tests.store.stories import CITIZEN, DISPATCHER, START, clock, complaint


def _life(hours: float = 0, city: str = "demo") -> Busy:
    return Busy(complaint(city=city, filed_at=START + timedelta(hours=hours)))


def _unsure(story: Busy, why: str = "no keyword found") -> list[Projection]:
    return [story.accepted(), story.tell(TriageUnsure(suggestion="lamp", why=why))]


def _asked_back(story: Busy) -> Projection:
    asked = ReturnAsked(
        assignment=1,
        ground="not_ours",
        reason="not ours",
        clocks=[clock(ClockName.DECIDE, story.at, 4, 1)],
    )
    return story.tell(asked, by=story.officer)


async def _told(store: Store, *told: Projection) -> None:
    projector = Projector(store)
    for projection in told:
        await projector.project(projection)
    await projector.close()


async def _numbers(store: Store, queue: Queue, city: str | None = "demo") -> list[str]:
    return [row.number for row in (await queues.page(store, queue, city)).rows]


async def test_a_ticket_is_in_the_queue_of_whoever_has_to_act(store: Store) -> None:
    story = _life()
    await _told(store, *_unsure(story))
    assert await _numbers(store, Queue.TRIAGE) == [story.number]
    await _told(store, story.classified(), story.assigned("U1"))
    assert await queues.counts(store, "demo") == dict.fromkeys(Queue, 0)
    await _told(store, _asked_back(story))
    (row,) = (await queues.page(store, Queue.DECISION, "demo")).rows
    assert row.queue_until == story.ticket.running(ClockName.DECIDE, 1).due_at
    back = Returned(assignment=1, reason="granted", clocks=[clock(ClockName.DISPATCH, story.at, 1)])
    await _told(store, story.tell(back, by=DISPATCHER))
    assert await queues.counts(store, "demo") == {
        Queue.TRIAGE: 1,
        Queue.DECISION: 0,
        Queue.CALL_BACK: 0,
    }
    gone = Withdrawn(reason="solved")
    await _told(store, story.tell(gone, by=CITIZEN))
    assert await queues.counts(store, "demo") == dict.fromkeys(Queue, 0)


async def test_whoever_does_not_rate_is_called_back(store: Store) -> None:
    story = _life()
    due = CallBackDue(clocks=[clock(ClockName.CALL_BACK, story.at, 24)])
    await _told(store, *story.until_replied())
    assert await _numbers(store, Queue.CALL_BACK) == []
    await _told(store, story.tell(due))
    assert await _numbers(store, Queue.CALL_BACK) == [story.number]
    await _told(store, story.rated())
    await _told(store, story.closed())
    assert await _numbers(store, Queue.CALL_BACK) == []


def test_a_contested_rating_waits_for_a_supervisor() -> None:
    story = _life()
    for verb in (story.until_replied, story.rated, story.watched):
        verb()
    asked, decided = story.excluded()
    contested = waiting(asked.ticket)
    assert contested is not None
    assert contested.queue is Queue.DECISION
    assert waiting(decided.ticket) is None


async def test_what_is_due_first_comes_first_page_by_page(store: Store) -> None:
    lives = [_life(hours) for hours in (3, 1, 2, 0)]
    for story in lives:
        await _told(store, *_unsure(story))
    elsewhere = _life(city="other")
    await _told(store, *_unsure(elsewhere))
    in_order = [lives[n].number for n in (3, 1, 2, 0)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await queues.page(store, Queue.TRIAGE, "demo", cursor, limit=3)
        seen += [row.number for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == in_order
    assert len(await _numbers(store, Queue.TRIAGE, None)) == 5


async def test_a_page_shows_the_whole_tickets_and_what_the_machine_doubted(store: Store) -> None:
    story = _life()
    await _told(store, *_unsure(story, "keywords lamp; also water: pipe"))
    (found,) = await queues.whole(store, Queue.TRIAGE, "demo", 10)
    assert found.ticket == story.ticket
    assert found.doubt is not None
    assert found.doubt.why == "keywords lamp; also water: pipe"
    assert await queues.whole(store, Queue.DECISION, "demo", 10) == []
