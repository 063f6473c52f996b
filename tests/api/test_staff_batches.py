"""Tests of batch registration and merging on pages."""

import random
import re
from datetime import date
from typing import Any

import httpx
import pytest

from api.pages.desk.batch import MOST, day_of, read
from domain.actors import Role
from tests.api.running_api import Api
from tests.support.people import SignedIn, signed_in
from tests.support.staff_pages import hidden, shown_again

PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
RIVER = "北苑街道新华西街的河水又黑又臭，请尽快治理。"


async def press(
    api: Api, who: SignedIn, do: str, files: Any = None, key: str = "k1", **typed: str
) -> httpx.Response:
    fields = {
        "csrf": who.csrf, "key": key, "city": "tongzhou", "kind": "complaint",
        "channel": "offline", "do": do,
    }  # fmt: skip
    return await api.http.post(
        "/staff/register", data=fields | typed, files=files, headers=PEOPLE | who.cookie
    )


def filed(page: httpx.Response) -> list[str]:
    return re.findall(r'data-filed="(\d{13})"', page.text)


def typed_in(page: httpx.Response, name: str) -> str:
    match = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)
    return match[1] if match else ""


async def test_good_rows_are_filed_and_bad_ones_kept(api: Api) -> None:
    who = await signed_in(api)
    opened = await api.http.get("/staff/register?city=tongzhou", headers=PEOPLE | who.cookie)
    assert opened.text.count("<textarea") == 6
    rows = {
        "rows": "4",
        "text-0": RIVER, "key-0": "r0", "on-0": "2026-01-05", "phone-0": "13800001234",
        "text-1": "路灯不亮", "key-1": "r1", "category-1": "不存在", "on-1": "2999-01-01",
        "text-3": "公厕没有水", "key-3": "r3", "category-3": "0106", "area-3": "北苑街道",
    }  # fmt: skip
    page = await press(api, who, "file", **rows)
    assert page.status_code == 422
    numbers = filed(page)
    assert len(numbers) == 2
    assert "路灯不亮" in page.text
    assert 'id="e-category-0"' in page.text
    assert typed_in(page, "key-0") == "r1"
    again = await press(api, who, "file", **rows)
    assert filed(again) == numbers
    mended = {"rows": "1", "text-0": "路灯不亮", "key-0": "r1", "category-0": "0204"}
    page = await press(api, who, "file", **mended)
    assert page.status_code == 200
    assert len(filed(page)) == 1
    headers = await api.token(Role.ADMIN)
    first = await api.http.get(f"/api/v1/tickets/{numbers[0]}", headers=headers)
    complaint = first.json()["complaint"]
    assert complaint["channel"] == "offline"
    assert complaint["text"].endswith("（填写日期：2026-01-05）")
    assert complaint["person"]
    listed = await api.http.get("/api/v1/tickets", headers=headers)
    assert len(listed.json()["items"]) == 3


async def test_a_day_to_come_is_no_day_to_write_on(api: Api) -> None:
    who = await signed_in(api)
    for day in ("2999-01-01", "昨天"):
        page = await press(api, who, "file", **{"rows": "1", "text-0": RIVER, "on-0": day})
        assert (page.status_code, 'id="e-on-0"' in page.text) == (422, True), day
        assert filed(page) == []


async def test_a_sheet_is_pasted_or_uploaded(api: Api) -> None:
    who = await signed_in(api)
    sheet = "诉求内容\t联系电话\t备用\t街道\n河水发臭\t13800001234\tx\t北苑街道\n\n路灯不亮\t\t\t"
    page = await press(api, who, "read", rows="1", sheet=sheet)
    assert page.status_code == 200
    assert typed_in(page, "phone-0") == "13800001234"
    assert typed_in(page, "area-0") == "北苑街道"
    assert typed_in(page, "rows") == "2"
    assert filed(page) == []
    for encoding in ("utf-8", "gb18030"):
        csv = {"file": ("box.csv", "公厕没有水,0106,北苑街道\n".encode(encoding), "text/csv")}
        page = await press(api, who, "read", files=csv, rows="0")
        assert typed_in(page, "category-0") == "0106", encoding
        assert "公厕没有水" in page.text
    nonsense = {"file": ("box.xlsx", b"PK\x03\x04\xff\xff\x80", "application/zip")}
    page = await press(api, who, "read", files=nonsense, rows="0")
    assert (page.status_code, 'id="e-sheet"' in page.text) == (422, True)
    many = "\n".join(f"第{n}件\t" for n in range(300))
    page = await press(api, who, "read", rows="0", sheet=many)
    assert (page.status_code, typed_in(page, "rows")) == (422, "200")
    page = await press(api, who, "more", **{"rows": "1", "text-0": "留着"})
    assert ("留着" in page.text, typed_in(page, "rows")) == (True, "6")


async def test_only_the_desk_registers(api: Api) -> None:
    who = await signed_in(api, Role.AUDITOR)
    assert (await press(api, who, "more")).status_code == 403


# --- merging ----------------------------------------------------------------------------------

PLACE = {"address": "新华西街东门", "area": "110112003"}


