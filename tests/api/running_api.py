"""The whole product over HTTP, with short helpers for tests."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from temporalio.client import Client

from api.http.app import create_app
from app.context import AppContext
from domain.actors import Role
from packs.registry import PackRegistry
from runtime.settings import Settings
from store.db.engine import Store, default_url
from store.identity import tokens
from tests.support.cities import SHIPPED
from tests.support.engine import RING

COMPLAINT: dict[str, Any] = {
    "city": "tongzhou",
    "title": "河水发黑发臭",
    "text": "小区门口的河水又黑又臭，请尽快治理。",
    "category": "0301",
}
"""A clear complaint, which is dispatched to the water bureau without a person."""

UNCLEAR: dict[str, Any] = {"city": "tongzhou", "text": "你们到底管不管？"}
"""A complaint that waits for a person's triage."""

REPLY = {"reply": "已组织清淤，河水恢复清澈。"}
GOOD = {"contacted": True, "resolved": True, "grade": 5}


@dataclass
class Api:
    """The application under test: use `http` directly, or the helpers."""

    http: httpx.AsyncClient
    store: Store
    app: FastAPI
    _tokens: dict[tuple[Role, str | None, str | None], str] = field(default_factory=dict)

    @property
    def context(self) -> AppContext:
        context: AppContext = self.app.state.context
        return context

    def at(self, address: str) -> httpx.AsyncClient:
        """Return a client whose requests come from this address."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://jiesu.test")

    async def token(
        self, role: Role, unit: str | None = None, city: str | None = None
    ) -> dict[str, str]:
        """Return the headers of a token with this role."""
        who = (role, unit, self.city_for(role, unit, city))
        if who not in self._tokens:
            _, self._tokens[who] = await tokens.issue(self.store, role, unit, "test", city=who[2])
        return {"Authorization": f"Bearer {self._tokens[who]}"}

    def city_for(self, role: Role, unit: str | None, city: str | None) -> str | None:
        """Return the city to store: officers of a unit of Tongzhou are of there by default."""
        context: AppContext | None = getattr(self.app.state, "context", None)
        packs = context.packs if context is not None else SHIPPED
        if role is not Role.OFFICER or city is not None or "tongzhou" not in packs.ids():
            return city
        return "tongzhou" if packs.get("tongzhou").has_unit(unit or "") else None

    async def officer(self, unit: str = "water") -> dict[str, str]:
        return await self.token(Role.OFFICER, unit)

    async def file(self, **changes: Any) -> "Filed":
        """File a complaint, which is accepted."""
        # On a busy machine a step of the ticket may fail for being slow, and is tried again.
        key, ends = {"Idempotency-Key": uuid4().hex}, time.monotonic() + 60
        while True:
            answer = await self.http.post(
                "/api/v1/complaints", json=COMPLAINT | changes, headers=key
            )
            if answer.status_code != 202 or time.monotonic() > ends:
                break
            await asyncio.sleep(0.5)
        assert answer.status_code == 201, answer.text
        return Filed(self, answer.json())

    async def handled(self, **changes: Any) -> "Filed":
        """Return a ticket whose citizen has the answer and may rate it."""
        ticket = await self.file(**changes)
        assert (await ticket.complete()).status_code == 200
        await ticket.until_stage("rate")
        return ticket

    async def unclear(self, **changes: Any) -> "Filed":
        answer = await self.http.post("/api/v1/complaints", json=UNCLEAR | changes)
        assert answer.status_code == 201, answer.text
        return Filed(self, answer.json())


def another_code(code: str) -> str:
    """Return an access code that is certainly not this one."""
    return f"{(int(code) + 1) % 10**8:08d}"


@dataclass
class Filed:
    """A ticket, and the receipt of its citizen."""

    api: Api
    receipt: dict[str, Any]

    @property
    def number(self) -> str:
        return str(self.receipt["number"])

    @property
    def path(self) -> str:
        return f"/api/v1/tickets/{self.number}"

    @property
    def citizen(self) -> dict[str, str]:
        return {"Access-Code": self.receipt["access_code"]}

    @property
    def stranger(self) -> dict[str, str]:
        """The headers of another access code, which is certain to be wrong."""
        return {"Access-Code": another_code(self.receipt["access_code"])}

    async def until_stage(self, stage: str) -> dict[str, Any]:
        """Wait for the stage, and return the ticket as its citizen sees it."""
        async with asyncio.timeout(60):
            while True:
                if (shown := await self.seen())["stage"] == stage:
                    return shown
                await asyncio.sleep(0.02)

    async def seen(self) -> dict[str, Any]:
        """Return the ticket as its citizen sees it."""
        answer = await self.api.http.get(self.path, headers=self.citizen)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def seen_by_staff(self) -> dict[str, Any]:
        """Return the whole state."""
        answer = await self.api.http.get(self.path, headers=await self.api.token(Role.ADMIN))
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def kinds(self) -> list[str]:
        """Return the kinds of the ticket's events."""
        auditor = await self.api.token(Role.AUDITOR)
        answer = await self.api.http.get(f"{self.path}/events", headers=auditor)
        assert answer.status_code == 200, answer.text
        return [event["fact"]["kind"] for event in answer.json()]

    async def act(
        self, what: str, headers: dict[str, str], body: Any = None, **more: str
    ) -> httpx.Response:
        return await self.api.http.post(
            f"{self.path}/{what}", json=body or {}, headers=headers | more
        )

    async def by_unit(self, what: str, body: Any = None, unit: str = "water") -> httpx.Response:
        return await self.act(what, await self.api.officer(unit), body)

    async def by(self, role: Role, what: str, body: Any = None) -> httpx.Response:
        return await self.act(what, await self.api.token(role), body)

    async def complete(
        self, n: int = 1, unit: str = "water", body: Any = None, **headers: str
    ) -> httpx.Response:
        return await self.api.http.post(
            f"/api/v1/assignments/{self.number}-{n}/complete",
            json=REPLY if body is None else body,
            headers=await self.api.officer(unit) | headers,
        )

    async def rate(self, body: Any = None) -> httpx.Response:
        return await self.api.http.post(
            f"{self.path}/rating", json=GOOD if body is None else body, headers=self.citizen
        )


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal, which must be in the agreed form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    payload = answer.json()
    assert payload["status"] == answer.status_code
    assert payload["type"] == f"urn:jiesu:problem:{payload['code']}"
    assert payload["title"]
    assert payload["detail"]
    return answer.status_code, payload["code"]


@asynccontextmanager
async def serve_store_alone(template: Path, home: Path) -> AsyncIterator[Api]:
    """Open the application with the shipped packs and a store of its own, without an engine."""
    shutil.copy(template, home / "jiesu.db")
    store = Store.open(default_url(home))
    away = {"temporal_address": "127.0.0.1:1", "limit_sign_in": "900/minute"}
    try:
        async with serve_api(home, store, None, SHIPPED, **away) as opened:
            yield opened
    finally:
        await store.close()


@asynccontextmanager
async def serve_api(
    home: Path,
    store: Store,
    client: Client | None,
    packs: PackRegistry | None = None,
    **settings: Any,
) -> AsyncIterator[Api]:
    """Open the application on this store and engine, and close it in good order."""
    # Tests fill in forms faster than people do, and wait longer on a busy machine.
    patient = {"form_seconds": 0, "record_wait": 20, "engine_timeout": 30}
    own_settings = Settings(home=home, **{"keys": RING.text(), **patient, **settings})
    app = create_app(own_settings, store=store, engine_client=client, packs=packs or SHIPPED)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://jiesu.test") as http,
    ):
        yield Api(http, store, app)
