"""Tests of access: codes that cannot be guessed, tokens that can be revoked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.access import access_code_throttle
from domain.actors import Role
from store.identity import tokens
from tests.api.running_api import Api, problem, serve_api


async def test_a_wrong_code_and_an_unknown_number_look_the_same(api: Api) -> None:
    ticket = await api.file()
    wrong = await api.http.get(ticket.path, headers=ticket.stranger)
    unknown = await api.http.get("/api/v1/tickets/2603021234560", headers=ticket.citizen)
    assert problem(wrong) == problem(unknown) == (404, "ticket_not_found")
    assert wrong.json() == unknown.json()


async def test_a_code_may_be_written_with_spaces(api: Api) -> None:
    ticket = await api.file()
    code = ticket.citizen["Access-Code"]
    spaced = {"Access-Code": f"{code[:4]} {code[4:]}"}
    assert (await api.http.get(ticket.path, headers=spaced)).status_code == 200


async def test_ten_wrong_codes_close_the_ticket_even_to_the_right_one(each_api: Api) -> None:
    ticket, other = await each_api.file(), await each_api.file()
    for _ in range(access_code_throttle.WRONG_PER_TICKET):
        assert problem(await each_api.http.get(ticket.path, headers=ticket.stranger))[0] == 404
    for headers in (ticket.stranger, ticket.citizen):
        answer = await each_api.http.get(ticket.path, headers=headers)
        assert problem(answer) == (429, "too_many_attempts")
        assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert problem(await ticket.rate()) == (429, "too_many_attempts")
    assert (await other.seen())["number"] == other.number
    officer = await each_api.officer()
    assert (await each_api.http.get(ticket.path, headers=officer)).status_code == 200


async def test_guessing_on_many_tickets_closes_them_to_that_address(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_code_throttle, "WRONG_PER_ADDRESS", 3)
    tickets = [await api.file() for _ in range(3)]
    for ticket in tickets:
        assert problem(await api.http.get(ticket.path, headers=ticket.stranger))[0] == 404
    answer = await api.http.get(tickets[0].path, headers=tickets[0].citizen)
    assert problem(answer) == (429, "too_many_attempts")


@pytest.mark.parametrize("number", ["1", "26030212345", "260302123456x", "2603021234561", "%00"])
async def test_what_is_no_number_is_told_so(api: Api, number: str) -> None:
    answer = await api.http.get(f"/api/v1/tickets/{number}", headers={"Access-Code": "1"})
    assert problem(answer) == (422, "bad_number")


async def test_nobody_is_nobody(api: Api) -> None:
    ticket = await api.file()
    answer = await api.http.get(ticket.path)
    assert problem(answer) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert problem(await ticket.act("sign", ticket.citizen)) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "text", ["", "x", "jsu_000000000000_" + "0" * 48, "é", "jsu_" + "a" * 9000]
)
async def test_a_token_that_is_none_is_refused(api: Api, text: str) -> None:
    headers = [(b"Authorization", f"Bearer {text}".encode("latin-1"))]
    answer = await api.http.get("/api/v1/tickets", headers=headers)
    assert problem(answer) == (401, "unauthenticated")


async def test_a_token_ends_when_it_is_revoked_or_expires(api: Api) -> None:
    now = datetime.now(UTC)
    revoked_id, revoked = await tokens.issue(api.store, Role.DESK, None, "a")
    _, expired = await tokens.issue(
        api.store, Role.DESK, None, "b", expires_at=now - timedelta(seconds=1)
    )
    headers = {"Authorization": f"Bearer {revoked}"}
    assert (await api.http.get("/api/v1/tickets", headers=headers)).status_code == 200
    await tokens.revoke(api.store, revoked_id)
    for text in (revoked, expired):
        headers = {"Authorization": f"Bearer {text}"}
        answer = await api.http.get("/api/v1/tickets", headers=headers)
        assert problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.SYSTEM])
async def test_no_token_makes_a_citizen_or_the_engine_itself(api: Api, role: Role) -> None:
    ticket = await api.unclear()
    response = await ticket.by(role, "triage", {"category": "0204"})
    assert problem(response) == (401, "unauthenticated")


async def test_the_key_is_kept_for_the_owner_only(api: Api, tmp_path: Path) -> None:
    async with serve_api(tmp_path, api.store, None, keys=None):
        pass
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