async def show(api: Api, who: SignedIn, query: str = "") -> httpx.Response:
    address = f"/staff/merge?city=tongzhou{query}"
    return await api.http.get(address, headers=PEOPLE | who.cookie)


async def merge(api: Api, who: SignedIn, path: str = "", **typed: str) -> httpx.Response:
    fields = {"csrf": who.csrf, "key": "k1"} | typed
    address = f"/staff/merge{path}"
    return await api.http.post(address, data=fields, headers=PEOPLE | who.cookie)


async def test_two_are_compared_and_merged_and_part_again(api: Api) -> None:
    one = await api.file(place=PLACE, city="tongzhou")
    two = await api.file(place=PLACE, text="河又臭了，晚上更重。")
    for ticket in (one, two):
        await ticket.until_stage("handle")
    who = await signed_in(api, Role.DISPATCHER)
    crowd = await show(api, who)
    assert f"/staff/merge?a={max(one.number, two.number)}" in crowd.text
    alone = await show(api, who, f"&a={one.number}")
    assert two.number in alone.text
    assert "同一地点" in alone.text
    page = await show(api, who, f"&a={one.number}&b={two.number}")
    assert page.text.count('class="differs"') >= 1
    fields = {"a": one.number, "b": two.number, "reason": "同一河段"}
    no_parent = await merge(api, who, **fields)
    assert (no_parent.status_code, 'id="e-parent"' in no_parent.text) == (422, True)
    no_word = await merge(api, who, a=one.number, b=two.number, parent=one.number)
    assert (no_word.status_code, 'id="e-reason"' in no_word.text) == (422, True)
    done = await merge(api, who, **fields, parent=one.number)
    assert done.status_code == 303, done.text
    assert (await two.seen_by_staff())["parent"] == one.number
    again = await merge(api, who, **fields, parent=one.number)
    assert again.status_code == 303
    await two.until_stage("merged")
    parted = {"a": one.number, "b": two.number, "number": two.number, "key": "k2"}
    assert (await merge(api, who, "/unmerge", **parted)).status_code == 422
    gone = await merge(api, who, "/unmerge", **parted, reason="不是一处")
    assert gone.status_code == 303
    assert (await two.seen_by_staff())["parent"] is None


async def test_what_cannot_be_merged_is_said_of_each(api: Api) -> None:
    one = await api.file(place=PLACE)
    two = await api.handled()
    await one.until_stage("handle")
    who = await signed_in(api, Role.DISPATCHER)
    fields = {"a": one.number, "b": two.number, "parent": one.number, "reason": "同一河段"}
    page = await merge(api, who, **fields)
    assert page.status_code == 409
    assert "同一河段" in page.text
    assert (await one.seen_by_staff())["complainants"] == []
    unknown = await show(api, who, "&a=2603021234560&b=12")
    assert (unknown.status_code, 'id="e-a"' in unknown.text) == (200, True)
    elsewhere = await signed_in(api, Role.DISPATCHER, city="heping")
    address = f"/staff/merge?a={one.number}"
    hidden = await api.http.get(address, headers=PEOPLE | elsewhere.cookie)
    assert 'id="e-a"' in hidden.text
    assert "河水" not in hidden.text


# --- what a browser sends -------------------------------------------------------------------------


async def sent_by_browser(
    api: Api, who: SignedIn | None, path: str, fields: dict[str, str]
) -> httpx.Response:
    """Send a form as a browser sends one with a field for files."""
    csrf = {"csrf": who.csrf} if who else {}
    parts: Any = [(name, (None, value)) for name, value in (csrf | fields).items()]
    headers = PEOPLE | (who.cookie if who else {})
    return await api.http.post(path, files=parts, headers=headers)


def full_rows(count: int, length: int = 4000) -> dict[str, str]:
    rows: dict[str, str] = {"rows": str(count)}
    for n in range(count):
        begins = f"第{n}行，"
        rows |= {
            f"text-{n}": begins + "水" * (length - len(begins)), f"key-{n}": f"r{n}",
            f"category-{n}": "不存在的事项", f"area-{n}": "北苑街道",
            f"address-{n}": "新华西街" * 20,
            f"name-{n}": "王小明", f"phone-{n}": "13800001234", f"on-{n}": "2026-01-05",
        }  # fmt: skip
    return rows


async def test_two_hundred_full_rows_are_taken_from_a_browser(api: Api) -> None:
    who = await signed_in(api)
    form = {"key": "k1", "city": "tongzhou", "kind": "complaint", "channel": "offline", "sheet": ""}
    rows = full_rows(MOST)
    page = await sent_by_browser(api, who, "/staff/register", form | rows | {"do": "file"})
    assert page.status_code == 422, "each names a subject that there is not, so none is filed"
    for n in (0, 99, 100, MOST - 1):
        assert f'id="e-category-{n}"' in page.text
        assert f"第{n}行，水" in page.text
    sheet = "\n".join("水" * 4000 for _ in range(MOST))
    page = await sent_by_browser(api, who, "/staff/register", form | {"sheet": sheet, "do": "read"})
    assert (page.status_code, page.text.count("<tr>") > MOST) == (200, True)


