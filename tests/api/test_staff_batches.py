"""Tests of batch registration and merging on pages."""

import re
from typing import Any

import httpx

from domain.actors import Role
from tests.api.running_api import Api
from tests.support.people import SignedIn, signed_in

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
