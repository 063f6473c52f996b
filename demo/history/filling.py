"""The filling of a store with a simulated history, by several processes."""

import asyncio
import multiprocessing
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from demo.history.arrivals import per_day, waves
from demo.history.making import DayMaker, MadeDay, SimulatedCitizen, SimulatedHistory
from domain.pack.pack import Pack
from packs.registry import PackRegistry
from store.db.engine import Store
from store.db.tables import Row
from store.packs import archive, calendars
from store.secrets.vault import Person, Vault
from store.tickets import simulated

_ALONE = 3000
"""So many tickets are made faster than other processes are started."""

_AT_ONCE = 500
"""Tickets of one transaction, or the first whole day with more."""

_A_PERSON_EVERY = 1.6
"""Tickets for each citizen, on average; a few complain much more often."""

_DAYS_A_MONTH = 365.25 / 12


class NotSimulated(Exception):
    """A history that is not written: the store has real tickets, or this history already."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code


@dataclass(frozen=True)
class HistoryFilling:
    """The history to write: `tickets` in the `months` before the day `until`.

    `closed`: without those that are still open then.
    """

    city: str
    tickets: int
    months: int
    seed: int
    until: date
    closed: bool = False

    @property
    def first(self) -> date:
        """The first day."""
        return self.until - timedelta(days=round(self.months * _DAYS_A_MONTH))

    def history(self, pack: Pack) -> SimulatedHistory:
        """Return the history with what many complain about."""
        seed = f"{self.seed}/{self.city}"
        end = datetime.combine(self.until, time(), pack.calendar.tz)
        drawn = tuple(waves(pack, seed, self.first, self.until))
        pool = max(10, round(self.tickets / _A_PERSON_EVERY))
        return SimulatedHistory(self.city, seed, end.astimezone(UTC), pool, self.closed, drawn)


@dataclass(frozen=True)
class FilledHistory:
    """The numbers of tickets and events that were written, and of lives that were lived."""

    tickets: int = 0
    events: int = 0
    lived: int = 0


async def check_free(store: Store, city: str, seed: int) -> None:
    """Refuse a store that may not be filled.

    Raises:
        NotSimulated: `real_tickets`: it has tickets and no simulated history;
            `simulated_already`: it has this history, or a part of it.
    """
    there = await simulated.simulations(store)
    if any((row.city, row.seed) == (city, seed) for row in there):
        text = f"the store has the history of {city} with the seed {seed} already"
        raise NotSimulated("simulated_already", text)
    if not there and await simulated.has_tickets(store):
        text = "the store has tickets that are not simulated; nothing invented is put among them"
        raise NotSimulated("real_tickets", text)


async def fill(
    store: Store,
    vault: Vault,
    registry: PackRegistry,
    root: Path,
    filling: HistoryFilling,
    told: Callable[[int], None],
) -> FilledHistory:
    """Write the history; `told` is called with the number of tickets so far.

    The same history is written for the same values of `filling` and the same pack. Only what the
    vault encrypts differs, as it always does.

    Raises:
        NotSimulated: see `check_free`.
        StoreUnavailable: what was written so far stays; the history is marked as not complete.
    """
    pack = registry.get(filling.city)
    await check_free(store, filling.city, filling.seed)
    now = datetime.now(UTC)
    await archive.keep(store, registry.folder(filling.city))
    await calendars.keep(store, pack.calendar, now)
    await simulated.begin(
        store, filling.city, filling.seed, filling.tickets, filling.months, filling.until, now
    )
    done, held = FilledHistory(), MadeDay()
    async for made in _made(registry, root, filling, filling.history(pack)):
        held.add(made)
        if len(held.rows.ticket) >= _AT_ONCE:
            done, held = await _written(store, vault, held, done), MadeDay()
            told(done.tickets)
    done = await _written(store, vault, held, done)
    told(done.tickets)
    await simulated.end(store, filling.city, filling.seed, datetime.now(UTC))
    return done


async def _written(
    store: Store, vault: Vault, made: MadeDay, before: FilledHistory
) -> FilledHistory:
    made.rows.person = [_sealed(vault, one) for one in made.citizens]
    await simulated.write(store, made.rows)
    return replace(
        before,
        tickets=before.tickets + len(made.rows.ticket),
        events=before.events + len(made.rows.event),
        lived=before.lived + made.lived,
    )


def _sealed(vault: Vault, citizen: SimulatedCitizen) -> Row:
    person = Person(name=citizen.name, phone=citizen.phone)
    return {
        "id": citizen.id,
        "sealed": vault.encrypt(citizen.id, person),
        "key_id": vault.ring.current,
        "phone_hash": vault.phone_hash(citizen.phone),
        "created_at": citizen.since,
    }


async def _made(
    registry: PackRegistry, root: Path, filling: HistoryFilling, history: SimulatedHistory
) -> AsyncIterator[MadeDay]:
    """Yield the days in order; those to come are made meanwhile."""
    days = [one for one in per_day(filling.tickets, filling.first, filling.until) if one[1]]
    if filling.tickets <= _ALONE:
        maker = DayMaker(registry.get(filling.city), registry, history)
        for day, count in days:
            yield await asyncio.to_thread(maker.day, day, count)
        return
    loop, workers = asyncio.get_running_loop(), os.cpu_count() or 1
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _start, (root, history)
    ) as pool:
        ahead: deque[asyncio.Future[MadeDay]] = deque()
        for day, count in days:
            ahead.append(loop.run_in_executor(pool, _day, day, count))
            if len(ahead) > 2 * workers:
                yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()


_MAKERS: list[DayMaker] = []


def _start(root: Path, history: SimulatedHistory) -> None:
    registry = PackRegistry(root)
    _MAKERS.append(DayMaker(registry.get(history.city), registry, history))


def _day(day: date, count: int) -> MadeDay:
    return _MAKERS[0].day(day, count)
