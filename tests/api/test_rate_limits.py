"""Tests of rate limits: common to all processes, per address and per person."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from domain.actors import Role
from runtime.ports import free_port
from store.db import identity_tables
from store.db.engine import Store
from tests.api.running_api import COMPLAINT, Api, problem, serve_api
from tests.support.people import signed_in

COMPLAINTS, SESSION = "/api/v1/complaints", "/api/v1/session"
AWAY: dict[str, Any] = {"temporal_address": "127.0.0.1:1", "engine_timeout": 0.2}


def _strict(home: Path, store: Store, **limits: Any) -> Any:
    """Open an application that counts this machine's own requests like any other's."""
    return serve_api(home, store, None, **AWAY, limits_exempt=[], **limits)


async def test_so_many_complaints_from_one_address_and_no_more(
    store: Store, tmp_path: Path
) -> None:
    limits = {"limit_intake": "3/hour"}
    async with (
        _strict(tmp_path, store, **limits) as api,
        _strict(tmp_path, store, **limits) as other_process,
    ):
        for each in (api, other_process, api):
            assert (await each.http.post(COMPLAINTS, json=COMPLAINT)).status_code == 202
        for each in (api, other_process):
            refused = await each.http.post(COMPLAINTS, json=COMPLAINT)
            assert problem(refused) == (429, "too_many_requests")
            assert 0 < int(refused.headers["Retry-After"]) <= 3600
        page = await api.http.post("/report", data={"city": "tongzhou", "text": "路灯不亮"})
        assert page.status_code == 429
        desk = await api.token(Role.DESK)
        filed = await api.http.post(COMPLAINTS, json=COMPLAINT, headers=desk)
        assert filed.status_code == 202
        stored = str(await store.rows(select(identity_tables.counter)))
        assert "127.0.0.1" not in stored


async def test_so_many_commands_of_one_person_and_no_more(
    sqlite_store: Store, tmp_path: Path
) -> None:
    async with _strict(tmp_path, sqlite_store, limit_commands="2/minute") as api:
        who, other = await signed_in(api, Role.DISPATCHER), await signed_in(api)
        path = "/api/v1/tickets/2603021234560/reassign"
        items = [await api.http.post(path, headers=who.headers, json={}) for _ in range(3)]
        assert [answer.status_code for answer in items] == [422, 422, 429]
        urge = "/api/v1/tickets/2603021234560/urge"
        assert (await api.http.post(urge, headers=other.headers)).status_code != 429


async def test_so_many_failed_sign_ins_from_one_address_and_no_more(
    sqlite_store: Store, tmp_path: Path
) -> None:
    async with _strict(tmp_path, sqlite_store, limit_sign_in="2/10 minutes") as api:
        names = ("nobody", "somebody", "anybody")
        answers = [
            await api.http.post(SESSION, json={"name": name, "password": "x"}) for name in names
        ]
        assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_the_machine_itself_is_not_counted_unless_told_so(engineless_api: Api) -> None:
    for _ in range(3):
        assert (await engineless_api.http.post(COMPLAINTS, json=COMPLAINT)).status_code == 202
    assert not await engineless_api.store.rows(select(identity_tables.counter))


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """Run a Redis of this test's own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine")
    port = free_port()
    lines = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    with subprocess.Popen(lines, stdout=subprocess.DEVNULL) as server:
        try:
            _until_answered(port)
            yield f"async+redis://127.0.0.1:{port}"
        finally:
            server.terminate()


def _until_answered(port: int) -> None:
    for _ in range(200):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("Redis did not start")


async def test_redis_may_count_instead(sqlite_store: Store, tmp_path: Path, redis_url: str) -> None:
    limits = {"limit_intake": "2/hour", "limits_url": redis_url}
    async with (
        _strict(tmp_path, sqlite_store, **limits) as api,
        _strict(tmp_path, sqlite_store, **limits) as other_process,
    ):
        for each, status in ((api, 202), (other_process, 202), (api, 429)):
            payload = await each.http.post(COMPLAINTS, json=COMPLAINT)
            assert payload.status_code == status
        assert 0 < int(payload.headers["Retry-After"]) <= 3600
    assert not await sqlite_store.rows(select(identity_tables.counter))


async def test_a_counter_that_is_away_turns_nobody_away(
    sqlite_store: Store, tmp_path: Path
) -> None:
    url = "async+redis://127.0.0.1:1"
    async with _strict(tmp_path, sqlite_store, limit_intake="1/hour", limits_url=url) as api:
        for _ in range(2):
            assert (await api.http.post(COMPLAINTS, json=COMPLAINT)).status_code == 202


@pytest.mark.parametrize("limit", ["", "0/hour", "many", "5/fortnight"])
def test_a_limit_that_means_nothing_is_told_at_once(limit: str) -> None:
    from pydantic import ValidationError

    from runtime.settings import Settings

    with pytest.raises(ValidationError):
        Settings(limit_intake=limit)
