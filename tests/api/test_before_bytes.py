"""Tests of bodies: who asks, and whether they may, is decided before a body is read."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.http.body_limit import LIMIT
from api.http.route_permissions import key_of, routes_of
from domain.actors import Role
from domain.policy.permissions import RIGHTS, STAFF
from store.db.engine import Store
from tests.api.running_api import Api, another_code, serve_api
from tests.support.people import signed_in

AWAY: dict[str, Any] = {"temporal_address": "127.0.0.1:1", "engine_timeout": 0.2}
NUMBER = "2603021234560"
CHUNK = 65_536
HUGE = 100 * 1024 * 1024
JSON = b"application/json"
FORM = b"multipart/form-data; boundary=b"


@dataclass
class Answered:
    status: int
    read: int


async def _send(
    api: Api,
    path: str,
    *,
    method: str = "POST",
    kind: bytes = JSON,
    length: int | None = 50_000,
    first: bytes = b"",
    browser: bool = False,
    client: str = "203.0.113.5",
    cookies: str = "",
) -> Answered:
    """Send a request whose body never ends; return the status, and how much of it was read."""
    answered = Answered(0, 0)
    headers = [(b"host", b"jiesu.test"), (b"content-type", kind)]
    headers += [(b"content-length", str(length).encode())] if length is not None else []
    headers += [(b"accept", b"text/html")] if browser else []
    headers += [(b"cookie", cookies.encode())] if cookies else []
    pieces = [first] if first else []

    async def receive() -> dict[str, Any]:
        piece = pieces.pop() if pieces else bytes(CHUNK)
        answered.read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": answered.read < HUGE}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "headers": headers,
        "client": (client, 1),
        "server": ("jiesu.test", 80),
    }
    await api.app(scope, receive, send)
    return answered


def _routes(api: Api) -> list[tuple[str, str, str]]:
    """Return method, path and permission of every route that may be sent a body."""
    found = []
    for route in routes_of(api.app):
        if isinstance(route, APIRoute):
            path = re.sub(r"{number}", NUMBER, route.path)
            path = re.sub(r"{[^}]+}", "1", path)
            key = str(key_of(route))
            found += [(m, path, key) for m in route.methods or () if m not in ("GET", "HEAD")]
    assert len(found) > 100
    return found


@pytest.fixture
async def api(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    async with serve_api(tmp_path, sqlite_store, None, **AWAY) as opened:
        yield opened


async def test_nobody_sends_a_body_to_a_route_that_is_not_for_everybody(api: Api) -> None:
    read = []
    for method, path, key in _routes(api):
        if RIGHTS[key].everybody:
            continue
        for kind in (JSON, FORM, b"application/x-www-form-urlencoded"):
            answered = await _send(api, path, method=method, kind=kind)
            if answered.read or answered.status not in (401, 404, 422):
                read.append((method, path, kind, answered))
    assert read == []


@pytest.mark.parametrize("role", sorted(STAFF))
async def test_who_is_signed_in_sends_no_form_to_a_route_of_others(api: Api, role: Role) -> None:
    """The token of the session is in the form; whose route it is can be told without."""
    unit = "water" if role is Role.OFFICER else None
    cookies = (await signed_in(api, role, unit=unit)).cookie["Cookie"]
    read, tried = [], 0
    for method, path, key in _routes(api):
        if RIGHTS[key].everybody or role in RIGHTS[key].roles:
            continue
        tried += 1
        answered = await _send(
            api, path, method=method, kind=FORM, length=HUGE, cookies=cookies, first=b"--b\r\n"
        )
        if answered.read or answered.status not in (403, 404, 413, 422):
            read.append((method, path, answered))
    assert (read, tried > 5) == ([], True)


@pytest.mark.parametrize("browser", [False, True])
@pytest.mark.parametrize("length", [HUGE, None])
async def test_of_a_large_body_of_nobody_little_is_read(
    api: Api, length: int | None, browser: bool
) -> None:
    """The page of a report and the upload of a file take them: see below."""
    read = []
    for method, path, _ in _routes(api):
        if path in ("/report", "/api/v1/files"):
            continue
        first = b"--b\r\n"
        answered = await _send(
            api, path, method=method, kind=FORM, length=length, first=first, browser=browser
        )
        if answered.read > LIMIT + CHUNK or (answered.read and answered.status < 400):
            read.append((method, path, answered))
    assert read == []


async def test_who_is_over_a_limit_is_refused_unread(sqlite_store: Store, tmp_path: Path) -> None:
    none_left: dict[str, Any] = AWAY | {
        "limit_intake": "1/hour",
        "limit_codes": "1/hour",
        "uploads_per_hour": 1,
    }
    async with serve_api(tmp_path, sqlite_store, None, **none_left) as api:
        for path, kind, length in (
            ("/api/v1/complaints", JSON, 50_000),
            ("/api/v1/citizens/verify", JSON, 50_000),
            ("/report", FORM, HUGE),
            ("/api/v1/files", FORM, HUGE),
        ):
            client = f"203.0.113.{len(path)}"
            await _send(api, path, kind=kind, length=length, client=client)
            again = await _send(api, path, kind=kind, length=length, client=client)
            assert (path, again.status, again.read) == (path, 429, 0)


def _fields(**fields: str) -> bytes:
    parts = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    file = '--b\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
    return ("".join(parts) + file).encode()


@pytest.mark.parametrize("path", ["/follow/facts", "/follow/rate"])
@pytest.mark.parametrize("length", [HUGE // 2, None])
async def test_a_large_form_with_a_code_is_read_on_only_if_the_code_is_right(
    api: Api, path: str, length: int | None
) -> None:
    code = api.context.vault.access_code(NUMBER)
    for first, status in (
        (_fields(number=NUMBER, code=another_code(code)), 404),
        (_fields(number="1", code=code), 422),
        (_fields(code=code), 413),
        (_fields(), 413),
    ):
        answered = await _send(api, path, kind=FORM, length=length, first=first)
        assert (answered.status, answered.read <= LIMIT + 2 * CHUNK) == (status, True)
    right = await _send(
        api, path, kind=FORM, length=length, first=_fields(number=NUMBER, code=code)
    )
    assert right.read > HUGE // 2


async def test_a_large_form_of_a_locked_out_network_is_refused_unread(api: Api) -> None:
    code = api.context.vault.access_code(NUMBER)
    wrong = _fields(number=NUMBER, code=another_code(code))
    for _ in range(10):
        await _send(api, "/follow/facts", kind=FORM, length=HUGE, first=wrong)
    first = _fields(number=NUMBER, code=code)
    answered = await _send(api, "/follow/facts", kind=FORM, length=HUGE, first=first)
    assert answered.status == 429
    assert answered.read <= LIMIT + CHUNK


async def test_a_batch_of_nobody_is_not_read(api: Api) -> None:
    batch = b"application/cloudevents-batch+json"
    refused = await _send(api, "/api/v1/events/huangpu", kind=batch, length=7_000_000)
    assert (refused.status, refused.read) == (401, 0)
