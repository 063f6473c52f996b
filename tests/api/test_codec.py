"""Tests of the codec API, which decrypts for the engine's pages and departments' programs."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import WorkflowHistory

from audit.shredding import payloads
from domain.actors import Role
from runtime.codec import is_encrypted
from runtime.names import ticket_workflow_id
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.engine import Engine

PAGES = "https://temporal.example.org"


async def _history(engine: Engine, ticket: Filed) -> WorkflowHistory:
    handle = engine.client.get_workflow_handle(ticket_workflow_id(ticket.number))
    return await handle.fetch_history()


def _body(encrypted: Sequence[Payload]) -> Any:
    return MessageToDict(Payloads(payloads=encrypted))


async def _ask(api: Api, what: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    return await api.http.post(f"/codec/{what}", json=body, headers=headers)


def _payloads(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    payload = answer.json().get("payloads", [])
    return [base64.b64decode(one.get("data", "")).decode(errors="replace") for one in payload]


async def test_an_auditor_reads_a_history_and_is_written_down_once(
    api: Api, engine: Engine
) -> None:
    ticket = await api.file()
    encrypted = [one for one in payloads(await _history(engine, ticket)) if is_encrypted(one)]
    assert len(encrypted) > 5
    auditor = await api.token(Role.AUDITOR)
    for _ in range(2):
        lines = _payloads(await _ask(api, "decode", _body(encrypted), auditor))
        assert any("小区门口的河水又黑又臭" in text for text in lines)
    seen = (await api.http.get(f"{ticket.path}/views", headers=ticket.citizen)).json()["items"]
    assert [view["fields"] for view in seen] == [["history"]]


async def test_others_read_no_history(api: Api, engine: Engine) -> None:
    ticket = await api.file()
    body = _body(list(payloads(await _history(engine, ticket))))
    for role in (Role.DESK, Role.DISPATCHER, Role.SUPERVISOR):
        answer = await _ask(api, "decode", body, await api.token(role))
        assert problem(answer) == (403, "forbidden")
    assert problem(await _ask(api, "decode", body, {})) == (401, "unauthenticated")


async def test_a_units_program_opens_its_orders_and_nothing_else(api: Api, engine: Engine) -> None:
    ticket = await api.file()
    history = await _history(engine, ticket)
    order = next(
        event.activity_task_scheduled_event_attributes.input.payloads[0]
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    )
    (value,) = _payloads(await _ask(api, "decode", _body([order]), await api.officer()))
    assert ticket.number in value
    complaint = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    refused = await _ask(api, "decode", _body([complaint]), await api.officer())
    assert problem(refused) == (403, "forbidden")
    namesake = await api.token(Role.OFFICER, "water", city="huangpu")
    for stranger in (await api.officer("housing"), namesake):
        refused = await _ask(api, "decode", _body([order]), stranger)
        assert problem(refused) == (403, "forbidden")


async def test_a_program_of_an_accused_unit_opens_its_orders_no_more(
    api: Api, engine: Engine
) -> None:
    ticket = await api.file()
    history = await _history(engine, ticket)
    order = next(
        event.activity_task_scheduled_event_attributes.input.payloads[0]
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    )
    assert _payloads(await _ask(api, "decode", _body([order]), await api.officer()))
    assert (await ticket.by(Role.DESK, "accuse", {"units": ["water"]})).status_code == 200
    refused = await _ask(api, "decode", _body([order]), await api.officer())
    assert problem(refused) == (403, "forbidden")
    named = {"Jiesu-Ticket": ticket.number}
    sealed = await _ask(api, "encode", _body([order]), await api.officer() | named)
    assert problem(sealed) == (404, "ticket_not_found")


async def test_a_units_program_seals_its_answer_for_its_own_ticket_only(api: Api) -> None:
    ticket = await api.file()
    plain = _body([Payload(metadata={"encoding": b"json/plain"}, data=b'"the river is clean"')])
    named = {"Jiesu-Ticket": ticket.number}
    encrypted = await _ask(api, "encode", plain, await api.officer() | named)
    assert "river" not in _payloads(encrypted)[0]
    opened = await _ask(api, "decode", encrypted.json(), await api.token(Role.AUDITOR))
    assert _payloads(opened) == ['"the river is clean"']
    for headers in (await api.officer("housing") | named, await api.officer()):
        assert problem(await _ask(api, "encode", plain, headers)) == (404, "ticket_not_found")


async def test_nonsense_is_refused(api: Api) -> None:
    admin = await api.token(Role.ADMIN)
    bad = await api.http.post("/codec/decode", content=b"{", headers=admin)
    assert problem(bad) == (400, "malformed_json")
    lost = Payload(
        metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"ring/9"}, data=b"x"
    )
    assert problem(await _ask(api, "decode", _body([lost]), admin)) == (422, "unreadable")
    assert (await _ask(api, "decode", {}, admin)).json() == {}


async def test_only_the_engines_own_pages_may_ask_from_a_browser(
    engine: Engine, tmp_path: Path
) -> None:
    async with serve_api(
        tmp_path, engine.store, engine.client, engine.packs, ui_origin=PAGES
    ) as api:
        allowed = await api.http.options("/codec/decode", headers={"Origin": PAGES})
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == PAGES
        assert "Authorization" in allowed.headers["access-control-allow-headers"]
        other = await api.http.options("/codec/decode", headers={"Origin": "https://evil.org"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("role", [Role.DESK, Role.SUPERVISOR])
async def test_who_reads_no_history_seals_none(api: Api, role: Role) -> None:
    answer = await _ask(api, "encode", {}, await api.token(role))
    assert problem(answer) == (403, "forbidden")
