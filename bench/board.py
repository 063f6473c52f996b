"""The cost of a board: many viewers over HTTP, the delay of an update, its statements."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event

from api.http.app import create_app
from api.http.browser_sessions import COOKIE
from api.http.serving import server
from app.context import AppContext
from app.reporting.board_feed import BoardFeeds
from domain.actors import Role
from runtime.ports import free_ports
from runtime.settings import Settings
from store.db import schema
from store.db.engine import Store, default_url
from store.identity import accounts, sessions

CITY = "tongzhou"
VIEWERS = 200
TARGET = 1.0
"""Seconds from the start of a reading within which every viewer must have it."""

_SETTLING = 3
"""Poll intervals that are not counted: viewers are still connecting."""


@dataclass(frozen=True)
class Watched:
    """Seconds from the start of a reading until a viewer has it: median, p99, worst."""

    viewers: int
    ticks: int
    median: float
    p99: float
    worst: float
    statements: float
    bytes: float


@dataclass
class _Seen:
    """The updates that all viewers have received since counting began."""

    delays: list[float] = field(default_factory=list)
    bytes: int = 0


async def watched(viewers: int = VIEWERS, ticks: int = 5, store_url: str | None = None) -> Watched:
    """Measure `viewers` for `ticks` poll intervals, on an empty store or that at `store_url`."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = store_url or default_url(home)
        await schema.upgrade(url)
        store = Store.open(url)
        try:
            async with _serving(store, home) as (port, boards, context):
                return await _measured(port, boards, context, viewers, ticks)
        finally:
            await store.close()


@asynccontextmanager
async def _serving(store: Store, home: Path) -> AsyncIterator[tuple[int, BoardFeeds, AppContext]]:
    settings = Settings(home=home, temporal_address="127.0.0.1:1")
    app, (port,) = create_app(settings, store=store), free_ports(1)
    running = server(app, "127.0.0.1", port)
    serving = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.02)
    try:
        yield port, app.state.boards, app.state.context
    finally:
        running.should_exit = True
        await serving


async def _measured(
    port: int, boards: BoardFeeds, context: AppContext, viewers: int, ticks: int
) -> Watched:
    cookie, seen, began = await _cookie(context), _Seen(), time.time()
    watching = [
        asyncio.create_task(_watch(port, cookie, seen, lambda: began)) for _ in range(viewers)
    ]
    while boards.watched.get(CITY, 0) < viewers:  # noqa: ASYNC110 - nobody waits for this but us
        await asyncio.sleep(0.05)
    await asyncio.sleep(_SETTLING * boards.poll_interval)
    asked = 0

    def count(*_: Any) -> None:
        nonlocal asked
        asked += 1

    event.listen(Engine, "before_cursor_execute", count)
    began, seen.bytes = time.time(), 0
    seen.delays.clear()
    await asyncio.sleep(ticks * boards.poll_interval)
    event.remove(Engine, "before_cursor_execute", count)
    delays = sorted(seen.delays)
    for one in watching:
        one.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    total = len(delays) / viewers
    return Watched(
        viewers=viewers,
        ticks=round(total),
        median=median(delays),
        p99=delays[int(len(delays) * 0.99)],
        worst=delays[-1],
        statements=asked / max(total, 1),
        bytes=seen.bytes / len(delays),
    )


async def _cookie(context: AppContext) -> str:
    """Return a supervisor's cookie: one account with many windows costs as much as many."""
    name = f"bench-{time.time_ns()}"
    await accounts.create(context.store, name, Role.SUPERVISOR)
    account = await accounts.by_name(context.store, name)
    if account is None:
        raise RuntimeError("the account is not there")
    secret = await sessions.begin(context.store, account, datetime.now(UTC), timedelta(hours=1))
    return str(context.signer("session").dumps(secret))


async def _watch(port: int, cookie: str, seen: _Seen, since: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = f"/staff/board/stream?city={CITY}&lang=zh"
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {COOKIE}={cookie}\r\n\r\n".encode()
    )
    try:
        while line := await reader.readline():
            at = _read_at(line)
            if at is not None and at >= since():
                seen.delays.append(time.time() - at)
                seen.bytes += len(line)
    finally:
        writer.close()


def _read_at(line: bytes) -> float | None:
    """Return the start of the reading in a line of the stream; None for other lines."""
    _, content, rest = line.partition(b'<time datetime=\\"')
    if not content or not line.startswith(b"data: "):
        return None
    at = rest.partition(b'\\"')[0].decode()
    return datetime.fromisoformat(at).timestamp()


def show(out: Console, result: Watched) -> None:
    table = Table(title="a board that is watched")
    for heading in ("viewers", "ticks", "median s", "p99 s", "worst s", "statements", "bytes"):
        table.add_column(heading, justify="right")
    seconds = (f"{one:.3f}" for one in (result.median, result.p99, result.worst))
    table.add_row(
        str(result.viewers),
        str(result.ticks),
        *seconds,
        f"{result.statements:.1f}",
        f"{result.bytes:.0f}",
    )
    out.print(table)
    verdict = "within" if result.p99 < TARGET else "ABOVE"
    out.print(f"a tick reaches {result.viewers} in {result.p99:.3f} s: {verdict} {TARGET:g} s")
