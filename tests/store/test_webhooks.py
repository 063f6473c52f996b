"""Tests of webhooks: all arrives, of each ticket in order, signed; nobody waits for others.

The receivers are real servers on loopback; the clock is the test's.
"""

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from domain.actors import Role
from domain.webhooks.hooks import HookState, Why
from domain.webhooks.messages import GIVEN_UP_AFTER, OVERLAP, new_secret
from packs.registry import PackRegistry
from store.db import webhook_tables
from store.db.engine import Store
from store.tickets import tickets
from store.webhooks import changes, delivery, subscriptions
from store.webhooks.delivery import HookClaim
from store.webhooks.seeing import Viewer
from tests.support.engine import RING
from tests.support.webhooks import (
    CIPHER,
    CITY,
    Clock,
    in_order,
    job,
    receiving,
    run,
    stories,
    subscribe,
    the,
)


async def test_a_message_is_signed_and_thin(store: Store) -> None:
    clock = Clock()
    (story,) = await stories(store, 1)
    async with receiving() as receiver:
        _, secret = await subscribe(store, receiver.url, clock())
        await run(job(store, clock))
    assert secret.startswith("whsec_")
    for one in receiver.heard:
        assert Verifier(secret).verify(one.body, one.headers) == one.event
        assert one.headers["webhook-id"] == one.event["id"]
        with pytest.raises(WebhookVerificationError):
            Verifier(new_secret()).verify(one.body, one.headers)
    events = await tickets.events(store, story.number)
    assert [one.event["type"] for one in receiver.heard] == [
        f"jiesu.ticket.{event.kind}" for event in events
    ]
    first = receiver.heard[0].event
    assert (first["specversion"], first["subject"]) == ("1.0", story.number)
    assert datetime.fromisoformat(first["time"]) == events[0].at
    assert b"street lamp" not in b"".join(one.body for one in receiver.heard)


async def test_who_fails_three_times_in_ten_gets_everything_in_order(store: Store) -> None:
    clock, dice = Clock(), random.Random(30)
    made = await stories(store, 30)
    async with receiving(lambda _one: 500 if dice.random() < 0.3 else 200) as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        for _ in range(400):
            await run(job(store, clock))
            if not (await the(store, webhook)).waiting:
                break
            clock.on(timedelta(minutes=1))
    expected = {story.number: list(range(1, 8)) for story in made}
    assert in_order(receiver.taken) == expected
    assert len(receiver.taken) == 30 * 7, "who answers at once has nothing twice"
    assert len(receiver.heard) > len(receiver.taken)
    assert in_order(receiver.heard) == expected, "nor is one overtaken by a later one"


async def test_two_workers_do_not_send_the_same(store_url: str) -> None:
    clock = Clock()
    async with AsyncExitStack() as opened:
        stores = [Store.open(store_url) for _ in range(3)]
        for one in stores:
            opened.push_async_callback(one.close)
        await stories(stores[0], 10)
        receivers = [await opened.enter_async_context(receiving()) for _ in range(3)]
        for receiver in receivers:
            await subscribe(stores[0], receiver.url, clock())
        await asyncio.gather(*(run(job(one, clock)) for one in stores))
        await run(job(stores[0], clock))
    for receiver in receivers:
        assert len(receiver.heard) == 70
        assert len({one.event["id"] for one in receiver.heard}) == 70


async def _never(*_claim: object) -> None:
    """Stand for what a killed process does not do any more."""


