"""Tests of mediations over HTTP: kept by who is called in, signed by each side."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from temporalio.client import Client

from app.tickets import mediations as acts
from domain.actors import Role
from domain.refusals import Refused
from store.db.engine import Store
from store.db.mediation_tables import mediation, party, point
from store.tickets import erasure, mediations
from store.tickets.mediations import MediationRecord
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import platform
from tests.support.media import a_photo
from tests.support.people import signed_in

DRAFT: dict[str, Any] = {
    "subject": "楼上漏水赔偿",
    "parties": [
        {"name": "陈女士", "says": "天花板被泡坏。"},
        {"name": "周先生", "says": "水管已修好。"},
    ],
}


@pytest.fixture
async def both(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the cities as they are shipped, on each database."""
    async with (
        platform(client, store, SHIPPED) as running,
        serve_api(tmp_path, running.store, client, SHIPPED) as api,
    ):
        yield api


def proposal(**changes: Any) -> dict[str, Any]:
    due = (datetime.now(UTC).date() + timedelta(days=9)).isoformat()
    points = [{"text": "修复天花板", "due": due}, {"text": "互不追究"}]
    return {"text": "周先生修复天花板。", "points": points} | changes


async def called(api: Api) -> Filed:
    """Return a ticket into which the water bureau has called the mediators."""
    ticket = await api.file()
    await ticket.until_stage("handle")
    body = {
        "ground": "beyond_street",
        "reason": "双方争执。",
        "units": [{"unit": "mediators", "task": "调解。"}],
    }
    assert (await ticket.by_unit("whistle", body)).status_code == 200
    return ticket


async def act(ticket: Filed, what: str, body: Any, unit: str = "mediators") -> httpx.Response:
    path, headers = f"{ticket.path}/mediations{what}", await ticket.api.officer(unit)
    for _ in range(100):  # the record may be a moment behind the call
        answer = await ticket.api.http.post(path, json=body, headers=headers)
        if answer.status_code != 404 or answer.json().get("code") != "ticket_not_found":
            break
        await asyncio.sleep(0.1)
    return answer


