"""A POST that is sent again makes no second council, promise, hearing or mediation."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.councils import RULES, draft
from tests.support.engine import platform

REUSED = (422, "idempotency_key_reused")
HEARINGS = "/api/v1/cities/tongzhou/hearings"


@pytest.fixture
async def meeting(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city with councils, promises and hearings, on each database."""
    packs = city_with(
        tmp_path / "cities",
        council=RULES,
        promises={"grace": 2, "ahead": 90},
        report_card={"public": True},
    )
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def _post(
    api: Api, path: str, body: Any, key: str = "the-same", unit: str | None = None
) -> httpx.Response:
    who = await (api.officer(unit) if unit else api.token(Role.SUPERVISOR))
    return await api.http.post(path, json=body, headers=who | {"Idempotency-Key": key})


async def _once(
    api: Api, path: str, body: Any, other: Any, status: int = 201, unit: str | None = None
) -> Any:
    """Send it twice with one key and once with other content; return what it made."""
    first = await _post(api, path, body, unit=unit)
    assert first.status_code == status, first.text
    again = await _post(api, path, body, unit=unit)
    assert (again.status_code, again.json()) == (status, first.json())
    assert problem(await _post(api, path, other, unit=unit)) == REUSED
    return first.json()


async def _items(api: Api, path: str, unit: str | None = None) -> list[Any]:
    who = await (api.officer(unit) if unit else api.token(Role.SUPERVISOR))
    answer = await api.http.get(path, headers=who)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def _day(days: int) -> str:
    return f"{(datetime.now(UTC) + timedelta(days=days)).date()}"


async def test_councils_and_their_invitations(meeting: Api) -> None:
    ticket = await meeting.file()
    await ticket.until_stage("handle")
    opened = await _post(
        meeting,
        "/api/v1/cities/tongzhou/council-topics",
        {"title": "河边", "area": "110112001", "category": "0301"},
    )
    topic = f"/api/v1/council-topics/{opened.json()['number']}"
    for matter in (ticket.path, topic):
        here, council = f"{matter}/councils", draft()
        await _once(meeting, here, council, council | {"subject": "另一件"})
        invited = await _once(meeting, f"{here}/1/invitations", {"count": 2}, {"count": 3})
        assert len(invited["codes"]) == invited["invited"] == 2
        assert (await _post(meeting, here, council, "another")).json()["n"] == 2
    found = await _items(meeting, f"{ticket.path}/councils")
    assert [one["invited"] for one in found] == [2, 0]


async def test_codes_are_told_again_when_no_more_may_be_issued(meeting: Api) -> None:
    ticket = await meeting.file()
    await ticket.until_stage("handle")
    here = f"{ticket.path}/councils"
    await _post(meeting, here, draft())
    first = await _post(meeting, f"{here}/1/invitations", {"count": 1})
    closed = await _post(meeting, f"{here}/1/close", {})
    assert closed.status_code == 200, closed.text
    again = await _post(meeting, f"{here}/1/invitations", {"count": 1})
    assert (again.status_code, again.json()) == (201, first.json()), "the answer was lost"
    more = await _post(meeting, f"{here}/1/invitations", {"count": 1}, "another")
    assert problem(more) == (409, "council_not_now")


async def test_promises(meeting: Api) -> None:
    ticket = await meeting.file()
    await ticket.until_stage("handle")
    path, body = f"{ticket.path}/promises", {"text": "清淤三百米", "due": _day(9)}
    refused = await _post(meeting, path, body | {"due": _day(-9)})
    assert problem(refused) == (422, "in_the_past")
    made = await _once(meeting, path, body, body | {"due": _day(10)})
    assert made["n"] == 1, "what is refused leaves its key free"
    assert len(await _items(meeting, path)) == 1


async def test_hearings_their_invitations_and_promises(meeting: Api) -> None:
    ticket = await meeting.handled(public=True)
    body = {
        "title": "向群众汇报",
        "place": "政务服务中心",
        "starts_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
        "tickets": [ticket.number],
    }
    made = await _once(meeting, HEARINGS, body, body | {"title": "另一场"})
    here = f"/api/v1/hearings/{made['number']}"
    invited = await _once(meeting, f"{here}/invitations", {"count": 2}, {"count": 3})
    assert len(invited["codes"]) == invited["invited"] == 2
    promised = {"text": "全部清完", "due": _day(9)}
    other = promised | {"text": "清一半"}
    await _once(meeting, f"{here}/tickets/{ticket.number}/promises", promised, other)
    assert len(await _items(meeting, HEARINGS)) == 1
    assert len(await _items(meeting, f"{ticket.path}/promises")) == 1


async def test_mediations_and_the_codes_that_sign_them(meeting: Api) -> None:
    ticket = await meeting.file()
    await ticket.until_stage("handle")
    here = f"{ticket.path}/mediations"
    body = {
        "subject": "楼上漏水赔偿",
        "parties": [{"name": "甲方", "says": "要求赔偿。"}, {"name": "乙方", "says": "过高。"}],
    }
    await _once(meeting, here, body, body | {"subject": "另一件"}, unit="water")
    proposal = {"text": "乙方修复。", "points": [{"text": "修复"}]}
    path = f"{here}/1/proposal"
    proposed = await _once(meeting, path, proposal, proposal | {"text": "另"}, 200, unit="water")
    code = {"Signature-Code": proposed["codes"][0]}
    signed = await meeting.http.post("/api/v1/agreement/sign", json={}, headers=code)
    assert signed.status_code == 200, signed.text
    again = await _post(meeting, path, proposal, unit="water")
    assert again.json()["codes"] == proposed["codes"]
    [one] = await _items(meeting, here, "water")
    assert sum(side["signed_at"] is not None for side in one["parties"]) == 1, "it stays signed"


async def test_a_key_is_its_callers(meeting: Api) -> None:
    ticket: Filed = await meeting.file()
    await ticket.until_stage("handle")
    path, body = f"{ticket.path}/promises", {"text": "清淤", "due": _day(9)}
    assert (await _post(meeting, path, body)).status_code == 201
    mine = await _post(meeting, path, body | {"text": "绿化"}, unit="water")
    assert (mine.status_code, mine.json()["n"]) == (201, 2)
