"""Tests of the search of all texts over HTTP: what is found, by whom, and what is told of it."""

import html
import re
from typing import Any

import pytest

from domain.actors import Role
from tests.api.running_api import Api
from tests.api.test_reports import _accused_since as accused_since
from tests.support.staff_pages import at_desk, says

LIST, PHONE = "/api/v1/tickets", "13800001234"


async def _asked(api: Api, headers: dict[str, str], text: str, **more: str) -> dict[str, Any]:
    answer = await api.http.get(LIST, params={"text": text, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _found(api: Api, headers: dict[str, str], text: str, **more: str) -> list[str]:
    return [one["number"] for one in (await _asked(api, headers, text, **more))["items"]]


async def test_words_of_text_and_answer_are_found_with_their_place(each_api: Api) -> None:
    ticket = await each_api.handled(title="河水异味", text="桥下涵洞淤积，路 过都捂鼻子。<b>")
    other = await each_api.file(title="路灯不亮", text="夜里很黑。")
    desk = await each_api.token(Role.DESK)
    for text in ("涵洞", "涵洞 异味", "“涵洞淤积”", "text:涵洞", "涵洞 category:0301", "捂"):
        assert await _found(each_api, desk, text) == [ticket.number], text
    assert await _found(each_api, desk, "涵洞 路灯") == []
    assert set(await _found(each_api, desk, "路", order="relevance")) == {
        ticket.number, other.number
    }  # fmt: skip
    page = await _asked(each_api, desk, "涵洞")
    found = page["found"]
    assert (found["count"], found["more"], found["complete"], found["withheld"]) == (
        1, False, True, False
    )  # fmt: skip
    (excerpt,) = found["excerpts"][ticket.number]
    assert [piece["text"] for piece in excerpt["pieces"] if piece["marked"]] == ["涵洞"]
    assert excerpt["field"] == "said"
    await ticket.complete()
    await ticket.until_stage("rate")
    reply = (await ticket.seen_by_staff())["reply"]
    assert await _found(each_api, desk, f'reply:"{reply[:6]}"') == [ticket.number]


async def test_restrictions_in_the_words_filter(api: Api) -> None:
    ticket = await api.file(title="桥下涵洞淤积")
    unclear = await api.unclear(title="桥下涵洞的事")
    desk = await api.token(Role.DESK)
    both = {ticket.number, unclear.number}
    for text, expected in (
        ("涵洞", both),
        ("涵洞 unit:water", {ticket.number}),
        ("涵洞 单位:区水务局", {ticket.number}),
        ("涵洞 stage:triage", {unclear.number}),
        ("category:0301", {ticket.number}),
        ("涵洞 from:2020 to:2099-12-31", both),
        ("涵洞 to:2020-02-30", set()),
        ("涵洞 to:2020", set()),
        ("涵洞 unit:water unit:market", set()),
        (f"number:{ticket.number}", {ticket.number}),
        (f"涵洞 编号:{ticket.number[:6]}", {ticket.number}),
    ):
        got = set(await _found(api, desk, text, city="tongzhou")) & both
        assert expected <= got, text
        assert got == expected or text.startswith("涵洞 编号"), text


async def test_an_accused_unit_finds_nothing_of_the_report(api: Api) -> None:
    ticket = await accused_since(api)
    words = (await ticket.seen_by_staff())["complaint"]["title"]
    assert ticket.number in await _found(api, await api.token(Role.DISPATCHER), words)
    for unit in ("water", "market"):
        page = await _asked(api, await api.officer(unit), words)
        assert ticket.number not in str(page), "neither listed nor excerpted nor counted"
        assert page["found"]["count"] == 0


async def test_units_and_cities_find_their_own(api: Api) -> None:
    ticket = await api.file(title="桥下涵洞淤积")
    assert await _found(api, await api.officer("water"), "涵洞") == [ticket.number]
    assert await _found(api, await api.officer("market"), "涵洞") == []
    other = await api.token(Role.DESK, city="jinan")
    assert await _found(api, other, "涵洞") == []
    answer = await api.http.get(LIST, params={"text": "涵洞"}, headers=ticket.citizen)
    assert answer.status_code in (401, 403)


async def test_a_phone_is_found_by_those_alone_who_may_find_callers(api: Api) -> None:
    ticket = await api.file(title="桥下涵洞淤积", text=f"请打{PHONE}找我。")
    for typed in (PHONE, PHONE[:7], "138-0000-1234", f"涵洞 {PHONE}", "１３８００００１２３４"):
        page = await _asked(api, await api.officer("water"), typed)
        assert page["items"] == [], typed
        assert page["found"]["withheld"], typed
        assert await _found(api, await api.token(Role.AUDITOR), typed) == [], typed
    views = f"{ticket.path}/views"
    auditor = await api.token(Role.AUDITOR)
    assert '"search"' not in (await api.http.get(views, headers=auditor)).text
    desk = await api.token(Role.DESK)
    assert await _found(api, desk, PHONE) == [ticket.number]
    logged = (await api.http.get(views, headers=auditor)).text
    assert logged.count('"search"') == 1
    assert PHONE not in logged
    assert await _found(api, desk, ticket.number[:9]) == [ticket.number]
    assert await _found(api, desk, "涵洞") == [ticket.number]
    assert (await api.http.get(views, headers=auditor)).text.count('"search"') == 1


async def test_the_beginning_of_a_number_finds_tickets_for_units_too(api: Api) -> None:
    ticket = await api.file()
    officer = await api.officer("water")
    assert ticket.number in await _found(api, officer, ticket.number[:8])
    assert not (await _asked(api, officer, ticket.number[:8]))["found"]["withheld"]


async def test_pages_of_found_tickets_go_on(api: Api) -> None:
    filed = [(await api.file(title=f"涵洞淤积第{n}处")).number for n in range(5)]
    desk = await api.token(Role.DESK)
    for order in ("newest", "relevance"):
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await _asked(api, desk, "涵洞", limit="2", order=order, **cursor)
            seen += [one["number"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(seen) == sorted(filed)
        assert len(page["items"]) == 1


@pytest.mark.parametrize(
    "typed",
    ['"', "*", "NEAR(", "%", "[](){}", "😀" * 900, "路" * 2000, "كوچا", "a\u202eb", "from:x"],
)
async def test_odd_queries_are_answered_by_api_and_page(api: Api, typed: str) -> None:
    await _asked(api, await api.token(Role.DESK), typed)
    who = await at_desk(api, Role.DISPATCHER)
    page = await who.get("/staff/tickets", city="tongzhou", text=typed)
    assert page.status_code == 200, says(page)


async def test_a_query_that_is_too_long_is_refused(api: Api) -> None:
    headers = await api.token(Role.DESK)
    answer = await api.http.get(LIST, params={"text": "路" * 2001}, headers=headers)
    assert answer.status_code in (400, 422)


async def test_the_page_marks_the_words_and_obeys_none(api: Api) -> None:
    ticket = await api.file(title="桥下涵洞淤积", text="涵洞口 <script>alert(1)</script> 已堵")
    who = await at_desk(api, Role.DISPATCHER)
    page = await who.get("/staff/tickets", city="tongzhou", text="涵洞 script")
    assert f"/staff/tickets/{ticket.number}" in page.text
    assert "<mark>涵洞</mark>" in page.text
    assert "<script>alert" not in page.text
    assert "<mark>script</mark>" in page.text
    assert "找到 1 件工单" in says(page)


async def test_the_next_page_keeps_words_and_order(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.ticket.search.LIMIT", 1)
    filed = {(await api.file(title=f"涵洞淤积第{n}处")).number for n in range(2)}
    who = await at_desk(api, Role.DISPATCHER)
    first = await who.get("/staff/tickets", city="tongzhou", text="涵洞", order="relevance")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = await who.get(html.unescape(following[1]))
    numbers = re.findall(r'<a href="/staff/tickets/(\d{13})"', first.text + second.text)
    assert set(numbers) == filed
    assert "order=relevance" in following[1]


async def test_no_words_are_logged(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    await _asked(api, await api.token(Role.DESK), "王小明家的涵洞")
    await _asked(api, await api.officer("water"), PHONE)
    said = "".join(capfd.readouterr())
    assert "王小明" not in said
    assert PHONE not in said
