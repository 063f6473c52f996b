"""Tests of `jiesu up --sample`: an empty home becomes a living city, and no other home does."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from demo.history import sample
from demo.history.filling import NotSimulated
from domain.ticket.stages import Stage
from runtime.ports import free_ports
from runtime.settings import Settings
from store.db import tables
from store.db.engine import Store, default_url
from store.db.schema import upgrade
from store.tickets import simulated
from tests.store.stories import Story, complaint, project

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 280.0


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[str, Path, str]]:
    """Start a sample home as a newcomer does; provide its URL, its folder and what was printed."""
    api, engine = free_ports(2)
    env = {name: value for name, value in os.environ.items() if not name.startswith("JIESU_")}
    home, said = tmp_path / "home", tmp_path / "said"
    ports = ("--port", str(api), "--temporal-port", str(engine))
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", "--sample", "--home", str(home), *ports],
            cwd=ROOT,
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + _PATIENCE
        while "Jiesu is up" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{api}", home, said.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@pytest.mark.timeout(360)
async def test_a_newcomer_finds_a_living_city(started: tuple[str, Path, str]) -> None:
    url, home, printed = started
    file = home / sample.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    accounts = [line.split() for line in file.read_text().splitlines()[2:]]
    assert {role for _, _, role in accounts} == {
        *("admin", "desk", "dispatcher", "supervisor", "auditor", "officer", "grid_worker")
    }
    for name, password, _ in accounts:
        assert f"{name} " in printed
        assert password in printed
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            form = await http.get("/staff/sign-in?lang=en")
            assert "Sample data" in form.text
            signed = await http.post(
                "/staff/sign-in",
                data={"name": name, "password": password},
                headers={"Origin": url},
            )
            assert signed.status_code == 303, (name, signed.text)
    store = Store.open(default_url(home))
    try:
        stages = await store.rows(
            select(tables.ticket.c.stage, func.count())
            .where(tables.ticket.c.stage != Stage.ENDED)
            .group_by(tables.ticket.c.stage)
        )
        assert {stage for stage, _ in stages} >= {
            *("triage", "dispatch", "handle", "rate", "supervise", "merged")
        }
        assert sum(count for _, count in stages) == sample.OPEN
        ended = await store.rows(select(func.count()).where(tables.ticket.c.stage == Stage.ENDED))
        assert ended[0][0] > sample.TICKETS / 2
        live = await store.rows(
            select(tables.token.c.id).where(tables.token.c.revoked_at.is_(None))
        )
        assert not live
    finally:
        await store.close()


def _refused(home: Path) -> str:
    api, engine = free_ports(2)
    ports = ("--port", str(api), "--temporal-port", str(engine))
    done = subprocess.run(
        [sys.executable, "-m", "cli", "up", "--sample", "--home", str(home), *ports],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


async def test_a_sample_that_was_interrupted_says_so_and_what_to_do(tmp_path: Path) -> None:
    await upgrade(default_url(tmp_path))
    store = Store.open(default_url(tmp_path))
    now = datetime.now(UTC)
    await simulated.begin(store, sample.CITY, sample.SEED, sample.TICKETS, 4, now.date(), now)
    await store.close()
    said = await asyncio.to_thread(_refused, tmp_path)
    assert sample.FILE in said
    assert "interrupted" in said


async def test_who_has_real_tickets_is_told_to_name_another_folder(tmp_path: Path) -> None:
    await upgrade(default_url(tmp_path))
    store = Store.open(default_url(tmp_path))
    await project(store, Story(complaint(city=sample.CITY)).whole())
    await store.close()
    said = await asyncio.to_thread(_refused, tmp_path)
    assert "real_tickets" in said
    assert "--home" in said


async def test_a_home_with_real_tickets_is_left_alone(sqlite_store: Store, tmp_path: Path) -> None:
    await project(sqlite_store, Story(complaint(city=sample.CITY)).whole())
    with pytest.raises(NotSimulated) as refused:
        await sample.fill_home(Settings(home=tmp_path), print)
    assert refused.value.code == "real_tickets"
    assert len(await sqlite_store.rows(select(tables.ticket.c.number))) == 1
