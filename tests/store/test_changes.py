"""Tests that changes are told in one order: none lost, none twice, and of each ticket in order."""

import asyncio
import base64
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import Connection, select

from domain.activity_io import Projection
from domain.facts.anytime import Urged
from domain.webhooks.changes import ChangeStatus
from store.db import webhook_tables
from store.db.cursors import cursor
from store.db.engine import ResultRow, Store
from store.db.errors import BadCursor
from store.secrets.encryption import Cipher
from store.tickets import erasure, tickets
from store.tickets.projector import Projector, _Batch, _build
from store.webhooks import changes
from store.webhooks.changes import Position
from store.webhooks.errors import CursorForeign, CursorTooOld
from store.webhooks.numbering import number_changes
from store.webhooks.seeing import change_of
from store.webhooks.subscriptions import cipher_of
from tests.store.stories import CITIZEN, Story
from tests.support.engine import RING

CIPHER = cipher_of(RING)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


async def project(store: Store, *projections: Projection) -> None:
    projector = Projector(store)
    for projection in projections:
        await projector.project(projection)
    await projector.close()


async def told(store: Store, after: int = 0) -> list[ResultRow]:
    while await number_changes(store, NOW):
        pass
    return list(await changes.after(store, after, 10_000))


def as_text(rows: Sequence[ResultRow]) -> list[str]:
    return [f"{row.what} {row.version} {row.kind}" for row in rows]


async def test_events_are_told_once_and_in_order(store: Store) -> None:
    story = Story()
    first = story.accepted()
    await project(store, first)
    assert as_text(await told(store)) == ["happened 1 accepted"]
    await project(store, first, story.classified(), first)
    rows = await told(store)
    assert as_text(rows) == ["happened 1 accepted", "happened 2 classified"]
    assert len({row.id for row in rows}) == 2


async def test_an_event_projected_early_waits_for_the_one_before(store: Store) -> None:
    story = Story()
    first, second, third = story.accepted(), story.classified(), story.assigned()
    await project(store, third, second)
    assert as_text(await told(store)) == []
    await project(store, first)
    assert as_text(await told(store)) == [
        "happened 1 accepted",
        "happened 2 classified",
        "happened 3 assigned",
    ]


async def test_what_an_interrupted_step_told_is_replaced_or_withdrawn(store: Store) -> None:
    story = Story()
    await project(store, story.accepted(), story.classified())
    before = story.ticket.model_copy(deep=True)
    await project(store, story.assigned(), story.signed(), story.handled())
    assert len(await told(store)) == 5
    # The step is done again: the unit is another one, and nothing else has happened yet.
    story.ticket, story.projection_number = before, story.projection_number + 50
    await project(store, story.assigned("U2"))
    rows = (await told(store))[5:]
    assert as_text(rows) == ["withdrawn 5 handled", "withdrawn 4 signed", "replaced 3 assigned"]
    await project(store, story.signed())
    rows = (await told(store))[8:]
    assert as_text(rows) == ["happened 4 signed"]
    event = changes.event_of(rows[0])
    assert event is not None and event.actor.unit == "U2"


async def test_a_withdrawal_is_told_in_small_steps_alike(store: Store) -> None:
    story = Story()
    await project(store, story.accepted(), story.classified())
    before = story.ticket.model_copy(deep=True)
    await project(store, story.assigned(), story.signed(), story.handled())
    await told(store)
    story.ticket, story.projection_number = before, story.projection_number + 50
    await project(store, story.assigned("U2"))
    while await number_changes(store, NOW, limit=1):
        pass
    await project(store, story.signed(), story.handled())
    rows = await told(store)
    last: dict[int, ResultRow] = {}
    for row in rows:
        last[row.version] = row
    events = await tickets.events(store, story.number)
    assert {v: row.kind for v, row in last.items()} == {e.version: e.kind for e in events}
    assert all(row.what != ChangeStatus.WITHDRAWN for row in last.values())


async def test_erasing_tells_that_the_words_have_gone(store: Store) -> None:
    story = Story()
    steps = (story.accepted, story.classified, story.assigned, story.signed, story.handled)
    await project(store, *(step() for step in (*steps, story.replied, story.rated, story.closed)))
    count = len(await told(store))
    await erasure.erase(store, story.number, NOW)
    assert {row.what for row in (await told(store))[count:]} == {ChangeStatus.REPLACED}


async def test_nothing_is_lost_or_twice_while_many_write_and_one_reads(store_url: str) -> None:
    """Writers of several processes commit in whatever order; a reader follows meanwhile."""
    dice = random.Random(20)
    stores = [Store.open(store_url) for _ in range(6)]
    stories = [Story() for _ in range(40)]
    waiting = [
        [story.accepted(), story.classified(), story.assigned(), story.signed(), story.handled()]
        for story in stories
    ]
    projectors = [Projector(store, batch=3) for store in stores]
    read: list[ResultRow] = []
    stopping, done = asyncio.Event(), asyncio.Event()

    async def write(steps: list[Projection]) -> None:
        steps = [*steps, dice.choice(steps)]
        dice.shuffle(steps)
        for step in steps:
            await dice.choice(projectors).project(step)

    async def number() -> None:
        while not stopping.is_set():
            await number_changes(dice.choice(stores), NOW, limit=dice.choice([1, 7, 100]))
            await asyncio.sleep(0)

    async def follow() -> None:
        while True:
            last = done.is_set()
            rows = await changes.after(stores[0], read[-1].seq if read else 0, 7)
            read.extend(rows)
            if last and not rows:
                return
            await asyncio.sleep(0)

    numbering = [asyncio.create_task(number()) for _ in range(3)]
    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(steps) for steps in waiting))
    stopping.set()
    await asyncio.gather(*numbering)
    while await number_changes(stores[1], NOW):
        pass
    done.set()
    await following
    for projector in projectors:
        await projector.close()
    assert len({row.id for row in read}) == len(read)
    for story in stories:
        versions = [row.version for row in read if row.number == story.number]
        assert versions == [1, 2, 3, 4, 5], story.number
    assert [row.seq for row in read] == list(range(1, len(read) + 1))
    for store in stores:
        await store.close()


