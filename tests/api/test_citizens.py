"""Tests of 'My tickets' by phone: only the phone's holder learns whether it is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from app.tickets import phone_lookup
from store.db import identity_tables, tables
from store.identity import phone_codes
from store.tickets.outbox import MailboxNotifier
from store.tickets.projector import Projector
from tests.api.running_api import COMPLAINT, Api, problem
from tests.store.stories import Story

PHONE, STRANGER = "13800138000", "13900139000"
API = "/api/v1/citizens"


@pytest.fixture
async def api(engineless_api: Api) -> Api:
    """Open the application without an engine, which is not needed to list tickets."""
    return engineless_api


async def _filed(api: Api, phone: str = PHONE) -> str:
    """File a complaint with this phone, accepted as by the worker, and return its number."""
    fields = COMPLAINT | {"contact": {"phone": phone}}
    number: str = (await api.http.post("/api/v1/complaints", json=fields)).json()["number"]
    rows = await api.store.rows(
        select(tables.intake.c.complaint).where(tables.intake.c.number == number)
    )
    from domain.ticket.complaint import Complaint

    projector = Projector(api.store)
    await projector.project(Story(Complaint.model_validate_json(rows[0][0])).accepted())
    await projector.close()
    return number


async def _verify(api: Api, phone: str = PHONE) -> httpx.Response:
    return await api.http.post(f"{API}/verify", json={"phone": phone})


async def _confirm(api: Api, code: str, phone: str = PHONE) -> httpx.Response:
    return await api.http.post(f"{API}/confirm", json={"phone": phone, "code": code})


async def _sent(api: Api) -> list[tuple[str, str]]:
    """Return phone and code of every message that a notifier would send."""
    statement = select(tables.outbox).where(tables.outbox.c.template == "phone_code")
    rows = await api.store.rows(statement.order_by(tables.outbox.c.created_at))
    assert {row.audience for row in rows} <= {"citizen"}
    return [await phone_codes.letter(api.store, api.context.cipher, row.key) for row in rows]


async def _list(api: Api, citizen_pass: str) -> Any:
    return await api.http.get(f"{API}/tickets", headers={"Citizen-Pass": citizen_pass})


async def test_a_citizen_finds_their_tickets_again(api: Api) -> None:
    first, second = await _filed(api), await _filed(api, "+86 138-0013-8000")
    await _filed(api, STRANGER)
    assert (await _verify(api, "138 0013 8000")).status_code == 202
    [(phone, code)] = await _sent(api)
    assert phone == PHONE
    opened = await _confirm(api, code)
    assert opened.status_code == 200, opened.text
    shown = (await _list(api, opened.json()["citizen_pass"])).json()["items"]
    assert {item["number"] for item in shown} == {first, second}
    for item in shown:
        headers = {"Access-Code": item["access_code"]}
        seen = await api.http.get(f"/api/v1/tickets/{item['number']}", headers=headers)
        assert seen.status_code == 200


async def test_a_stranger_learns_nothing(api: Api) -> None:
    await _filed(api)
    known, unknown = await _verify(api), await _verify(api, STRANGER)
    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content
    assert [phone for phone, _ in await _sent(api)] == [PHONE]
    wrong = [await _confirm(api, "000000", phone) for phone in (PHONE, STRANGER, "13700137000")]
    assert {problem(answer) for answer in wrong} == {(401, "wrong_code")}
    assert len({answer.content for answer in wrong}) == 1


async def test_a_code_is_good_once(api: Api) -> None:
    await _filed(api)
    await _verify(api)
    [(_, code)] = await _sent(api)
    assert (await _confirm(api, code)).status_code == 200
    assert problem(await _confirm(api, code)) == (401, "wrong_code")


async def test_after_five_tries_the_right_code_is_refused_too(api: Api) -> None:
    await _filed(api)
    await _verify(api)
    [(_, code)] = await _sent(api)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(phone_lookup.TRIES):
        assert problem(await _confirm(api, wrong)) == (401, "wrong_code")
    assert problem(await _confirm(api, code)) == (429, "too_many_attempts")


async def test_a_code_is_over_after_ten_minutes(api: Api) -> None:
    await _filed(api)
    await _verify(api)
    [(_, old)] = await _sent(api)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await api.store.change(update(identity_tables.phone_code).values(expires_at=past))
    assert problem(await _confirm(api, old)) == (401, "wrong_code")
    await _verify(api)
    (_, _), (_, new) = await _sent(api)
    assert (await _confirm(api, new)).status_code == 200


async def test_who_asks_again_does_not_take_away_the_code_that_came(api: Api) -> None:
    await _filed(api)
    for _ in range(phone_codes.AT_ONCE):
        await _verify(api)
    first, *others = [code for _, code in await _sent(api)]
    assert (await _confirm(api, first)).status_code == 200
    for code in {*others} - {first}:  # all of them are over once one was used
        assert problem(await _confirm(api, code)) == (401, "wrong_code")


async def test_a_pass_is_over_after_a_quarter_of_an_hour(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for forged in ("", "x", api.context.signer("form").dumps("form")):
        assert problem(await _list(api, str(forged))) == (401, "unauthenticated")
    made = str(api.context.signer("citizen").dumps(api.context.vault.phone_hash(PHONE)))
    assert (await _list(api, made)).json() == {"items": []}
    monkeypatch.setattr(phone_lookup, "PASS_SECONDS", -1)
    assert problem(await _list(api, made)) == (401, "unauthenticated")


async def test_neither_phone_nor_code_is_in_the_store_in_the_clear(api: Api) -> None:
    await _filed(api)
    await _verify(api)
    [(_, code)] = await _sent(api)
    await MailboxNotifier().deliver(api.store, 10, datetime.now(UTC))
    for table in (
        identity_tables.phone_code,
        identity_tables.counter,
        tables.outbox,
        tables.message,
    ):
        stored = str(await api.store.rows(select(table)))
        assert PHONE not in stored
        assert f"'{code}'" not in stored


async def test_a_phone_is_not_flooded_wherever_it_is_asked_from(api: Api) -> None:
    for _ in range(5):
        assert (await _verify(api, STRANGER)).status_code == 202
    flooded = await _verify(api, STRANGER)
    assert problem(flooded) == (429, "too_many_requests")
    assert 0 < int(flooded.headers["Retry-After"]) <= 3600
    assert (await _verify(api)).status_code == 202


@pytest.mark.parametrize("phone", ["", "x", "12", "1" * 41])
async def test_what_is_no_phone_is_told_so(api: Api, phone: str) -> None:
    assert problem(await _verify(api, phone)) == (422, "invalid_request")
