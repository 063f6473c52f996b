"""Tests of files: uploaded, attached to a ticket, and served to all who may see them."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from domain.actors import Role
from store.db import tables
from tests.api.running_api import COMPLAINT, REPLY, Api, Filed, problem, serve_api
from tests.support.engine import Engine
from tests.support.media import a_pdf, a_photo, a_voice

UPLOAD = "/api/v1/files"


async def upload(
    api: Api, content: bytes, headers: dict[str, str] | None = None, **params: str
) -> dict[str, Any]:
    answer = await api.http.post(UPLOAD, content=content, headers=headers, params=params)
    assert answer.status_code == 201, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


async def listed(ticket: Filed, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await ticket.api.http.get(f"{ticket.path}/files", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()
    return items


# --- with a complaint, with facts, as evidence ------------------------------------------------


async def test_a_photo_goes_with_a_complaint_and_the_unit_sees_it(api: Api) -> None:
    photo = await upload(api, a_photo((800, 600)), {"Content-Type": "image/jpeg"})
    assert (photo["kind"], photo["media_type"]) == ("photo", "image/jpeg")
    ticket = await api.file(files=[photo["reference"]])
    (seen,) = await listed(ticket, await api.officer())
    assert (seen["id"], seen["uploaded_by"]) == (photo["id"], "citizen")
    answer = await api.http.get(seen["url"])
    assert Image.open(io.BytesIO(answer.content)).size == (800, 600)
    small = await api.http.get(seen["thumbnail_url"])
    assert Image.open(io.BytesIO(small.content)).size == (320, 240)
    assert (await listed(ticket, ticket.citizen))[0]["id"] == photo["id"]


async def test_the_ticket_holds_ids_and_no_proofs(api: Api) -> None:
    photo = await upload(api, a_photo())
    ticket = await api.file(files=[photo["reference"]])
    await ticket.until_stage("handle")
    response = await api.http.get(ticket.path, headers=await api.token(Role.AUDITOR))
    assert response.json()["complaint"]["files"] == [photo["id"]]
    assert photo["reference"].partition(".")[2] not in response.text


async def test_the_same_complaint_again_keeps_its_files(api: Api) -> None:
    photo = await upload(api, a_photo())
    body = COMPLAINT | {"files": [photo["reference"]]}
    key = {"Idempotency-Key": "with-a-photo"}
    first = await api.http.post("/api/v1/complaints", json=body, headers=key)
    again = await api.http.post("/api/v1/complaints", json=body, headers=key)
    assert first.json()["number"] == again.json()["number"]
    assert len(await listed(Filed(api, first.json()), await api.officer())) == 1


async def test_a_file_belongs_to_one_ticket(api: Api) -> None:
    photo = await upload(api, a_photo())
    await api.file(files=[photo["reference"]])
    body = COMPLAINT | {"files": [photo["reference"]]}
    answer = await api.http.post("/api/v1/complaints", json=body)
    assert problem(answer) == (422, "unknown_file")


@pytest.mark.parametrize("spoilt", ["unknown", "unproven", "proven wrongly", "expired"])
async def test_a_complaint_that_names_a_file_wrongly_is_not_registered(
    api: Api, spoilt: str
) -> None:
    photo = await upload(api, a_photo())
    reference = {
        "unknown": f"f{'0' * 32}",
        "unproven": photo["id"],
        "proven wrongly": photo["id"] + "." + "0" * 32,
        "expired": photo["reference"],
    }[spoilt]
    if spoilt == "expired":
        await _expire(api, photo["id"])
    body = COMPLAINT | {"files": [reference]}
    answer = await api.http.post(
        "/api/v1/complaints", json=body, headers={"Idempotency-Key": spoilt.replace(" ", "-")}
    )
    assert problem(answer) == (422, "unknown_file")
    # Nothing was registered: the same key is free for the complaint without the file.
    body = COMPLAINT | {"files": []}
    answer = await api.http.post(
        "/api/v1/complaints", json=body, headers={"Idempotency-Key": spoilt.replace(" ", "-")}
    )
    assert answer.status_code == 201


async def test_a_citizen_adds_a_voice_and_the_unit_hears_it(api: Api) -> None:
    ticket = await api.file()
    voice = await upload(api, a_voice(), {"Content-Type": "audio/wav"})
    body = {"text": "听这个声音", "files": [voice["reference"]]}
    assert (await ticket.act("facts", ticket.citizen, body)).status_code == 200
    (seen,) = await listed(ticket, await api.officer())
    assert (seen["kind"], seen["thumbnail_url"]) == ("voice", None)
    assert (await listed(ticket, ticket.citizen))[0]["id"] == voice["id"]


async def test_what_was_refused_leaves_its_file_free(api: Api) -> None:
    ticket = await api.file()
    assert (await ticket.act("withdraw", ticket.citizen)).status_code == 200
    photo = await upload(api, a_photo())
    body = {"text": "还有一张", "files": [photo["reference"]]}
    assert problem(await ticket.act("facts", ticket.citizen, body)) == (409, "ticket_ended")
    assert await listed(ticket, ticket.citizen) == []
    other = await api.file(files=[photo["reference"]])
    assert len(await listed(other, other.citizen)) == 1


async def test_evidence_is_shown_to_the_citizen_with_the_answer(api: Api) -> None:
    ticket = await api.file()
    officer = await api.officer()
    after = await upload(api, a_photo(), officer, purpose="after")
    # The uploader may name it by its id alone; the unit's own record numbers are just stored.
    body = REPLY | {"evidence": [after["id"], "water/2026/118"]}
    assert (await ticket.complete(body=body)).status_code == 200
    await ticket.until_stage("rate")
    (seen,) = await listed(ticket, ticket.citizen)
    assert (seen["purpose"], seen["uploaded_by"]) == ("after", "officer")


async def test_evidence_of_a_second_handling_is_shown_with_its_answer_only(api: Api) -> None:
    ticket, officer = await api.file(), await api.officer()
    first = await upload(api, a_photo(), officer, purpose="after")
    body = REPLY | {"evidence": [first["id"]]}
    assert (await ticket.complete(body=body)).status_code == 200
    await ticket.until_stage("rate")
    bad = {"contacted": True, "resolved": False, "grade": 1}
    assert (await ticket.rate(bad)).status_code in (200, 202)
    shown = await ticket.until_stage("handle")
    assert (shown["reply"], shown["rating"]) == (None, None), "the rejected answer stands no more"
    called = {"reason": "需环保部门检测", "units": [{"unit": "environment", "task": "检测水质"}]}
    called["ground"] = "beyond_street"
    assert (await ticket.by_unit("whistle", called)).status_code == 200
    second = await upload(api, a_photo(), officer, purpose="after")
    body = REPLY | {"evidence": [second["id"]]}
    answer = await ticket.complete(2, body=body)  # the answer waits for the co-handler
    assert answer.status_code == 200, answer.text
    assert [file["id"] for file in await listed(ticket, ticket.citizen)] == [first["id"]]
    assert (await ticket.complete(3, "environment")).status_code == 200
    await ticket.until_stage("rate")
    assert {file["id"] for file in await listed(ticket, ticket.citizen)} == {
        first["id"],
        second["id"],
    }


async def test_what_units_show_each_other_is_not_the_citizens_to_see(api: Api) -> None:
    ticket = await api.file()
    called = {"reason": "需环保部门检测", "units": [{"unit": "environment", "task": "检测水质"}]}
    whistled = await ticket.by_unit("whistle", {"ground": "beyond_street"} | called)
    assert whistled.status_code == 200, whistled.text
    helper = await api.officer("environment")
    report = await upload(api, a_pdf(), helper, purpose="evidence")
    answer = await ticket.complete(2, "environment", REPLY | {"evidence": [report["id"]]})
    assert answer.status_code == 200, answer.text
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    assert await listed(ticket, ticket.citizen) == []
    assert [file["id"] for file in await listed(ticket, helper)] == [report["id"]]


async def test_an_unknown_file_is_no_evidence(api: Api) -> None:
    ticket = await api.file()
    answer = await ticket.complete(body=REPLY | {"evidence": [f"f{'1' * 32}"]})
    assert problem(answer) == (422, "unknown_file")
    assert "handled" not in await ticket.kinds()


async def test_another_officers_file_is_not_mine_to_name(api: Api) -> None:
    ticket = await api.file()
    theirs = await upload(api, a_photo(), await api.officer("housing"), purpose="after")
    answer = await ticket.complete(body=REPLY | {"evidence": [theirs["id"]]})
    assert problem(answer) == (422, "unknown_file")


async def test_nobody_hangs_files_on_tickets_they_do_not_see(api: Api) -> None:
    ticket = await api.file()
    stranger = await api.officer("housing")
    photo = await upload(api, a_photo(), stranger, purpose="evidence")
    body = {"step": "stop", "evidence": [photo["id"]]}
    assert problem(await ticket.act("step", stranger, body)) == (404, "ticket_not_found")
    assert await listed(ticket, await api.officer()) == []


async def test_a_ticket_has_so_many_files_and_no_more(engine: Engine, tmp_path: Path) -> None:
    async with serve_api(
        tmp_path, engine.store, engine.client, engine.packs, voices_per_ticket=1
    ) as api:
        two = [(await upload(api, a_voice()))["reference"] for _ in range(2)]
        answer = await api.http.post("/api/v1/complaints", json=COMPLAINT | {"files": two})
        assert problem(answer) == (422, "too_many_files")
        ticket = await api.file(files=two[:1])
        body = {"text": "再听", "files": two[1:]}
        refused = await ticket.act("facts", ticket.citizen, body)
        assert problem(refused) == (422, "too_many_files")


# --- who sees a ticket's files ----------------------------------------------------------------


async def test_a_stranger_sees_no_files(api: Api) -> None:
    photo = await upload(api, a_photo())
    ticket = await api.file(files=[photo["reference"]])
    for headers, refusal in (
        (await api.officer("housing"), (404, "ticket_not_found")),
        (ticket.stranger, (404, "ticket_not_found")),
        ({}, (401, "unauthenticated")),
    ):
        answer = await api.http.get(f"{ticket.path}/files", headers=headers)
        assert problem(answer) == refusal
    assert len(await listed(ticket, await api.token(Role.AUDITOR))) == 1


async def test_a_complaint_that_waits_for_the_engine_shows_its_files(engineless_api: Api) -> None:
    photo = await upload(engineless_api, a_photo())
    body = COMPLAINT | {"files": [photo["reference"]]}
    answer = await engineless_api.http.post("/api/v1/complaints", json=body)
    assert answer.status_code == 202
    ticket = Filed(engineless_api, answer.json())
    for headers in (ticket.citizen, await engineless_api.token(Role.DESK)):
        assert [file["id"] for file in await listed(ticket, headers)] == [photo["id"]]
    officer = await engineless_api.officer()
    unseen = await engineless_api.http.get(f"{ticket.path}/files", headers=officer)
    assert problem(unseen) == (404, "ticket_not_found")


async def _expire(api: Api, file_id: str) -> None:
    past = update(tables.file).where(tables.file.c.id == file_id)
    await api.store.change(past.values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
