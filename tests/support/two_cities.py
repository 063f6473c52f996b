"""Two installations that are neighbours, with a network between them that can fail."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from temporalio.client import Client

from activities.handover import PURPOSE, HandingOver
from activities.handover_files import FilesOfOthers
from activities.handover_tickets import EngineTickets, HandedTickets
from domain.handover.envelopes import Offer
from domain.handover.handover import Handover, HandoverSide, HandoverWords
from domain.ticket.complaint import Kind
from media.handed_over import FetchedFiles
from packs.registry import PackRegistry
from runtime.outbound import Carrier, HttpReply, Unreachable
from store.db.engine import Store
from store.handover import neighbours
from store.handover.neighbours import Neighbour
from store.secrets.encryption import Cipher
from store.secrets.key_ring import KeyRing
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from tests.api.running_api import Api, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import RING, platform

SECRET = "a secret that two cities share, of good length"  # pragma: allowlist secret
WEST, EAST = "tongzhou", "langfang"

Application = Callable[[], FastAPI]


class Killed(Exception):
    """The end of a process in the middle of what it did."""


@dataclass
class FaultyNetwork:
    """A network that drops, doubles, answers too late, and is down as a whole.

    `rate`: of requests with a fault. `kept`: requests that arrive again much later.
    """

    hosts: dict[str, Application] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    rate: float = 0.0
    down: set[str] = field(default_factory=set)
    kept: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    sent: int = 0

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        within: float = 15.0,
        most: int = 64 * 1024,
    ) -> HttpReply:
        """Carry a request, or fail as networks do."""
        self.sent += 1
        if httpx.URL(url).host in self.down:
            raise Unreachable("no_connection")
        fault = self.dice.random() if self.dice.random() < self.rate else 1.0
        if fault < 0.3:
            raise Unreachable("no_connection")  # it never arrived
        if fault < 0.5:  # it arrives when nobody expects it any more
            self.kept.append((method, url, dict(headers or {}), content))
            raise Unreachable("too_slow")
        reply = await self._arrive(method, url, dict(headers or {}), content)
        if fault < 0.75:  # it arrived, and the answer is lost
            raise Unreachable("no_connection")
        if fault < 0.9:
            reply = await self._arrive(method, url, dict(headers or {}), content)
        elif fault < 1.0:
            return HttpReply(200, {}, b"<html>Welcome to the captive portal</html>")
        return reply

    async def late_ones(self) -> None:
        """Let what was kept arrive, in any order."""
        self.dice.shuffle(self.kept)
        kept, self.kept = self.kept, []
        for one in kept:
            await self._arrive(*one)

    async def _arrive(
        self, method: str, url: str, headers: dict[str, str], content: bytes
    ) -> HttpReply:
        app = self.hosts[httpx.URL(url).host]()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as http:
            answer = await http.request(method, url, headers=headers, content=content)
        return HttpReply(answer.status_code, answer.headers, answer.content)


@dataclass
class Side:
    """One installation: its application, and its job."""

    city: str
    api: Api
    job: HandingOver
    ring: KeyRing

    @property
    def cipher(self) -> Cipher:
        return Cipher(self.ring.root_key, PURPOSE)

    @property
    def store(self) -> Store:
        return self.api.store


@dataclass
class TwoCities:
    """Both of them. `west` hands over first."""

    west: Side
    east: Side
    network: FaultyNetwork

    async def settle(self, until: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Let both jobs work until they have nothing to do, or it is `until`."""
        for _ in range(200):
            done = await self.west.job.step() + await self.east.job.step()
            if until is None and not done:
                return
            if until is not None and await until():
                return
        raise AssertionError("the cities do not come to an end")


def job_of(
    store: Store,
    network: Carrier,
    own: HandedTickets,
    packs: PackRegistry = SHIPPED,
    ring: KeyRing = RING,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    files: FilesOfOthers | None = None,
) -> HandingOver:
    """Return a city's job."""
    return HandingOver(
        packs, store, Vault(ring), TicketKeys(store, ring), network, own, files, clock=clock
    )


def an_offer(
    here: str,
    there: str,
    n: int,
    now: datetime,
    kind: Kind,
    window: timedelta = timedelta(hours=48),
) -> tuple[Handover, HandoverWords, Offer]:
    """Return the `n`th offer of a city to the other one, with its words and its letter."""
    new = Handover(
        neighbour=there,
        side=HandoverSide.OUT,
        id=f"{n:032x}",
        city=here,
        number=f"{n:013d}",
        kind=kind,
        filed_at=now,
        offered_at=now,
        due_at=now + window,
    )
    words = HandoverWords(text="河边的路灯坏了。", reason="在你市境内。")
    content = Offer(
        number=new.number or "",
        of=new.kind,
        filed_at=now,
        offered_at=now,
        due_at=new.due_at,
        hops=1,
        words=words,
    )
    return new, words, content


async def acquaint(store: Store, here: str, there: str, ring: KeyRing = RING) -> None:
    """Enter the other city as a neighbour."""
    new = Neighbour(
        code=there,
        city=here,
        known_as=here,
        name={"langfang": "廊坊市", "tongzhou": "通州区"}[there],
        name_en=there.capitalize(),
        url=f"http://{there}.test",
        areas=("131082",) if there == "langfang" else ("110112",),
        added_at=datetime.now(UTC),
        rotated_at=None,
        ended_at=None,
    )
    await neighbours.add(store, Cipher(ring.root_key, PURPOSE), new, SECRET)


@asynccontextmanager
async def two_cities(
    homes: Path, clients: tuple[Client, Client], stores: tuple[Store, Store]
) -> AsyncIterator[TwoCities]:
    """Open both installations, each with an engine, a worker and an application of its own."""
    network = FaultyNetwork()
    sides = []
    for name in (WEST, EAST):
        (homes / name).mkdir()
    async with (
        platform(clients[0], stores[0]),
        platform(clients[1], stores[1]),
        serve_api(homes / WEST, stores[0], clients[0]) as west,
        serve_api(homes / EAST, stores[1], clients[1]) as east,
    ):
        for city, api, client, store in (
            (WEST, west, clients[0], stores[0]),
            (EAST, east, clients[1], stores[1]),
        ):
            await acquaint(store, city, EAST if city == WEST else WEST)
            network.hosts[f"{city}.test"] = lambda app=api.app: app  # type: ignore[misc]
            files = FetchedFiles(api.context.uploads, network)
            job = job_of(store, network, EngineTickets(store, client), files=files)
            sides.append(Side(city, api, job, RING))
        yield TwoCities(sides[0], sides[1], network)
