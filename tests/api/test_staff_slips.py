"""Tests of batches of slips on pages: read, corrected in place, filed together, once."""

import io
import re
import zipfile

import httpx
import openpyxl

from app.imports.slips import MOST
from domain.actors import Role
from store.db.import_tables import slip
from tests.api.running_api import Api, problem
from tests.support.people import signed_in
from tests.support.staff_pages import AtDesk, says

BATCHES = "/staff/batches"
HEAD = "诉求内容,类别,街道,地点,姓名,电话,日期"
GOOD = "路灯不亮,0204,北苑街道,新华西街,,13800001234,2026-01-05"


async def at_desk(api: Api, role: Role = Role.DESK, language: str = "zh") -> AtDesk:
    return AtDesk(api, await signed_in(api, role), language)


def counts(page: httpx.Response) -> tuple[int, ...]:
    """Return how many rows there are, are filed, can be filed, and are wrong."""
    match = re.search(r'data-counts="([\d ]+)"', page.text)
    assert match is not None, says(page)
    return tuple(map(int, match[1].split()))


def filed(page: httpx.Response) -> list[str]:
    return re.findall(r'data-filed="(\d{13})"', page.text)


async def read(desk: AtDesk, *rows: str, key: str = "k1") -> str:
    sheet = "\n".join([HEAD, *rows])
    fields = {"key": key, "city": "tongzhou", "channel": "offline", "kind": "complaint"}
    answer = await desk.post(BATCHES, fields | {"sheet": sheet})
    assert answer.status_code == 303, says(answer)
    return answer.headers["Location"]


async def press(desk: AtDesk, batch: str, do: str, **typed: str) -> httpx.Response:
    answer = await desk.post(batch, {"do": do} | typed)
    assert answer.status_code == 303, says(answer)
    return await desk.get(answer.headers["Location"])


async def test_rows_are_marked_corrected_and_filed(api: Api) -> None:
    desk = await at_desk(api)
    batch = await read(desk, GOOD, "河水发臭,不存在,,,,call me,2999-01-01", ",0204,,,,,", GOOD)
    page = await desk.get(batch)
    assert counts(page) == (4, 0, 2, 2)
    for fault in ("category-2", "on-2", "text-3"):
        assert f'id="e-{fault}"' in page.text, fault
    page = await press(desk, batch, "file")
    assert counts(page) == (4, 2, 0, 2)
    page = await press(
        desk, batch, "save", rows="2,3", **{"text-2": "河水发臭", "phone-2": "call me"}
    )
    assert 'id="e-phone-2"' in page.text
    assert counts(page) == (4, 2, 0, 2)
    page = await press(
        desk, batch, "file", rows="2,3", **{"text-2": "河水发臭", "text-3": "公厕没有水"}
    )
    assert counts(page) == (4, 4, 0, 0)
    assert len(set(filed(page))) == 4
    first = await api.http.get(
        f"/api/v1/tickets/{filed(page)[0]}", headers=await api.token(Role.ADMIN)
    )
    complaint = first.json()["complaint"]
    assert complaint["channel"] == "offline"
    assert complaint["text"].endswith("（填写日期：2026-01-05）")
    assert complaint["taken_over_at"] is None


async def test_a_batch_sent_twice_is_one(api: Api) -> None:
    desk = await at_desk(api)
    batch = await read(desk, GOOD, GOOD)
    assert await read(desk, GOOD, GOOD) == batch
    numbers = filed(await press(desk, batch, "file"))
    assert filed(await press(desk, batch, "file")) == numbers
    listed = await api.http.get("/api/v1/tickets", headers=await api.token(Role.ADMIN))
    assert sorted(one["number"] for one in listed.json()["items"]) == sorted(numbers)
    assert await read(desk, GOOD, key="k2") != batch


async def test_receipts_have_the_codes_of_the_citizens(api: Api) -> None:
    desk = await at_desk(api)
    batch = await read(desk, GOOD)
    (number,) = filed(await press(desk, batch, "file"))
    receipts = await desk.get(f"{batch}/receipts")
    code = re.search(r'<td class="number">(\d{8})</td>', receipts.text)
    assert code is not None
    seen = await api.http.get(f"/api/v1/tickets/{number}", headers={"Access-Code": code[1]})
    assert seen.status_code == 200


async def test_a_workbook_is_read_like_a_sheet(api: Api) -> None:
    desk, book, content = await at_desk(api), openpyxl.Workbook(), io.BytesIO()
    page = book.worksheets[0]
    page.append(["诉求内容", "联系电话", "日期"])
    page.append(["公厕没有水", 13800001234, "2026年1月5日"])
    book.save(content)
    fields = {"key": "x", "city": "tongzhou", "channel": "offline", "kind": "complaint"}
    answer = await desk.post(
        BATCHES, fields, {"file": ("slips.xlsx", content.getvalue(), "application/zip")}
    )
    assert answer.status_code == 303, says(answer)
    assert counts(await desk.get(answer.headers["Location"])) == (1, 0, 1, 0)


