"""Tests of the backlog: age and attempts of waiting entries; open tickets by pack version."""

from datetime import timedelta
from functools import partial

from domain.actors import Role
from store.db.engine import Store
from store.packs import references
from store.tickets import backlog, intake, outbox
from store.tickets.projector import Projector
from tests.store.stories import START, Story, complaint


async def _project(store: Store, story: Story) -> None:
    projector = Projector(store)
    for projection in (story.accepted(), story.classified(), story.assigned()):
        await projector.project(projection)
    await projector.close()


async def test_messages_wait_the_oldest_first_with_what_went_wrong(store: Store) -> None:
    await _project(store, Story())
    letter = (await outbox.claim(store, 1))[0]
    await outbox.mark_failed(store, letter, "unreachable")
    count, messages = await backlog.messages(store, None, 2)
    assert (count, len(messages)) == (3, 2)
    assert messages[0].audience is Role.CITIZEN
    every = (await backlog.messages(store, None, 10))[1]
    assert [(m.attempts, m.last_error) for m in every if m.attempts] == [(1, "unreachable")]
    assert await backlog.messages(store, "elsewhere", 10) == (0, [])
    await outbox.MailboxNotifier().deliver(store, 10, START)
    assert await backlog.messages(store, None, 10) == (0, [])


async def test_complaints_wait_until_their_ticket_is_started(store: Store) -> None:
    for _ in range(2):
        new_complaint = complaint()
        await intake.register(
            store, new_complaint, None, None, None, "f", partial(str, new_complaint.number)
        )
    await intake.mark_failed(store, new_complaint.number, "UNAVAILABLE")
    later, soon = START + timedelta(minutes=5), timedelta(minutes=1)
    count, complaints = await backlog.complaints(store, None, soon, 10, later)
    assert count == 2
    assert {(one.number == new_complaint.number, one.last_error) for one in complaints} == {
        (True, "UNAVAILABLE"),
        (False, None),
    }
    assert await backlog.complaints(store, "elsewhere", soon, 10, later) == (0, [])
    assert await backlog.complaints(store, None, timedelta(hours=1), 10, later) == (0, [])
    await intake.mark_started(store, new_complaint.number, later)
    assert (await backlog.complaints(store, "demo", soon, 10, later))[0] == 1


async def test_open_tickets_are_counted_by_the_version_they_are_pinned_to(store: Store) -> None:
    for _ in range(2):
        await _project(store, Story())
    assert await references.open_tickets(store, "demo") == {"1": 2}
    assert await references.open_tickets(store, "elsewhere") == {}
