"""A repeated proposal keeps its signatures, and a problem comes on a list once; see also
`test_keys_beside_tickets.py`."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support import councils, promises
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.supervising_city import supervising

KEY = {"Idempotency-Key": "the-same"}
REUSED = (422, "idempotency_key_reused")


@pytest.fixture
async def public(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city with councils, promises, hearings and mediators, on each database."""
    rules: dict[str, Any] = {
        "council": councils.RULES,
        "promises": promises.RULES,
        "report_card": {"public": True},
    }
    packs = city_with(tmp_path / "cities", **rules)
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


@pytest.fixture
async def listing(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city with supervision lists, on each database."""
    packs = supervising(tmp_path / "cities")
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def handled(api: Api, **changes: Any) -> Filed:
    ticket = await api.file(**changes)
    await ticket.until_stage("handle")
    return ticket


async def once(api: Api, path: str, body: Any, other: Any, who: dict[str, str]) -> httpx.Response:
    """Send it twice, and then something else, all under one key; return the first answer."""

    async def send(what: Any) -> httpx.Response:
        return await api.http.post(path, json=what, headers=who | KEY)

    first = await send(body)
    assert first.status_code in (200, 201), first.text
    again = await send(body)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert problem(await send(other)) == REUSED
    return first


async def count(api: Api, path: str, who: dict[str, str]) -> int:
    answer = await api.http.get(path, headers=who)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return len(found["items"] if "items" in found else found["rows"])


async def test_a_mediation_and_its_proposal_are_there_once(public: Api) -> None:
    ticket, officer = await handled(public), await public.officer()
    path = f"{ticket.path}/mediations"
    sides = [{"name": "陈女士", "says": "天花板被泡坏。"}, {"name": "周先生", "says": "已修好。"}]
    draft = {"subject": "楼上漏水", "parties": sides}
    await once(public, path, draft, draft | {"subject": "噪声"}, officer)
    assert await count(public, path, officer) == 1
    proposal = {"text": "周先生修复天花板。", "points": [{"text": "修复天花板"}]}
    key = {"Idempotency-Key": "of-the-proposal"}
    path = f"{path}/1/proposal"
    first = await public.http.post(path, json=proposal, headers=officer | key)
    code = first.json()["codes"][0]
    signed = await public.http.post(
        "/api/v1/agreement/sign", json={}, headers={"Signature-Code": code}
    )
    assert signed.status_code == 200, signed.text
    again = await public.http.post(path, json=proposal, headers=officer | key)
    assert again.json()["codes"] == first.json()["codes"]
    kept = [one["signed_at"] is not None for one in again.json()["mediation"]["parties"]]
    assert kept == [True, False], "a repeated answer takes no signature away"
    changed = await public.http.post(path, json=proposal | {"text": "别的"}, headers=officer | key)
    assert problem(changed) == REUSED


async def test_a_problem_is_on_a_list_once(listing: Api) -> None:
    ticket, supervisor = await handled(listing), await listing.token(Role.SUPERVISOR)
    body = {"leader": "water", "text": "清淤并公示。"}
    path = f"{ticket.path}/supervision"
    await once(listing, path, body, body | {"text": "别的"}, supervisor)
    assert await count(listing, "/api/v1/cities/tongzhou/supervision", supervisor) == 1
