"""Tests of the administrators' pages, without JavaScript: access, and secrets shown once."""

import re

import httpx
import pytest

from domain.actors import Role
from domain.pack.horizon import horizon
from store.identity import accounts, lockouts, tokens
from tests.api.running_api import Api
from tests.support.cities import SHIPPED
from tests.support.people import SignedIn, new_account, signed_in

PEOPLE = {"Accept": "text/html", "Accept-Language": "en"}
ADMIN = "/staff/admin"
PAGES = ("people", "tokens", "webhooks", "packs", "messages", "calendar", "waiting", "engine")


async def get(api: Api, who: SignedIn, path: str) -> httpx.Response:
    return await api.http.get(path, headers=PEOPLE | who.cookie)


async def send(api: Api, who: SignedIn, path: str, **fields: str) -> httpx.Response:
    values = fields | {"csrf": who.csrf}
    return await api.http.post(path, data=values, headers=PEOPLE | who.cookie)


def secret_on(page: httpx.Response) -> str:
    match = re.search(r"data-secret>([^<]+)<", page.text)
    assert match, page.text
    return match[1]


async def account_id(api: Api, name: str) -> str:
    account = await accounts.by_name(api.store, name)
    assert account is not None
    return account.id


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_is_drawn_for_administrators(api: Api, page: str) -> None:
    admin = await signed_in(api, Role.ADMIN)
    shown = await get(api, admin, f"{ADMIN}/{page}")
    assert shown.status_code == 200, shown.text
    assert f'href="/staff/admin/{page}" aria-current="page"' in shown.text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.DESK, Role.SUPERVISOR, Role.AUDITOR])
async def test_nobody_else_is_let_in_but_auditors_to_the_rules(api: Api, role: Role) -> None:
    who = await signed_in(api, role, "water" if role is Role.OFFICER else None)
    for page in PAGES:
        open_to_them = role is Role.AUDITOR and page in ("packs", "messages", "calendar")
        shown = await get(api, who, f"{ADMIN}/{page}")
        assert shown.status_code == (200 if open_to_them else 403), page
    for path in ("people", "tokens", "waiting/spool"):
        assert (await send(api, who, f"{ADMIN}/{path}", name="x")).status_code == 403


async def test_an_account_is_made_and_its_password_is_shown_once(api: Api) -> None:
    admin = await signed_in(api, Role.ADMIN)
    fields = {"name": "li.qiang", "display": "李强", "role": "officer", "unit": "water"}
    path = f"{ADMIN}/people?city=tongzhou"
    made = await send(api, admin, path, **fields, locally="yes")
    assert made.status_code == 200, made.text
    password = secret_on(made)
    assert made.headers["Cache-Control"] == "no-store"
    answer = await api.http.post("/api/v1/session", json={"name": "li.qiang", "password": password})
    shown = answer.json()
    assert shown.pop("first_password_until") > shown["ends_at"]
    assert shown | {"id": "", "csrf": "", "ends_at": ""} == {
        "id": "", "name": "李强", "role": "officer", "unit": "water", "city": "tongzhou",
        "scopes": ["act", "admin", "audit", "file", "read", "unmask"], "ends_at": "", "csrf": "",
    }  # fmt: skip
    api.http.cookies.clear()
    one = f"{ADMIN}/people/{await account_id(api, 'li.qiang')}"
    for page in (one, f"{ADMIN}/people", f"{ADMIN}/people?text=li"):
        assert password not in (await get(api, admin, page)).text
    again = await send(api, admin, path, **fields, locally="yes")
    assert again.status_code == 409
    assert "There is an account of this name already" in again.text
    assert 'value="李强"' in again.text


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"name": "A B", "role": "desk"}, "A name has 2 to 64"),
        ({"name": "ok.name", "role": "officer"}, "Officers and grid workers belong"),
        (
            {"name": "ok.name", "role": "desk", "unit": "water"},
            "Officers and grid workers belong",
        ),
        ({"name": "ok.name", "role": "officer", "unit": "nowhere"}, "no such unit"),
        ({"name": "ok.name", "role": "desk", "city": "atlantis"}, "does not serve that city"),
        ({"name": "ok.name", "role": "system"}, "Please check what is marked"),
        ({"name": "ok.name", "role": "king"}, "Please check what is marked"),
        ({"name": "n" * 65, "role": "desk"}, "At most 64 characters"),
    ],
)
async def test_an_account_that_could_not_work_is_refused_and_nothing_typed_is_lost(
    api: Api, expected: dict[str, str], words: str
) -> None:
    admin = await signed_in(api, Role.ADMIN)
    refused = await send(api, admin, f"{ADMIN}/people?city=tongzhou", **expected, display="王芳")
    assert refused.status_code in (409, 422)
    assert words in refused.text
    assert 'value="王芳"' in refused.text
    assert f'value="{expected["name"]}"' in refused.text


