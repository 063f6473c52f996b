"""Tests of the call screen: filed once, answered at once or added, without JavaScript."""

import html
import re
from typing import Any

import httpx
import pytest

from domain.actors import Role
from tests.api.running_api import Api
from tests.support.media import a_pdf, a_photo
from tests.support.people import SignedIn, signed_in

PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
RIVER = "北苑街道新华西街的河水又黑又臭，请尽快治理。"
PHONE = "13800001234"
PHOTO = ("files", ("river.jpg", a_photo(), "image/jpeg"))
PAPER = ("files", ("letter.pdf", a_pdf(), "application/pdf"))
PROGRAM = ("files", ("bad.exe", b"MZ\x90\x00 nothing to see", "application/octet-stream"))


def hidden(page: httpx.Response, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert match, page.text
    return html.unescape(match[1])


async def screen(api: Api, who: SignedIn, **more: str) -> httpx.Response:
    return await api.http.get("/staff/call", headers=PEOPLE | who.cookie | more)


async def press(
    api: Api, who: SignedIn, do: str, key: str = "k1", files: Any = None, **typed: Any
) -> httpx.Response:
    fields: dict[str, Any] = {
        "csrf": who.csrf, "key": key, "city": "tongzhou", "kind": "complaint",
        "channel": "hotline", "purpose": "来电查询", "outcome": "answered", "do": do,
    }  # fmt: skip
    return await api.http.post(
        "/staff/call", data=fields | typed, files=files, headers=PEOPLE | who.cookie
    )


def number_of(page: httpx.Response) -> str:
    match = re.search(r'data-number="(\d{13})"', page.text)
    assert match, page.text
    return match[1]


def retained_files(page: httpx.Response) -> list[str]:
    """Return the files that the form retains."""
    return re.findall(r'name="kept" value="(f[0-9a-f]{32})" checked', page.text)


async def files_of(api: Api, number: str) -> list[tuple[str, str]]:
    """Return kind and purpose of the ticket's files."""
    answer = await api.http.get(
        f"/api/v1/tickets/{number}/files", headers=await api.token(Role.ADMIN)
    )
    assert answer.status_code == 200, answer.text
    return [(one["kind"], one["purpose"]) for one in answer.json()]


async def state(api: Api, number: str) -> dict[str, Any]:
    answer = await api.http.get(f"/api/v1/tickets/{number}", headers=await api.token(Role.ADMIN))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.must_work("tongzhou", "door-hotline")
async def test_a_call_becomes_one_ticket_however_often_it_is_sent(api: Api) -> None:
    who = await signed_in(api)
    opened = await screen(api, who)
    assert opened.status_code == 200
    key = hidden(opened, "key")
    fields = {"text": RIVER, "phone": PHONE, "name": "王小明", "area": "110112003 北苑街道"}
    first = await press(api, who, "file", key, **fields)
    assert first.status_code == 200
    again = await press(api, who, "file", key, **fields)
    number = number_of(first)
    assert number_of(again) == number
    ticket = await state(api, number)
    complaint = ticket["complaint"]
    assert complaint["channel"] == "hotline"
    assert complaint["title"] == "北苑街道：黑臭水体"
    assert complaint["place"]["area"] == "110112003"
    assert complaint["person"]
    assert PHONE not in first.text


async def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(api: Api) -> None:
    who = await signed_in(api)
    typed = {"text": RIVER, "category": "没有的分类", "area": "火星", "phone": PHONE}
    page = await press(api, who, "file", **typed)
    assert page.status_code == 422
    assert RIVER in page.text
    assert 'id="e-category"' in page.text
    assert 'id="e-area"' in page.text
    empty = await press(api, who, "file")
    assert (empty.status_code, 'id="e-text"' in empty.text) == (422, True)
    phone = await press(api, who, "file", text=RIVER, phone="abc")
    assert "电话号码不正确" in phone.text


async def test_a_subject_is_found_by_code_by_name_and_by_what_people_say(api: Api) -> None:
    who = await signed_in(api)
    for typed in ("0204", "路灯", "Street lamps", "0204 路灯"):
        page = await press(api, who, "file", f"k-{typed}", text="晚上看不清路", category=typed)
        assert (await state(api, number_of(page)))["complaint"]["category"] == "0204", typed
    response = await api.http.get(
        "/staff/call/categories",
        params={"category": "臭水沟", "city": "tongzhou"},
        headers=PEOPLE | who.cookie,
    )
    assert "0301 黑臭水体" in response.text
    assert "0204 路灯" not in response.text


async def test_while_it_is_typed_the_machine_says_what_it_knows(api: Api) -> None:
    who = await signed_in(api)
    other = await api.file(place={"address": "新华西街东门"})
    await other.until_stage("handle")
    fields = {"csrf": who.csrf, "city": "tongzhou", "text": RIVER, "address": "新华西街东门"}
    part = await api.http.post("/staff/call/suggestions", data=fields, headers=PEOPLE | who.cookie)
    assert part.status_code == 200
    assert "0301 黑臭水体" in part.text
    assert "水务局" in part.text
    assert other.number in part.text
    assert "水是什么颜色" in part.text
    assert "<!doctype" not in part.text
    away = {"csrf": who.csrf, "city": "tongzhou", "text": "发现疑似违建", "category": "0109"}
    part = await api.http.post("/staff/call/suggestions", data=away, headers=PEOPLE | who.cookie)
    assert "t.has_point || t.has_address" in part.text


async def test_who_calls_is_found_by_phone_behind_a_mask_and_that_is_written_down(
    api: Api,
) -> None:
    ticket = await api.file(contact={"phone": PHONE, "name": "王小明"})
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    who = await signed_in(api)
    page = await press(api, who, "caller", phone="138 0000 1234", text=RIVER, purpose="核对")
    assert page.status_code == 200
    assert ticket.number in page.text
    assert "王**" in page.text
    assert "王小明" not in page.text
    assert "已组织清淤" in page.text
    assert RIVER in page.text
    log = await api.http.get(f"{ticket.path}/views", headers=ticket.citizen)
    assert [(one["purpose"], one["fields"]) for one in log.json()["items"]] == [
        ("核对", ["search"])
    ]
    part = await api.http.post(
        "/staff/call/caller",
        data={"csrf": who.csrf, "city": "tongzhou", "phone": "abc", "purpose": "核对"},
        headers=PEOPLE | who.cookie,
    )
    assert (part.status_code, "电话号码不正确" in part.text) == (422, True)


async def test_the_same_problem_is_added_to_the_earlier_ticket_instead(api: Api) -> None:
    ticket = await api.file(contact={"phone": PHONE})
    await ticket.until_stage("handle")
    stranger = await api.file()
    who = await signed_in(api)
    page = await press(api, who, "caller", phone=PHONE, text="今天更臭了")
    earlier = hidden(page, "earlier")
    did = await press(api, who, f"same:facts:{ticket.number}", earlier=earlier, text="今天更臭了")
    assert did.status_code == 303
    assert did.headers["Location"] == f"/staff/call?done=facts&number={ticket.number}"
    assert (await ticket.kinds())[-1] == "facts_added"
    again = await press(api, who, f"same:facts:{ticket.number}", earlier=earlier, text="今天更臭了")
    assert again.status_code == 303
    assert (await ticket.kinds()).count("facts_added") == 1
    urged = await press(api, who, f"same:urge:{ticket.number}", earlier=earlier)
    assert urged.status_code == 303
    refused = await press(api, who, f"same:facts:{stranger.number}", earlier=earlier, text="x")
    assert refused.status_code == 404
    colleague = await signed_in(api)
    refused = await press(api, colleague, f"same:facts:{ticket.number}", earlier=earlier, text="x")
    assert refused.status_code == 404


async def test_a_question_is_answered_at_once_and_ends_with_it(api: Api) -> None:
    who = await signed_in(api)
    used = await press(api, who, "use:lamp-hours", text="路灯几点开？", category="0204")
    assert "路灯按日落日出时间开关" in used.text
    fields = {"text": "路灯几点开？", "category": "0204", "kind": "consultation"}
    nothing = await press(api, who, "answer", **fields)
    assert (nothing.status_code, 'id="e-answer"' in nothing.text) == (422, True)
    page = await press(api, who, "answer", answer="日落后开灯。", **fields)
    assert page.status_code == 200
    again = await press(api, who, "answer", answer="日落后开灯。", **fields)
    number = number_of(page)
    assert number_of(again) == number
    ticket = await state(api, number)
    assert (ticket["stage"], ticket["outcome"]) == ("ended", "answered")
    assert ticket["reply"] == "日落后开灯。"


async def test_what_the_desk_may_not_answer_is_filed_and_waits(api: Api) -> None:
    who = await signed_in(api)
    fields = {"text": RIVER, "category": "0301", "answer": "知道了"}
    page = await press(api, who, "answer", outcome="declined:no-such-reason", **fields)
    assert page.status_code == 200
    assert "未能记录答复" in page.text
    assert (await state(api, number_of(page)))["stage"] == "triage"


async def test_mine_is_the_same_as_that_one_is_written_for_the_dispatcher(api: Api) -> None:
    other = await api.file()
    who = await signed_in(api)
    page = await press(api, who, "file", text=RIVER, same=other.number)
    value = (await state(api, number_of(page)))["complaint"]["text"]
    assert value.endswith(f"（与工单 {other.number} 反映同一问题）")


# --- photos and documents -----------------------------------------------------------------------


async def test_files_go_with_the_ticket_once_however_often_it_is_sent(api: Api) -> None:
    who = await signed_in(api)
    assert 'enctype="multipart/form-data"' in (await screen(api, who)).text
    filed = [await press(api, who, "file", files=[PHOTO, PAPER], text=RIVER) for _ in range(2)]
    number, again = (number_of(page) for page in filed)
    assert again == number
    pairs = await files_of(api, number)
    assert sorted(pairs) == [("document", "complaint"), ("photo", "complaint")]
    assert len((await state(api, number))["complaint"]["files"]) == 2
    page = await api.http.get(f"/staff/tickets/{number}", headers=PEOPLE | who.cookie)
    assert "/thumbnail?" in page.text


async def test_a_file_that_is_refused_is_named_beside_its_field_and_all_else_is_kept(
    api: Api,
) -> None:
    who = await signed_in(api)
    typed = {
        "text": RIVER, "phone": PHONE, "name": "王小明", "title": "河水",
        "category": "0301 黑臭水体",
        "area": "110112003 北苑街道", "address": "新华西街", "answer": "马上派人。",
    }  # fmt: skip
    page = await press(api, who, "file", files=[PROGRAM, PHOTO], **typed)
    assert page.status_code == 422
    fault = re.search(r'id="e-files">.*?</p>', page.text, re.DOTALL)
    assert fault
    assert "bad.exe" in fault[0]
    for text in typed.values():
        assert text in page.text
    (photo,) = retained_files(page)
    filed = await press(api, who, "file", kept=[photo], **typed)
    assert await files_of(api, number_of(filed)) == [("photo", "complaint")]


async def test_a_file_stays_chosen_whatever_else_is_wrong_or_looked_up(api: Api) -> None:
    who = await signed_in(api)
    looked = await press(api, who, "look", files=[PHOTO], text=RIVER)
    assert looked.status_code == 200
    (photo,) = retained_files(looked)
    wrong = await press(api, who, "file", kept=[photo], files=[PAPER], category="没有的分类")
    assert wrong.status_code == 422
    held = retained_files(wrong)
    assert held[0] == photo
    many = await press(api, who, "file", kept=[photo] * 20, files=[PAPER], text=RIVER)
    assert "一次最多 20 个文件" in many.text
    filed = await press(api, who, "answer", kept=held, text=RIVER, answer="马上派人。")
    assert len(await files_of(api, number_of(filed))) == 2


async def test_nobody_files_what_another_has_uploaded(api: Api) -> None:
    who, other = await signed_in(api), await signed_in(api)
    held = retained_files(await press(api, who, "look", files=[PHOTO]))
    assert retained_files(await press(api, other, "look", kept=held)) == []
    filed = await press(api, other, "file", kept=held, text=RIVER)
    assert await files_of(api, number_of(filed)) == []


async def test_files_go_with_what_is_added_to_an_earlier_ticket_and_not_with_urging(
    api: Api,
) -> None:
    ticket = await api.file(contact={"phone": PHONE})
    await ticket.until_stage("handle")
    who = await signed_in(api)
    page = await press(api, who, "caller", phone=PHONE, text="今天更臭了")
    fields = {"earlier": hidden(page, "earlier"), "text": "今天更臭了"}
    urged = await press(api, who, f"same:urge:{ticket.number}", files=[PHOTO], **fields)
    assert urged.status_code == 422
    assert 'id="e-files"' in urged.text
    assert len(retained_files(urged)) == 1
    assert "urged" not in await ticket.kinds()
    for _ in range(2):
        did = await press(api, who, f"same:facts:{ticket.number}", files=[PHOTO], **fields)
        assert did.status_code == 303
    assert (await ticket.kinds()).count("facts_added") == 1
    assert await files_of(api, ticket.number) == [("photo", "complaint")]


# --- permissions and outages ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"), [(Role.DESK, 200), (Role.OFFICER, 403), (Role.AUDITOR, 403)]
)
async def test_only_the_desk_takes_calls(api: Api, role: Role, status: int) -> None:
    who = await signed_in(api, role, "water" if role is Role.OFFICER else None)
    assert (await screen(api, who)).status_code == status
    assert (await press(api, who, "look")).status_code == status


async def test_the_engine_may_be_away(engineless_api: Api) -> None:
    who = await signed_in(engineless_api)
    page = await press(engineless_api, who, "file", text=RIVER)
    assert page.status_code == 200
    assert number_of(page)
    opened = await screen(engineless_api, who, **{"Accept-Language": "en"})
    assert "Answers that are given often" in opened.text
