"""Tests that each message is delivered once; external gateways get a key to detect repeats."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import update

from domain.actors import Role
from store.db import tables
from store.db.engine import Store
from store.tickets import outbox
from store.tickets.outbox import Letter, MailboxNotifier, Notifier
from store.tickets.projector import Projector
from tests.store.stories import START, Story


@pytest.fixture
async def story(store: Store) -> Story:
    """Provide a ticket that is accepted, classified and assigned: three messages to send."""
    recorded = Story()
    projector = Projector(store)
    for projection in (recorded.accepted(), recorded.classified(), recorded.assigned()):
        await projector.project(projection)
    await projector.close()
    return recorded


async def test_the_mailbox_delivers_everything_once(store: Store, story: Story) -> None:
    assert await outbox.pending_count(store) == 3
    assert await MailboxNotifier().deliver(store, 10, START) == 3
    assert await MailboxNotifier().deliver(store, 10, START) == 0
    assert await outbox.pending_count(store) == 0
    messages = await outbox.messages(store, story.number)
    assert [(m.template, m.audience, m.unit) for m in messages] == [
        ("accepted", Role.CITIZEN, None),
        ("assigned", Role.CITIZEN, None),
        ("assigned", Role.OFFICER, "U1"),
    ]


async def test_messages_are_shown_to_their_audience(store: Store, story: Story) -> None:
    await MailboxNotifier().deliver(store, 10, START)
    citizen = await outbox.messages(store, story.number, Role.CITIZEN)
    assert [message.template for message in citizen] == ["accepted", "assigned"]
    assert len(await outbox.messages(store, story.number, Role.OFFICER, "U1")) == 1
    assert await outbox.messages(store, story.number, Role.OFFICER, "U2") == []


async def test_a_few_at_a_time(store: Store, story: Story) -> None:
    assert await MailboxNotifier().deliver(store, 2, START) == 2
    assert await MailboxNotifier().deliver(store, 2, START) == 1


async def test_deliveries_at_the_same_time_share_the_work(store: Store, story: Story) -> None:
    sent = await asyncio.gather(*(MailboxNotifier().deliver(store, 10, START) for _ in range(5)))
    assert sum(sent) == 3
    assert len(await outbox.messages(store, story.number)) == 3


async def test_what_was_marked_unsent_by_mistake_is_not_shown_twice(
    store: Store, story: Story
) -> None:
    await MailboxNotifier().deliver(store, 10, START)
    await store.change(update(tables.outbox).values(sent_at=None))
    await MailboxNotifier().deliver(store, 10, START)
    assert len(await outbox.messages(store, story.number)) == 3


async def test_telling_again_does_not_send_again(store: Store) -> None:
    story = Story()
    projector = Projector(store)
    projection = story.accepted()
    await projector.project(projection)
    await MailboxNotifier().deliver(store, 10, START)
    await projector.project(projection)
    await projector.close()
    assert await outbox.pending_count(store) == 0


class Gateway:
    """A notifier whose first delivery fails."""

    def __init__(self) -> None:
        self.sent: list[Letter] = []
        self.broken = True

    async def deliver(self, store: Store, limit: int, at: datetime) -> int:
        done = []
        for letter in await outbox.claim(store, limit):
            if self.broken:
                self.broken = False
                await outbox.mark_failed(store, letter, "gateway_timeout")
            else:
                self.sent.append(letter)
                done.append(letter)
        await outbox.mark_sent(store, done, at)
        return len(done)


async def test_another_way_out_tries_again_what_failed(store: Store, story: Story) -> None:
    gateway = Gateway()
    notifier: Notifier = gateway
    assert await notifier.deliver(store, 10, START) == 2
    assert await outbox.pending_count(store) == 1
    assert await notifier.deliver(store, 10, START) == 1
    assert len({letter.key for letter in gateway.sent}) == 3


async def test_what_failed_comes_last(store: Store, story: Story) -> None:
    first = (await outbox.claim(store, 1))[0]
    await outbox.mark_failed(store, first, "gateway_timeout")
    assert (await outbox.claim(store, 10))[-1] == first
    await outbox.mark_sent(store, [], START)
    assert await outbox.pending_count(store) == 3
