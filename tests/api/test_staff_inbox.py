"""Tests of a unit's inbox page: its parts, its order, and actions on several tickets."""

import asyncio
import html
import re
from typing import Any

import httpx

from domain.actors import Role
from tests.api.running_api import Api, Filed
from tests.support.media import a_photo
from tests.support.people import SignedIn, signed_in

PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
INBOX = "/staff/inbox"
COMMUNITY = {
    "city": "heping",
    "title": "楼道堆物",
    "text": "楼道里堆满纸箱，影响通行。",
}


async def opened(api: Api, who: SignedIn, path: str = INBOX) -> httpx.Response:
    return await api.http.get(path, headers=PEOPLE | who.cookie)


async def sent(api: Api, who: SignedIn, what: str, **fields: Any) -> httpx.Response:
    values = {"csrf": who.csrf, "key": "k1"} | fields
    return await api.http.post(f"{INBOX}/{what}", data=values, headers=PEOPLE | who.cookie)


def lines(page: httpx.Response) -> list[str]:
    """Return the references of the lines, in the order of the page."""
    return re.findall(r'data-ref="([^"]+)"', page.text)


def count(page: httpx.Response, part: str) -> int:
    match = re.search(rf'class="part part-{part}[ "].*?<b>(\d+)</b>', page.text)
    assert match, page.text
    return int(match[1])


def line(page: httpx.Response, ticket: Filed) -> str:
    match = re.search(
        rf'<li class="[^"]*" data-ref="{ticket.number}-.*?</li>', page.text, re.DOTALL
    )
    assert match, page.text
    return html.unescape(match[0])


