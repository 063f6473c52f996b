"""Many hand-overs between two cities over a network that fails, with processes that are killed.

At the end each matter is with exactly one city, both agree on how it got there, each letter was
applied once, and what citizens said arrived once and in its order. A hundred by default, a thousand
with JIESU_LONG=1; on SQLite and on PostgreSQL.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from activities.handover import HandingOver
from activities.handover_tickets import LATER, Became, Outcomes
from app.context import AppContext
from domain.actors import Actor
from domain.handover import steps
from domain.handover.envelopes import CitizenNote
from domain.handover.handover import Handover, HandoverSide, HandoverState, HandoverWords
from domain.handover.steps import HandoverStep
from domain.refusals import Refused
from domain.ticket.complaint import Complaint, Kind
from store.db import tables
from store.db.engine import Store, default_url
from store.db.handover_tables import letter
from store.handover import handovers
from tests.api.running_api import serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import RING
from tests.support.seeds import dice
from tests.support.two_cities import (
    EAST,
    WEST,
    FaultyNetwork,
    Killed,
    Side,
    acquaint,
    an_offer,
    job_of,
)

MANY = 1_000 if os.environ.get("JIESU_LONG") == "1" else 100
WINDOW = timedelta(hours=48)
OUT, IN = HandoverSide.OUT, HandoverSide.IN


class Time:
    """The time of both cities, which goes on as the test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class MovedContext(AppContext):
    """An application's context at the time of the test."""

    time: Time

    def now(self) -> datetime:
        return self.time()


class MortalStore(Store):
    """A store of a process that is killed just before or just after some of its writes."""

    dice: random.Random
    rate = 0.0

    async def write(self, work: Any) -> Any:
        """Write, or die."""
        fate = self.dice.random()
        if fate < self.rate / 2:
            raise Killed
        result = await super().write(work)
        if fate > 1 - self.rate / 2:
            raise Killed
        return result


@dataclass
class PaperTickets:
    """Our tickets without an engine: answers get lost, and some tickets went on meanwhile."""

    dice: random.Random
    ended: Counter[str] = field(default_factory=Counter)
    went_on: set[str] = field(default_factory=set)
    heard: dict[str, list[str]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    lossy: float = 0.3

    async def end(
        self, number: str, handover: str, actor: Actor, reason: str, text: str
    ) -> Outcomes:
        if self.dice.random() < self.lossy / 2:
            return LATER
        if number in self.went_on:
            return Outcomes(Became.REFUSED, "not_now")
        if number not in self.ended:
            self.ended[number] += 1
        return LATER if self.dice.random() < self.lossy / 2 else Outcomes(Became.DONE)

    async def say(self, number: str, note: CitizenNote, key: str) -> Outcomes:
        if self.dice.random() < self.lossy / 2:
            return LATER
        if key not in self.keys:  # as the engine does with an update's id
            self.keys.add(key)
            self.heard.setdefault(number, []).append(note.text)
        return LATER if self.dice.random() < self.lossy / 2 else Outcomes(Became.DONE)

    async def start(self, complaint: Complaint) -> None:
        """Nothing: whether it is registered once is asked of the store."""


@dataclass
class Model:
    """Two cities, what was offered between them, and what citizens said."""

    sides: dict[str, Side]
    own: dict[str, PaperTickets]
    network: FaultyNetwork
    stores: list[MortalStore]
    time: Time
    dice: random.Random
    offers: list[Handover] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)

    async def offer(self, n: int) -> None:
        """Hand one over, from either city."""
        here = self.dice.choice([WEST, EAST])
        there = EAST if here == WEST else WEST
        side, now = self.sides[here], self.time()
        new, words, content = an_offer(here, there, n, now, Kind.COMPLAINT, WINDOW)
        if self.dice.random() < 0.1:
            self.own[here].went_on.add(new.number or "")
        await handovers.offer(side.store, side.cipher, new, words, content, 3)
        self.offers.append(new)

    async def decide(self) -> None:
        """Let the officers of both cities decide some of what they see."""
        for side in self.sides.values():
            seen = await handovers.listed(side.store, side.cipher, IN, {HandoverState.OFFERED})
            for told in seen:
                chance = self.dice.random()
                with suppress(Refused):  # the time to answer is over
                    if chance < 0.25:
                        await handovers.change(
                            side.store, side.cipher, told.handover.key, steps.accepted, self._clock
                        )
                    elif chance < 0.35:
                        await handovers.change(
                            side.store,
                            side.cipher,
                            told.handover.key,
                            lambda of, words, now: steps.refused(of, words, now, "不在我市。"),
                            self._clock,
                        )
            waiting = await handovers.listed(side.store, side.cipher, OUT, {HandoverState.OFFERED})
            for told in waiting:
                if self.dice.random() < 0.03:
                    with suppress(Refused):
                        await handovers.change(
                            side.store,
                            side.cipher,
                            told.handover.key,
                            lambda of, words, now: steps.withdrawn(of, words, now, "弄错了。"),
                            self._clock,
                        )

    async def speak(self) -> None:
        """Let citizens say something of matters that the other city has."""
        for side in self.sides.values():
            gone = await handovers.listed(side.store, side.cipher, OUT, {HandoverState.TAKEN})
            for told in gone:
                if self.dice.random() < 0.1:
                    key = told.handover.key
                    text = f"第{len(self.said.setdefault(key.id, [])) + 1}次补充"
                    note = CitizenNote(what="facts", text=text, at=self.time())

                    def noted(
                        of: Handover, words: HandoverWords, _: datetime, note: CitizenNote = note
                    ) -> HandoverStep:
                        return HandoverStep(of, words, [note])

                    await handovers.change(side.store, side.cipher, key, noted, self._clock)
                    self.said[key.id].append(text)

    async def work(self) -> None:
        """Let both jobs work a round; a killed one begins anew in the next."""
        for side in self.sides.values():
            with suppress(Killed):
                await side.job.step()

    async def heal(self) -> None:
        """End all faults, let what is late arrive, and let the cities come to an end."""
        self.network.rate, self.network.down = 0.0, set()
        for store in self.stores:
            store.rate = 0.0
        for own in self.own.values():
            own.lossy = 0.0
        await self.network.late_ones()
        after_all = self.time.ahead + WINDOW + timedelta(hours=1)
        for _ in range(400):
            self.time.ahead += timedelta(minutes=20)
            if not sum([await side.job.step() for side in self.sides.values()]):
                left = [await self._left(side) for side in self.sides.values()]
                if not any(left) and self.time.ahead > after_all:
                    return
        raise AssertionError("the cities do not come to an end")

    async def _left(self, side: Side) -> int:
        rows = await side.store.rows(select(letter.c.seq).where(letter.c.delivered_at.is_(None)))
        return len(rows)

    def _clock(self, _: object) -> datetime:
        return self.time()


