"""Tests of a simulated history over HTTP: it is never taken for real, and takes no commands."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from demo.history.filling import HistoryFilling, fill
from domain.actors import Role
from packs.registry import PackRegistry, default_root
from store.db import tables
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Vault
from tests.api.running_api import Api, serve_api
from tests.support.engine import Engine

SAID = "示例数据"


@pytest.fixture
async def simulated_api(engine: Engine, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application on a store that was simulated before."""
    filling = HistoryFilling("tongzhou", 80, 1, 2, date(2026, 9, 1))
    vault = Vault(KeyRing({1: bytes(32)}))
    registry, root = PackRegistry(default_root()), default_root()
    await fill(engine.store, vault, registry, root, filling, lambda _: None)
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as opened:
        yield opened


async def an_open_one(api: Api) -> str:
    """Return the number of a simulated ticket that a unit has."""
    which = tables.ticket.c.stage == "handle"
    row = await api.store.first(select(tables.ticket.c.number).where(which).limit(1))
    assert row is not None
    return str(row.number)


async def test_every_page_and_every_answer_says_so(simulated_api: Api) -> None:
    page = await simulated_api.http.get("/?lang=zh")
    assert SAID in page.text
    assert page.headers["Jiesu-Simulated"] == "tongzhou"
    answer = await simulated_api.http.get("/api/v1/cities")
    assert answer.headers["Jiesu-Simulated"] == "tongzhou"


async def test_an_installation_of_its_own_says_nothing_of_the_kind(api: Api) -> None:
    page = await api.http.get("/?lang=zh")
    assert SAID not in page.text
    assert "Jiesu-Simulated" not in page.headers


async def test_a_history_that_is_simulated_meanwhile_is_noticed(api: Api) -> None:
    filling = HistoryFilling("tongzhou", 3, 1, 2, date(2026, 9, 1))
    vault = Vault(KeyRing({1: bytes(32)}))
    root = default_root()
    await fill(api.store, vault, PackRegistry(root), root, filling, lambda _: None)
    await api.context.simulated.look(api.store)
    assert SAID in (await api.http.get("/?lang=zh")).text


async def test_an_open_ticket_takes_no_commands_and_says_why(simulated_api: Api) -> None:
    number = await an_open_one(simulated_api)
    headers = await simulated_api.token(Role.DISPATCHER)
    answer = await simulated_api.http.post(
        f"/api/v1/tickets/{number}/reassign",
        headers=headers | {"Idempotency-Key": "simulated-1"},
        json={"unit": "gov", "reason": "按职责改派。"},
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "simulated_ticket"


async def test_a_unit_cannot_hand_in_a_simulated_share(simulated_api: Api) -> None:
    number = await an_open_one(simulated_api)
    share = await simulated_api.store.first(
        select(tables.assignment.c.n, tables.assignment.c.unit).where(
            tables.assignment.c.number == number, tables.assignment.c.ended_at.is_(None)
        )
    )
    assert share is not None
    headers = await simulated_api.officer(share.unit)
    answer = await simulated_api.http.post(
        f"/api/v1/assignments/{number}-{share.n}/complete",
        headers=headers | {"Idempotency-Key": "simulated-2"},
        json={"reply": "已处理完毕。", "resolved": True, "evidence": ["记录"]},
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "simulated_ticket"


async def test_it_is_listed_found_and_shown_like_any_other(simulated_api: Api) -> None:
    headers = await simulated_api.token(Role.SUPERVISOR)
    number = await an_open_one(simulated_api)
    listed = await simulated_api.http.get("/api/v1/tickets?city=tongzhou", headers=headers)
    assert listed.status_code == 200
    assert listed.json()["items"]
    shown = await simulated_api.http.get(f"/api/v1/tickets/{number}", headers=headers)
    assert shown.json()["stage"] == "handle"
    found = await simulated_api.http.get(f"/api/v1/tickets?text={number}", headers=headers)
    assert [one["number"] for one in found.json()["items"]] == [number]
