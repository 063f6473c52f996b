"""Tests of the pages of grid workers, without a script, in both languages."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.grid_workers import CELL, HERE, OTHER, RULES, STREET, on_phone, written
from tests.support.media import a_photo
from tests.support.people import sign_in
from tests.support.staff_pages import AtDesk, at_desk, says

POINT = {"lat": str(HERE["lat"]), "lon": str(HERE["lon"])}


@pytest.fixture
async def gridded(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = city_with(tmp_path / "cities", grid=RULES)
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def at_work(api: Api, cell: str | None = CELL) -> AtDesk:
    await on_phone(api, cell=cell)
    return AtDesk(api, await sign_in(api, "grid.li", "a password of my own 3!"))


async def test_the_way_in_leads_workers_to_their_day_and_residents_to_signing_up(
    gridded: Api,
) -> None:
    worker = await at_work(gridded)
    assert (await worker.get("/grid")).headers["Location"] == "/staff/grid"
    assert (await worker.get("/staff")).headers["Location"] == "/staff/grid"
    assert (await gridded.http.get("/grid")).headers["Location"] == "/grid/join"
    officer = await at_desk(gridded, Role.OFFICER, STREET)
    assert (await officer.get("/staff/grid")).status_code == 403
    page = await officer.get("/staff/inbox")
    assert 'href="/staff/diaries"' in page.text
    bureau = await (await at_desk(gridded, Role.OFFICER, "water")).get("/staff/inbox")
    assert 'href="/staff/diaries"' not in bureau.text


async def test_each_form_is_taken_and_a_mistake_keeps_what_was_typed(gridded: Api) -> None:
    worker = await at_work(gridded)
    ident = {"id": "a" * 32}
    report = ident | {"kind": "report", "text": "路边有垃圾。", "area": STREET}
    lacking = await worker.post("/staff/grid", report | {"done": "已清走。"})
    assert lacking.status_code == 422
    assert "须有处置前、后照片各一张" in says(lacking)
    assert "路边有垃圾。" in lacking.text
    assert "已清走。" in lacking.text
    pair = [("before", ("b.jpg", a_photo(), "image/jpeg")), ("after", ("a.jpg", a_photo()))]
    kept = await worker.post("/staff/grid", report | {"done": "已清走。"}, pair)
    assert "已上报。" in says(kept)
    assert re.search(r'class="number">\d{13}<', kept.text)
    [sent] = await _sent(worker)
    assert "问题上报" in sent
    diary = {"id": "b" * 32, "kind": "diary", "text": "居民说路灯太暗。"}
    for _ in range(2):
        assert "已上报。" in says(await worker.post("/staff/grid", diary))
    assert len(await _sent(worker)) == 2, "two taps are one entry"
    huge = {"before": ("b.jpg", b"\xff\xd8\xff" + b"0" * 30_000_000, "image/jpeg")}
    refused = await worker.post("/staff/grid", report | {"id": "c" * 32}, huge)
    assert refused.status_code in (413, 422)


async def _sent(worker: AtDesk) -> list[str]:
    page = await worker.get("/staff/grid")
    return re.findall(r'<li data-id="[^"]*">(.*?)</li>', page.text, re.DOTALL)


async def test_whom_nobody_confirmed_is_told_so(gridded: Api) -> None:
    worker = await at_work(gridded, None)
    page = await worker.get("/staff/grid")
    assert page.status_code == 403
    assert "街道尚未确认您的网格员身份" in says(page)


async def test_a_resident_asks_and_the_street_decides(gridded: Api) -> None:
    asked = {"city": "tongzhou", "cell": STREET, "name": "测试居民", "phone": "1"}
    wrong = await gridded.http.post("/grid/join", data=asked)
    assert wrong.status_code == 422
    assert "测试居民" in wrong.text, "nothing that was typed is lost"
    done = await gridded.http.post("/grid/join", data=asked | {"phone": "13800138000"})
    assert "街道已收到您的报名" in says(done)
    street = await at_desk(gridded, Role.OFFICER, STREET)
    page = await street.get("/staff/grid-workers")
    assert "测试居民" in says(page)
    match = re.search(r'name="request" value="(\w+)"', page.text)
    assert match
    fields = {"request": match[1], "login": "Not A Name", "cell": CELL, "do": "confirm"}
    refused = await street.post("/staff/grid-workers/confirm", fields)
    assert refused.status_code == 422
    fields["login"] = "grid.wang"
    elsewhere = await street.post("/staff/grid-workers/confirm", fields | {"cell": OTHER})
    assert elsewhere.status_code == 403
    made = await street.post("/staff/grid-workers/confirm", fields)
    assert re.search(r"data-password>[^<]{8,}<", made.text), says(made)
    again = await street.get("/staff/grid-workers")
    assert "grid.wang" in says(again)
    assert "13800138000" not in again.text
    assert "data-password" not in again.text, "it is shown once"
    english = await gridded.http.get("/grid/join?lang=en")
    assert "Become a grid worker" in english.text


async def test_diaries_are_found_and_become_a_ticket_in_other_words(gridded: Api) -> None:
    phone = await on_phone(gridded)
    await phone.send(
        written("diary", text="李师傅说泵房夜里很响。"), written("diary", text="早上水压低。")
    )
    street = await at_desk(gridded, Role.OFFICER, STREET)
    assert "李师傅" not in (await street.get("/staff/diaries")).text, "nothing is read unasked"
    found = await street.post("/staff/diaries", {"words": "泵房", "days": "30"})
    assert "李师傅说泵房夜里很响。" in says(found)
    assert "早上水压低。" not in says(found)
    [entry] = re.findall(r'name="entry" value="(\w+)"', found.text)
    blank = re.search(r'<textarea[^>]*name="text"[^>]*>([^<]*)<', found.text)
    assert blank
    assert blank[1].strip() == "", "the words of an entry are not offered"
    copied = {"words": "泵房", "days": "30", "entry": entry, "text": "李师傅反映噪音。"}
    refused = await street.post("/staff/diaries/tickets", copied | {"key": "k" * 32})
    assert refused.status_code == 422
    assert "请重新概括" in says(refused)
    fields = copied | {"key": "k" * 32, "text": "请检查泵房的夜间噪音。"}
    filed = await street.post("/staff/diaries/tickets", fields)
    assert "已作为未诉先办立单" in says(filed)
    again = await street.post("/staff/diaries/tickets", fields | {"days": "many"})
    assert (again.status_code, "已作为未诉先办立单" in says(again)) == (200, True)
    wrong = await street.post("/staff/diaries/tickets", copied | {"days": "many"})
    assert wrong.status_code == 422


async def test_the_ticket_tells_who_looked_and_what_was_found(gridded: Api) -> None:
    ticket = await gridded.file(place=HERE)
    await ticket.until_stage("handle")
    officer = await at_desk(gridded, Role.OFFICER, "water")
    here = f"/staff/tickets/{ticket.number}/checks"
    fields = {"moment": "closing", "question": "河水还黑吗？", "key": "k" * 32}
    empty = await officer.post(here, fields | {"question": ""})
    assert empty.status_code == 422
    for _ in range(2):
        assert (await officer.post(here, fields)).status_code == 303
    assert (await officer.get(here)).text.count("<h2 id=") == 1, "two taps ask once"
    worker = await at_work(gridded)
    day = await worker.get("/staff/grid")
    assert "河水还黑吗？" in says(day)
    match = re.search(r'name="check" value="(\w+)"', day.text)
    assert match
    answer = {"id": "d" * 32, "kind": "check", "check": match[1], "seen": "done", **POINT}
    photo = {"photos": ("p.jpg", a_photo(), "image/jpeg")}
    assert "已上报。" in says(await worker.post("/staff/grid", answer, photo))
    seen = says(await officer.ticket(ticket))
    assert "请网格员现场核实" in seen
    assert "现场核实：已处理完毕" in seen
    assert "距现场 0 米" in says(await officer.get(here))
