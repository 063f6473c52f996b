"""Tests over real connections: without a session no files can be sent to pages of staff."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from pydantic import SecretStr

from api.http.app import create_app
from runtime.settings import Settings
from store.db.engine import Store
from tests.api.running_api import Api, problem
from tests.support.cities import SHIPPED
from tests.support.engine import RING
from tests.support.people import SignedIn, signed_in
from tests.support.served import served
from tests.support.staff_pages import shown_again

PAGE, CALL = "/staff/tickets/2603021234560/facts", "/staff/call"
PEOPLE = {"Accept": "text/html", "Accept-Language": "en"}
TYPED = "The river is black."
FILE = {"evidence": ("river.jpg", bytes(200_000), "image/jpeg")}


@pytest.fixture
async def api(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Serve the API alone, on a port."""
    settings = Settings(home=tmp_path, keys=SecretStr(RING.text()), temporal_address="127.0.0.1:1")
    app = create_app(settings, store=sqlite_store, packs=SHIPPED)
    async with (
        served(app) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}") as http,
    ):
        yield Api(http, sqlite_store, app)


class _Yesterday(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(time.time()) - 86_400


def _signed_yesterday(api: Api, who: SignedIn) -> str:
    key = api.context.mark("signer session")
    secret = api.context.signer("session").loads(who.secret)
    signed = URLSafeTimedSerializer(key, salt="session", signer=_Yesterday).dumps(secret)
    return str(signed)


async def _cookie(api: Api, which: str) -> dict[str, str]:
    who = await signed_in(api)
    secret = {
        "forged": str(URLSafeTimedSerializer("another key", salt="session").dumps("x")),
        "for something else": str(api.context.signer("form").dumps("x")),
        "cut": who.secret[:-1],
        "expired": _signed_yesterday(api, who),
    }.get(which)
    return {"Cookie": f"jiesu-session={secret}"} if secret else {}


async def _send(api: Api, headers: dict[str, str], path: str = PAGE, **data: str) -> httpx.Response:
    return await api.http.post(path, data={"text": TYPED} | data, files=FILE, headers=headers)


@pytest.mark.parametrize("which", ["none", "forged", "for something else", "cut", "expired"])
async def test_a_stranger_sends_no_file_to_a_page_of_staff(api: Api, which: str) -> None:
    cookie = await _cookie(api, which)
    for path in (PAGE, CALL):
        assert problem(await _send(api, cookie, path)) == (413, "body_too_large")
    page = await _send(api, PEOPLE | cookie)
    assert page.status_code == 413
    assert "That is too much at once." in page.text


async def test_a_stranger_is_refused_before_anything_of_it_has_come(api: Api) -> None:
    url = api.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST {PAGE} HTTP/1.1\r\nHost: jiesu.test\r\nContent-Length: 100000000\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(60):
        answer = (await reader.read(65_536)).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 413")


async def test_a_stranger_who_tells_no_length_is_refused_on_the_way(api: Api) -> None:
    async def piecemeal() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="evidence"; filename="a"\r\n\r\n'
        for _ in range(100):
            yield bytes(10_000)

    form = {"Content-Type": "multipart/form-data; boundary=b"}
    page = await api.http.post(PAGE, content=piecemeal(), headers=PEOPLE | form)
    assert page.status_code == 413
    assert "That is too much at once." in page.text


async def test_what_a_stranger_typed_without_a_file_goes_through_signing_in(api: Api) -> None:
    page = await api.http.post(PAGE, data={"text": TYPED}, headers=PEOPLE)
    assert page.status_code == 401
    again = await shown_again(api, page, await signed_in(api))
    assert TYPED in again.text


async def test_whoever_is_signed_in_sends_files(api: Api) -> None:
    who = await signed_in(api)
    answer = await _send(api, PEOPLE | who.cookie, csrf=who.csrf)
    assert answer.status_code == 404  # no such ticket
    answer = await _send(api, PEOPLE | who.cookie, CALL, csrf=who.csrf, do="file")
    assert answer.status_code == 200
    assert 'data-number="' in answer.text
    large = {"evidence": ("a.mp4", bytes(102 * 1024 * 1024), "video/mp4")}
    answer = await api.http.post(PAGE, files=large, headers=who.cookie)
    assert problem(answer) == (413, "body_too_large")


async def test_a_session_that_was_ended_is_told_so_and_what_was_typed_is_kept(
    api: Api,
) -> None:
    who = await signed_in(api)
    assert (await api.http.delete("/api/v1/session", headers=who.headers)).status_code == 204
    page = await _send(api, PEOPLE | who.cookie)
    assert page.status_code == 401
    again = await shown_again(api, page, await signed_in(api))
    assert TYPED in again.text
