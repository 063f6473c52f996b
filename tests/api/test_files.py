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
from tests.api.house import COMPLAINT, REPLY, Filed, House, open_house, problem
from tests.support.engine import Engine
from tests.support.media import a_pdf, a_photo, a_voice

UPLOAD = "/api/v1/files"


async def upload(
    house: House, content: bytes, headers: dict[str, str] | None = None, **params: str
) -> dict[str, Any]:
    answer = await house.http.post(UPLOAD, content=content, headers=headers, params=params)
    assert answer.status_code == 201, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


async def listed(ticket: Filed, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await ticket.house.http.get(f"{ticket.path}/files", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()
    return items


# --- with a complaint, with facts, as evidence ------------------------------------------------


async def test_a_photo_goes_with_a_complaint_and_the_unit_sees_it(house: House) -> None:
    photo = await upload(house, a_photo((800, 600)), {"Content-Type": "image/jpeg"})
    assert (photo["kind"], photo["media_type"]) == ("photo", "image/jpeg")
    ticket = await house.file(files=[photo["reference"]])
    (seen,) = await listed(ticket, await house.officer())
    assert (seen["id"], seen["uploaded_by"]) == (photo["id"], "citizen")
    answer = await house.http.get(seen["url"])
    assert Image.open(io.BytesIO(answer.content)).size == (800, 600)
    small = await house.http.get(seen["thumbnail_url"])
    assert Image.open(io.BytesIO(small.content)).size == (320, 240)
    assert (await listed(ticket, ticket.citizen))[0]["id"] == photo["id"]


async def test_the_ticket_holds_ids_and_no_proofs(house: House) -> None:
    photo = await upload(house, a_photo())
    ticket = await house.file(files=[photo["reference"]])
    await ticket.until_stage("handle")
    response = await house.http.get(ticket.path, headers=await house.token(Role.AUDITOR))
    assert response.json()["complaint"]["files"] == [photo["id"]]
    assert photo["reference"].partition(".")[2] not in response.text


async def test_the_same_complaint_again_keeps_its_files(house: House) -> None:
    photo = await upload(house, a_photo())
    body = COMPLAINT | {"files": [photo["reference"]]}
    key = {"Idempotency-Key": "with-a-photo"}
    first = await house.http.post("/api/v1/complaints", json=body, headers=key)
    again = await house.http.post("/api/v1/complaints", json=body, headers=key)
    assert first.json()["number"] == again.json()["number"]
    assert len(await listed(Filed(house, first.json()), await house.officer())) == 1


async def test_a_file_belongs_to_one_ticket(house: House) -> None:
    photo = await upload(house, a_photo())
    await house.file(files=[photo["reference"]])
    body = COMPLAINT | {"files": [photo["reference"]]}
    answer = await house.http.post("/api/v1/complaints", json=body)
    assert problem(answer) == (422, "unknown_file")


@pytest.mark.parametrize("spoilt", ["unknown", "unproven", "proven wrongly", "expired"])
async def test_a_complaint_that_names_a_file_wrongly_is_not_registered(
    house: House, spoilt: str
) -> None:
    photo = await upload(house, a_photo())
    reference = {
        "unknown": f"f{'0' * 32}",
        "unproven": photo["id"],
        "proven wrongly": photo["id"] + "." + "0" * 32,
        "expired": photo["reference"],
    }[spoilt]
    if spoilt == "expired":
        await _expire(house, photo["id"])
    body = COMPLAINT | {"files": [reference]}
    answer = await house.http.post(
        "/api/v1/complaints", json=body, headers={"Idempotency-Key": spoilt.replace(" ", "-")}
    )
    assert problem(answer) == (422, "unknown_file")
    # Nothing was registered: the same key is free for the complaint without the file.
    body = COMPLAINT | {"files": []}
    answer = await house.http.post(
        "/api/v1/complaints", json=body, headers={"Idempotency-Key": spoilt.replace(" ", "-")}
    )
    assert answer.status_code == 201


async def test_a_citizen_adds_a_voice_and_the_unit_hears_it(house: House) -> None:
    ticket = await house.file()
    voice = await upload(house, a_voice(), {"Content-Type": "audio/wav"})
    body = {"text": "听这个声音", "files": [voice["reference"]]}
    assert (await ticket.act("facts", ticket.citizen, body)).status_code == 200
    (seen,) = await listed(ticket, await house.officer())
    assert (seen["kind"], seen["thumbnail_url"]) == ("voice", None)
    assert (await listed(ticket, ticket.citizen))[0]["id"] == voice["id"]


async def test_what_was_refused_leaves_its_file_free(house: House) -> None:
    ticket = await house.file()
    assert (await ticket.act("withdraw", ticket.citizen)).status_code == 200
    photo = await upload(house, a_photo())
    body = {"text": "还有一张", "files": [photo["reference"]]}
    assert problem(await ticket.act("facts", ticket.citizen, body)) == (409, "ticket_ended")
    assert await listed(ticket, ticket.citizen) == []
    other = await house.file(files=[photo["reference"]])
    assert len(await listed(other, other.citizen)) == 1


async def test_evidence_is_shown_to_the_citizen_with_the_answer(house: House) -> None:
    ticket = await house.file()
    officer = await house.officer()
    after = await upload(house, a_photo(), officer, purpose="after")
    # The uploader may name it by its id alone; the unit's own record numbers are just stored.
    body = REPLY | {"evidence": [after["id"], "water/2026/118"]}
    assert (await ticket.complete(body=body)).status_code == 200
    await ticket.until_stage("rate")
    (seen,) = await listed(ticket, ticket.citizen)
    assert (seen["purpose"], seen["uploaded_by"]) == ("after", "officer")


async def test_what_units_show_each_other_is_not_the_citizens_to_see(house: House) -> None:
    ticket = await house.file()
    called = {"reason": "需环保部门检测", "units": [{"unit": "environment", "task": "检测水质"}]}
    whistled = await ticket.by_unit("whistle", {"ground": "beyond_street"} | called)
    assert whistled.status_code == 200, whistled.text
    helper = await house.officer("environment")
    report = await upload(house, a_pdf(), helper, purpose="evidence")
    answer = await ticket.complete(2, "environment", REPLY | {"evidence": [report["id"]]})
    assert answer.status_code == 200, answer.text
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    assert await listed(ticket, ticket.citizen) == []
    assert [file["id"] for file in await listed(ticket, helper)] == [report["id"]]


async def test_an_unknown_file_is_no_evidence(house: House) -> None:
    ticket = await house.file()
    answer = await ticket.complete(body=REPLY | {"evidence": [f"f{'1' * 32}"]})
    assert problem(answer) == (422, "unknown_file")
    assert "handled" not in await ticket.kinds()


async def test_another_officers_file_is_not_mine_to_name(house: House) -> None:
    ticket = await house.file()
    theirs = await upload(house, a_photo(), await house.officer("housing"), purpose="after")
    answer = await ticket.complete(body=REPLY | {"evidence": [theirs["id"]]})
    assert problem(answer) == (422, "unknown_file")


async def test_nobody_hangs_files_on_tickets_they_do_not_see(house: House) -> None:
    ticket = await house.file()
    stranger = await house.officer("housing")
    photo = await upload(house, a_photo(), stranger, purpose="evidence")
    body = {"step": "stop", "evidence": [photo["id"]]}
    assert problem(await ticket.act("step", stranger, body)) == (404, "ticket_not_found")
    assert await listed(ticket, await house.officer()) == []


async def test_a_ticket_has_so_many_files_and_no_more(engine: Engine, tmp_path: Path) -> None:
    async with open_house(
        tmp_path, engine.store, engine.client, engine.packs, voices_per_ticket=1
    ) as house:
        two = [(await upload(house, a_voice()))["reference"] for _ in range(2)]
        answer = await house.http.post("/api/v1/complaints", json=COMPLAINT | {"files": two})
        assert problem(answer) == (422, "too_many_files")
        ticket = await house.file(files=two[:1])
        body = {"text": "再听", "files": two[1:]}
        refused = await ticket.act("facts", ticket.citizen, body)
        assert problem(refused) == (422, "too_many_files")


# --- who sees a ticket's files ----------------------------------------------------------------


async def test_a_stranger_sees_no_files(house: House) -> None:
    photo = await upload(house, a_photo())
    ticket = await house.file(files=[photo["reference"]])
    for headers, refusal in (
        (await house.officer("housing"), (404, "ticket_not_found")),
        (ticket.stranger, (404, "ticket_not_found")),
        ({}, (401, "unauthenticated")),
    ):
        answer = await house.http.get(f"{ticket.path}/files", headers=headers)
        assert problem(answer) == refusal
    assert len(await listed(ticket, await house.token(Role.AUDITOR))) == 1


async def test_a_complaint_that_waits_for_the_engine_shows_its_files(lonely_house: House) -> None:
    photo = await upload(lonely_house, a_photo())
    body = COMPLAINT | {"files": [photo["reference"]]}
    answer = await lonely_house.http.post("/api/v1/complaints", json=body)
    assert answer.status_code == 202
    ticket = Filed(lonely_house, answer.json())
    for headers in (ticket.citizen, await lonely_house.token(Role.DESK)):
        assert [file["id"] for file in await listed(ticket, headers)] == [photo["id"]]
    officer = await lonely_house.officer()
    unseen = await lonely_house.http.get(f"{ticket.path}/files", headers=officer)
    assert problem(unseen) == (404, "ticket_not_found")


async def _expire(house: House, file_id: str) -> None:
    past = update(tables.file).where(tables.file.c.id == file_id)
    await house.store.change(past.values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
