"""Response times of the call screen."""

import re
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from rich.console import Console
from rich.table import Table

from bench.system import bench_system
from domain.actors import Role
from store.db.engine import Store
from store.identity import accounts, passwords

SECOND = 1000.0
"""Upper limit, in milliseconds, of every request of the call screen."""

_ROUNDS = 40
_FORM_VALUES = {
    "city": "tongzhou",
    "text": "新华西街东门的河水又黑又臭",
    "address": "新华西街东门",
    "kind": "complaint",
    "channel": "hotline",
    "phone": "13800001234",
    "purpose": "来电查询",
}


@dataclass(frozen=True)
class Waited:
    """Milliseconds until the answer."""

    what: str
    median: float
    worst: float


async def call(rounds: int = _ROUNDS) -> list[Waited]:
    """Time the screen, its suggestions while typing, the caller's earlier tickets, and filing."""
    async with (
        bench_system(floor=False) as running,
        httpx.AsyncClient(
            base_url=f"http://{running.settings.api_host}:{running.settings.api_port}", timeout=30
        ) as http,
    ):
        values = _FORM_VALUES | {"csrf": await _sign_in(http, running.store)}

        async def file() -> httpx.Response:
            key = {"do": "file", "key": secrets.token_hex(8)}
            return await http.post("/staff/call", data=values | key)

        requests: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
            "the empty screen": lambda: http.get("/staff/call"),
            "file it": file,
            "what is known while typing": lambda: http.post("/staff/call/suggestions", data=values),
            "the caller's earlier tickets": lambda: http.post("/staff/call/caller", data=values),
        }
        return [await _timed(what, ask, rounds) for what, ask in requests.items()]


async def _timed(what: str, ask: Callable[[], Awaitable[httpx.Response]], rounds: int) -> Waited:
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        (await ask()).raise_for_status()
        spent.append((time.perf_counter() - began) * 1000)
    return Waited(what, round(statistics.median(spent), 1), round(max(spent), 1))


async def _sign_in(http: httpx.AsyncClient, store: Store) -> str:
    """Sign in a desk account; return the token of its forms."""
    values = {"name": "bench-desk", "password": secrets.token_urlsafe(24)}
    hashed = await passwords.hashed(values["password"])
    await accounts.create(store, values["name"], Role.DESK, password_hash=hashed, own=True)
    answer = await http.post("/api/v1/session", json=values)
    answer.raise_for_status()
    page = await http.get("/staff/call?city=tongzhou")
    match = re.search(r'name="csrf" value="([^"]+)"', page.text)
    return match[1] if match else ""


def show(out: Console, waited: list[Waited]) -> None:
    table = Table(title="The call screen, in milliseconds")
    for column in ("what", "median", "worst"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for one in waited:
        table.add_row(one.what, f"{one.median:.0f}", f"{one.worst:.0f}")
    out.print(table)
