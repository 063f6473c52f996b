"""Grid workers for tests: a city that has them, and workers who are signed in on a phone."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from domain.actors import Role
from store.grid import workers
from store.grid.workers import Worker
from store.identity import accounts, passwords
from tests.api.running_api import Api
from tests.support.media import a_photo

RULES: dict[str, Any] = {"entries": 300, "part_time_entries": 30, "radius": 200}
STREET, OTHER = "110112001", "110112002"
CELL = "110112001901001"
HERE = {"lat": 40.0189, "lon": 116.5975}
"""A point in `CELL`."""


def written(kind: str, **more: Any) -> dict[str, Any]:
    """Return an entry as a phone writes it."""
    made = {"kind": kind, "id": secrets.token_hex(16), "at": datetime.now(UTC).isoformat()}
    texts = {
        "report": {"text": "路边堆了很多垃圾，没有人清运。"},
        "diary": {"text": "居民说早上水压低。"},
    }
    return made | texts.get(kind, {}) | more


@dataclass
class OnPhone:
    """A grid worker who is signed in."""

    http: httpx.AsyncClient
    account: str
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(
        self, *entries: dict[str, Any], sent_at: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Send a batch with what the phone's clock shows; return what became of each entry."""
        said = {} if sent_at is None else {"sent_at": sent_at.isoformat()}
        answer = await self.http.post(
            "/api/v1/grid/entries", json=said | {"entries": list(entries)}, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def send_until_settled(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Send an entry again while it is not settled, as a phone does; return the last answer."""
        async with asyncio.timeout(60):
            while True:
                [answer] = await self.send(entry)
                if answer["settled"]:
                    return answer
                await asyncio.sleep(0.2)

    async def day(self) -> dict[str, Any]:
        answer = await self.http.get("/api/v1/grid/day")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def upload(self, purpose: str, content: bytes | None = None) -> httpx.Response:
        return await self.http.post(
            f"/api/v1/files?purpose={purpose}",
            content=a_photo() if content is None else content,
            headers={"Content-Type": "image/jpeg", **self.headers},
        )

    async def picture(self, purpose: str) -> str:
        answer = await self.upload(purpose)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])


async def sign_in(api: Api, name: str, password: str) -> OnPhone:
    http = api.at("198.51.100.7")
    begun = await http.post("/api/v1/session", json={"name": name, "password": password})
    assert begun.status_code == 200, begun.text
    headers = {"X-CSRF-Token": begun.json()["csrf"]}
    return OnPhone(http, begun.json().get("id", ""), headers)


async def on_phone(
    api: Api, name: str = "grid.li", cell: str | None = CELL, *, full_time: bool = True
) -> OnPhone:
    """Sign in a grid worker of this cell; None: one whom nobody has confirmed."""
    password = "a password of my own 3!"  # pragma: allowlist secret
    account = await accounts.create(
        api.store,
        name,
        Role.GRID_WORKER,
        unit=STREET,
        city="tongzhou",
        password_hash=await passwords.hashed(password),
        own=True,
    )
    if cell is not None:
        new = Worker(account.id, "tongzhou", cell, full_time, datetime.now(UTC), None)
        await workers.appoint(api.store, new, "street")
    phone = await sign_in(api, name, password)
    phone.account = account.id
    return phone