async def test_what_a_killed_worker_had_in_hand_another_sends(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed after the answer and before it had noted that: the id is the same."""
    clock = Clock()
    (story,) = await stories(store, 1)
    async with receiving() as receiver:
        receiver.waits = asyncio.Event()
        await subscribe(store, receiver.url, clock())
        killed = job(store, clock)
        async with asyncio.timeout(60):
            while not receiver.heard:
                await killed.step()
        monkeypatch.setattr(killed, "_give_back", _never)
        for task in killed._running:
            task.cancel()
        await asyncio.wait(killed._running)
        receiver.waits.set()
        other = job(store, clock)
        await run(other)
        assert len(receiver.heard) == 1, "the claim of the dead one is not over"
        clock.on(delivery.CLAIMED)
        await run(other)
    assert in_order(receiver.heard) == {story.number: list(range(1, 8))}
    assert receiver.heard[0].event["id"] == receiver.heard[1].event["id"]


async def test_over_many_kills_nothing_is_lost_or_overtaken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, dice = Clock(), random.Random(60)
    made = await stories(store, 12)
    async with receiving(lambda _one: 500 if dice.random() < 0.3 else 200) as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        for _ in range(60):
            killed = job(store, clock)
            monkeypatch.setattr(killed, "_give_back", _never)
            for _ in range(dice.randrange(1, 4)):
                await killed.step()
                await asyncio.sleep(0)
            for task in killed._running:
                task.cancel()
            await asyncio.gather(*killed._running, return_exceptions=True)
            clock.on(delivery.CLAIMED)
        for _ in range(400):
            await run(job(store, clock))
            if not (await the(store, webhook)).waiting:
                break
            clock.on(timedelta(minutes=1))
    expected = {story.number: list(range(1, 8)) for story in made}
    assert in_order(receiver.taken) == expected


async def test_who_was_down_for_a_day_loses_nothing(store: Store) -> None:
    clock, down = Clock(), True
    first = await stories(store, 3)
    async with receiving(lambda _one: 503 if down else 200) as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        for hour in range(24):
            if hour == 12:
                first += await stories(store, 2)
            await run(job(store, clock))
            clock.on(timedelta(hours=1))
        assert len(receiver.heard) < 100, "who is down is not hammered"
        down = False
        clock.on(timedelta(hours=2))
        await run(job(store, clock))
    assert in_order(receiver.taken) == {story.number: list(range(1, 8)) for story in first}
    assert (await the(store, webhook)).state is HookState.ACTIVE


async def test_after_three_days_it_is_disabled_and_resumed_it_goes_on(store: Store) -> None:
    clock, down = Clock(), True
    (story,) = await stories(store, 1)
    async with receiving(lambda _one: 500 if down else 200) as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        await run(job(store, clock))
        begun = clock()
        while clock() - begun < GIVEN_UP_AFTER:
            assert (await the(store, webhook)).state is HookState.ACTIVE
            clock.on(timedelta(hours=2))
            await run(job(store, clock))
        hook = await the(store, webhook)
        assert (hook.state, hook.why) == (HookState.DISABLED, Why.FAILING)
        count = len(receiver.heard)
        clock.on(timedelta(hours=5))
        await run(job(store, clock))
        assert len(receiver.heard) == count
        down = False
        assert await subscriptions.set_state(store, webhook, HookState.ACTIVE, clock())
        await run(job(store, clock))
    assert in_order(receiver.taken) == {story.number: list(range(1, 8))}


async def test_one_that_is_gone_says_so_once(store: Store) -> None:
    clock = Clock()
    await stories(store, 1)
    async with receiving(lambda _one: 410) as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        await run(job(store, clock))
        clock.on(timedelta(days=1))
        await run(job(store, clock))
    assert len(receiver.heard) == 1
    hook = await the(store, webhook)
    assert (hook.state, hook.why) == (HookState.DISABLED, Why.GONE)


async def test_a_slow_one_does_not_hold_up_another(store: Store) -> None:
    clock = Clock()
    made = await stories(store, 2)
    async with receiving() as slow, receiving() as quick:
        slow.waits = asyncio.Event()
        await subscribe(store, slow.url, clock())
        await subscribe(store, quick.url, clock())
        working = job(store, clock)
        async with asyncio.timeout(60):
            while len(quick.taken) < 14:
                await working.step()
        assert slow.heard
        assert slow.taken == []
        slow.waits.set()
        await run(working)
    expected = {story.number: list(range(1, 8)) for story in made}
    assert in_order(slow.taken) == in_order(quick.taken) == expected


async def test_what_one_ticket_refuses_holds_up_that_ticket_alone(store: Store) -> None:
    clock = Clock()
    poisoned, *others = await stories(store, 4)
    key = (poisoned.number, 3)
    async with receiving(lambda one: 500 if one.key == key else 200) as receiver:
        await subscribe(store, receiver.url, clock())
        for _ in range(5):
            await run(job(store, clock))
            clock.on(timedelta(minutes=3))
    expected = {story.number: list(range(1, 8)) for story in others}
    assert in_order(receiver.taken) == expected | {poisoned.number: [1, 2]}


async def test_one_that_breaks_here_rests_and_keeps_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, make, tried = Clock(), delivery.make_messages, 0
    await stories(store, 1)
    async with receiving() as receiver:
        broken, _ = await subscribe(store, "https://broken.example/in", clock())
        await subscribe(store, receiver.url, clock())

        async def made(store: Store, packs: PackRegistry, one: HookClaim, now: datetime) -> int:
            nonlocal tried
            if one.webhook.id == broken:
                tried += 1
                raise LookupError("its city is gone")
            return await make(store, packs, one, now)

        monkeypatch.setattr(delivery, "make_messages", made)
        for times in (1, 1, 2):
            await run(job(store, clock), job(store, clock))
            assert tried == min(times, 2)
            clock.on(timedelta(seconds=31))
    assert len(receiver.heard) == 7


async def test_after_a_rotation_both_secrets_hold_for_a_day(store: Store) -> None:
    clock = Clock()
    async with receiving() as receiver:
        webhook, old = await subscribe(store, receiver.url, clock())
        new = await subscriptions.rotate(store, CIPHER, webhook, clock())
        assert new not in (None, old)
        await stories(store, 1)
        await run(job(store, clock))
        one = receiver.heard[-1]
        for secret in (old, str(new)):
            Verifier(secret).verify(one.body, one.headers)
        assert await subscriptions.secrets_of(store, CIPHER, webhook, clock() + OVERLAP) == [new]
    stored = await store.rows(select(webhook_tables.webhook))
    for secret in (old, str(new)):
        assert secret.encode() not in stored[0].secret + stored[0].secret_before


async def test_a_private_address_is_sent_nothing(store: Store) -> None:
    clock = Clock()
    await stories(store, 1)
    async with receiving() as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        await run(job(store, clock, allow=""))
        assert receiver.heard == []
    (tried,) = await subscriptions.attempts(store, webhook, 10)
    assert (tried.status, tried.error) == (0, "private_address")


async def test_a_redirect_is_not_followed(store: Store) -> None:
    clock = Clock()
    await stories(store, 1)
    async with receiving() as inner, receiving(lambda _one: 307) as receiver:
        receiver.more = f"Location: {inner.url}\r\n"
        webhook, _ = await subscribe(store, receiver.url, clock())
        await run(job(store, clock))
        assert inner.heard == []
    assert (await subscriptions.attempts(store, webhook, 1))[0].status == 307


async def test_a_receiver_may_ask_for_a_pause(store: Store) -> None:
    clock, busy = Clock(), True
    await stories(store, 1)
    async with receiving(lambda _one: 429 if busy else 200) as receiver:
        receiver.more = "Retry-After: 900\r\n"
        await subscribe(store, receiver.url, clock())
        await run(job(store, clock))
        busy = False
        clock.on(timedelta(seconds=899))
        await run(job(store, clock))
        assert len(receiver.heard) == 1
        clock.on(timedelta(seconds=1))
        await run(job(store, clock))
    assert len(receiver.taken) == 7


async def test_a_subscriber_gets_only_what_it_may_know(store: Store) -> None:
    clock = Clock()
    water = await stories(store, 1)
    await stories(store, 1, unit="housing")
    viewer = Viewer(Role.OFFICER, "water", CITY)
    async with receiving() as unit, receiving() as other, receiving() as signed:
        await subscribe(store, unit.url, clock(), viewer=viewer)
        await subscribe(store, other.url, clock(), viewer=Viewer(Role.SUPERVISOR, None, "heping"))
        await subscribe(store, signed.url, clock(), kinds=("signed",))
        await run(job(store, clock))
    assert in_order(unit.taken) == {water[0].number: list(range(1, 8))}
    assert other.heard == []
    assert {one.event["type"] for one in signed.heard} == {"jiesu.ticket.signed"}
    assert len(signed.heard) == 2


async def test_what_accuses_a_unit_since_is_not_sent_to_it(store: Store) -> None:
    """The message is made already, and waits: it is not sent any more (举报)."""
    clock, down = Clock(), True
    await stories(store, 1)
    viewer = Viewer(Role.OFFICER, "water", CITY)
    async with receiving(lambda _one: 500 if down else 200) as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock(), viewer=viewer)
        await run(job(store, clock))
        assert (await the(store, webhook)).waiting == 7
        state = await tickets.state(store, receiver.heard[0].key[0])
        assert state is not None
        accusing = state.model_copy(update={"accused": ["water"], "kept_from": ["water"]})
        await store.change(
            webhook_tables.metadata.tables["ticket"]
            .update()
            .values(state=accusing.model_dump_json(), accused="water")
        )
        down, count = False, len(receiver.heard)
        clock.on(timedelta(hours=1))
        await run(job(store, clock))
    assert len(receiver.heard) == count
    assert (await the(store, webhook)).waiting == 0


async def test_a_replay_sends_again_with_the_same_ids(store: Store) -> None:
    clock = Clock()
    await stories(store, 2)
    async with receiving() as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        await run(job(store, clock))
        first = list(receiver.taken)
        cursor = first[3].event["data"]["cursor"]
        after = await changes.position_of(store, subscriptions.cipher_of(RING), cursor)
        assert await subscriptions.replay(store, webhook, after, clock())
        await run(job(store, clock))
    again = receiver.taken[len(first) :]
    every = {one.event["id"] for one in first}
    skipped = {one.event["id"] for one in first if one.event["data"]["cursor"] == cursor}
    assert {one.event["id"] for one in again} < every
    assert not {one.event["id"] for one in again} & skipped


async def test_paused_it_waits_and_goes_on_where_it_was(store: Store) -> None:
    clock = Clock()
    async with receiving() as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        await subscriptions.set_state(store, webhook, HookState.PAUSED, clock())
        await stories(store, 1)
        await run(job(store, clock))
        assert receiver.heard == []
        await subscriptions.set_state(store, webhook, HookState.ACTIVE, clock())
        await run(job(store, clock))
    assert len(receiver.taken) == 7


async def test_one_that_slept_too_long_is_told_so(store: Store) -> None:
    clock = Clock()
    async with receiving() as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        await subscriptions.set_state(store, webhook, HookState.PAUSED, clock())
        await stories(store, 1)
        await run(job(store, clock))
        clock.on(timedelta(days=31))
        await run(job(store, clock))
        await subscriptions.set_state(store, webhook, HookState.ACTIVE, clock())
        await run(job(store, clock))
        assert receiver.heard == []
    hook = await the(store, webhook)
    assert (hook.state, hook.why) == (HookState.DISABLED, Why.TOO_OLD)


async def test_removed_nothing_is_left_of_it(store: Store) -> None:
    clock = Clock()
    await stories(store, 1)
    async with receiving(lambda _one: 500) as receiver:
        webhook, _ = await subscribe(store, receiver.url, clock())
        await run(job(store, clock))
        assert await subscriptions.remove(store, webhook)
        assert not await subscriptions.remove(store, webhook)
    for table in (webhook_tables.webhook_message, webhook_tables.webhook_attempt):
        assert await store.rows(select(table)) == []
