"""Tests of filing: complaints accepted or refused, and outages of the engine or the store."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from temporalio.client import Client

from domain.actors import Role
from store.db import tables
from store.db.engine import Store
from store.secrets.vault import Vault
from store.tickets import intake
from tests.api.running_api import COMPLAINT, Api, Filed, problem, serve_api
from tests.support.engine import RING, Engine, platform

FILE = "/api/v1/complaints"


async def _registered(api: Api) -> int:
    (count,) = await api.store.rows(select(func.count()).select_from(tables.intake))
    return int(count[0])


async def _refused(api: Api, **changes: Any) -> tuple[int, str]:
    """Return the refusal, and check that nothing was registered."""
    pair = problem(await api.http.post(FILE, json=COMPLAINT | changes))
    assert await _registered(api) == 0
    return pair


# --- what citizens write -------------------------------------------------------------------------

UNUSUAL = {
    "emoji": "河里全是垃圾😡👎🏽 请处理",
    "right to left": "المياه في النهر سوداء ورائحتها كريهة",
    "markup": "<script>alert('x')</script><b>河水</b>&amp;",
    "sql": "'; DROP TABLE ticket; -- \" OR 1=1",
    "template": "{{7*7}} ${jndi:ldap://x} %s %n {0}",
    "astral": "𠮷野家门口的河水\U0001f468‍\U0001f469‍\U0001f467",
    "lines": "第一行\n第二行\t制表",
    "as long as it may be": "水" * 4000,
}


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
async def test_unusual_text_comes_back_as_it_was_said(api: Api, text: str) -> None:
    ticket = await api.file(text=text, title=text[:200])
    shown = await ticket.seen()
    assert shown["text"] == text
    assert shown["title"] == text[:200]


async def test_unusual_text_is_harmless_in_both_databases(each_api: Api) -> None:
    for text in UNUSUAL.values():
        assert (await (await each_api.file(text=text)).seen())["text"] == text


async def test_control_characters_and_bidi_overrides_are_left_out(each_api: Api) -> None:
    ticket = await each_api.file(text="河水\x00\x07\x1b[31m很黑\u202e\r\n请处理\u2067")
    assert (await ticket.seen())["text"] == "河水[31m很黑\n请处理"


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x01", "水" * 4001, None, 5, ["水"], {"a": 1}])
async def test_no_text_and_too_much_of_it_are_refused(api: Api, text: Any) -> None:
    assert await _refused(api, text=text) == (422, "invalid_request")


async def test_every_wrong_field_is_named_and_none_is_repeated(api: Api) -> None:
    wrong = {"text": "", "kind": "gossip", "contact": {"phone": "call me 13912340000"}, "colour": 1}
    answer = await api.http.post(FILE, json=COMPLAINT | wrong)
    assert problem(answer) == (422, "invalid_request")
    named = {error["field"]: error["code"] for error in answer.json()["errors"]}
    assert named == {
        "text": "value_error",
        "kind": "enum",
        "contact.phone": "value_error",
        "colour": "extra_forbidden",
    }
    assert "13912340000" not in answer.text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"city": "atlantis"}, "unknown_city"),
        ({"city": "../tongzhou"}, "invalid_request"),
        ({"category": "9999"}, "unknown_category"),
        ({"category": "no such thing"}, "invalid_request"),
        ({"place": {"area": "999999001"}}, "unknown_unit"),
        ({"place": {"area": "水"}}, "invalid_request"),
        ({"place": {"lat": 91, "lon": 0}}, "invalid_request"),
        ({"channel": "pigeon"}, "invalid_request"),
        ({"anonymous": "perhaps"}, "invalid_request"),
        ({"place": {"lat": "NaN"}}, "invalid_request"),
        ({"place": {"lat": 39.9}}, "invalid_request"),
        ({"place": {"lon": 116.6}}, "invalid_request"),
    ],
)
async def test_what_the_city_does_not_know_is_refused(
    api: Api, changes: dict[str, Any], code: str
) -> None:
    assert await _refused(api, **changes) == (422, code)


@pytest.mark.parametrize("area", ["110112003", "110112003004", "110112"])
async def test_a_place_may_be_a_street_part_of_one_or_the_city(api: Api, area: str) -> None:
    assert (await api.file(place={"area": area})).number


MALFORMED = {
    "nothing": b"",
    "no json": b"{",
    "half": b'{"text": "\xe6\xb2',
    "not utf-8": b'{"text": "\xff\xfe"}',
    "deep": b"[" * 30_000,
    "huge number": b'{"text": "x", "place": {"lat": ' + b"9" * 5000 + b"}}",
    "infinite": b'{"text": "x", "place": {"lat": 1e999}}',
    "nan": b'{"text": "x", "place": {"lat": NaN}}',
    "lone surrogate": b'{"text": "\\ud800"}',
    "lone surrogate as a name": b'{"text": "x", "\\ud800": 1}',
    "nul as a name": b'{"text": "x", "\\u0000": 1}',
    "list": b"[]",
    "null": b"null",
    "word": b'"text"',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_no_body_breaks_the_door(api: Api, body: bytes) -> None:
    answer = await api.http.post(FILE, content=body, headers={"Content-Type": "application/json"})
    status, code = problem(answer)
    assert (status, code) in {(400, "malformed_json"), (422, "invalid_request")}
    assert await _registered(api) == 0


async def test_another_content_type_is_no_complaint(api: Api) -> None:
    answer = await api.http.post(FILE, content=json.dumps(COMPLAINT))
    assert problem(answer) == (422, "invalid_request")


@pytest.mark.parametrize("expected", [True, False])
async def test_a_body_that_is_too_large_is_refused(api: Api, expected: bool) -> None:
    body = json.dumps(COMPLAINT | {"text": "水" * 40_000}, ensure_ascii=False).encode()

    async def piecemeal() -> Any:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    answer = await api.http.post(
        FILE,
        content=body if expected else piecemeal(),
        headers={"Content-Type": "application/json"},
    )
    assert problem(answer) == (413, "body_too_large")


# --- who complains -------------------------------------------------------------------------------


async def test_contact_details_are_in_the_vault_and_nowhere_else(api: Api) -> None:
    contact = {"name": "佚名", "phone": "010-00012345", "email": "a@example.org"}
    ticket = await api.file(contact=contact, anonymous=True)
    admin = await api.token(Role.ADMIN)
    whole = await api.http.get(ticket.path, headers=admin)
    events = await api.http.get(f"{ticket.path}/events", headers=admin)
    for text in (whole.text, events.text, json.dumps(await ticket.seen())):
        assert not any(value in text for value in ("佚名", "00012345", "a@example.org"))
    vault = Vault(RING)
    person = await intake.person_of(api.store, vault, whole.json()["complaint"]["person"])
    assert person is not None
    assert (person.name, person.email) == ("佚名", "a@example.org")


# --- the same complaint again --------------------------------------------------------------------


async def test_the_same_key_gives_the_same_ticket_even_at_once(each_api: Api) -> None:
    key = {"Idempotency-Key": "6b1f9f0e-2f7b-4ac8-9f3a-0d6b5a0d3c11"}
    answers = await asyncio.gather(
        *(each_api.http.post(FILE, json=COMPLAINT, headers=key) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    receipts = {(a.json()["number"], a.json()["access_code"]) for a in answers}
    assert len(receipts) == 1
    assert await _registered(each_api) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert replayed.count("true") == 4


async def test_the_same_key_with_another_complaint_is_refused(api: Api) -> None:
    key = {"Idempotency-Key": "k-1"}
    assert (await api.http.post(FILE, json=COMPLAINT, headers=key)).status_code == 201
    other = await api.http.post(FILE, json=COMPLAINT | {"text": "别的事"}, headers=key)
    assert problem(other) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "a" * 256, "with space", "\x7f", "é"])
async def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = await api.http.post(
        FILE, json=COMPLAINT, headers=[(b"Idempotency-Key", key.encode("latin-1"))]
    )
    assert problem(answer) == (422, "invalid_request")


# --- outages of the engine, the store or the worker ----------------------------------------------


async def test_without_the_engine_the_citizen_still_gets_a_number(engineless_api: Api) -> None:
    answer = await engineless_api.http.post(FILE, json=COMPLAINT)
    assert answer.status_code == 202
    assert answer.json()["stage"] == "accept"
    assert answer.json()["message"]
    ticket = Filed(engineless_api, answer.json())
    assert (await ticket.seen())["text"] == COMPLAINT["text"]
    assert problem(await ticket.rate()) == (409, "not_started_yet")
    assert problem(await ticket.act("urge", ticket.citizen)) == (503, "engine_unavailable")


async def test_a_spooled_complaint_starts_when_it_is_filed_again(
    engine: Engine, tmp_path: Path
) -> None:
    key = {"Idempotency-Key": "k-2"}
    async with serve_api(
        tmp_path, engine.store, None, temporal_address="127.0.0.1:1", engine_timeout=1
    ) as away:
        first = await away.http.post(FILE, json=COMPLAINT, headers=key)
    async with serve_api(tmp_path, engine.store, engine.client) as back:
        spooled = Filed(back, first.json())
        assert problem(await spooled.act("urge", spooled.citizen)) == (409, "not_started_yet")
        again = await back.http.post(FILE, json=COMPLAINT, headers=key)
        assert (first.status_code, again.status_code) == (202, 201)
        assert again.json()["number"] == first.json()["number"]
        assert again.json()["access_code"] == first.json()["access_code"]
        assert (await spooled.seen())["stage"] == "handle"


async def test_without_the_store_nothing_is_half_done(engine: Engine, tmp_path: Path) -> None:
    away = Store.open("postgresql://nobody@127.0.0.1:1/none")
    async with serve_api(tmp_path, away, engine.client) as api:
        answer: httpx.Response = await api.http.post(FILE, json=COMPLAINT)
        assert problem(answer) == (503, "store_unavailable")
        assert answer.headers["Retry-After"]
    await away.close()
    assert [
        found.id
        async for found in engine.client.list_workflows(
            "WorkflowType='Ticket' AND ExecutionStatus='Running'"
        )
    ] == []


async def test_without_a_worker_the_ticket_starts_when_there_is_one(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serve_api(tmp_path, sqlite_store, client, engine_timeout=0.3) as api:
        answer = await api.http.post(FILE, json=COMPLAINT)
        assert answer.status_code == 202
        async with platform(client, sqlite_store):
            shown = await Filed(api, answer.json()).until_stage("handle")
    assert shown["text"] == COMPLAINT["text"]
