"""Tests of the centre's queues on pages: triage, decisions, call-backs, one after the other."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, Filed, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.people import SignedIn, signed_in

PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
MIDDLE_OF_BEIYUAN = 40.01829, 116.70063
BACK = {"ground": "not_ours", "reason": "该河段属镇里管理。"}


async def see(api: Api, who: SignedIn, path: str) -> httpx.Response:
    joined = "&" if "?" in path else "?"
    address = f"/staff/{path}{joined}city=tongzhou"
    return await api.http.get(address, headers=PEOPLE | who.cookie)


async def press(api: Api, who: SignedIn, path: str, **typed: str) -> httpx.Response:
    fields = {"csrf": who.csrf, "key": "k1"} | typed
    address = f"/staff/{path}?city=tongzhou"
    return await api.http.post(address, data=fields, headers=PEOPLE | who.cookie)


def in_hand(page: httpx.Response) -> str | None:
    match = re.search(r'name="number" value="(\d+)"', page.text)
    return match[1] if match else None


async def waits(api: Api, *of: str) -> list[dict[str, Any]]:
    headers = await api.token(Role.DISPATCHER)
    answer = await api.http.get("/api/v1/queues", params={"queue": of}, headers=headers)
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()["items"]
    return shown


async def test_the_suggestion_is_accepted_and_the_next_one_shows(api: Api) -> None:
    # Two subjects are named, so that the machine's triage is unsure.
    mixed = await api.unclear(text="河面脏，路灯也暗。")
    other = await api.unclear()
    who = await signed_in(api, Role.DISPATCHER)
    page = await see(api, who, "triage")
    assert page.status_code == 200
    assert in_hand(page) == mixed.number
    assert mixed.receipt["number"] in page.text
    assert "接受建议" in page.text
    suggested = re.search(r'type="hidden" name="category" value="(\d+)"', page.text)
    assert suggested
    did = await press(api, who, "triage/triage", number=mixed.number, category=suggested[1])
    assert did.status_code == 303
    onward = f"/staff/triage?done=triage&was={mixed.number}&city=tongzhou"
    assert did.headers["Location"] == onward
    shown = await mixed.until_stage("handle")
    assert shown["stage"] == "handle"
    after = await see(api, who, f"triage?done=triage&was={mixed.number}")
    assert in_hand(after) == other.number
    assert "已分类" in after.text
    again = await press(api, who, "triage/triage", number=mixed.number, category=suggested[1])
    assert again.status_code == 303
    assert (await mixed.kinds()).count("classified") == 1


async def test_another_subject_another_unit_or_no_such(api: Api) -> None:
    ticket = await api.unclear()
    who = await signed_in(api, Role.DESK)
    typed = {"number": ticket.number, "category": "天上", "unit": "nobody", "note": "电话核实过"}
    wrong = await press(api, who, "triage/triage", **typed)
    assert wrong.status_code == 422
    assert 'id="e-category"' in wrong.text
    assert 'id="e-unit"' in wrong.text
    assert "电话核实过" in wrong.text
    right = await press(
        api, who, "triage/triage", number=ticket.number, category="路灯", unit="water"
    )
    assert right.status_code == 303
    state = await ticket.until_stage("handle")
    assert state["unit"] == "水务局" or state["stage"] == "handle"
    assert (await ticket.seen_by_staff())["assignments"][0]["unit"] == "water"


async def test_it_is_ended_without_a_unit(api: Api) -> None:
    ticket = await api.unclear(kind="consultation")
    who = await signed_in(api, Role.DESK)
    empty = await press(api, who, "triage/conclude", number=ticket.number, outcome="answered")
    assert (empty.status_code, 'id="e-text"' in empty.text) == (422, True)
    typed = {"number": ticket.number, "outcome": "declined:none", "text": "不归我们管"}
    wrong = await press(api, who, "triage/conclude", **typed)
    assert wrong.status_code == 422
    assert "不归我们管" in wrong.text
    typed |= {"outcome": "answered", "key": "k2"}
    assert (await press(api, who, "triage/conclude", **typed)).status_code == 303
    assert (await ticket.seen_by_staff())["outcome"] == "answered"


async def test_what_was_returned_waits_for_a_unit_by_hand(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    assert (await ticket.by_unit("return", BACK)).status_code == 200
    who = await signed_in(api, Role.DISPATCHER)
    page = await see(api, who, "decisions")
    assert in_hand(page) == ticket.number
    assert "该河段属镇里管理" in page.text
    fields = {"number": ticket.number, "approve": "true", "reason": "属实"}
    assert (await press(api, who, "decisions/decide", **fields)).status_code == 303
    await ticket.until_stage("dispatch")
    assert await waits(api, "triage") == []
    for of in (["dispatch"], ["triage", "dispatch"]):
        assert [one["number"] for one in await waits(api, *of)] == [ticket.number]
    desk = await signed_in(api, Role.DESK)
    assert "由派单员或督办员指定" in (await see(api, desk, "triage")).text
    sent = {"number": ticket.number, "unit": "环境", "reason": "河长"}
    wrong = await press(api, who, "triage/reassign", **sent)
    assert (wrong.status_code, 'id="e-unit"' in wrong.text) == (422, True)
    sent |= {"unit": "environment", "key": "k2"}
    assert (await press(api, who, "triage/reassign", **sent)).status_code == 303
    await ticket.until_stage("handle")
    assert (await ticket.seen_by_staff())["assignments"][-1]["unit"] == "environment"


async def test_more_time_is_refused_with_a_reason(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    fields = {"by": "3d", "reason": "等配件"}
    assert (await ticket.by_unit("extend", fields)).status_code == 200
    who = await signed_in(api, Role.SUPERVISOR)
    page = await see(api, who, "decisions")
    assert "等配件" in page.text
    assert "3 天" in page.text
    no_word = await press(api, who, "decisions/decide", number=ticket.number, approve="false")
    assert (no_word.status_code, 'id="e-reason"' in no_word.text) == (422, True)
    values = {"number": ticket.number, "approve": "false", "reason": "先出方案"}
    did = await press(api, who, "decisions/decide", **values)
    assert did.headers["Location"].partition("?")[2].startswith("done=refused&was=")
    assert (await ticket.kinds())[-1] == "extension_refused"
    gone = await press(api, who, "decisions/decide", **values | {"key": "k2"})
    assert gone.status_code == 409
    assert "先出方案" not in (await see(api, who, "decisions")).text


async def test_a_return_is_granted_to_a_unit_that_the_responsibilities_name(api: Api) -> None:
    ticket = await api.file(place={"area": "110112003"})
    await ticket.until_stage("handle")
    assert (await ticket.by_unit("return", BACK)).status_code == 200
    who = await signed_in(api, Role.DISPATCHER)
    page = await see(api, who, "decisions")
    assert "110112003 北苑街道" in html.unescape(page.text)
    typed = {"number": ticket.number, "approve": "true", "reason": "属实", "unit": "北苑街道"}
    assert (await press(api, who, "decisions/decide", **typed)).status_code == 303
    await ticket.until_stage("handle")
    assert (await ticket.seen_by_staff())["assignments"][-1]["unit"] == "110112003"


async def test_nobody_has_to_be_called_or_decided_about(api: Api) -> None:
    who = await signed_in(api, Role.DISPATCHER)
    for path, words in (
        ("triage", "没有待分类"),
        ("decisions", "没有待决定"),
        ("call-backs", "没有需要回访"),
    ):
        page = await see(api, who, path)
        assert page.status_code == 200
        assert words in page.text


@pytest.mark.parametrize("path", ["triage", "decisions", "call-backs"])
@pytest.mark.parametrize(("role", "status"), [(Role.OFFICER, 403), (Role.AUDITOR, 403)])
async def test_queues_are_the_centres(api: Api, path: str, role: Role, status: int) -> None:
    who = await signed_in(api, role, "water" if role is Role.OFFICER else None)
    assert (await see(api, who, path)).status_code == status


async def test_a_queue_is_read_page_by_page_by_programs(api: Api) -> None:
    numbers = {(await api.unclear()).number for _ in range(3)}
    headers = await api.token(Role.SUPERVISOR)
    seen, cursor = [], ""
    while True:
        fields = {"queue": "triage", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = await api.http.get("/api/v1/queues", params=fields, headers=headers)
        seen += [one["number"] for one in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 3
    assert set(seen) == numbers
    bad = await api.http.get("/api/v1/queues?queue=triage&cursor=x", headers=headers)
    assert bad.status_code == 422 or bad.status_code == 400
    elsewhere = await api.token(Role.DISPATCHER, city="heping")
    answer = await api.http.get("/api/v1/queues?queue=triage", headers=elsewhere)
    assert answer.json()["items"] == []


async def test_a_page_of_two_queues_shows_one_alone_and_stays_with_it(api: Api) -> None:
    returned, unclear = await api.file(), [await api.unclear() for _ in range(2)]
    await returned.until_stage("handle")
    assert (await returned.by_unit("return", BACK)).status_code == 200
    granted = await returned.by(Role.DISPATCHER, "decide", {"approve": True, "reason": "属实"})
    assert granted.status_code == 200
    await returned.until_stage("dispatch")
    who = await signed_in(api, Role.DISPATCHER)
    both = (await see(api, who, "triage")).text
    assert set(
        re.findall(r'<li><a href="/staff/triage\?number=(\d+)&amp;city=tongzhou"', both)
    ) == {one.number for one in (returned, *unclear)}
    for words in ("全部 3", "分类 2", "人工派单 1"):
        assert f"{words}</a>" in both
    page = await see(api, who, "triage?queue=triage")
    assert in_hand(page) == unclear[0].number
    assert returned.number not in page.text
    onward = f"/staff/triage?number={unclear[1].number}&amp;queue=triage&amp;city=tongzhou"
    assert f'href="{onward}"' in page.text
    form = re.search(r'action="/staff/(triage/triage\?[^"]+)"', page.text)
    assert form
    address, csrf = html.unescape(form[1]), {"csrf": who.csrf, "key": "k1"}
    typed = csrf | {"number": unclear[0].number, "category": "路灯"}
    did = await api.http.post(f"/staff/{address}", data=typed, headers=PEOPLE | who.cookie)
    assert did.status_code == 303
    after = await api.http.get(did.headers["Location"], headers=PEOPLE | who.cookie)
    assert in_hand(after) == unclear[1].number
    assert returned.number not in after.text
    assert "分类 1</a>" in after.text


@pytest.fixture
async def meeting(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that allows one return, after which a meeting decides."""
    packs = city_with(tmp_path / "cities", caps={"returns": 1}, limits={"arbitrate": "2d"})
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as opened,
    ):
        yield opened