async def test_the_officer_sees_what_burns_first_and_what_to_do(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    signed, new = await api.file(title="先签收的"), await api.file(title="<b>新</b>来的")
    assert (await signed.by_unit("sign")).status_code == 200
    await api.context.record.until(lambda: _signed(api, signed))
    page = await opened(api, who)
    shown = lines(page)
    assert shown.index(f"{new.number}-1") < shown.index(f"{signed.number}-1")
    assert "<b>新</b>" not in page.text
    assert "签收" in line(page, new)
    assert 'name="one"' in line(page, new)
    assert f"/staff/tickets/{signed.number}?do=complete" in line(page, signed)
    assert "办理" in line(page, signed)


async def _signed(api: Api, ticket: Filed) -> bool | None:
    page = await api.http.get(f"/api/v1/assignments/{ticket.number}-1", headers=await api.officer())
    return page.json()["signed_at"] is not None or None


async def test_the_counters_are_the_parts(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    ticket = await api.file()
    before = await opened(api, who)
    for part in ("all", "sign", "contact", "late", "near", "asked", "paused", "verify", "done"):
        page = await opened(api, who, f"{INBOX}?which={part}")
        assert len(lines(page)) == count(before, part), part
    assert (await ticket.by_unit("extend", {"by": "1d", "reason": "等配件。"})).status_code == 200
    assert (await ticket.by_unit("ask", {"question": "哪座桥？"})).status_code == 200
    response = await opened(api, who, f"{INBOX}?which=asked")
    assert "申请延期" in line(response, ticket)
    paused = await opened(api, who, f"{INBOX}?which=paused")
    assert "等待市民" in line(paused, ticket)
    assert (await ticket.complete()).status_code == 200
    done = await opened(api, who, f"{INBOX}?which=done")
    assert lines(done)[0] == f"{ticket.number}-1"
    assert 'name="pick"' not in done.text


async def test_a_list_can_be_searched(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    one = await api.file(title="玉带河第七号闸口")
    for text in ("第七号闸", one.number, f"{one.number[:6]} {one.number[6:]}"):
        page = await opened(api, who, f"{INBOX}?q={text}")
        assert lines(page) == [f"{one.number}-1"]
    nothing = await opened(api, who, f"{INBOX}?q=没有这样的")
    assert "没有" in nothing.text
    assert (await opened(api, who, f"{INBOX}?which=purple")).status_code == 422
    assert (await opened(api, who, f"{INBOX}?cursor=x")).status_code == 400


async def test_another_units_inbox_is_refused_and_others_choose_one(api: Api) -> None:
    ticket = await api.file()
    officer = await signed_in(api, Role.OFFICER, "market", city="tongzhou")
    refused = await opened(api, officer, f"{INBOX}?unit=water")
    assert refused.status_code == 403
    assert ticket.number not in refused.text
    assert ticket.number not in (await opened(api, officer)).text
    boss = await signed_in(api, Role.SUPERVISOR, city="tongzhou")
    choose = await opened(api, boss)
    assert (choose.status_code, lines(choose)) == (200, [])
    theirs = await opened(api, boss, f"{INBOX}?unit=water")
    assert f"{ticket.number}-1" in lines(theirs)
    assert 'name="one"' not in theirs.text
    assert (await opened(api, boss, f"{INBOX}?unit=nobody")).status_code == 422
    page = await api.http.get(INBOX, headers=PEOPLE)
    assert page.status_code == 401


async def test_several_are_signed_at_once_and_each_is_told(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    first, second, other = (
        await api.file(),
        await api.file(title="另一条河"),
        await api.file(),
    )
    moved = await other.by(Role.DISPATCHER, "reassign", {"unit": "market", "reason": "职责。"})
    assert moved.status_code == 200
    assert (await second.by_unit("sign")).status_code == 200
    picked = [f"{ticket.number}-1" for ticket in (first, second)]
    theirs = f"{other.number}-2"
    page = await sent(api, who, "sign", pick=[*picked, theirs, "nonsense", "1-2-3"])
    assert page.status_code == 200
    assert "已签收 1 件" in page.text
    assert "未成功 2 件" in page.text
    assert "已签收过" in page.text
    assert "不在本单位待办中" in page.text
    assert (await first.seen_by_staff())["assignments"][0]["signed_at"]
    still = re.findall(r'value="([^"]+)" checked', page.text)
    assert still == [f"{second.number}-1"]
    again = await sent(api, who, "sign", pick=[*picked])
    assert "已签收 1 件" in again.text  # the same form sent again is done once
    assert (await first.kinds()).count("signed") == 1


async def test_one_is_signed_by_its_own_button(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    first, second = await api.file(), await api.file()
    one = await sent(api, who, "sign", one=f"{first.number}-1", pick=[f"{second.number}-1"])
    assert "已签收 1 件" in one.text
    assert "signed" not in await second.kinds()


async def test_nothing_chosen_and_nothing_meant_change_nothing(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    ticket = await api.file()
    nothing = await sent(api, who, "sign", which="sign", q="河水")
    assert nothing.status_code == 422
    assert 'value="河水"' in nothing.text
    assert 'id="e-pick"' in nothing.text
    forged = await sent(api, who, "sign", csrf="x", one=f"{ticket.number}-1")
    assert forged.status_code == 403
    desk = await signed_in(api, Role.DESK, city="tongzhou")
    fields = {"unit": "water", "one": f"{ticket.number}-1"}
    assert (await sent(api, desk, "sign", **fields)).status_code == 403
    assert "signed" not in await ticket.kinds()


async def test_the_chosen_are_printed_with_what_was_said(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    mine = await api.file(text="第一行。\n<script>第二行</script>", place={"address": "玉带河桥"})
    other = await api.file()
    moved = await other.by(Role.DISPATCHER, "reassign", {"unit": "market", "reason": "职责。"})
    assert moved.status_code == 200
    page = await sent(api, who, "print", pick=[f"{mine.number}-1", f"{other.number}-2"])
    assert "玉带河桥" in page.text
    assert "第一行。" in page.text
    assert "<script>第二行" not in page.text
    assert other.number not in page.text
    assert (await sent(api, who, "print")).status_code == 422


async def test_what_citizens_added_is_printed_too(api: Api) -> None:
    who = await signed_in(api, Role.OFFICER, "water", city="tongzhou")
    photo = (await api.http.post("/api/v1/files", content=a_photo())).json()["reference"]
    mine, merged, accusing = await api.file(), await api.file(), await api.file()
    added = {"text": "漏电了，有危险！", "files": [photo]}
    assert (await mine.act("facts", mine.citizen, added)).status_code == 200
    for one, text in ((merged, "孩子差点摔倒"), (accusing, "他们收了钱")):
        into = {"into": mine.number, "reason": "同一处"}
        assert (await one.by(Role.DISPATCHER, "merge", into)).status_code == 200
        assert (await one.act("facts", one.citizen, {"text": text})).status_code == 200
    async with asyncio.timeout(60):
        while (await mine.kinds()).count("complainant_added") < 2:
            await asyncio.sleep(0.02)
    assert (await accusing.by(Role.DESK, "accuse", {"units": ["water"]})).status_code == 200
    page = (await sent(api, who, "print", pick=[f"{mine.number}-1"])).text
    assert "漏电了，有危险！" in page
    assert "孩子差点摔倒" in page
    assert "工单页面上的附件：1 个" in page
    for hidden in ("收了钱", accusing.number):
        assert hidden not in page


async def test_several_are_delegated_with_one_task(api: Api) -> None:
    pack = api.context.packs.get("heping")
    below = next(u for u in pack.units if u.kind == "community" and u.parent)
    street = pack.unit(str(below.parent))
    who = await signed_in(api, Role.OFFICER, street.code, city="heping")
    filed_tickets = [await api.file(**COMMUNITY, category=None) for _ in range(2)]
    for ticket in filed_tickets:
        moved = await ticket.by(
            Role.DISPATCHER, "reassign", {"unit": street.code, "reason": "属地。"}
        )
        assert moved.status_code in (200, 409), moved.text
    page = await opened(api, who)
    picked = [ref for ref in lines(page) if ref.split("-")[0] in {t.number for t in filed_tickets}]
    assert len(picked) == 2
    wrong = await sent(api, who, "delegate", pick=picked, task="今天内清理，并回传照片。")
    assert wrong.status_code == 422
    assert "今天内清理，并回传照片。" in wrong.text
    assert sorted(re.findall(r'value="([^"]+)" checked', wrong.text)) == sorted(picked)
    fields = {"to": below.code, "task": "今天内清理，并回传照片。"}
    page = await sent(api, who, "delegate", pick=picked, **fields)
    assert "已转派 2 件" in page.text, page.text
    signed = await signed_in(api, Role.OFFICER, below.code, city="heping")
    theirs = await opened(api, signed)
    assert {ref.split("-")[0] for ref in lines(theirs)} >= {t.number for t in filed_tickets}
    assert "今天内清理，并回传照片。" in theirs.text
    twice = await sent(api, who, "delegate", pick=picked, **fields | {"key": "k2"})
    assert "未成功 2 件" in twice.text
    far = await sent(api, who, "delegate", pick=picked, **fields | {"to": "nobody", "key": "k3"})
    assert "未成功 2 件" in far.text
    assert "nobody" not in theirs.text


async def test_a_long_list_does_not_wait_for_the_engine_line_by_line(
    api: Api, engineless_api: Api
) -> None:
    tickets = [await api.file() for _ in range(12)]
    who = await signed_in(engineless_api, Role.OFFICER, "water", city="tongzhou")
    page = await sent(engineless_api, who, "sign", pick=[f"{each.number}-1" for each in tickets])
    text = html.unescape(page.text)
    # Eight requests run at a time; the others are not sent any more.
    assert text.count("尚未确认完成，可放心重试。") == 8
    assert text.count("未办理，请稍后再试。") == 4