async def test_what_is_no_table_or_too_much_is_said(api: Api) -> None:
    desk = await at_desk(api)
    fields = {"key": "x", "city": "tongzhou", "sheet": ""}
    for content in (b"PK\x03\x04\xff", b"\xff\xff\x80", b""):
        answer = await desk.post(BATCHES, fields, {"file": ("x.xlsx", content, "application/zip")})
        assert (answer.status_code, 'href="#f-sheet"' in answer.text) == (422, True), content
    many = "\n".join(f"第{n}件" for n in range(MOST + 1))
    answer = await desk.post(BATCHES, fields | {"sheet": many})
    assert (answer.status_code, 'href="#f-sheet"' in answer.text) == (422, True)


def workbook(*rows: list[str]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    book.save(content)
    return content.getvalue()


def altered(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """Return a workbook of which one part is written otherwise."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            said = before.read(name)
            if name == part:
                assert old in said
                said = said.replace(old, new)
            after.writestr(name, said)
    return result.getvalue()


async def upload(desk: AtDesk, content: bytes) -> httpx.Response:
    fields = {"key": "x", "city": "tongzhou", "sheet": ""}
    return await desk.post(BATCHES, fields, {"file": ("x.xlsx", content, "application/zip")})


async def test_no_row_of_a_workbook_is_lost_in_silence(api: Api) -> None:
    desk = await at_desk(api)
    wide = [["诉求内容", "类别"], ["路灯不亮", "0204"], ["河水发臭", "", "另有一格"]]
    answer = await upload(desk, workbook(*wide))
    assert answer.status_code == 303, says(answer)
    assert counts(await desk.get(answer.headers["Location"]))[0] == 2
    bare = [["路灯不亮", "0204"], ["河水发臭", "", "", "新华西街", "", "13800001234"]]
    answer = await upload(desk, workbook(*bare))
    page = await desk.get(f"{answer.headers['Location']}?row=2")
    assert (counts(page)[0], "新华西街" in page.text) == (2, True)


async def test_a_poisoned_workbook_is_refused_and_costs_little(api: Api) -> None:
    desk = await at_desk(api)
    book = workbook(["诉求内容"], ["路灯不亮"])
    sheet = "xl/worksheets/sheet1.xml"
    far = altered(book, sheet, b'<row r="2"', b'<row r="999999999999"')
    broken = altered(book, sheet, b"</sheetData>", b"<row r='x'><c></row></sheetData>")
    cells = altered(book, sheet, b"</sheetData>", b" " * (40 * 2**20) + b"</sheetData>")
    styles = altered(book, "xl/styles.xml", b"</styleSheet>", b" " * 2**24 + b"</styleSheet>")
    for name, content in (("far", far), ("broken", broken), ("cells", cells), ("styles", styles)):
        answer = await upload(desk, content)
        assert (answer.status_code, 'href="#f-sheet"' in answer.text) == (422, True), name


async def test_a_batch_is_its_owners_alone(api: Api) -> None:
    desk, other = await at_desk(api), await at_desk(api, Role.DISPATCHER)
    batch = await read(desk, GOOD)
    assert (await other.get(batch)).status_code == 404
    assert (await other.post(batch, {"do": "file"})).status_code == 404
    assert (await other.get(f"{batch}/receipts")).status_code == 404
    assert batch not in (await other.get(BATCHES, city="tongzhou")).text
    assert batch in (await desk.get(BATCHES, city="tongzhou")).text
    for role in (Role.AUDITOR, Role.ADMIN):
        auditor = await at_desk(api, role)
        assert (await auditor.get(BATCHES)).status_code == 403
    assert (await desk.get(f"{BATCHES}/nonsense")).status_code == 404


async def test_nothing_of_a_slip_is_readable_in_the_store(api: Api) -> None:
    desk = await at_desk(api)
    batch = (await read(desk, GOOD)).rpartition("/")[2]
    rows = await api.store.rows(slip.select().where(slip.c.batch == batch))
    assert all(b"13800001234" not in row.sealed for row in rows)
    await press(desk, f"{BATCHES}/{batch}", "file")
    rows = await api.store.rows(slip.select().where(slip.c.batch == batch))
    assert [row.sealed for row in rows] == [None]


async def test_a_program_files_a_batch_and_is_answered_row_by_row(api: Api) -> None:
    path, headers = "/api/v1/cities/tongzhou/slips", await api.token(Role.DESK)
    body = {"rows": [{"text": "路灯不亮", "on": "2026-01-05"}, {"text": "x", "category": "不存在"}]}
    answers = [
        await api.http.post(path, json=body, headers=headers | {"Idempotency-Key": "one"})
        for _ in range(2)
    ]
    first, again = [answer.json() for answer in answers]
    assert first == again
    good, bad = first["items"]
    assert (good["n"], len(good["number"]), len(good["access_code"])) == (1, 13, 8)
    assert (bad["number"], bad["faults"]) == (None, {"category": "unknown_category"})
    other = {"rows": [{"text": "别的事"}]}
    reused = await api.http.post(path, json=other, headers=headers | {"Idempotency-Key": "one"})
    assert problem(reused) == (422, "idempotency_key_reused")
    missing = await api.http.post(path, json=body, headers=headers)
    assert missing.status_code == 422