async def seen(ticket: Filed, unit: str = "mediators") -> list[dict[str, Any]]:
    headers = await ticket.api.officer(unit)
    answer = await ticket.api.http.get(f"{ticket.path}/mediations", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def sign(api: Api, code: str, what: str = "/sign") -> httpx.Response:
    headers = {"Signature-Code": code}
    if not what:
        return await api.http.get("/api/v1/agreement", headers=headers)
    return await api.http.post("/api/v1/agreement/sign", json={}, headers=headers)


async def proposed(ticket: Filed) -> list[str]:
    assert (await act(ticket, "", DRAFT)).status_code == 201
    answer = await act(ticket, "/1/proposal", proposal())
    assert answer.status_code == 200, answer.text
    return list(answer.json()["codes"])


@pytest.mark.must_work("langfang", "mediation")
async def test_an_agreement_from_the_quarrel_to_a_point_that_is_late(both: Api) -> None:
    ticket = await called(both)
    first, second = await proposed(ticket)
    reads = (await sign(both, first.lower().replace("-", ""), "")).json()
    assert (reads["name"], reads["state"]) == ("陈女士", "proposed")
    assert "水管已修好" not in str(reads), "nobody outside reads what the other said"
    for _ in range(2):
        assert (await sign(both, first)).json()["signed_at"]
    assert (await seen(ticket))[0]["state"] == "proposed"
    assert (await sign(both, second)).json()["state"] == "agreed"
    assert problem(await act(ticket, "/1/proposal", proposal())) == (409, "mediation_not_now")
    assert problem(await act(ticket, "/1/fail", {"reason": "反悔。"})) == (
        409,
        "mediation_not_now",
    )
    assert [one["late"] for one in (await seen(ticket))[0]["points"]] == [False, False]
    await both.store.change(update(point).where(point.c.n == 1).values(due=date(2020, 1, 1)))
    assert [one["late"] for one in (await seen(ticket))[0]["points"]] == [True, False]
    assert (await act(ticket, "/1/points/1/kept", {})).status_code == 200
    assert [one["late"] for one in (await seen(ticket))[0]["points"]] == [False, False]
    view = (await both.http.get(ticket.path, headers=ticket.citizen)).json()
    kinds = [one["kind"] for one in view["timeline"]]
    assert [kind for kind in kinds if kind.startswith("mediation")] == [
        "mediation_opened",
        "mediation_agreed",
    ]
    assert "周先生" not in str(view)
    rows = await both.store.rows(select(party.c.sealed))
    assert all("陈女士".encode() not in row.sealed for row in rows)


async def test_a_new_proposal_takes_the_signatures_of_the_old_one(both: Api) -> None:
    ticket = await called(both)
    first, second = await proposed(ticket)
    assert (await sign(both, first)).status_code == 200
    again = await act(ticket, "/1/proposal", proposal(text="各付一半。"))
    assert problem(await sign(both, first)) == (401, "signature_unknown")
    assert problem(await sign(both, second)) == (401, "signature_unknown")
    codes = again.json()["codes"]
    await asyncio.gather(*(sign(both, code) for code in codes * 3))
    assert (await seen(ticket))[0]["state"] == "agreed"


async def test_of_two_who_write_at_once_none_takes_the_others_words_back(
    both: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await called(both)
    await proposed(ticket)
    [before] = await mediations.of_ticket(both.store, ticket.number)
    assert (await act(ticket, "/1/proposal", proposal(text="各付一半。"))).status_code == 200

    async def read_before(*_asked: Any) -> MediationRecord:
        return before

    monkeypatch.setattr(acts, "_one", read_before)
    assert (await act(ticket, "/1/fail", {"reason": "分歧较大。"})).status_code == 200
    [failed] = await seen(ticket)
    assert (failed["proposal"], failed["reason"]) == ("各付一半。", "分歧较大。")


async def test_a_side_is_not_told_that_the_ticket_became_a_report(
    both: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even in the moment between reading and signing."""
    first, _ = await proposed(await called(both))

    async def too_late(_store: Store, _mark: str) -> None:
        raise Refused("mediation_of_report", "A report of wrongdoing has no mediation.")

    monkeypatch.setattr(mediations, "sign", too_late)
    assert problem(await sign(both, first)) == (401, "signature_unknown")


async def test_who_does_not_agree_says_why_and_signs_nothing(both: Api) -> None:
    ticket = await called(both)
    first, _ = await proposed(ticket)
    assert problem(await act(ticket, "/1/fail", {"reason": " "})) == (422, "invalid_request")
    failed = await act(ticket, "/1/fail", {"reason": "金额分歧较大。"})
    assert (failed.json()["state"], failed.json()["reason"]) == ("failed", "金额分歧较大。")
    assert problem(await sign(both, first)) == (409, "mediation_not_now")


async def test_on_paper_with_a_photo_of_the_ticket(both: Api) -> None:
    photo = await both.http.post("/api/v1/files", content=a_photo((64, 48)))
    ticket = await both.file(files=[photo.json()["reference"]])
    await ticket.until_stage("handle")
    assert (await act(ticket, "", DRAFT, "water")).status_code == 201
    codes = (await act(ticket, "/1/proposal", proposal(), "water")).json()["codes"]
    paper = "/1/parties/2/paper"
    none = await act(ticket, paper, {"file": "f" * 33}, "water")
    assert problem(none) == (422, "unknown_file")
    assert (await act(ticket, paper, {"file": photo.json()["id"]}, "water")).status_code == 200
    assert (await sign(both, codes[0])).json()["state"] == "agreed"


async def test_nobody_else_reads_or_keeps_it(both: Api) -> None:
    ticket = await called(both)
    await proposed(ticket)
    assert len(await seen(ticket, "water")) == 1
    other = await both.http.get(f"{ticket.path}/mediations", headers=await both.officer("market"))
    assert problem(other) == (404, "ticket_not_found")
    citizen = await both.http.get(f"{ticket.path}/mediations", headers=ticket.citizen)
    assert citizen.status_code == 401
    assert problem(await act(ticket, "/2/fail", {"reason": "无。"})) == (404, "mediation_not_found")
    past = proposal(points=[{"text": "赔偿", "due": "2020-01-01"}])
    assert problem(await act(ticket, "/1/proposal", past)) == (422, "in_the_past")
    one_side = DRAFT | {"parties": DRAFT["parties"][:1]}
    assert problem(await act(ticket, "", one_side)) == (422, "invalid_request")


async def test_codes_are_not_guessed(both: Api) -> None:
    ticket = await called(both)
    first, _ = await proposed(ticket)
    stranger = both.at("203.0.113.9")
    for n in range(61):
        headers = {"Signature-Code": f"AAAA-AAAA-{n:04d}"}
        answer = await stranger.get("/api/v1/agreement", headers=headers)
    assert problem(answer) == (429, "too_many_attempts")
    right = await stranger.get("/api/v1/agreement", headers={"Signature-Code": first})
    assert right.status_code == 200, "what others try in a network keeps nobody from their own"


async def test_a_report_has_no_mediation_and_no_helpers(both: Api) -> None:
    ticket = Filed(both, (await both.unclear()).receipt)
    fields = {"category": "0301", "kind": "report", "unit": "water", "accused": "market"}
    assert (await ticket.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await ticket.until_stage("handle")
    assert problem(await act(ticket, "", DRAFT, "water")) == (409, "mediation_of_report")
    body = {
        "ground": "beyond_street",
        "reason": "双方争执。",
        "units": [{"unit": "mediators", "task": "调解。"}],
    }
    assert problem(await ticket.by_unit("whistle", body)) == (403, "helper_of_report")


async def test_it_is_erased_with_its_ticket(both: Api) -> None:
    ticket = await both.handled()
    await act(ticket, "", DRAFT, "water")
    assert len(await both.store.rows(select(mediation.c.id))) == 1
    assert (await ticket.rate()).status_code == 200
    await ticket.until_stage("ended")
    await erasure.erase(both.store, ticket.number, datetime.now(UTC))
    for table in (mediation, party, point):
        assert await both.store.rows(select(table)) == []


async def test_another_unit_with_a_share_does_not_keep_it(both: Api) -> None:
    """It may be a side of the quarrel, or not care."""
    ticket = await called(both)
    first, _ = await proposed(ticket)
    paths = {"/1/proposal": proposal(), "/1/fail": {"reason": "不必再谈。"}}
    for path, body in paths.items():
        assert problem(await act(ticket, path, body, "water")) == (403, "not_your_unit"), path
    paper = await act(ticket, "/1/parties/1/paper", {"file": "f" * 33}, "water")
    assert problem(paper) == (403, "not_your_unit")
    assert (await sign(both, first)).status_code == 200, "its codes are as they were"
    kept = await act(ticket, "/1/points/1/kept", {}, "water")
    assert problem(kept) == (403, "not_your_unit")
    page = await both.http.get(
        f"/staff/tickets/{ticket.number}/mediations",
        headers={"Accept": "text/html"} | (await signed_in(both, Role.OFFICER, "water")).cookie,
    )
    assert page.status_code == 200
    assert "/1/fail" not in page.text
