"""Tests of the auditor's pages and routes: verdicts, any past state, manual changes."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, update
from temporalio.client import Client, WorkflowHistory

from audit.replay import replay
from audit.runs import fetch, run_ids
from domain.actors import Role
from runtime.names import ticket_workflow_id
from store.db import tables
from store.tickets import erasure
from tests.api.running_api import COMPLAINT, Api, Filed, problem
from tests.support.desk import Filed as EngineTicket
from tests.support.desk import removed
from tests.support.people import signed_in

PEOPLE = {"Accept": "text/html", "Accept-Language": "en"}
NOBODYS = "2603021234560"


async def page(api: Api, path: str, role: Role = Role.AUDITOR) -> httpx.Response:
    unit = "water" if role is Role.OFFICER else None
    who = await signed_in(api, role, unit)
    return await api.http.get(path, headers=PEOPLE | who.cookie)


async def audit_report(api: Api, ticket: Filed, more: str = "") -> dict[str, Any]:
    auditor = await api.token(Role.AUDITOR)
    answer = await api.http.get(f"{ticket.path}/audit{more}", headers=auditor)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def ended(api: Api, client: Client) -> Filed:
    ticket = await api.handled()
    assert (await ticket.rate()).status_code == 200
    await client.get_workflow_handle(ticket_workflow_id(ticket.number)).result()
    return ticket


async def test_history_and_record_are_told_side_by_side(api: Api) -> None:
    ticket = await api.handled()
    report = await audit_report(api, ticket)
    assert (report["finding"], report["differences"]) == ("agrees", [])
    assert report["told"] == report["record"]
    assert len(report["positions"]) == len(report["told"]["events"])
    shown = await page(api, f"/staff/audit/{ticket.number}")
    assert shown.status_code == 200, shown.text
    for words in ("agrees", "Dispatched", "The citizen was answered", COMPLAINT["title"]):
        assert words in shown.text
    assert "differs" not in shown.text


async def test_the_state_at_any_moment_is_what_a_history_cut_there_leads_to(
    api: Api, client: Client
) -> None:
    ticket = await ended(api, client)
    [whole] = await fetch(client, ticket.number)
    record = (await audit_report(api, ticket))["record"]
    states = {
        event["version"]: await audit_report(api, ticket, f"/{event['version']}")
        for event in record["events"]
    }
    led_to = set()
    for length in range(3, len(whole.events) + 1):
        cut = WorkflowHistory(whole.workflow_id, whole.events[:length])
        replayed = await replay(cut, api.context.engine._client.data_converter)
        version = replayed.ticket.version
        led_to.add(version)
        if version:
            assert replayed.ticket.model_dump(mode="json") == states[version]["state"], length
    assert {3, 4, len(states)} <= led_to, "events of one task have no cut between them"
    assert states[len(states)]["state"] == record["ticket"]


async def test_what_an_event_changed_is_marked(api: Api) -> None:
    ticket = await api.file()
    then = await audit_report(api, ticket, "/3")
    changed = {one["path"]: (one["before"], one["after"]) for one in then["changes"]}
    assert changed["stage"] == ("dispatch", "handle")
    assert changed["version"] == ("2", "3")
    assert changed["assignments.0.unit"] == ("", "water")
    shown = await page(api, f"/staff/audit/{ticket.number}?version=3")
    assert "<ins>handle</ins>" in shown.text
    first = await page(api, f"/staff/audit/{ticket.number}?version=1")
    assert "<ins>handle</ins>" not in first.text
    assert "<ins>triage</ins>" in first.text


async def carried_on(api: Api, client: Client) -> Filed:
    """Return a ticket of three runs: events 1 to 3, 4 to 6, and two more."""
    ticket = await api.file()
    engine = EngineTicket(client, ticket.number)
    await engine.carry_on()
    assert (await ticket.act("facts", ticket.citizen, {"text": "桥东"})).status_code == 200
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    await engine.carry_on()
    assert (await ticket.rate()).status_code == 200
    await engine.handle.result()
    return ticket


async def test_a_ticket_that_was_carried_on_in_new_runs_is_one(api: Api, client: Client) -> None:
    ticket = await carried_on(api, client)
    report = await audit_report(api, ticket)
    assert (report["finding"], report["runs"], report["lost"]) == ("agrees", 3, 0)
    assert report["told"] == report["record"]
    versions = [event["version"] for event in report["told"]["events"]]
    assert versions == list(range(1, 9))
    for version in versions:
        then = await audit_report(api, ticket, f"/{version}")
        assert then["state"]["version"] == version
        assert then["position"] == report["positions"][version - 1]
    auditor = await api.token(Role.AUDITOR)
    listed = (await api.http.get("/api/v1/audit/verdicts", headers=auditor)).json()
    assert [(one["finding"], one["runs"]) for one in listed["items"]] == [("agrees", 3)]
    shown = await page(api, f"/staff/audit/{ticket.number}?version=5")
    assert "<dt>Runs of its workflow</dt><dd>3</dd>" in shown.text
    assert "5 / 8" in shown.text


async def test_what_the_engine_no_longer_keeps_is_said_and_not_compared(
    api: Api, client: Client
) -> None:
    ticket = await carried_on(api, client)
    first = (await run_ids(client, ticket.number))[0]
    await removed(client, ticket.number, first)
    report = await audit_report(api, ticket)
    assert (report["finding"], report["lost"], report["since"]) == ("agrees", 1, 4)
    auditor = await api.token(Role.AUDITOR)
    before = await api.http.get(f"{ticket.path}/audit/3", headers=auditor)
    assert problem(before) == (404, "no_such_state")
    shown = await page(api, f"/staff/audit/{ticket.number}?version=1")
    assert "the archive has the first 1 runs" in shown.text
    assert "4 / 8" in shown.text
    assert shown.text.count("not compared") == 3
    assert "not in the history" not in shown.text
    assert "is-different" not in shown.text


async def test_of_a_very_long_ticket_the_last_runs_are_replayed_and_any_state_is_told(
    api: Api, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auditing.audits.LENGTH", 20)
    ticket = await carried_on(api, client)
    report = await audit_report(api, ticket)
    assert (report["finding"], report["runs"], report["since"]) == ("agrees", 3, 7)
    assert (report["lost"], report["left_out"]) == (0, 2)
    assert [event["version"] for event in report["told"]["events"]] == [7, 8]
    assert [event["version"] for event in report["record"]["events"]] == list(range(1, 9))
    assert (await audit_report(api, ticket, "/2"))["state"]["version"] == 2
    shown = await page(api, f"/staff/audit/{ticket.number}?version=2")
    assert f"jiesu audit replay {ticket.number}" in shown.text
    assert "2 / 8" in shown.text
    assert shown.text.count("not compared") == 6
    assert "is-different" not in shown.text


async def test_a_long_timeline_is_shown_in_pages(
    api: Api, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.audit.audit.LINES", 3)
    ticket = await ended(api, client)
    last = len((await audit_report(api, ticket))["told"]["events"])
    event = tables.event.c
    await api.store.change(
        update(tables.event)
        .where(event.number == ticket.number, event.version == last)
        .values(actor="somebody-else")
    )
    address = f"/staff/audit/{ticket.number}"
    shown = await page(api, address)
    assert shown.text.count("?version=") - shown.text.count('rel="prev"') == 3
    assert f'href="{address}?lines={last}#timeline"' in shown.text
    assert f'rel="next" href="{address}?lines=4#timeline"' in shown.text
    assert "somebody-else" not in shown.text
    end = await page(api, f"{address}?lines={last}")
    assert "somebody-else" in end.text
    assert f'rel="prev" href="{address}?lines={last - 3}#timeline"' in end.text
    assert 'rel="next" href' not in end.text


@pytest.mark.parametrize("version", ["0", "-1", "99", "x", "9" * 40, "٣"])
async def test_a_moment_that_never_was_is_the_nearest_one(api: Api, version: str) -> None:
    ticket = await api.file()
    shown = await page(api, f"/staff/audit/{ticket.number}?version={version}")
    assert shown.status_code == 200
    auditor = await api.token(Role.AUDITOR)
    answer = await api.http.get(f"{ticket.path}/audit/99", headers=auditor)
    assert problem(answer) == (404, "no_such_state")


async def test_what_somebody_wrote_into_the_record_is_marked(api: Api) -> None:
    ticket = await api.file()
    event = tables.event.c
    mine = event.number == ticket.number
    await api.store.change(
        update(tables.event).where(mine, event.version == 2).values(actor="somebody-else")
    )
    await api.store.change(delete(tables.event).where(mine, event.version == 3))
    report = await audit_report(api, ticket)
    assert report["finding"] == "differs"
    paths = {one["path"] for one in report["differences"]}
    assert {"events.1.actor.id", "events.2"} <= paths
    shown = await page(api, f"/staff/audit/{ticket.number}")
    assert shown.text.count('<tr class="is-different">') == 2
    assert "somebody-else" in shown.text
    assert "missing in the record" in shown.text
    sample = await page(api, "/staff/audit?open=any&limit=10&city=tongzhou")
    assert "differs" in sample.text


async def test_a_ticket_whose_record_was_removed_is_told_by_its_history(api: Api) -> None:
    ticket = await api.file()
    for table in (tables.event, tables.ticket, tables.intake):
        await api.store.change(delete(table).where(table.c.number == ticket.number))
    report = await audit_report(api, ticket)
    assert (report["finding"], report["record"]["ticket"]) == ("differs", None)
    shown = await page(api, f"/staff/audit/{ticket.number}")
    assert "The record has no such ticket" in shown.text
    assert COMPLAINT["title"] in shown.text


async def test_an_erased_ticket_is_no_disagreement(api: Api, client: Client) -> None:
    ticket = await ended(api, client)
    await erasure.erase(api.store, ticket.number, datetime(2026, 11, 2, tzinfo=UTC))
    api.context.keys.forget(ticket.number)
    report = await audit_report(api, ticket)
    assert (report["finding"], report["told"]) == ("erased", None)
    assert "erased on 2026-11-02" in report["detail"]
    shown = await page(api, f"/staff/audit/{ticket.number}?version=2")
    assert shown.status_code == 200
    assert "that is no disagreement" in shown.text


async def test_a_complaint_that_waits_for_the_engine_has_no_history_yet(
    engineless_api: Api, api: Api
) -> None:
    answer = await engineless_api.http.post("/api/v1/complaints", json=COMPLAINT)
    assert answer.status_code == 202
    waiting = Filed(engineless_api, answer.json())
    auditor = await engineless_api.token(Role.AUDITOR)
    away = await engineless_api.http.get(f"{waiting.path}/audit", headers=auditor)
    assert problem(away) == (503, "engine_unavailable")
    nobodys = await api.http.get(
        f"/api/v1/tickets/{NOBODYS}/audit", headers=await api.token(Role.AUDITOR)
    )
    assert problem(nobodys) == (404, "ticket_not_found")


async def test_verdicts_are_given_on_a_bounded_sample(api: Api, client: Client) -> None:
    for _ in range(2):
        await ended(api, client)
    still = await api.file()
    auditor = await api.token(Role.AUDITOR)
    path = "/api/v1/audit/verdicts"
    first = (await api.http.get(f"{path}?limit=1", headers=auditor)).json()
    assert [one["finding"] for one in first["items"]] == ["agrees"]
    cursor = first["next_cursor"]
    rest = (await api.http.get(f"{path}?limit=1&cursor={cursor}", headers=auditor)).json()
    assert rest["items"][0]["number"] != first["items"][0]["number"]
    assert rest["next_cursor"] is None
    opened = (await api.http.get(f"{path}?open=true", headers=auditor)).json()
    assert [one["number"] for one in opened["items"]] == [still.number]
    for wrong in ("limit=51", "limit=0", "nonsense=1", "outcome=lost"):
        refused = await api.http.get(f"{path}?{wrong}", headers=auditor)
        assert problem(refused) == (422, "invalid_request")
    shown = await page(
        api, "/staff/audit?open=false&outcome=closed&unit=water&limit=20&city=tongzhou"
    )
    assert shown.text.count('class="number" href="/staff/audit/') == 2
    assert (await page(api, "/staff/audit?limit=10000")).status_code == 422


async def test_a_ticket_is_asked_for_by_its_number_however_it_is_written(api: Api) -> None:
    ticket = await api.file()
    number = ticket.number
    response = await page(api, f"/staff/audit?number={number[:6]}+{number[6:]}")
    assert (response.status_code, response.headers["Location"]) == (303, f"/staff/audit/{number}")
    wrong = await page(api, "/staff/audit?number=12345")
    assert wrong.status_code == 422
    assert 'value="12345"' in wrong.text
    assert "A number has 13 digits" in wrong.text
    assert (await page(api, f"/staff/audit/{NOBODYS}")).status_code == 404


async def test_the_export_is_a_file_with_a_clear_name_and_no_citizen(api: Api) -> None:
    ticket = await api.file(contact={"name": "王小明", "phone": "13800001234"})
    looked = await ticket.by(Role.DESK, "person", {"purpose": "回访"})
    assert looked.status_code == 200
    file = await page(api, f"/staff/audit/{ticket.number}/export")
    name = file.headers["Content-Disposition"]
    assert name.startswith(f'attachment; filename="jiesu-audit-{ticket.number}-20')
    payload = json.loads(file.text)
    assert payload.keys() == (await audit_report(api, ticket)).keys()
    assert [view["purpose"] for view in payload["views"]] == ["回访"]
    assert "王小明" not in file.text
    assert "13800001234" not in file.text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.DESK, Role.DISPATCHER, Role.SUPERVISOR])
async def test_only_auditors_and_administrators_audit(api: Api, role: Role) -> None:
    ticket = await api.file()
    for path in ("/staff/audit", f"/staff/audit/{ticket.number}", "/staff/audit?limit=10"):
        assert (await page(api, path, role)).status_code == 403
    assert (await page(api, f"/staff/audit/{ticket.number}", Role.ADMIN)).status_code == 200


async def test_to_an_auditor_of_one_city_others_tickets_do_not_exist(api: Api) -> None:
    ticket = await api.file()
    elsewhere = await api.token(Role.AUDITOR, city="heping")
    answer = await api.http.get(f"{ticket.path}/audit", headers=elsewhere)
    assert problem(answer) == (404, "ticket_not_found")
    listed = await api.http.get("/api/v1/audit/verdicts?open=true", headers=elsewhere)
    assert listed.json()["items"] == []
    response = await api.http.get("/api/v1/audit/verdicts?city=tongzhou", headers=elsewhere)
    assert problem(response) == (403, "not_your_city")
