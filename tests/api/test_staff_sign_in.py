"""Tests of staff sign-in and sign-out: without JavaScript, and nothing typed is lost."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.pages.shared.carried_acts import act_at
from domain.actors import Role
from tests.api.running_api import Api, serve_api
from tests.support.engine import Engine
from tests.support.people import PASSWORD, SignedIn, new_account, signed_in
from tests.support.staff_pages import hidden
from tests.support.walking import addresses

PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
WRONG = "no, no, no, no"  # pragma: allowlist secret


def csrf_on(page: httpx.Response) -> str:
    return page.text.partition('name="csrf" value="')[2].partition('"')[0]


async def test_staff_sign_in_and_out_without_javascript(api: Api) -> None:
    name = await new_account(api, Role.DISPATCHER)
    sent_away = await api.http.get("/staff", headers=PEOPLE)
    assert sent_away.headers["Location"] == "/staff/sign-in"
    typed = {"name": name, "password": WRONG}
    wrong = await api.http.post("/staff/sign-in", data=typed, headers=PEOPLE)
    assert wrong.status_code == 401
    assert "账号、密码或动态口令不正确" in wrong.text
    assert f'value="{name}"' in wrong.text
    assert WRONG not in wrong.text
    typed = {"name": name, "password": PASSWORD}
    right = await api.http.post("/staff/sign-in", data=typed, headers=PEOPLE)
    assert (right.status_code, right.headers["Location"]) == (303, "/staff")
    me = await api.http.get("/staff/me", headers=PEOPLE)
    assert "派单员" in me.text
    stolen = await api.http.post("/staff/sign-out", headers=PEOPLE)
    assert stolen.status_code == 403
    out = {"csrf": csrf_on(me), "everywhere": "yes"}
    gone = await api.http.post("/staff/sign-out", data=out, headers=PEOPLE)
    assert gone.headers["Location"] == "/staff/sign-in"
    assert (await api.http.get("/staff")).headers["Location"] == "/staff/sign-in"


async def test_the_sign_in_page_speaks_english(api: Api) -> None:
    page = await api.http.get("/staff/sign-in?lang=en")
    assert "Staff sign-in" in page.text
    assert page.headers["Content-Language"] == "en"


async def test_whoever_was_sent_to_sign_in_comes_back_to_where_they_wanted(api: Api) -> None:
    name = await new_account(api)
    response = await api.http.get("/staff/me?x=1", headers=PEOPLE)
    assert response.status_code == 401
    fields = hidden(response, "/staff/sign-in") | {"name": name, "password": PASSWORD}
    right = await api.http.post("/staff/sign-in", data=fields, headers=PEOPLE)
    assert right.headers["Location"] == "/staff/me?x=1"


async def test_a_refusal_leaves_staff_among_their_pages(api: Api) -> None:
    fields = {"name": await new_account(api, Role.AUDITOR), "password": PASSWORD}
    await api.http.post("/staff/sign-in", data=fields, headers=PEOPLE)
    mine = await api.http.get("/staff/call?city=tongzhou", headers=PEOPLE)
    assert mine.status_code == 403
    assert "该角色无权这样做" in mine.text
    assert 'href="/staff/audit"' in mine.text
    elsewhere = await api.http.get("/staff/board?city=atlantis", headers=PEOPLE)
    assert elsewhere.status_code == 403
    assert 'class="staff ' in elsewhere.text
    assert 'href="/staff"' in elsewhere.text


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/staff//e", "/staff\\e"])
async def test_nobody_is_sent_elsewhere_by_what_a_form_says(api: Api, to: str) -> None:
    fields = {"name": await new_account(api), "password": PASSWORD, "to": to}
    right = await api.http.post("/staff/sign-in", data=fields, headers=PEOPLE)
    assert right.headers["Location"] == "/staff"


CONTACT = "/staff/tickets/2603021234560/contact?city=tongzhou"


async def test_an_expired_session_loses_nothing_that_was_typed(api: Api) -> None:
    name = await new_account(api)
    typed = {"note": "关于<路灯>的说明", "reached": "no", "csrf": "old", "key": "k1"}
    response = await api.http.post(CONTACT, data=typed, headers=PEOPLE)
    assert response.status_code == 401
    assert "已保留" in response.text
    values = hidden(response, "/staff/sign-in")
    assert values.keys() == {"carried"}
    wrong = await api.http.post(
        "/staff/sign-in", data=values | {"name": name, "password": WRONG}, headers=PEOPLE
    )
    assert hidden(wrong, "/staff/sign-in") == values
    right = await api.http.post(
        "/staff/sign-in", data=values | {"name": name, "password": PASSWORD}, headers=PEOPLE
    )
    assert right.status_code == 200
    assert "关于&lt;路灯&gt;的说明" in right.text
    said = right.text.partition("<form")[0]
    assert "即将执行" in said
    assert "2603021234560" in said
    ready = hidden(right, CONTACT)
    assert ready.pop("csrf") == csrf_on(await api.http.get("/staff/me", headers=PEOPLE))
    assert ready == {"note": "关于<路灯>的说明", "reached": "no", "key": "k1"}


async def test_only_what_was_typed_is_shown_before_it_is_sent(api: Api) -> None:
    name = await new_account(api)
    entry = {"kind": "diary", "id": "d" * 32, "text": "居民说水压低。"}
    response = await api.http.post("/staff/grid", data=entry, headers=PEOPLE)
    carried = hidden(response, "/staff/sign-in")
    right = await api.http.post(
        "/staff/sign-in", data=carried | {"name": name, "password": PASSWORD}, headers=PEOPLE
    )
    assert re.findall(r"<blockquote[^>]*>([^<]*)<", right.text) == ["居民说水压低。"]
    assert hidden(right, "/staff/grid").items() >= entry.items()


async def test_passwords_are_typed_anew(api: Api) -> None:
    typed = {"old": PASSWORD, "new": "another quiet morning"}
    response = await api.http.post("/staff/me", data=typed, headers=PEOPLE)
    assert response.status_code == 401
    assert PASSWORD not in response.text
    assert "another quiet morning" not in response.text


async def test_what_came_too_often_is_kept_to_be_sent_in_a_moment(
    engine: Engine, tmp_path: Path
) -> None:
    strict: dict[str, Any] = {"limit_commands": "1/minute", "limits_exempt": []}
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs, **strict) as api:
        who = await signed_in(api, Role.OFFICER, "water", "tongzhou")
        typed = {"csrf": who.csrf, "note": "已与市民约定明天上午", "key": "k1"}
        answers = [
            await api.http.post(CONTACT, data=typed, headers=PEOPLE | who.cookie) for _ in range(2)
        ]
        late = answers[-1]
        assert late.status_code == 429
        assert "Retry-After" in late.headers
        assert hidden(late, CONTACT) == typed


async def test_whoever_signed_in_in_another_window_goes_on(api: Api) -> None:
    who = await signed_in(api)
    fields, browser = await _interrupted(api)
    nobody = await api.http.post("/staff/again", data=fields, headers=PEOPLE | _with(browser))
    assert (nobody.status_code, hidden(nobody, "/staff/again")) == (401, fields)
    shown = await api.http.post("/staff/again", data=fields, headers=PEOPLE | _with(browser, who))
    assert hidden(shown, CONTACT) == {"csrf": who.csrf, "note": "一段话"}


async def _interrupted(api: Api) -> tuple[dict[str, str], str]:
    """Send a form without a session: return what the sign-in page carries, and its cookie."""
    answer = await api.http.post(CONTACT, data={"note": "一段话"}, headers=PEOPLE)
    browser = answer.cookies["jiesu-carried"]
    api.http.cookies.clear()
    return hidden(answer, "/staff/again"), browser


def _with(browser: str, who: SignedIn | None = None) -> dict[str, str]:
    session = f"; jiesu-session={who.secret}" if who else ""
    return {"Cookie": f"jiesu-carried={browser}{session}"}


PREPARED = {"to": CONTACT, "kept.note": "一段话", "note": "一段话"}


async def test_nobody_is_shown_a_form_that_another_page_prepared(api: Api) -> None:
    """A click on 'send it now' would do what that page wants."""
    who = await signed_in(api)
    sealed, browser = await _interrupted(api)
    _, another = await _interrupted(api)
    mine = _with(browser, who)
    tampered = {"carried": f"x{sealed['carried'][1:]}"}
    cases: list[tuple[dict[str, str], dict[str, str]]] = [
        (PREPARED, mine),
        (sealed, who.cookie),
        (sealed, _with(another, who)),
        (tampered, mine),
        (sealed, mine | {"Sec-Fetch-Site": "cross-site"}),
        (sealed, mine | {"Origin": "http://elsewhere.test"}),
    ]
    signing = {"name": who.name, "password": PASSWORD}
    for fields, headers in cases:
        for path, more in (("/staff/again", {}), ("/staff/sign-in", signing)):
            if more:  # signing in would end the session that the next case shows
                cookies = headers["Cookie"].split("; ")
                left = [one for one in cookies if not one.startswith("jiesu-session")]
                headers = headers | {"Cookie": "; ".join(left)}
            answer = await api.http.post(path, data=fields | more, headers=PEOPLE | headers)
            api.http.cookies.clear()
            assert answer.status_code in (303, 403), (path, headers, answer.text)
            assert "一段话" not in answer.text
    who = await signed_in(api)
    good = await api.http.post("/staff/again", data=sealed, headers=PEOPLE | _with(browser, who))
    assert "一段话" in good.text


async def test_a_form_is_not_carried_for_ever(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await signed_in(api)
    sealed, browser = await _interrupted(api)
    monkeypatch.setattr("api.pages.shared.sign_in_again.LONGEST", -1)
    mine = PEOPLE | _with(browser, who)
    answer = await api.http.post("/staff/again", data=sealed, headers=mine)
    assert answer.status_code == 303
    assert "一段话" not in answer.text


async def test_what_another_site_sent_first_is_not_sealed_for_it(api: Api) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://elsewhere.test"}):
        answer = await api.http.post(CONTACT, data={"note": "一段话"}, headers=PEOPLE | headers)
        assert "一段话" not in answer.text
        assert 'name="carried"' not in answer.text


async def test_it_is_said_of_every_form_of_staff_what_it_does(api: Api) -> None:
    own = {"/staff/sign-in", "/staff/again", "/staff/sign-out"}
    paths = [one.path for one in addresses(api.app) if one.page and one.method == "POST"]
    for path in paths:
        if not path.startswith("/staff") or path in own:
            continue
        filled = path.replace("{number}", "2603021234560").replace("{action}", "disable")
        act = act_at(re.sub(r"{(\w+)}", "0123456789ab", filled))
        assert act is not None, path
        assert ("tickets/{number}" in path) == (act.number is not None)
    assert act_at("/staff/elsewhere") is None


async def test_what_another_site_sends_is_refused_and_not_kept(api: Api) -> None:
    who = await signed_in(api)
    elsewhere = PEOPLE | who.cookie | {"Sec-Fetch-Site": "cross-site"}
    answer = await api.http.post("/staff/me", data={"note": "一段话"}, headers=elsewhere)
    assert answer.status_code == 403
    assert "一段话" not in answer.text


async def test_the_password_is_changed_and_the_others_are_signed_out(api: Api) -> None:
    who = await signed_in(api)
    wrong = {"csrf": who.csrf, "old": "not it, not it at all", "new": "another quiet morning"}
    page = await api.http.post("/staff/me", data=wrong, headers=PEOPLE | who.cookie)
    assert page.status_code == 401
    weak = {"csrf": who.csrf, "old": PASSWORD, "new": "short"}
    page = await api.http.post("/staff/me", data=weak, headers=PEOPLE | who.cookie)
    assert page.status_code == 422
    assert PASSWORD not in page.text
    fields = {"csrf": who.csrf, "old": PASSWORD, "new": "another quiet morning"}
    page = await api.http.post("/staff/me", data=fields, headers=PEOPLE | who.cookie)
    assert "密码已修改" in page.text
    fresh = {"Cookie": f"jiesu-session={page.cookies['jiesu-session']}"}
    api.http.cookies.clear()
    before = await api.http.get("/staff/me", headers=PEOPLE | who.cookie)
    assert before.status_code == 401
    out = {"csrf": csrf_on(page)}
    gone = await api.http.post("/staff/sign-out", data=out, headers=PEOPLE | fresh)
    assert gone.headers["Location"] == "/staff/sign-in"