async def test_a_number_is_given_after_the_commit_not_at_the_insert(postgres_url: str) -> None:
    """A writer that holds its transaction open delays nobody, and is told when it has committed."""
    holder = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    store, other = Store.open(postgres_url), Store.open(postgres_url)
    held, free = Story(), Story()

    def write(connection: Connection) -> None:
        _Batch([held.accepted()]).write(connection, store.once(_build))
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(42)")

    await holder.execute("SELECT pg_advisory_lock(42)")
    writing = asyncio.create_task(store.write(write))
    async with asyncio.timeout(60):
        while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
    await project(other, free.accepted())
    rows = await told(other)
    assert [row.number for row in rows] == [free.number]
    await holder.execute("SELECT pg_advisory_unlock(42)")
    await writing
    assert [row.number for row in await told(other, rows[-1].seq)] == [held.number]
    await holder.close()
    await store.close()
    await other.close()


async def test_cursors_are_of_this_feed_and_of_what_is_kept(store: Store) -> None:
    story = Story()
    await project(store, story.accepted(), story.classified(), story.assigned())
    rows = await told(store)
    feed = await changes.feed_of(store)
    positions = [Position(row.seq, row.id) for row in rows]
    for position in positions:
        assert await changes.position_of(store, CIPHER, feed.cursor(CIPHER, position)) == position
    assert await changes.end_of(store) == positions[-1]
    for text in ("", "x", cursor("demo"), cursor(feed.feed, "-1", ""), cursor(feed.feed, "²", "")):
        with pytest.raises(BadCursor):
            await changes.position_of(store, CIPHER, text)
    for wrong in (
        cursor("another", "1", rows[0].id),
        cursor(feed.feed, "2", rows[0].id),
        cursor(feed.feed, "99", rows[0].id),
    ):
        with pytest.raises(CursorForeign):
            await changes.position_of(store, CIPHER, wrong)


async def test_a_cursor_says_nothing_of_how_much_happened(store: Store) -> None:
    story = Story()
    await project(store, story.accepted(), story.classified(), story.assigned())
    rows = await told(store)
    feed = await changes.feed_of(store)
    first, last = (Position(rows[n].seq, rows[n].id) for n in (0, -1))
    text = feed.cursor(CIPHER, first)
    assert text == feed.cursor(CIPHER, first), "who waits for nothing has the same one"
    body = text.removeprefix("c2.")
    inside = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    assert feed.feed.encode() not in inside
    assert first.id.encode() not in inside
    many = Position(10**17, first.id)
    assert len(text) == len(feed.cursor(CIPHER, many)) == len(feed.cursor(CIPHER, last)) <= 500
    old = cursor(feed.feed, str(last.seq), last.id)
    assert await changes.position_of(store, CIPHER, old) == last, "those given out before go on"
    elsewhere = Cipher(bytes(32), "webhooks")
    for wrong in (feed.cursor(elsewhere, first), text[:-2] + "AA", text[:-20]):
        with pytest.raises(CursorForeign):
            await changes.position_of(store, CIPHER, wrong)
    for none in ("c2.", "c2.*", "c2.é"):
        with pytest.raises((BadCursor, CursorForeign)):
            await changes.position_of(store, CIPHER, none)


async def test_old_changes_go_and_their_cursors_say_so(store: Store) -> None:
    story = Story()
    await project(store, story.accepted(), story.classified())
    old = await told(store)
    await project(store, story.assigned())
    await number_changes(store, NOW + timedelta(days=2))
    assert await changes.prune(store, NOW + timedelta(days=1)) == 2
    assert await changes.prune(store, NOW + timedelta(days=1)) == 0
    feed = await changes.feed_of(store)
    with pytest.raises(CursorTooOld):
        await changes.position_of(
            store, CIPHER, feed.cursor(CIPHER, Position(old[0].seq, old[0].id))
        )
    last = Position(old[1].seq, old[1].id)
    assert await changes.position_of(store, CIPHER, feed.cursor(CIPHER, last)) == last
    assert [row.version for row in await changes.after(store, last.seq, 10)] == [3]
    assert (await changes.beginning_of(store)).seq == 2
    # What was told before and pruned is not told again.
    await project(store, story.signed())
    assert [row.version for row in await told(store, 2)] == [3, 4]


async def test_old_events_of_an_upgraded_installation_are_not_told(store: Store) -> None:
    story = Story()
    await project(store, story.accepted(), story.classified())
    pending = webhook_tables.change_pending
    heads = webhook_tables.change_head.insert().values(number=story.number, version=2)
    await store.change(pending.delete())
    await store.change(heads)
    assert await told(store) == []
    await project(store, story.assigned())
    assert as_text(await told(store)) == ["happened 3 assigned"]


async def test_a_fact_of_the_citizen_is_told_without_its_words(store: Store) -> None:
    story = Story()
    first = story.accepted()
    hurry = story.tell(Urged(text="Please hurry, it is Ms Wang"), by=CITIZEN)
    await project(store, first, hurry)
    rows = await told(store)
    assert [row.kind for row in rows] == ["accepted", "urged"]
    feed = await changes.feed_of(store)
    texts = [change_of(feed, CIPHER, row).model_dump_json() for row in rows]
    assert all("Wang" not in text and "gate" not in text for text in texts)
    assert await store.rows(select(webhook_tables.change_pending)) == []
