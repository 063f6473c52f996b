"""Tests of the pages of rewards, without JavaScript, in both languages."""

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
from tests.support.engine import platform
from tests.support.media import a_photo
from tests.support.people import SignedIn, signed_in
from tests.support.rewarding_city import a_right_report, rewarding, run_job
from tests.support.staff_pages import says

ENGLISH = {"Accept": "text/html", "Accept-Language": "en"}
CHINESE = {"Accept": "text/html", "Accept-Language": "zh"}


@pytest.fixture
async def city(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = rewarding(tmp_path / "cities")
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as opened,
    ):
        yield opened


def hidden(page: httpx.Response, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert match, page.text
    return html.unescape(match[1])


def shown(page: httpx.Response, kind: str) -> str:
    match = re.search(rf'class="number {kind}">([^<]*)<', page.text)
    assert match, page.text
    return match[1]


def receipt(ticket: Filed) -> dict[str, str]:
    return {"number": ticket.number, "code": ticket.receipt["access_code"]}


async def post(api: Api, path: str, data: dict[str, Any], **headers: str) -> httpx.Response:
    return await api.http.post(path, data=data, headers=ENGLISH | headers)


async def staff(api: Api, who: SignedIn, path: str, **data: str) -> httpx.Response:
    if not data:
        return await api.http.get(path, headers=CHINESE | who.cookie)
    fields = data | {"csrf": who.csrf}
    return await api.http.post(path, data=fields, headers=CHINESE | who.cookie)


async def test_a_resident_follows_chooses_and_fetches(city: Api) -> None:
    ticket = await a_right_report(city)
    before = await post(city, "/follow", receipt(ticket))
    assert "It can earn points once it is closed" in before.text
    await run_job(city)
    followed = await city.http.post("/follow", data=receipt(ticket), headers=CHINESE)
    assert "本件积分" in followed.text
    assert "积分已到账" in followed.text
    page = await post(city, "/rewards", receipt(ticket))
    assert shown(page, "balance") == "10"
    assert "A bag of salt" in page.text
    assert "You need 5 more points." in page.text
    fields = receipt(ticket) | {"prize": "salt", "key": hidden(page, "key")}
    chosen = await post(city, "/rewards/choose", fields)
    code = shown(chosen, "prize-code")
    assert (chosen.status_code, shown(chosen, "balance")) == (200, "0")
    again = await post(city, "/rewards/choose", fields)
    assert shown(again, "prize-code") == code, "the form that is sent twice is one choice"
    looked = await post(city, "/rewards", receipt(ticket))
    assert code not in looked.text, "a code is shown once"
    assert "Waits to be fetched" in looked.text
    officer = await signed_in(city, Role.OFFICER, "market")
    counter = await staff(city, officer, "/staff/prizes")
    assert "奖品核销" in counter.text
    done = await staff(city, officer, "/staff/prizes", code=code)
    assert "食盐一袋" in done.text
    assert ticket.number not in done.text
    twice = await staff(city, officer, "/staff/prizes", code=code)
    assert (twice.status_code, "该奖品已领取" in twice.text) == (409, True)
    supervisor = await signed_in(city, Role.SUPERVISOR)
    ledger = says(await staff(city, supervisor, "/staff/rewards/ledger"))
    assert re.search(r"奖品库存.*食盐一袋 \d+ \d+ 0 1 ", ledger), ledger


async def test_a_prize_is_given_up_and_points_are_put_into_a_wallet(city: Api) -> None:
    ticket = await a_right_report(city)
    await run_job(city)
    page = await post(city, "/rewards", receipt(ticket))
    await post(
        city, "/rewards/choose", receipt(ticket) | {"prize": "salt", "key": hidden(page, "key")}
    )
    page = await post(city, "/rewards", receipt(ticket))
    given_up = await post(
        city, "/rewards/give-up", receipt(ticket) | {"redemption": hidden(page, "redemption")}
    )
    assert shown(given_up, "balance") == "10"
    joined = await post(city, "/rewards/join", receipt(ticket) | {"key": "k1"})
    wallet = shown(joined, "wallet-code")
    assert shown(joined, "balance") == "10"
    opened = await post(city, "/rewards", {"wallet": wallet})
    assert shown(opened, "balance") == "10"
    assert ticket.number not in opened.text
    alone = await post(city, "/rewards", receipt(ticket))
    assert "Its points are in a wallet." in alone.text
    bought = await post(city, "/rewards/choose", {"wallet": wallet, "prize": "salt", "key": "k2"})
    assert shown(bought, "prize-code")


async def test_a_wrong_receipt_and_a_wrong_wallet_open_nothing(city: Api) -> None:
    ticket = await city.file(channel="snapshot")
    wrong = receipt(ticket) | {"code": ticket.stranger["Access-Code"]}
    for fields, words in (
        (wrong, "There is no such number, or the access code is wrong."),
        ({"number": "12"}, "A number has 13 digits"),
        ({"wallet": "0" * 16}, "There is no wallet with this code"),
    ):
        page = await post(city, "/rewards", fields)
        assert (page.status_code >= 400, words in page.text) == (True, True), page.text
    assert (await post(city, "/rewards/steal", receipt(ticket))).status_code == 404


async def test_a_photo_on_the_page_is_a_snapshot_where_those_are_rewarded(city: Api) -> None:
    blank = await city.http.get("/report", headers=ENGLISH)
    fields = {
        "city": "tongzhou", "kind": "complaint", "category": "0301", "whole": "yes",
        "text": "河水又黑又臭。", "same": "none", "key": hidden(blank, "key"),
        "stamp": hidden(blank, "stamp"),
    }  # fmt: skip
    photo = {"photos": ("river.jpg", a_photo(), "image/jpeg")}
    filed = await city.http.post("/report", data=fields, files=photo, headers=ENGLISH)
    numbers = re.findall(r"\d{13}", filed.text)
    assert numbers, filed.text
    answer = await city.http.get(
        f"/api/v1/tickets/{numbers[0]}", headers=await city.token(Role.ADMIN)
    )
    assert answer.json()["complaint"]["channel"] == "snapshot"


async def test_a_supervisor_decides_and_reads_the_ledger(city: Api) -> None:
    files = []
    for quality in (90, 60):
        sent = await city.http.post("/api/v1/files", content=a_photo(quality=quality))
        files.append(str(sent.json()["reference"]))
    first = await a_right_report(city, files=files[:1])
    second = await a_right_report(city, files=files[1:])
    await run_job(city)
    supervisor = await signed_in(city, Role.SUPERVISOR)
    page = await staff(city, supervisor, "/staff/rewards")
    assert "与其他上报图片相同" in page.text
    assert second.number in page.text
    assert first.number in page.text, "what it is to be compared with"
    path = f"/staff/rewards/{second.number}"
    unexplained = await staff(city, supervisor, path, do="refuse")
    assert unexplained.status_code == 422
    refused = await staff(city, supervisor, path, do="refuse", reason="图片系转发他人")
    assert refused.status_code == 303
    after = await staff(city, supervisor, refused.headers["location"])
    assert "积分不予发放。" in after.text
    assert "没有待审的积分" in after.text
    ledger = await staff(city, supervisor, "/staff/rewards/ledger")
    assert "图片系转发他人" in ledger.text
    sheet = await staff(city, supervisor, "/staff/rewards/ledger.csv")
    assert sheet.headers["content-type"].startswith("text/csv")
    lines = sheet.text.splitlines()
    assert len(lines) == 4
    assert "积分不予发放" in lines[-1]
    mine = await post(city, "/follow", receipt(second))
    assert "Its points were not given." in mine.text
    assert "图片系转发他人" not in mine.text


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        (Role.DISPATCHER, {"/staff/rewards"}),
        (Role.SUPERVISOR, {"/staff/rewards", "/staff/rewards/ledger"}),
        (Role.AUDITOR, {"/staff/rewards/ledger"}),
        (Role.ADMIN, {"/staff/rewards/ledger"}),
        (Role.DESK, set()),
        (Role.OFFICER, {"/staff/prizes"}),
    ],
)
async def test_each_role_opens_its_pages_and_no_other(
    city: Api, role: Role, pages: set[str]
) -> None:
    who = await signed_in(city, role, "market" if role is Role.OFFICER else None)
    for path in ("/staff/rewards", "/staff/rewards/ledger", "/staff/prizes"):
        answer = await staff(city, who, path)
        assert answer.status_code == (200 if path in pages else 403), path
        if path in pages - {"/staff/rewards/ledger"} or role is Role.AUDITOR:
            assert f'href="{path}"' in answer.text or role is Role.AUDITOR


async def test_a_city_without_rewards_shows_no_links(api: Api) -> None:
    for role in (Role.DISPATCHER, Role.AUDITOR):
        who = await signed_in(api, role)
        page = await api.http.get("/staff/tickets?city=tongzhou", headers=CHINESE | who.cookie)
        assert "/staff/rewards" not in page.text
    home = await api.http.get("/", headers=CHINESE)
    assert 'href="/rewards"' in home.text, "for Jinan, which is served here, too"
    ticket = await api.file(channel="snapshot")
    assert (
        "本件积分"
        not in (await api.http.post("/follow", data=receipt(ticket), headers=CHINESE)).text
    )
