"""Tests of the board's broadcast channel: one read for all who watch, while anybody does."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from api.http.app import create_app
from api.http.browser_sessions import COOKIE
from api.http.serving import Server, server
from app.access.caller import Caller
from app.context import AppContext
from app.reporting.board_feed import BoardFeeds, BoardSnapshot, End
from domain.actors import Actor, Role
from runtime.ports import free_port
from runtime.settings import Settings
from store.db import identity_tables
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.identity import accounts, sessions, tokens
from store.identity.sessions import Session
from store.reporting.board_statements import STATEMENTS
from tests.api.running_api import Api, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import RING

VIEWERS = 200
POLL_INTERVAL = 0.05


@pytest.fixture
async def api(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application without an engine: a board is only read."""
    async with serve_api(
        tmp_path, sqlite_store, None, temporal_address="127.0.0.1:1", engine_timeout=1
    ) as opened:
        yield opened


@pytest.fixture
def boards(api: Api) -> BoardFeeds:
    watched: BoardFeeds = api.app.state.boards
    watched.poll_interval = POLL_INTERVAL
    return watched


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Record every statement that any store executes."""
    requested: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        requested.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield requested
    event.remove(Engine, "before_cursor_execute", note)


async def _somebody(context: AppContext) -> Caller:
    """Create a supervisor with a session."""
    account, _ = await _account(context)
    session = await _session(context, account)
    return Caller(Actor(role=Role.SUPERVISOR, id=account.id), account.id, session=session)


async def _account(context: AppContext) -> tuple[accounts.Account, str]:
    name = f"supervisor-{secrets.token_hex(8)}"
    await accounts.create(context.store, name, Role.SUPERVISOR)
    account = await accounts.by_name(context.store, name)
    assert account is not None
    return account, name


async def _session(context: AppContext, account: accounts.Account) -> Session:
    now = datetime.now(UTC)
    secret = await sessions.begin(context.store, account, now, timedelta(hours=12))
    return Session(sessions.digest_of(secret), account, now, now, now + timedelta(hours=12))


class _Watching:
    """A caller who watches the board; `seen` is all they were shown."""

    def __init__(self, boards: BoardFeeds, context: AppContext, who: Caller, **more: Any) -> None:
        self.seen: list[BoardSnapshot | End | None] = []
        self.task = asyncio.create_task(self._watch(boards, context, who, more))

    async def _watch(self, boards: BoardFeeds, context: AppContext, who: Caller, more: Any) -> None:
        async with aclosing(boards.watch(context, "tongzhou", who, **more)) as scenes:
            async for scene in scenes:
                self.seen.append(scene)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.seen) < count:
                await asyncio.sleep(0.005)

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_two_hundred_who_watch_cost_as_much_as_one(
    api: Api, boards: BoardFeeds, statements: list[str]
) -> None:
    supervisors = [await _somebody(api.context) for _ in range(4)]
    watching = [
        _Watching(boards, api.context, supervisors[n % len(supervisors)]) for n in range(VIEWERS)
    ]
    await asyncio.gather(*(one.until(1) for one in watching))
    assert boards.watched == {"tongzhou": VIEWERS}
    before = len({id(scene) for one in watching for scene in one.seen})
    statements.clear()
    target = len(watching[0].seen) + 5
    await asyncio.gather(*(one.until(target) for one in watching))
    ticks = len(statements) / (STATEMENTS + 1)  # and one query of the sessions
    shown = len({id(scene) for one in watching for scene in one.seen}) - before
    assert shown >= 4
    assert abs(ticks - shown) <= 2, "statements do not grow with those who watch"
    for one in watching:
        await one.leave()


async def test_what_is_made_of_a_scene_is_made_once(api: Api, boards: BoardFeeds) -> None:
    watching = [_Watching(boards, api.context, await _somebody(api.context)) for _ in range(2)]
    await asyncio.gather(*(one.until(1) for one in watching))
    first, second = (next(s for s in one.seen if isinstance(s, BoardSnapshot)) for one in watching)
    assert first is second
    made: list[str] = []

    def draw() -> str:
        made.append("zh")
        return "drawn"

    assert [scene.once("zh", draw) for scene in (first, second)] == ["drawn", "drawn"]
    assert made == ["zh"]
    for one in watching:
        await one.leave()


async def test_nobody_reads_when_nobody_watches(
    api: Api, boards: BoardFeeds, statements: list[str]
) -> None:
    one = _Watching(boards, api.context, await _somebody(api.context))
    await one.until(2)
    await one.leave()
    assert boards.watched == {}
    async with asyncio.timeout(60):
        while True:  # the last reading may still be under way
            statements.clear()
            await asyncio.sleep(POLL_INTERVAL * 4)
            if not statements:
                break


async def test_who_is_slow_sees_the_latest_and_keeps_nobody_waiting(
    api: Api, boards: BoardFeeds
) -> None:
    who = await _somebody(api.context)
    async with aclosing(boards.watch(api.context, "tongzhou", who)) as slow:
        first = await anext(slow)
        quick = _Watching(boards, api.context, who)
        await quick.until(6)
        latest = quick.seen[-1]
        second = await anext(slow)
        assert isinstance(first, BoardSnapshot)
        assert isinstance(second, BoardSnapshot)
        assert isinstance(latest, BoardSnapshot)
        assert second.board.at >= latest.board.at > first.board.at
        await quick.leave()


async def test_a_session_that_ends_ends_what_it_watches(api: Api, boards: BoardFeeds) -> None:
    who, other = await _somebody(api.context), await _somebody(api.context)
    leaving, staying = (_Watching(boards, api.context, one) for one in (who, other))
    await leaving.until(1)
    assert who.session
    await sessions.end(api.store, who.session.digest)
    await asyncio.wait_for(leaving.task, 60)
    assert leaving.seen[-1] is End.SIGNED_OUT
    await staying.until(len(staying.seen) + 2)
    assert End.SIGNED_OUT not in staying.seen
    await staying.leave()


async def test_a_token_that_is_revoked_ends_what_it_watches(api: Api, boards: BoardFeeds) -> None:
    token_id, _ = await tokens.issue(api.store, Role.SUPERVISOR, None, "wall")
    who = Caller(Actor(role=Role.SUPERVISOR, id=token_id), token_id)
    one = _Watching(boards, api.context, who)
    await one.until(1)
    await tokens.revoke(api.store, token_id)
    await asyncio.wait_for(one.task, 60)
    assert one.seen[-1] is End.SIGNED_OUT


@pytest.mark.parametrize("staying", [True, False])
async def test_only_a_screen_on_the_wall_is_in_use_while_it_shows(
    api: Api, boards: BoardFeeds, staying: bool
) -> None:
    who = await _somebody(api.context)
    assert who.session
    almost = datetime.now(UTC) - timedelta(minutes=api.context.settings.session_idle - 0.002)
    await api.store.change(
        update(identity_tables.session)
        .where(identity_tables.session.c.digest == who.session.digest)
        .values(seen_at=almost)
    )
    one = _Watching(boards, api.context, who, staying=staying)
    if staying:
        await one.until(10)
        await one.leave()
    else:
        await asyncio.wait_for(one.task, 60)
    assert (End.SIGNED_OUT in one.seen) is not staying


async def test_a_store_that_is_away_ends_nothing(
    api: Api, boards: BoardFeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _Watching(boards, api.context, await _somebody(api.context))
    await one.until(1)

    async def away(*_: Any) -> Any:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(Store, "read", away)
        await one.until(len(one.seen) + 3)
    last = one.seen[-1]
    await one.until(len(one.seen) + 3)
    newest = one.seen[-1]
    assert isinstance(last, BoardSnapshot)
    assert isinstance(newest, BoardSnapshot)
    assert newest.board.at > last.board.at
    await one.leave()


async def test_when_the_process_ends_everybody_is_told(api: Api, boards: BoardFeeds) -> None:
    who = await _somebody(api.context)
    one = _Watching(boards, api.context, who)
    await one.until(1)
    await boards.close()
    await asyncio.wait_for(one.task, 60)
    assert one.seen[-1] is End.CLOSING
    late = _Watching(boards, api.context, who)
    await asyncio.wait_for(late.task, 60)
    assert late.seen == [End.CLOSING]


# --- over HTTP ----------------------------------------------------------------------------------


@asynccontextmanager
async def _serving(store: Store, home: Path) -> AsyncIterator[tuple[Server, int]]:
    """Serve the application on a port, as `jiesu api` does."""
    settings = Settings.model_validate(
        {"home": home, "keys": RING.text(), "temporal_address": "127.0.0.1:1"}
    )
    app = create_app(settings, store=store, packs=SHIPPED)
    app.state.boards.poll_interval = POLL_INTERVAL
    port = free_port()
    running = server(app, "127.0.0.1", port)
    serving = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.02)
    try:
        yield running, port
    finally:
        running.should_exit = True
        await serving


@asynccontextmanager
async def _opened(running: Server, port: int, store: Store) -> AsyncIterator[asyncio.StreamReader]:
    """Open the stream as somebody who is signed in."""
    context: AppContext = running.config.app.state.context  # type: ignore[union-attr]
    account, _ = await _account(context)
    secret = await sessions.begin(store, account, datetime.now(UTC), timedelta(hours=1))
    cookie = str(context.signer("session").dumps(secret))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = "/staff/board/stream?city=tongzhou&lang=en"
    head = f"GET {path} HTTP/1.1\r\nHost: jiesu.test\r\nCookie: {COOKIE}={cookie}\r\n\r\n"
    writer.write(head.encode())
    try:
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def _next_event(reader: asyncio.StreamReader, name: str) -> Any:
    """Return the payload of the next event of that name."""
    async with asyncio.timeout(60):
        while (line := await reader.readline()).strip() != f"event: {name}".encode():
            assert line, "the stream ended"
        line = await reader.readline()
    return json.loads(line.removeprefix(b"data: "))


async def test_the_stream_tells_what_changed_and_ends_with_the_server(
    sqlite_store: Store, tmp_path: Path
) -> None:
    loop = asyncio.get_running_loop()
    async with (
        _serving(sqlite_store, tmp_path) as (running, port),
        _opened(running, port, sqlite_store) as reader,
    ):
        whole = await _next_event(reader, "parts")
        assert set(whole) == {"totals", "inflow", "stages", "units", "soon", "queues", "at"}
        assert "Filed today" in whole["totals"]
        changed = await _next_event(reader, "parts")
        assert "inflow" not in changed, "nothing came in meanwhile"
        began = loop.time()
        running.should_exit = True
        assert await _next_event(reader, "end") == "closing"
    assert loop.time() - began < 5, "the server waited for a stream that would never end"


async def test_whoever_goes_away_is_watching_no_more(sqlite_store: Store, tmp_path: Path) -> None:
    async with _serving(sqlite_store, tmp_path) as (running, port):
        boards: BoardFeeds = running.config.app.state.boards  # type: ignore[union-attr]
        async with _opened(running, port, sqlite_store) as reader:
            await _next_event(reader, "parts")
            assert boards.watched == {"tongzhou": 1}
        async with asyncio.timeout(60):
            while boards.watched:
                await asyncio.sleep(0.02)
