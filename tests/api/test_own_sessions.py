"""Tests of own sessions: everybody sees and ends their own, and nobody else's."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, update

from app.access.user_agents import device_of
from domain.actors import Role
from store.db import identity_tables
from tests.api.running_api import Api, problem
from tests.support.people import PASSWORD, SignedIn, new_account, sign_in, signed_in

SESSION, SESSIONS = "/api/v1/session", "/api/v1/sessions"
PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; SM-S9010) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/120.0 Mobile Safari/537.36 MicroMessenger/8.0.49"
)


@pytest.fixture
async def api(engineless_api: Api) -> Api:
    return engineless_api


async def _with(api: Api, name: str, browser: str) -> SignedIn:
    api.http.headers["User-Agent"] = browser
    return await sign_in(api, name)


async def _listed(api: Api, who: SignedIn) -> list[dict[str, object]]:
    answer = await api.http.get(SESSIONS, headers=who.cookie)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def _id(api: Api, who: SignedIn) -> str:
    return next(str(one["id"]) for one in await _listed(api, who) if one["current"])


async def _goes_on(api: Api, who: SignedIn) -> bool:
    return (await api.http.get(SESSION, headers=who.cookie)).status_code == 200


async def test_one_sees_ones_sessions_and_ends_another(api: Api) -> None:
    name = await new_account(api)
    desk, phone = await _with(api, name, FIREFOX), await _with(api, name, PHONE)
    await signed_in(api)
    shown = await _listed(api, desk)
    assert [(one["device"], one["current"]) for one in shown] == [
        ("Firefox · Windows", True),
        ("WeChat · Android", False),
    ]
    gone = await api.http.delete(f"{SESSIONS}/{shown[1]['id']}", headers=desk.headers)
    assert gone.status_code == 204, gone.text
    assert not await _goes_on(api, phone)
    assert [one["id"] for one in await _listed(api, desk)] == [shown[0]["id"]]


async def test_anothers_session_is_word_for_word_like_none(api: Api) -> None:
    who, other = await signed_in(api), await signed_in(api, Role.ADMIN)
    ended = await _id(api, await sign_in(api, who.name))
    await api.http.delete(f"{SESSIONS}/{ended}", headers=who.headers)
    answers = [
        await api.http.delete(f"{SESSIONS}/{which}", headers=who.headers)
        for which in (await _id(api, other), "0" * 16, ended)
    ]
    assert {problem(answer) for answer in answers} == {(404, "session_not_found")}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    pages = [
        await api.http.post(
            f"/staff/me/sessions/{which}/end",
            data={"csrf": who.csrf},
            headers=PEOPLE | who.cookie,
        )
        for which in (await _id(api, other), "0" * 16)
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({re.sub("[0-9a-f]{16}", "", page.text) for page in pages}) == 1
    assert "您没有这个登录" in pages[0].text
    assert await _goes_on(api, other)


async def test_it_needs_the_csrf_token_and_a_session(api: Api) -> None:
    who = await signed_in(api)
    other = await sign_in(api, who.name)
    path = f"{SESSIONS}/{await _id(api, other)}"
    assert problem(await api.http.delete(path, headers=who.cookie)) == (403, "csrf_failed")
    token = await api.token(Role.ADMIN)
    assert problem(await api.http.delete(path, headers=token)) == (403, "forbidden")
    assert problem(await api.http.get(SESSIONS, headers=token)) == (403, "forbidden")
    assert problem(await api.http.delete(path)) == (401, "unauthenticated")
    assert await _goes_on(api, other)


def _rows(page: httpx.Response) -> list[str]:
    table = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("</tr>")][:-1]


async def test_the_page_marks_this_one_and_ends_the_other(api: Api) -> None:
    name = await new_account(api)
    desk, phone = await _with(api, name, FIREFOX), await _with(api, name, PHONE)
    page = await api.http.get("/staff/me", headers=PEOPLE | desk.cookie)
    mine, other = _rows(page)
    assert mine.startswith("Firefox · Windows")
    assert mine.endswith("当前浏览器")
    assert other.startswith("WeChat · Android")
    assert other.endswith("退出该登录")
    [action] = re.findall(r'action="(/staff/me/sessions/[0-9a-f]+/end)"', page.text)
    gone = await api.http.post(action, data={"csrf": desk.csrf}, headers=PEOPLE | desk.cookie)
    assert gone.status_code == 303
    after = await api.http.get(gone.headers["Location"], headers=PEOPLE | desk.cookie)
    assert "该登录已退出" in after.text
    assert len(_rows(after)) == 1
    assert not await _goes_on(api, phone)


async def test_a_new_password_leaves_this_session_alone(api: Api) -> None:
    who = await signed_in(api)
    await sign_in(api, who.name)
    fields = {"csrf": who.csrf, "old": PASSWORD, "new": "another quiet morning"}
    page = await api.http.post("/staff/me", data=fields, headers=PEOPLE | who.cookie)
    [left] = _rows(page)
    assert left.endswith("当前浏览器")


async def test_what_was_left_unused_is_not_listed(api: Api) -> None:
    who = await signed_in(api)
    old = await sign_in(api, who.name)
    which = await _id(api, old)
    past = datetime.now(UTC) - timedelta(minutes=61)
    session = identity_tables.session.c
    stamp = (
        update(identity_tables.session).where(session.digest.startswith(which)).values(seen_at=past)
    )
    await api.store.change(stamp)
    assert [one["current"] for one in await _listed(api, who)] == [True]


async def test_of_what_a_browser_says_only_known_words_are_kept(api: Api) -> None:
    name = await new_account(api)
    await _with(api, name, f"{FIREFOX} <b>secret</b> build/8831")
    [row] = await api.store.rows(select(identity_tables.session))
    assert row.device == "Firefox · Windows"
    for said in ("Mozilla", "Gecko", "secret", "build"):  # no digits, which a digest may contain
        assert said not in str(row)


@pytest.mark.parametrize(
    ("text", "device"),
    [
        (FIREFOX, "Firefox · Windows"),
        (PHONE, "WeChat · Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1",
            "Safari · macOS",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) CriOS/125.0", "Chrome · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/125.0 Safari/537.36 Edg/125.0", "Edge · Windows"),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) Chrome/114.0 ArkWeb/4.1", "Chrome · HarmonyOS"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("python-httpx/0.27", ""),
        ("", ""),
    ],
)
def test_a_browser_is_told_in_few_words(text: str, device: str) -> None:
    assert device_of(text) == device
