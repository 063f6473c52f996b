"""Tests that no personal data is left in files, logs or the engine after a whole ticket."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from audit.shredding import running
from domain.actors import Role
from runtime.engine import connect
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import tokens
from workers.stack import Stack

NAME, PHONE, HOME, TEXT = "欧阳修远", "13871625349", "永顺镇七单元", "楼上每晚拉小提琴到两点"
REPLY, WORDS, NOTE = "已劝导七楼住户", "终于可以睡觉", "他自称是音乐老师"
SECRETS = (NAME, PHONE, HOME, TEXT, REPLY, WORDS, NOTE)
COMPLAINT = {
    "city": "tongzhou",
    "category": "0301",
    "title": TEXT[:6],
    "text": f"我是{NAME}，电话{PHONE}，家住{HOME}。{TEXT}。",
    "contact": {"name": NAME, "phone": PHONE, "address": HOME},
}


def _forms(secret: str) -> Iterator[bytes]:
    """Yield the forms of a text in a file: plain, and escaped as in JSON."""
    yield secret.encode()
    yield json.dumps(secret)[1:-1].encode()


def _leaks(content: bytes) -> list[str]:
    return [secret for secret in SECRETS if any(form in content for form in _forms(secret))]


async def _live(http: httpx.AsyncClient, officer: dict[str, str]) -> tuple[str, bytes]:
    """Run a ticket from complaint to rating; return its number, and the text of some refusals."""
    receipt = (await http.post("/api/v1/complaints", json=COMPLAINT)).json()
    number, ticket = receipt["number"], f"/api/v1/tickets/{receipt['number']}"
    citizen = {"Access-Code": receipt["access_code"]}
    await http.post(f"{ticket}/sign", headers=officer)
    await http.post(f"{ticket}/contact", headers=officer, json={"reached": True, "note": NOTE})
    done = f"/api/v1/assignments/{number}-1/complete"
    assert (await http.post(done, headers=officer, json={"reply": REPLY})).status_code == 200
    rating = {"contacted": True, "resolved": True, "grade": 5, "words": WORDS}
    refused = [
        await http.post("/api/v1/complaints", json=COMPLAINT | {"contact": {"phone": NAME}}),
        await http.post("/api/v1/complaints", json=COMPLAINT | {"category": TEXT}),
        await http.post(f"{ticket}/sign", headers=officer, json={"text": TEXT}),
        await http.post(f"{ticket}/return", headers=officer, json={"ground": "x", "reason": NOTE}),
        await http.post(f"{ticket}/rating", headers=citizen, json=rating | {"grade": NAME}),
    ]
    assert all(answer.status_code >= 400 for answer in refused)
    assert (await http.post(f"{ticket}/rating", headers=citizen, json=rating)).status_code in (
        200,
        202,
    )
    refused.append(await http.post(f"{ticket}/urge", headers=citizen, json={"text": TEXT}))
    return number, b"".join(answer.content for answer in refused)


async def _histories(client: Client) -> bytes:
    """Return all data that the engine shows of its workflows, with their search attributes."""
    content = b""
    async for execution in client.list_workflows():
        description = await client.get_workflow_handle(
            execution.id, run_id=execution.run_id
        ).describe()
        content += description.raw_description.SerializeToString()
        history = await client.get_workflow_handle(
            execution.id, run_id=execution.run_id
        ).fetch_history()
        content += b"".join(event.SerializeToString() for event in history.events)
    return content


def _files(folder: Path, pattern: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob(pattern)}


def _columns(path: Path, table: str) -> bytes:
    with closing(sqlite3.connect(path)) as database:
        return str(database.execute(f"SELECT * FROM {table}").fetchall()).encode()


async def test_nothing_personal_is_left_in_the_clear(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path / "home",
        api_port=free_port(),
        temporal_address=f"127.0.0.1:{free_port()}",
    )
    stack = Stack(settings, say=lambda line: None)
    async with stack.running(), httpx.AsyncClient(base_url=stack.url, timeout=15) as http:
        store = Store.open(settings.store)
        _, token = await tokens.issue(store, Role.OFFICER, "water", "test", city="tongzhou")
        number, refusals = await _live(http, {"Authorization": f"Bearer {token}"})
        client = await connect(settings)
        async with asyncio.timeout(60):
            while await running(client, number):
                await asyncio.sleep(0.1)
        looked_at: dict[str, Any] = {
            "histories": await _histories(client),
            "metrics": (await http.get("/metrics")).raise_for_status().content,
            "refusals": refusals,
            **_files(settings.home, "temporal.db*"),
            **_files(settings.home / "logs", "*"),
        }
        await store.close()
    looked_at |= _files(settings.home, "temporal.db*")
    for table in ("person", "ticket_key", "outbox", "message", "view_log", "token"):
        looked_at[table] = _columns(settings.home / "jiesu.db", table)
    assert number.encode() in looked_at["histories"]
    assert {"temporal.db", "api.log", "worker.log", "engine.log"} <= looked_at.keys()
    leaks = {where: _leaks(content) for where, content in looked_at.items()}
    assert {where: found for where, found in leaks.items() if found} == {}
    # The record holds the words, so the search above is able to find them.
    record = b"".join(_files(settings.home, "jiesu.db*").values())
    assert TEXT in _leaks(record)
