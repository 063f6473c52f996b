"""Tests of files in action forms: sent with the form, retained on a fault, never twice."""

import html
import re

import httpx

from domain.actors import Role
from tests.api.running_api import Api
from tests.support.media import a_pdf, a_photo
from tests.support.staff_pages import at_desk, refused


def _stored_files(page: httpx.Response) -> list[str]:
    return re.findall(r'name="kept" value="(f[0-9a-f]{32})" checked', page.text)


async def test_photos_go_with_the_answer_and_are_shown(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.OFFICER, "water")
    assert 'enctype="multipart/form-data"' in (await who.ticket(ticket, do="complete")).text
    files = [
        ("evidence", ("after.jpg", a_photo(), "image/jpeg")),
        ("evidence", ("paper.pdf", a_pdf(), "application/pdf")),
    ]
    fields = {"reply": "已清淤。", "resolved": "yes", "records": "派工单 7\n派工单 8"}
    assert await who.done(ticket, "complete", fields, files) == "办理结果已提交。"
    result = (await ticket.seen_by_staff())["assignments"][0]["result"]
    assert len(result["evidence"]) == 4
    assert result["evidence"][2:] == ["派工单 7", "派工单 8"]
    page = await who.ticket(ticket)
    links = [html.unescape(link) for link in re.findall(r'(?:href|src)="(/api/[^"]+)"', page.text)]
    assert len(links) == 3
    for link in links:
        assert (await api.http.get(link)).status_code == 200


async def test_a_file_that_is_refused_says_so_and_the_others_are_kept(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.OFFICER, "water")
    files = [
        ("evidence", ("good.jpg", a_photo(), "image/jpeg")),
        ("evidence", ("bad.exe", b"MZ\x90\x00 nothing to see", "application/octet-stream")),
    ]
    fields = {"reply": "已清淤。", "resolved": "yes"}
    page = await who.do(ticket, "complete", fields, files)
    assert page.status_code == 422
    assert "bad.exe" in refused(page)
    assert "已清淤。</textarea>" in page.text
    stored = _stored_files(page)
    assert len(stored) == 1
    assert "handled" not in await ticket.kinds()
    assert await who.done(ticket, "complete", fields | {"kept": stored})
    assert (await ticket.seen_by_staff())["assignments"][0]["result"]["evidence"] == stored


async def test_nobody_attaches_what_another_has_uploaded(api: Api) -> None:
    ticket = await api.file()
    one = await at_desk(api, Role.OFFICER, "water")
    other = await at_desk(api, Role.OFFICER, "water")
    photo = [("evidence", ("a.jpg", a_photo(), "image/jpeg"))]
    page = await one.do(ticket, "complete", {"reply": ""}, photo)
    (stored,) = _stored_files(page)
    stolen = await other.do(
        ticket, "complete", {"reply": "好。", "resolved": "yes", "kept": stored}
    )
    assert stolen.status_code == 422
    assert _stored_files(stolen) == []
    assert "handled" not in await ticket.kinds()


async def test_a_form_with_a_photo_sent_twice_is_done_once_with_one_photo(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.DESK)
    fields = {"text": "补一张照片。", "key": "c" * 32}
    photo = [("files", ("a.jpg", a_photo(), "image/jpeg"))]
    for _ in range(2):
        assert await who.done(ticket, "facts", fields, photo) == "已补充。"
    assert (await ticket.kinds()).count("facts_added") == 1
    page = await who.ticket(ticket)
    assert page.text.count("/thumbnail?") == 1
