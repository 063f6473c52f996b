"""Tests of attempts that are counted before they are judged."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from store.db import identity_tables
from store.db.engine import Store
from store.identity import lockouts, reservations
from store.identity.reservations import Pauses, Window
from tests.store.stories import START

MINUTE = timedelta(minutes=1)
TEN = Window("k", 10, 10 * MINUTE)


async def test_of_many_at_once_as_many_are_reserved_as_there_are_places(store: Store) -> None:
    wide = Window("wide", 100, MINUTE)
    reserving = (reservations.reserve(store, [TEN, wide], START) for _ in range(40))
    outcomes = await asyncio.gather(*reserving)
    assert sum(outcome.id is not None for outcome in outcomes) == 10
    rows = await store.rows(select(identity_tables.reservation.c.key))
    assert sorted(row.key for row in rows) == ["k"] * 10 + ["wide"] * 10  # all keys or none


async def test_a_window_slides(store: Store) -> None:
    for minute in range(10):
        assert (await reservations.reserve(store, [TEN], START + minute * MINUTE)).id
    refused = await reservations.reserve(store, [TEN], START + 9 * MINUTE)
    assert (refused.id, refused.wait) == (None, MINUTE)
    assert (await reservations.reserve(store, [TEN], START + 10 * MINUTE)).id
    assert (await reservations.reserve(store, [TEN], START + 10 * MINUTE)).id is None


async def test_what_is_not_judged_yet_may_still_be_given_back(store: Store) -> None:
    one = Window("k", 1, 10 * MINUTE)
    first = await reservations.reserve(store, [one], START)
    assert first.id is not None
    assert (await reservations.reserve(store, [one], START)).unsettled
    await reservations.give_back(store, first.id)
    second = await reservations.reserve(store, [one], START)
    assert second.id is not None
    await reservations.failed(store, second.id)
    refused = await reservations.reserve(store, [one], START)
    assert refused.id is None
    assert not refused.unsettled


async def test_an_attempt_that_nobody_judged_counts_as_failed(store: Store) -> None:
    one = Window("k", 1, 10 * MINUTE)
    await reservations.reserve(store, [one], START)
    later = await reservations.reserve(store, [one], START + 2 * MINUTE)
    assert later.id is None
    assert not later.unsettled


async def test_success_gives_back_what_the_same_one_failed_and_nothing_else(store: Store) -> None:
    network = Window("network", 3, MINUTE)
    mine, other = Window("mine", 9, MINUTE), Window("other", 9, MINUTE)
    for rule in (mine, other):
        failed = await reservations.reserve(store, [rule, network], START)
        await reservations.failed(store, str(failed.id))
    right = await reservations.reserve(store, [mine, network], START)
    await reservations.forgive(store, str(right.id), "mine", "known/me", START, MINUTE)
    rows = await store.rows(select(identity_tables.reservation.c.key))
    assert sorted(row.key for row in rows) == ["known/me", "network", "other"]
    assert await reservations.is_known(store, "known/me", START)
    assert not await reservations.is_known(store, "known/me", START + MINUTE)


async def test_pauses_slow_down_and_never_close(store: Store) -> None:
    slow = Pauses("k", 2, 10 * timedelta(seconds=1), 10 * timedelta(seconds=1), 60 * MINUTE)
    now = START
    for _ in range(5):
        outcome = await reservations.reserve(store, [slow], now)
        while outcome.id is None:
            assert outcome.wait <= timedelta(seconds=10)
            now += outcome.wait
            outcome = await reservations.reserve(store, [slow], now)
    assert now - START == timedelta(seconds=30)


async def test_expired_places_are_forgotten(store: Store) -> None:
    await reservations.reserve(store, [TEN], START)
    await reservations.reserve(store, [Window("other", 1, MINUTE)], START + 11 * MINUTE)
    rows = await store.rows(select(identity_tables.reservation.c.key))
    assert [row.key for row in rows] == ["other"]


async def test_a_name_that_waits_in_one_network_is_seen_and_cleared(store: Store) -> None:
    for _ in range(lockouts.FREE):
        pair = lockouts.of_pair("name/x", "here")
        await reservations.reserve(store, [pair, lockouts.of_name("name/x")], START)
    assert await lockouts.locked(store, ["name/x", "name/y"], START) == {"name/x"}
    assert await lockouts.locked(store, ["name/x"], START + MINUTE) == set()
    await lockouts.clear(store, "name/x")
    assert await lockouts.locked(store, ["name/x"], START) == set()