async def test_a_row_too_many_is_told(api: Api) -> None:
    who = await signed_in(api)
    form = {"key": "k1", "city": "tongzhou", "kind": "complaint", "channel": "offline", "sheet": ""}
    rows = full_rows(1, 20) | {"rows": str(MOST + 1)}
    page = await sent_by_browser(api, who, "/staff/register", form | rows | {"do": "more"})
    assert (page.status_code, str(MOST) in page.text) == (422, True)


async def test_a_long_call_is_not_lost_with_the_session(api: Api) -> None:
    who = await signed_in(api)
    text, answer = "河" * 4000, "答" * 4000
    call = {"city": "tongzhou", "text": text, "answer": answer, "title": "题" * 200, "do": "file"}
    kept = await sent_by_browser(api, None, "/staff/call", call)
    assert kept.status_code == 401
    assert 'enctype="multipart/form-data"' in kept.text, "else each letter takes nine bytes"
    carried = hidden(kept, "/staff/again")
    for path in ("/staff/sign-in", "/staff/again"):
        again = await sent_by_browser(
            api, None, path, carried | {"name": who.name, "password": "x"}
        )
        assert (again.status_code, hidden(again, "/staff/again")) == (401, carried)
    again = await shown_again(api, kept, who)
    assert (again.status_code, text in again.text, answer in again.text) == (200, True, True)
    assert 'enctype="multipart/form-data"' in again.text


# --- cells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "texts"),
    [
        ('"路灯坏了\t0204\n河水发臭\t0301', ['"路灯坏了', "河水发臭"]),
        ('"路灯坏了,0204\n河水发臭,0301', ['"路灯坏了', "河水发臭"]),
        ('"路灯"坏了\t0204\n河水发臭\t0301', ['"路灯"坏了', "河水发臭"]),
        ('"路灯坏了\t0204\n"河水发臭\t0301', ['"路灯坏了', '"河水发臭']),
        ('"路灯坏了\t0204\n他说"好"\t0301', ['"路灯坏了', '他说"好"']),
        ('"甲\t1\n乙"\t2', ['"甲', '乙"']),
        ('"路灯坏了\n第二行"\t0204\n河水发臭\t', ["路灯坏了\n第二行", "河水发臭"]),
        ('"一,二",0204\n三,0301', ["一,二", "三"]),
        ('"他说""好""",0204\n三,0301', ['他说"好"', "三"]),
        ('"\t\n河水发臭\t', ['"', "河水发臭"]),
        ('""\t0204\n河水发臭\t', ["", "河水发臭"]),
        ('"', ['"']),
        ("“路灯”坏了\t0204", ["“路灯”坏了"]),
        ("\u200b\t\u3000\n河水发臭\t", ["河水发臭"]),
    ],
)
def test_a_quotation_mark_swallows_no_rows(sheet: str, texts: list[str]) -> None:
    assert [row["text"] for row in read(sheet)] == texts


def test_random_texts_come_back_as_they_were_written() -> None:
    dice = random.Random(0)
    for separator in "\t,":
        for _ in range(300):
            texts = ["".join(dice.choices('甲乙"，a', k=dice.randint(1, 6))) for _ in range(4)]
            lines = [f"{text}{separator}0204" for text in texts if not text.endswith('"')]
            assert len(read("\n".join(lines))) == len(lines), lines
            written = [
                separator.join(f'"{text.replace(chr(34), chr(34) * 2)}"' for text in (one, "0204"))
                for one in texts
            ]
            assert [row["text"] for row in read("\n".join(written))] == texts


@pytest.mark.parametrize(
    "written",
    ["2026-03-05", "2026/3/5", "2026.3.5", "20260305", "2026年3月5日", "２０２６年３月５日",
     "2026年 3月 5号", "2026-3-5 10:30", "2026/03/05 10:30:00", "2026-03-05T10:30",
     "\u200b2026/3/5", "2026-03-05日"],
)  # fmt: skip
def test_a_day_is_understood_as_spreadsheets_write_it(written: str) -> None:
    assert day_of(written) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "written",
    ["", "3月5日", "5/3/2026", "2026/13/5", "2026-02-30", "46086", "昨天", "2026", "20261305"],
)
def test_what_is_no_day_is_none(written: str) -> None:
    assert day_of(written) is None


async def test_a_pasted_day_is_shown_or_refused_and_never_dropped(api: Api) -> None:
    who = await signed_in(api)
    sheet = "诉求内容\t日期\n甲\t2026/3/5\n乙\t2026年3月5日\n丙\t3月5日"
    page = await press(api, who, "read", sheet=sheet, rows="0")
    assert [typed_in(page, f"on-{n}") for n in range(3)] == ["2026-03-05", "2026-03-05", "3月5日"]
    other = re.search(r'<input[^>]*name="on-2"[^>]*>', page.text)
    assert other is not None
    assert 'type="date"' not in other[0], "a browser shows nothing of it in a field for dates"
    page = await press(api, who, "file", **{"rows": "1", "text-0": "丙", "on-0": "3月5日"})
    assert page.status_code == 422
    assert "2026-03-05" in page.text, "how to write it is said"