async def test_an_account_is_changed_closed_opened_and_signed_out(api: Api) -> None:
    admin, who = await signed_in(api, Role.ADMIN), await signed_in(api, Role.DESK)
    one = f"{ADMIN}/people/{await account_id(api, who.name)}"
    changed = await send(api, admin, one, display="王芳", role="dispatcher", city="jinan")
    assert (changed.status_code, changed.headers["Location"]) == (303, f"{one}?done=changed")
    shown = await get(api, admin, f"{one}?done=changed")
    assert "This person has to sign in again" in shown.text
    assert (await get(api, who, "/staff/me")).status_code == 401
    for text, words in (("disable", "The account is closed"), ("enable", "The account is open")):
        done = await send(api, admin, f"{one}/{text}")
        assert words in (await get(api, admin, done.headers["Location"])).text
    renewed = await send(api, admin, f"{one}/password")
    again = {"name": who.name, "password": secret_on(renewed)}
    answer = await api.http.post("/api/v1/session", json=again)
    assert (answer.json()["role"], answer.json()["city"]) == ("dispatcher", "jinan")
    api.http.cookies.clear()
    await send(api, admin, f"{one}/sessions")
    assert "nowhere" in (await get(api, admin, one)).text
    assert (await send(api, admin, f"{one}/explode")).status_code == 404
    assert (await send(api, admin, f"{ADMIN}/people/{'0' * 12}/disable")).status_code == 404


async def test_a_lock_out_is_seen_and_ended(api: Api) -> None:
    admin, name = await signed_in(api, Role.ADMIN), await new_account(api)
    one = f"{ADMIN}/people/{await account_id(api, name)}"
    for _ in range(lockouts.FREE):
        wrong = {"name": name, "password": "wrong, wrong, wrong"}  # pragma: allowlist secret
        await api.http.post("/api/v1/session", json=wrong)
    assert "locked for a while" in (await get(api, admin, one)).text
    await send(api, admin, f"{one}/enable")
    assert "locked for a while" not in (await get(api, admin, one)).text