async def test_after_the_last_return_a_meeting_names_the_unit(meeting: Api) -> None:
    api = meeting
    ticket = await api.file()
    await ticket.until_stage("handle")
    assert (await ticket.by_unit("return", BACK)).status_code == 200
    who = await signed_in(api, Role.DISPATCHER)
    page = await see(api, who, "decisions")
    assert "这是最后一次退单" in page.text
    fields = {"number": ticket.number, "approve": "true", "reason": "属实"}
    assert (await press(api, who, "decisions/decide", **fields)).status_code == 303
    await ticket.until_stage("arbitrate")
    assert [one["number"] for one in await waits(api, "arbitrate")] == [ticket.number]
    page = await see(api, who, "decisions")
    assert in_hand(page) == ticket.number
    assert "多次退单，由协调会指定承办单位" in page.text
    word = {"number": ticket.number, "unit": "environment", "text": "由生态环境局牵头", "key": "k2"}
    wrong = await press(api, who, "decisions/arbitrate", **word, units="water，没有的单位")
    assert (wrong.status_code, 'id="e-units"' in wrong.text) == (422, True)
    assert "由生态环境局牵头" in wrong.text
    did = await press(api, who, "decisions/arbitrate", **word, units="water，environment")
    assert did.status_code == 303
    await ticket.until_stage("handle")
    state = await ticket.seen_by_staff()
    assert state["assignments"][-1]["unit"] == "environment"
    assert state["minutes"][0]["units"] == ["water", "environment"]


