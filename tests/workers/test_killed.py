"""Tests with kill -9 of worker, API and engine at every stage: no loss, and nothing twice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.verdicts import judge
from domain.actors import Role
from domain.policy.notifications import notices
from runtime.engine import connect, encrypting
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import tokens
from store.secrets.key_ring import open_ring
from store.secrets.ticket_keys import TicketKeys
from store.tickets import outbox, tickets
from workers.stack import Stack

PATH = ["sign", "contact", "complete", "rate"]
ROUNDS = (["worker"], ["api"], ["engine"], ["worker", "api", "engine"])
EVENTS = [
    "accepted",
    "classified",
    "assigned",
    "signed",
    "contacted",
    "handled",
    "replied",
    "rated",
    "closed",
]


def _later(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and answer.json()["code"] == "not_started_yet"


@dataclass
class Installation:
    stack: Stack
    http: httpx.AsyncClient
    store: Store
    officer: str

    async def insist(self, method: str, path: str, key: str, **more: Any) -> httpx.Response:
        """Repeat the same request until the API answers, as a patient client does."""
        headers = {"Idempotency-Key": key, **more.pop("headers", {})}
        async with asyncio.timeout(60):
            while True:
                try:
                    answer = await self.http.request(method, path, headers=headers, **more)
                except httpx.HTTPError:
                    answer = None
                # One that is not started yet, as the engine has lost its start, says to come again.
                if answer is not None and answer.status_code < 500 and not _later(answer):
                    return answer
                await asyncio.sleep(0.2)

    async def file(self, key: str) -> dict[str, str]:
        body = {"city": "tongzhou", "text": "门口的河又黑又臭", "category": "0301"}
        answer = await self.insist("POST", "/api/v1/complaints", key, json=body)
        assert answer.status_code in (201, 202), answer.text
        receipt: dict[str, str] = answer.json()
        return receipt

    async def step(self, name: str, receipt: dict[str, str]) -> None:
        number = receipt["number"]
        staff = {"Authorization": f"Bearer {self.officer}"}
        key = f"{number}-{name}"
        if name == "rate":
            await self._stage(number, "rate")
            answer = await self.insist(
                "POST",
                f"/api/v1/tickets/{number}/rating",
                key,
                json={"contacted": True, "resolved": True, "grade": 5},
                headers={"Access-Code": receipt["access_code"]},
            )
            # 409: an earlier try succeeded, but its answer was lost.
            assert answer.status_code in (200, 202, 409), answer.text
            return
        await self._stage(number, "handle", "feedback", "rate")
        path = (
            f"/api/v1/assignments/{number}-1/complete"
            if name == "complete"
            else f"/api/v1/tickets/{number}/{name}"
        )
        body = {"reply": "已清淤。"} if name == "complete" else {}
        answer = await self.insist("POST", path, key, json=body, headers=staff)
        assert answer.status_code in (200, 202, 409), answer.text

    async def _stage(self, number: str, *stages: str) -> None:
        async with asyncio.timeout(60):
            while True:
                row = await tickets.get(self.store, number)
                if row is not None and row.stage in stages:
                    return
                await asyncio.sleep(0.1)


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    settings = Settings(
        home=tmp_path / "home",
        api_port=free_port(),
        temporal_address=f"127.0.0.1:{free_port()}",
    )
    stack = Stack(settings, say=lambda line: None)
    async with stack.running():
        store = Store.open(settings.store)
        _, secret = await tokens.issue(store, Role.OFFICER, "water", "test", city="tongzhou")
        async with httpx.AsyncClient(base_url=stack.url, timeout=15) as http:
            yield Installation(stack, http, store, secret)
        await store.close()


def _kill(installation: Installation, *names: str) -> None:
    for child in installation.stack.children:
        if child.name in names and child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)


@pytest.mark.timeout(240)
async def test_every_ticket_ends_as_it_would_have(installation: Installation) -> None:
    everything: list[dict[str, str]] = []
    for round_, victims in enumerate(ROUNDS):
        # One ticket per stage: filed only, signed, contacted, completed.
        waiting = []
        for done in range(len(PATH)):
            receipt = await installation.file(f"round-{round_}-ticket-{done}")
            for name in PATH[:done]:
                await installation.step(name, receipt)
            waiting.append((done, receipt))
        # Each takes its next step, and a new one is filed, while the processes are killed.
        steps = [
            asyncio.create_task(installation.step(PATH[done], receipt)) for done, receipt in waiting
        ]
        filing = asyncio.create_task(installation.file(f"round-{round_}-new"))
        await asyncio.sleep(0.01 * round_)
        _kill(installation, *victims)
        await asyncio.gather(*steps)
        waiting.append((-1, await filing))
        for done, receipt in waiting:
            for name in PATH[done + 1 :]:
                await installation.step(name, receipt)
            everything.append(receipt)
    assert {child.name: len(child.deaths) for child in installation.stack.children} == {
        "engine": 2,
        "worker": 2,
        "api": 2,
    }
    await _all_ended(installation, everything)


async def _all_ended(installation: Installation, receipts: list[dict[str, str]]) -> None:
    settings = installation.stack.settings
    keys = TicketKeys(installation.store, open_ring(settings.key_text, settings.key_file))
    client = await connect(settings, encrypting(keys))
    assert len({receipt["number"] for receipt in receipts}) == len(receipts)
    for receipt in receipts:
        number = receipt["number"]
        end = await client.get_workflow_handle(f"ticket/{number}").result()
        assert end["outcome"] == "closed"
        events = await tickets.events(installation.store, number)
        assert [event.kind for event in events] == EVENTS
        verdict = await judge(client, installation.store, number)
        assert verdict.agrees, verdict
        await _every_message_once(installation.store, number)


async def _every_message_once(store: Store, number: str) -> None:
    ticket = await tickets.state(store, number)
    assert ticket is not None
    due = sorted(
        notice.key
        for event in await tickets.events(store, number)
        for notice in notices(event, ticket)
    )
    async with asyncio.timeout(30):
        while await outbox.pending_count(store):
            await asyncio.sleep(0.2)
    assert sorted(message.key for message in await outbox.messages(store, number)) == due
