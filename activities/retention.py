"""Retention: erase data when the retention time in the city's pack is over."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from temporalio import activity

from domain.pack.pack import Pack
from domain.pack.policies import Retention as Rule
from domain.patrol.rounds import PROOF_KEPT
from packs.registry import PackRegistry
from store.db.engine import Store
from store.grid import diaries, entries
from store.imports import slips
from store.messaging import notices
from store.patrols import walks
from store.sensors import judging, readings
from store.tickets import bookings, erasure, search_merging

_CHUNK = 100

_SETTLED, _LOOKED_AT = timedelta(days=7), timedelta(days=60)
"""The ages at which data in the vault that no ticket has is deleted: long after any ticket that was
told of it is recorded, and not looked for through all that was ever filed."""

_MEASURED = timedelta(days=366)
"""The age at which readings of sensors are deleted: at a home they say how somebody lives, and an
alarm needs those of its own days."""

_JUDGED = timedelta(days=2)
"""The age at which judged events leave their book. Their readings stay: an event that comes again
is known by its own."""
_TOLD = timedelta(days=366)
"""The age at which it is forgotten which messages left the house, and what became of them."""


class RetentionActivities:
    def __init__(self, packs: PackRegistry, store: Store) -> None:
        self._packs = packs
        self._store = store

    @activity.defn(name="apply_retention")
    async def apply(self) -> int:
        """Erase what is due in every city; return how many citizens, tickets and other records."""
        done = 0
        async for count in apply_retention(self._packs, self._store, datetime.now(UTC)):
            done += count
            activity.heartbeat(done)
        return done


async def apply_retention(packs: PackRegistry, store: Store, now: datetime) -> AsyncIterator[int]:
    """Erase what is due; yield the number at each step."""
    for city in packs.ids():
        rule = packs.get(city).retention
        async for count in _persons(store, city, rule, now):
            yield count
        async for count in _texts(store, city, rule, now):
            yield count
        ended_before = now - packs.get(city).services.keep.length
        yield await bookings.forget_people(store, city, ended_before)
        async for count in readings.forget(store, city, now - _MEASURED):
            yield count
        async for count in _walks(store, packs.get(city), now):
            yield count
        if (grid := packs.get(city).grid) is not None:
            written_before = now - timedelta(days=grid.diary_days)
            yield await diaries.forget(store, city, written_before)
            yield await entries.forget(store, city, written_before)
    async for count in _unused(store, now):
        yield count
    while count := await notices.forget_old(store, now - _TOLD, _CHUNK):
        yield count


async def _unused(store: Store, now: datetime) -> AsyncIterator[int]:
    yield await erasure.forget_unused(store, now - _LOOKED_AT, now - _SETTLED)
    yield await judging.forget(store, now - _JUDGED)
    yield await slips.purge(store, now)
    async for _ in search_merging.merge_if_worn(store):
        yield 0


async def _persons(store: Store, city: str, rule: Rule, now: datetime) -> AsyncIterator[int]:
    if rule.persons is None:
        return
    while count := await erasure.forget_persons(store, city, now - rule.persons.length, _CHUNK):
        yield count


async def _walks(store: Store, pack: Pack, now: datetime) -> AsyncIterator[int]:
    before = now.astimezone(pack.calendar.tz).date() - PROOF_KEPT
    while count := await walks.forget(store, pack.city.id, before, _CHUNK):
        yield count


async def _texts(store: Store, city: str, rule: Rule, now: datetime) -> AsyncIterator[int]:
    if rule.texts is None:
        return
    while numbers := await erasure.due_texts(store, city, now - rule.texts.length, _CHUNK):
        for number in numbers:
            await erasure.erase(store, number, now)
            yield 1