async def test_somebody_always_remains_who_can_administer(api: Api) -> None:
    admin = await signed_in(api, Role.ADMIN)
    mine = f"{ADMIN}/people/{await account_id(api, admin.name)}"
    for action in ("disable", "password", "second-factor"):
        refused = await send(api, admin, f"{mine}/{action}")
        assert refused.status_code == 409
        assert "another administrator can" in refused.text
    refused = await send(api, admin, mine, display="x", role="desk")
    assert refused.status_code == 409
    renamed = await send(api, admin, mine, display="王芳", role="admin")
    assert renamed.status_code == 303
    by_program = await api.token(Role.ADMIN)
    answer = await api.http.post(
        f"/api/v1/accounts/{await account_id(api, admin.name)}/disable", headers=by_program
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")


async def test_a_token_is_issued_once_shown_once_and_revoked(api: Api) -> None:
    admin = await signed_in(api, Role.ADMIN)
    path = f"{ADMIN}/tokens?city=tongzhou"
    fields = {"name": "pump", "role": "officer", "unit": "water", "days": "30", "scopes": "read"}
    made = await send(api, admin, path, **fields, key="k1")
    secret = secret_on(made)
    token = await tokens.find(api.store, secret, api.context.now())
    assert token is not None
    assert (token.city, sorted(token.scopes), token.name) == ("tongzhou", ["read"], "pump")
    twice = await send(api, admin, path, **fields, key="k1")
    assert (twice.status_code, "issued already" in twice.text) == (409, True)
    listed = await get(api, admin, f"{ADMIN}/tokens")
    assert token.id in listed.text
    assert secret not in listed.text
    gone = await send(api, admin, f"{ADMIN}/tokens/{token.id}/revoke")
    assert gone.status_code == 303
    assert await tokens.find(api.store, secret, api.context.now()) is None
    assert (await send(api, admin, f"{ADMIN}/tokens/{token.id}/revoke")).status_code == 404
    wrong = [{"days": "0"}, {"days": "367"}, {"scopes": "admin"}, {"scopes": "x"}, {"role": ""}]
    for change in wrong:
        refused = await send(api, admin, path, **fields | change)
        assert refused.status_code == 422, change
        assert 'value="pump"' in refused.text


async def test_an_administrator_of_one_city_manages_that_city_only(api: Api) -> None:
    mine = await signed_in(api, Role.ADMIN, city="jinan")
    other = await account_id(api, await new_account(api, Role.DESK, city="heping"))
    every = await account_id(api, await new_account(api, Role.DESK))
    for foreign in (other, every):
        assert (await get(api, mine, f"{ADMIN}/people/{foreign}")).status_code == 404
        gone = await send(api, mine, f"{ADMIN}/people/{foreign}/disable")
        assert gone.status_code == 404
    wider = await send(api, mine, f"{ADMIN}/people", name="too.wide", role="admin")
    assert wider.status_code == 403
    assert await accounts.by_name(api.store, "too.wide") is None
    fine = await send(api, mine, f"{ADMIN}/people", name="mine", role="desk", city="jinan")
    assert fine.status_code == 200
    token = await send(api, mine, f"{ADMIN}/tokens", role="desk", days="9")
    assert token.status_code == 403
    assert (await get(api, mine, f"{ADMIN}/packs?city=heping")).status_code == 403


async def test_a_form_of_somebody_else_changes_nothing(api: Api) -> None:
    admin = await signed_in(api, Role.ADMIN)
    fields = {"name": "li.qiang", "role": "desk", "csrf": "wrong"}
    refused = await api.http.post(
        f"{ADMIN}/people",
        data=fields,
        headers=PEOPLE | admin.cookie | {"Sec-Fetch-Site": "cross-site"},
    )
    assert refused.status_code == 403
    assert await accounts.by_name(api.store, "li.qiang") is None


async def test_the_calendar_shows_each_special_day_and_where_it_stands(api: Api) -> None:
    admin = await signed_in(api, Role.ADMIN)
    shown = await get(api, admin, f"{ADMIN}/calendar?city=tongzhou&year=2026")
    assert "Chinese New Year (Spring Festival)" in shown.text
    assert "city.toml [calendar] CN" in shown.text
    assert shown.text.count('class="day-make_up"') == 1 + 6
    last = max(SHIPPED.get("tongzhou").calendar.years)
    ending = await get(api, admin, f"{ADMIN}/calendar?city=tongzhou&year={last}")
    assert f"The working calendar of {last + 1} is not published" in ending.text
    past = await get(api, admin, f"{ADMIN}/calendar?city=tongzhou&year=2024")
    assert "not published" not in past.text
    ahead = await get(api, admin, f"{ADMIN}/calendar?city=tongzhou&year={last + 1}")
    assert f"{last + 1} is not published: this is how it is planned provisionally" in ahead.text
    assert f'aria-current="page">{last + 1}</a>' in ahead.text
    calendar_horizon = horizon(SHIPPED.get("jinan"))
    jinan = await get(api, admin, f"{ADMIN}/calendar?city=jinan")
    assert "How far ahead the city promises" in jinan.text
    assert f"Firmly until {calendar_horizon.last_day.day}" in jinan.text
    assert jinan.text.count("never: its limits are in calendar time") == sum(
        day is None for day in calendar_horizon.tiers.values()
    )
    for odd in ("1999", "x", "99999", "٢٠٢٦"):
        other = await get(api, admin, f"{ADMIN}/calendar?city=tongzhou&year={odd}")
        assert other.status_code == 200


async def test_messages_are_shown_as_citizens_read_them(api: Api) -> None:
    admin = await signed_in(api, Role.ADMIN)
    shown = await get(api, admin, f"{ADMIN}/messages?city=tongzhou")
    assert "您的诉求已受理，工单号 2603021234560" in shown.text
    assert "工单号 {number}" in shown.text
    assert "tongzhou/templates/zh.toml" in shown.text
