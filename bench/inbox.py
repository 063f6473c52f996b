"""The cost of opening a unit's inbox: the whole HTTP answer, and the queries alone.

Two hundred tickets, at different points of their lifecycle, are written to a new SQLite store by
the product's projector; then the page is requested from the application, in this process and
without a network.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import httpx
from rich.console import Console
from rich.table import Table

from api.http.app import create_app
from domain.activity_io import Projection
from domain.actors import SYSTEM, Actor, Role
from domain.deadlines.registry import UNIT_CLOCKS
from domain.events import Fact
from domain.facts.handling import Contacted, ExtensionRequested, Signed
from domain.facts.intake import Accepted, Assigned, Classified
from domain.pack.pack import Pack
from domain.pack.planning import plan_clocks
from domain.policy.record import record
from domain.ticket.assignment import Pause
from domain.ticket.complaint import Channel, Complaint, Place
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry
from runtime.settings import Settings
from store.db import schema
from store.db.engine import Store, default_url
from store.identity import accounts, passwords
from store.tickets import assignments, inbox
from store.tickets.numbers import new_number
from store.tickets.projector import Projector

ROWS = 200
TARGET = 150.0
"""Milliseconds within which so many lines must be shown."""

CITY, UNIT, CATEGORY, TIER = "tongzhou", "water", "0301", "complex"
_PASSWORD = "measured, not guessed"  # noqa: S105  # pragma: allowlist secret
_WARM_UP, _ROUNDS = 5, 60
_BROWSER = {"Accept": "text/html", "Accept-Language": "zh"}
_OFFICER = Actor(role=Role.OFFICER, id="bench", unit=UNIT)


@dataclass(frozen=True)
class Opening:
    """Milliseconds, of `rows` lines; `kilobytes` is the size of the page.

    `cpu` is the CPU time of the process for one answer, independent of other load.
    """

    rows: int
    kilobytes: float
    query: float
    median: float
    p95: float
    cpu: float


async def measure(rows: int = ROWS, rounds: int = _ROUNDS) -> Opening:
    """Measure opening the inbox repeatedly."""
    async with _office(rows) as (http, store):
        page = await _opened(http)
        shown = page.text.count('data-ref="')
        if shown != rows:
            raise ValueError(f"{shown} lines of {rows}: {page.status_code}")
        for _ in range(_WARM_UP):
            await _opened(http)
        query = await _milliseconds(lambda: _warm_up(store, rows), rounds)
        worked = time.process_time()
        whole = await _milliseconds(lambda: _opened(http), rounds)
        worked = time.process_time() - worked
    return Opening(
        rows=rows,
        kilobytes=len(page.content) / 1024,
        query=median(query),
        median=median(whole),
        p95=quantiles(whole, n=20)[-1],
        cpu=worked * 1000 / rounds,
    )


async def _warm_up(store: Store, rows: int) -> None:
    now = datetime.now(UTC)
    await assignments.inbox(store, UNIT, limit=rows, city=CITY, now=now)
    await inbox.counts(store, UNIT, CITY, None, now)


async def _opened(http: httpx.AsyncClient) -> httpx.Response:
    return await http.get("/staff/inbox", headers=_BROWSER)


async def _milliseconds(call: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    items = []
    for _ in range(rounds):
        began = time.perf_counter()
        await call()
        items.append((time.perf_counter() - began) * 1000)
    return items


# --- the measured application -----------------------------------------------------------------


@asynccontextmanager
async def _office(rows: int) -> AsyncIterator[tuple[httpx.AsyncClient, Store]]:
    """Provide an application on a store with `rows` lines, and sign in its officer."""
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as folder:
        settings = Settings(home=Path(folder), store_url=default_url(Path(folder)))
        await schema.upgrade(settings.store)
        store = Store.open(settings.store)
        app = create_app(settings, store=store)
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://bench.test", timeout=60
        )
        try:
            async with app.router.lifespan_context(app), http:
                await _fill(store, app.state.context.packs, rows)
                await _signed_in(store, http)
                yield http, store
        finally:
            await store.close()


async def _fill(store: Store, packs: PackRegistry, rows: int) -> None:
    pack, projector, now = packs.get(CITY), Projector(store), datetime.now(UTC)
    for n in range(rows):
        for projection in _life(pack, n, now - timedelta(hours=1 + 2 * n % 240)):
            await projector.project(projection)
    await projector.close()


async def _signed_in(store: Store, http: httpx.AsyncClient) -> None:
    hashed = await passwords.hashed(_PASSWORD)
    await accounts.create(
        store, "bench", Role.OFFICER, unit=UNIT, city=CITY, password_hash=hashed, own=True
    )
    values = {"name": "bench", "password": _PASSWORD}
    (await http.post("/api/v1/session", json=values)).raise_for_status()


def _life(pack: Pack, n: int, filed_at: datetime) -> Iterator[Projection]:
    """Yield a ticket's projections; in turn new, signed, contacted, waiting or paused."""
    complaint = Complaint(
        number=new_number(filed_at.date()),
        city=CITY,
        channel=Channel.HOTLINE,
        title=f"第 {n + 1} 段河道发黑发臭，附近居民多次反映",
        text="小区门口的河水又黑又臭，请尽快治理。" * 5,
        filed_at=filed_at,
        place=Place(address=f"玉带河大街 {n + 1} 号", lat=39.9, lon=116.65),
    )
    ticket = Ticket.of(complaint)
    clocks = plan_clocks(pack, UNIT_CLOCKS, TIER, filed_at, assignment=1)
    facts: list[tuple[Fact, Actor]] = [
        (Accepted(rules=pack.rules(), clocks=[]), SYSTEM),
        (Classified(category=CATEGORY, tier=TIER, why="bench"), SYSTEM),
        (Assigned(assignment=1, unit=UNIT, queue="units", why="bench", clocks=clocks), SYSTEM),
        (Signed(assignment=1), _OFFICER),
        (Contacted(assignment=1), _OFFICER),
        (ExtensionRequested(assignment=1, by="1d", reason="bench"), _OFFICER),
    ]
    at = filed_at
    for fact, who in facts[: 3 + n % 4]:
        at += timedelta(minutes=1)
        event = record(ticket, fact, who, at)
        if n % 10 == 1 and isinstance(fact, Signed):
            ticket.pause(1, Pause(why="citizen", since=at))
        yield Projection(ticket=ticket.model_copy(deep=True), events=[event])


def show(out: Console, opening: Opening) -> None:
    table = Table(title="milliseconds to open an inbox")
    for heading in ("lines", "KB", "queries alone", "whole answer", "p95", "CPU"):
        table.add_column(heading, justify="right")
    shown = (opening.kilobytes, opening.query, opening.median, opening.p95, opening.cpu)
    table.add_row(str(opening.rows), *(f"{each:.0f}" for each in shown))
    out.print(table)
    verdict = "within" if opening.median < TARGET else "ABOVE"
    out.print(
        f"{opening.rows} lines in {opening.median:.0f} ms: {verdict} the target of {TARGET:g} ms",
        highlight=False,
    )