@pytest.fixture
async def model(store_url: str, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Model]:
    """Open two cities with a store each, the first on either database, and no engine."""
    (tmp_path / "east").mkdir()
    shutil.copy(sqlite_template, tmp_path / "east" / "jiesu.db")
    chance = dice("handovers", store_url.split(":", 1)[0])
    time, network = Time(), FaultyNetwork(dice=chance)
    urls = {WEST: store_url, EAST: default_url(tmp_path / "east")}
    away = {"temporal_address": "127.0.0.1:1"}
    sides, own, stores = {}, {}, []
    opened = {city: Store.open(url) for city, url in urls.items()}
    async with (
        serve_api(tmp_path, opened[WEST], None, SHIPPED, **away) as west,
        serve_api(tmp_path / "east", opened[EAST], None, SHIPPED, **away) as east,
    ):
        for city, api in ((WEST, west), (EAST, east)):
            await acquaint(api.store, city, EAST if city == WEST else WEST)
            plain = api.context
            moved = MovedContext(**{one.name: getattr(plain, one.name) for one in fields(plain)})
            object.__setattr__(moved, "time", time)
            api.app.state.context = moved
            mortal = MortalStore.open(urls[city])
            mortal.dice = chance
            stores.append(mortal)
            own[city] = PaperTickets(chance)
            job: HandingOver = job_of(mortal, network, own[city], clock=time)
            network.hosts[f"{city}.test"] = lambda app=api.app: app  # type: ignore[misc]
            sides[city] = Side(city, api, job, RING)
        yield Model(sides, own, network, stores, time, chance)
    for store in (*stores, *opened.values()):
        await store.close()


@pytest.mark.timeout(3_600 if MANY > 100 else 300)
async def test_none_is_lost_and_none_is_there_twice(model: Model) -> None:
    model.network.rate = 0.4
    for store in model.stores:
        store.rate = 0.04
    n = 0
    while n < MANY or model.time.ahead < WINDOW:
        for _ in range(min(5, MANY - n)):
            n += 1
            await model.offer(n)
        if model.dice.random() < 0.1:  # a city is down for a day
            model.network.down = {f"{model.dice.choice([WEST, EAST])}.test"}
            model.time.ahead += timedelta(hours=24)
        await model.work()
        await model.decide()
        await model.speak()
        await model.work()
        if model.dice.random() < 0.5:
            model.network.down = set()
            await model.network.late_ones()
        model.time.ahead += timedelta(minutes=model.dice.randrange(240))
    await model.heal()
    await check(model)


async def check(model: Model) -> None:
    """Compare what both cities say of each hand-over, and with what was really done."""
    ends: Counter[str] = Counter()
    for offered in model.offers:
        here, there = model.sides[offered.city], model.sides[offered.neighbour]
        mine = await handovers.get(here.store, here.cipher, offered.key)
        key = offered.key._replace(neighbour=offered.city, side=IN)
        theirs = await handovers.get(there.store, there.cipher, key)
        assert mine is not None
        assert theirs is not None, "every offer arrived"
        ours, other = mine.handover, theirs.handover
        ends[ours.state] += 1
        assert ours.state is other.state, "both agree on what it was"
        assert ours.held_here != other.held_here, "it is with exactly one city"
        assert (ours.sent, other.sent) == (other.got, ours.got), "each letter was applied, once"
        taken = ours.state is HandoverState.TAKEN
        number = offered.number or ""
        assert model.own[offered.city].ended[number] == int(taken), "it ended here if it is there"
        filed = await there.store.rows(
            select(tables.intake.c.number).where(
                tables.intake.c.idempotency_key == f"handover:{offered.city}:{offered.id}"
            )
        )
        assert len(filed) == int(taken), "it was filed there once, if it is there"
        if taken:
            assert ours.other_number == other.number == filed[0].number
            heard = model.own[offered.neighbour].heard.get(other.number or "", [])
            assert heard == model.said.get(offered.id, []), "what was said arrived once, in order"
        assert ours.state in {"taken", "refused", "lapsed", "withdrawn"}
    for side in model.sides.values():
        all_filed = await side.store.rows(select(tables.intake.c.number))
        given = [one for one in model.offers if one.neighbour == side.city]
        assert len(all_filed) <= len(given), "nothing was filed that was not given"
    assert {"taken", "refused", "lapsed", "withdrawn"} <= ends.keys(), ends
    assert sum(map(len, model.said.values())) > 0
