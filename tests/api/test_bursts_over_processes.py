"""Tests of bursts over real HTTP and two processes of `jiesu api` on one store."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.access import access_code_throttle
from domain.actors import Role
from runtime.ports import free_port
from store.db.engine import Store
from store.db.schema import upgrade
from store.identity import accounts, lockouts, passwords
from store.secrets.key_ring import open_ring
from store.secrets.vault import Vault
from tests.support.engine import RING
from tests.support.jiesu_command import ROOT
from tests.support.people import PASSWORD

NUMBER = "2603021234560"
BURST = 500


@asynccontextmanager
async def _process(home: Path) -> AsyncIterator[int]:
    port = free_port()
    settings = {
        "JIESU_HOME": str(home),
        "JIESU_KEYS": RING.text(),
        "JIESU_API_PORT": str(port),
        "JIESU_TEMPORAL_ADDRESS": "127.0.0.1:1",
        "JIESU_TRUSTED_PROXIES": "127.0.0.1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "api",
        cwd=ROOT,
        env=os.environ | settings,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while await _status(port, b"GET /healthz HTTP/1.1\r\n", "127.0.0.1") != 200:
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _status(port: int, request: bytes, address: str, body: bytes = b"") -> int:
    """Send a request as a proxy does for `address`; return the status, 0 if there is none."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return 0
    head = (
        f"Host: jiesu.test\r\nConnection: close\r\nX-Forwarded-For: 127.0.0.1, {address}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(request + head.encode() + body)
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1]) if answer else 0


async def _burst(ports: Sequence[int], request: bytes, body: bytes = b"") -> Counter[int]:
    sending = (_status(ports[n % 2], request, "203.0.113.1", body) for n in range(BURST))
    return Counter(await asyncio.gather(*sending))


@pytest.mark.timeout(600)
async def test_of_five_hundred_guesses_at_once_no_more_are_judged_than_the_limit(
    tmp_path: Path,
) -> None:
    store_url = f"sqlite:///{tmp_path / 'jiesu.db'}"
    await upgrade(store_url)
    store = Store.open(store_url)
    cheap = await passwords.hashed(PASSWORD)
    await accounts.create(store, "li", Role.DESK, password_hash=cheap, own=True)
    await store.close()
    vault = Vault(open_ring(SecretStr(RING.text()).get_secret_value(), tmp_path / "none"))
    code = vault.access_code(NUMBER)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    asking = b"GET /api/v1/tickets/" + NUMBER.encode() + b" HTTP/1.1\r\nAccess-Code: "
    entering = b"POST /api/v1/session HTTP/1.1\r\n"
    bad = b'{"name": "li", "password": "wrong, wrong, wrong"}'  # pragma: allowlist secret
    good = f'{{"name": "li", "password": "{PASSWORD}"}}'.encode()
    async with AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(_process(tmp_path)) for _ in range(2)]
        codes = await _burst(ports, asking + wrong.encode() + b"\r\n")
        assert 1 <= codes[404] <= access_code_throttle.WRONG_PER_TICKET
        assert codes[404] + codes[429] == BURST
        signing = await _burst(ports, entering, bad)
        assert 1 <= signing[401] <= lockouts.FREE
        assert signing[401] + signing[429] == BURST
        # Neither the citizen nor the person elsewhere notices anything.
        for port in ports:
            assert await _status(port, asking + code.encode() + b"\r\n", "203.0.113.2") != 429
            assert await _status(port, entering, "203.0.113.2", good) == 200