# --- call-backs -------------------------------------------------------------------------------


@pytest.fixture
async def impatient(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that calls back as soon as it has answered."""
    packs = city_with(tmp_path / "cities", limits={"rate": "1s"}, ladder={"rate": None})
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as opened,
    ):
        yield opened


async def due_for_a_call(api: Api) -> Filed:
    """Return a ticket that was answered, and whose citizen does not rate."""
    ticket = await api.file(contact={"phone": "13800001234", "name": "王小明"})
    assert (await ticket.complete()).status_code == 200
    async with asyncio.timeout(60):
        while not (await ticket.seen_by_staff())["call_back_due"]:
            await asyncio.sleep(0.1)
    return ticket


async def test_whoever_is_silent_is_called_and_what_they_say_is_recorded(impatient: Api) -> None:
    api = impatient
    ticket = await due_for_a_call(api)
    who = await signed_in(api)
    page = await see(api, who, "call-backs")
    assert in_hand(page) == ticket.number
    assert "已组织清淤" in page.text
    assert "王**" in page.text
    assert "13800001234" not in page.text
    assert "承办单位联系过您吗" in page.text
    shown = await press(api, who, "call-backs/phone", number=ticket.number)
    assert "13800001234" in shown.text
    log = await api.http.get(f"{ticket.path}/views", headers=ticket.citizen)
    assert [one["purpose"] for one in log.json()["items"]] == ["回访"]
    missed = {"number": ticket.number, "reached": "no", "note": "占线"}
    did = await press(api, who, "call-backs/call-back", **missed)
    assert "done=missed" in did.headers["Location"]
    half = {"number": ticket.number, "reached": "yes", "resolved": "yes", "words": "很满意"}
    wrong = await press(api, who, "call-backs/call-back", **half, key="k2")
    assert (wrong.status_code, 'id="e-grade"' in wrong.text) == (422, True)
    assert "很满意" in wrong.text
    nothing = await press(api, who, "call-backs/call-back", number=ticket.number, key="k2")
    assert (nothing.status_code, 'id="e-reached"' in nothing.text) == (422, True)
    did = await press(api, who, "call-backs/call-back", **half, grade="5", key="k2")
    assert did.status_code == 303
    state = await ticket.seen_by_staff()
    assert (state["call_backs"], state["rating"]["grade"]) == (2, 5)
    assert state["rating"]["words"] == "很满意"
    dispatcher = await signed_in(api, Role.DISPATCHER)
    assert (await press(api, dispatcher, "call-backs/call-back", **missed)).status_code == 403


async def test_who_was_reached_need_not_rate(impatient: Api) -> None:
    ticket = await due_for_a_call(impatient)
    who = await signed_in(impatient)
    fields = {"number": ticket.number, "reached": "yes", "note": "说再想想，不愿评价"}
    assert (await press(impatient, who, "call-backs/call-back", **fields)).status_code == 303
    state = await ticket.seen_by_staff()
    assert (state["call_backs"], state["rating"]) == (1, None)


async def test_a_report_is_classified_when_somebody_said_whom_it_accuses(api: Api) -> None:
    report = await api.file(kind="report")
    who = await signed_in(api, Role.DISPATCHER)
    page = await see(api, who, "triage")
    assert in_hand(page) == report.number
    assert "接受建议" not in page.text
    assert "不涉及本市任何承办单位" in page.text
    typed = {"number": report.number, "category": "0301", "note": "电话核实过"}
    unsaid = await press(api, who, "triage/triage", **typed)
    assert unsaid.status_code == 422
    assert "请先确认被举报单位" in unsaid.text
    assert "电话核实过" in unsaid.text
    assert (await press(api, who, "triage/triage", **typed, nobody="yes")).status_code == 303
    await report.until_stage("handle")
    assert (await report.kinds())[2:4] == ["accused", "classified"]


async def test_what_becomes_a_report_at_triage_asks_for_the_accused(api: Api) -> None:
    ticket = await api.unclear()
    who = await signed_in(api, Role.DISPATCHER)
    assert "被举报单位" not in (await see(api, who, "triage")).text
    typed = {"number": ticket.number, "category": "0301", "kind": "report"}
    unsaid = await press(api, who, "triage/triage", **typed)
    assert unsaid.status_code == 422
    assert 'name="accused"' in unsaid.text
    named = await press(api, who, "triage/triage", **typed, accused="区水务局")
    assert named.status_code == 303
    await ticket.until_stage("handle")
    assert (await ticket.seen_by_staff())["accused"] == ["water"]


async def test_a_point_against_its_address_is_resolved_by_choosing_one(api: Api) -> None:
    point = {"lat": MIDDLE_OF_BEIYUAN[0], "lon": MIDDLE_OF_BEIYUAN[1]}
    ticket = await api.file(
        title="路灯不亮", text="路灯不亮，晚上很黑。", place={"address": "玉桥街道 3 号"} | point
    )
    await _until(ticket, "triage_unsure")
    who = await signed_in(api, Role.DISPATCHER)
    page = await see(api, who, f"triage?number={ticket.number}")
    assert "定位在" in page.text
    assert "可能的地点" in page.text
    assert "依据表述：玉桥街道" in page.text
    assert "依据定位" in page.text
    chosen = re.search(r'name="category" value="(\d+)">\s*<input[^>]*name="area" value="110112004"',
                       page.text)  # fmt: skip
    assert chosen, page.text
    pressed = await press(
        api, who, "triage/triage", number=ticket.number, category=chosen[1], area="110112004"
    )
    assert pressed.status_code == 303
    await _until(ticket, "classified")
    assert (await ticket.seen_by_staff())["area"] == "110112004"


async def _until(ticket: Filed, kind: str) -> None:
    async with asyncio.timeout(60):
        while kind not in await ticket.kinds():
            await asyncio.sleep(0.05)
