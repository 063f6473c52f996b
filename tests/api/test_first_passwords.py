"""Tests of first passwords: good only for choosing another, and for some days only."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import oidc_provider_mock
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import update
from structlog.testing import capture_logs

from api.http import route_permissions
from domain.actors import Role
from domain.policy.permissions import ONES_OWN, RIGHTS
from store.db import identity_tables
from store.db.engine import Store
from store.identity import accounts, passwords
from tests.api.running_api import Api, problem, serve_api
from tests.support.people import PASSWORD, SignedIn, sign_in, signed_in

API = "/api/v1"
SESSION = f"{API}/session"
PEOPLE = {"Accept": "text/html", "Accept-Language": "zh"}
OF_CITIZENS = {
    "rate_ticket", "list_own_tickets", "get_reward", "join_wallet", "choose_prize",
    "leave_incident",
}  # fmt: skip
"""Permissions that an access code or a pass gives, and nothing else."""
OWN = "another quiet morning"


@pytest.fixture
async def api(engineless_api: Api) -> Api:
    return engineless_api


async def _first_password(api: Api, name: str = "wang.fang") -> str:
    """Create an account, and return the password that the administrator is shown."""
    body = {"name": name, "role": "desk"}
    admin = await api.token(Role.ADMIN)
    made = await api.http.post(f"{API}/accounts", json=body, headers=admin)
    assert made.status_code == 201, made.text
    return str(made.json()["password"])


async def _age(api: Api, name: str, **length: int) -> None:
    """Backdate the first password of an account."""
    past = datetime.now(UTC) - timedelta(**length)
    which = update(identity_tables.account).where(identity_tables.account.c.name == name)
    await api.store.change(which.values(password_given_at=past))


async def _try(api: Api, name: str, password: str) -> httpx.Response:
    answer = await api.http.post(SESSION, json={"name": name, "password": password})
    api.http.cookies.clear()
    return answer


async def _choose(api: Api, who: SignedIn, old: str, new: str = OWN) -> httpx.Response:
    fields = {"old": old, "new": new}
    answer = await api.http.put(f"{SESSION}/password", json=fields, headers=who.headers)
    api.http.cookies.clear()
    return answer


async def test_it_opens_nothing_but_the_way_to_another(api: Api) -> None:
    value = await _first_password(api)
    who = await sign_in(api, "wang.fang", value)
    shown = (await api.http.get(SESSION, headers=who.cookie)).json()
    left = datetime.fromisoformat(shown["first_password_until"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    await _is_shut(api, who, f"{API}/tickets")
    assert (await api.http.get(f"{API}/sessions", headers=who.cookie)).status_code == 200
    chosen = await _choose(api, who, value)
    assert chosen.status_code == 200, chosen.text
    assert chosen.json()["first_password_until"] is None
    after = await sign_in(api, "wang.fang", OWN)
    assert (await api.http.get(f"{API}/tickets", headers=after.cookie)).status_code == 200
    assert (await _try(api, "wang.fang", value)).status_code == 401


async def test_whatever_else_there_is_is_refused(api: Api) -> None:
    """Administrators are refused too: somebody else knows their first password."""
    admin = await api.token(Role.ADMIN)
    body = {"name": "zhao", "role": "admin"}
    made = (await api.http.post(f"{API}/accounts", json=body, headers=admin)).json()
    who, shut = await sign_in(api, "zhao", made["password"]), 0
    for route in route_permissions.routes_of(api.app):
        right = RIGHTS[str(route_permissions.key_of(route))]
        if not isinstance(route, APIRoute) or right.key in ONES_OWN | OF_CITIZENS:
            continue
        if not right.everybody:
            shut += 1
            path = re.sub(r"\{[^}]+\}", "2603021234560", route.path)
            await _is_shut(api, who, path, min(route.methods or ()))
    assert shut > 100


async def _is_shut(api: Api, who: SignedIn, path: str, method: str = "GET") -> None:
    body: Any = {} if method in ("POST", "PUT") else None
    answer = await api.http.request(method, path, headers=who.headers, json=body)
    assert problem(answer) == (403, "password_change_needed"), (method, path)


@pytest.mark.parametrize("new", ["the same", "short"])
async def test_it_has_to_be_another_and_a_good_one(api: Api, new: str) -> None:
    value = await _first_password(api)
    who = await sign_in(api, "wang.fang", value)
    refused = await _choose(api, who, value, value if new == "the same" else new)
    code = "same_password" if new == "the same" else "weak_password"
    assert problem(refused) == (422, code)
    await _is_shut(api, who, f"{API}/tickets")


async def test_after_seven_days_it_is_over_until_an_administrator_gives_another(
    api: Api,
) -> None:
    value = await _first_password(api)
    await _age(api, "wang.fang", days=6, hours=23)
    assert (await _try(api, "wang.fang", value)).status_code == 200
    await _age(api, "wang.fang", days=7)
    with capture_logs() as logged:
        over = await _try(api, "wang.fang", value)
    assert problem(over) == (401, "first_password_over")
    assert "Set-Cookie" not in over.headers
    [values] = [line for line in logged if line["event"] == "sign-in failed"]
    assert values["code"] == "first_password_over"
    assert "wang.fang" not in str(logged)
    # A wrong password does not reveal that the right one has expired.
    assert problem(await _try(api, "wang.fang", PASSWORD)) == (401, "sign_in_failed")
    account = await accounts.by_name(api.store, "wang.fang")
    assert account is not None
    again = await api.http.post(
        f"{API}/accounts/{account.id}/password", headers=await api.token(Role.ADMIN)
    )
    until = datetime.fromisoformat(again.json()["first_password_until"])
    assert until > datetime.now(UTC) + timedelta(days=6)
    who = await sign_in(api, "wang.fang", again.json()["password"])
    assert (await _choose(api, who, again.json()["password"])).status_code == 200


async def test_it_ends_for_those_who_are_signed_in_as_well(api: Api) -> None:
    value = await _first_password(api)
    who = await sign_in(api, "wang.fang", value)
    await _age(api, "wang.fang", days=8)
    assert problem(await _choose(api, who, value)) == (401, "first_password_over")


async def test_how_long_it_is_good_is_a_setting(sqlite_store: Store, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"temporal_address": "127.0.0.1:1", "first_password_days": 1}
    async with serve_api(tmp_path, sqlite_store, None, **fields) as api:
        value = await _first_password(api)
        await _age(api, "wang.fang", hours=25)
        assert problem(await _try(api, "wang.fang", value)) == (401, "first_password_over")


async def test_ones_own_password_does_not_end(api: Api) -> None:
    who = await signed_in(api)
    shown = (await api.http.get(SESSION, headers=who.cookie)).json()
    assert shown["first_password_until"] is None
    assert (await api.http.get(f"{API}/tickets", headers=who.cookie)).status_code == 200


# --- the pages -----------------------------------------------------------------------------------


def _csrf(page: httpx.Response) -> str:
    return page.text.partition('name="csrf" value="')[2].partition('"')[0]


async def test_the_pages_lead_to_the_new_password_and_then_on(api: Api) -> None:
    fields = {"name": "wang.fang", "password": await _first_password(api), "to": "/staff/tickets"}
    answer = await api.http.post("/staff/sign-in", data=fields, headers=PEOPLE)
    assert answer.headers["Location"] == "/staff/tickets"
    for path in ("/staff/tickets", "/staff", "/staff/call"):
        away = await api.http.get(path, headers=PEOPLE)
        assert (away.status_code, away.headers["Location"]) == (303, "/staff/me"), path
    me = await api.http.get("/staff/me", headers=PEOPLE)
    assert "请现在设置您自己的密码" in me.text
    assert 'href="/staff/tickets"' not in me.text
    form = {"csrf": _csrf(me), "old": fields["password"]}
    same = await api.http.post("/staff/me", data=form | {"new": form["old"]}, headers=PEOPLE)
    assert same.status_code == 422
    assert "新密码与当前密码相同" in same.text
    assert "请现在设置您自己的密码" in same.text
    done = await api.http.post("/staff/me", data=form | {"new": OWN}, headers=PEOPLE)
    assert "密码已修改" in done.text
    assert "请现在设置您自己的密码" not in done.text
    assert 'href="/staff/tickets"' in done.text
    assert (await api.http.get("/staff/tickets", headers=PEOPLE)).status_code == 200


async def test_what_was_typed_is_not_lost_on_the_way(api: Api) -> None:
    who = await sign_in(api, "wang.fang", await _first_password(api))
    path = "/staff/tickets/2603021234560/contact?city=tongzhou"
    typed = {"csrf": who.csrf, "note": "已与市民约定", "key": "k1"}
    answer = await api.http.post(path, data=typed, headers=PEOPLE | who.cookie)
    assert answer.status_code == 403
    assert "请先在“我的账号”中设置您自己的密码" in answer.text
    assert 'name="note" value="已与市民约定"' in answer.text


async def test_one_that_is_over_is_said_on_the_sign_in_page(api: Api) -> None:
    fields = {"name": "wang.fang", "password": await _first_password(api)}
    await _age(api, "wang.fang", days=8)
    page = await api.http.post("/staff/sign-in", data=fields, headers=PEOPLE)
    assert page.status_code == 401
    assert "请向管理员索取新密码" in page.text
    assert fields["password"] not in page.text
    english = {"Accept": "text/html", "Accept-Language": "en"}
    page = await api.http.post("/staff/sign-in", data=fields, headers=english)
    assert "Ask an administrator for a new one" in page.text


async def test_an_administrator_sees_until_when_it_is_good(api: Api) -> None:
    who = await signed_in(api, Role.ADMIN)
    form = {"csrf": who.csrf, "name": "li.qiang", "role": "desk", "locally": "yes"}
    made = await api.http.post("/staff/admin/people", data=form, headers=PEOPLE | who.cookie)
    assert "首次登录时必须修改" in made.text
    path = re.findall(r'href="(/staff/admin/people/[0-9a-f]{12})"', made.text)[0]
    assert "初始密码，有效期至" in (await api.http.get(path, headers=PEOPLE | who.cookie)).text
    await _age(api, "li.qiang", days=8)
    assert "初始密码，已失效于" in (await api.http.get(path, headers=PEOPLE | who.cookie)).text


# --- by the identity provider --------------------------------------------------------------------


@pytest.fixture
async def joined(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    person = oidc_provider_mock.User(
        sub="u-1", claims={"preferred_username": "wang.fang", "roles": ["12345-desk"]}
    )
    with oidc_provider_mock.run_server_in_thread(user_claims=[person]) as server:
        fields: dict[str, Any] = {
            "oidc_issuer": f"http://localhost:{server.server_port}",
            "oidc_client_id": "jiesu",
            "oidc_client_secret": "secret",  # pragma: allowlist secret
            "oidc_roles": {"12345-desk": "desk"},
            "temporal_address": "127.0.0.1:1",
        }
        async with serve_api(tmp_path, sqlite_store, None, **fields) as opened:
            yield opened


def _agreed(url: str) -> str:
    return httpx.post(url, data={"sub": "u-1"}).headers["Location"]


async def test_who_signs_in_by_the_provider_is_not_asked_to_change_it(joined: Api) -> None:
    """Such a sign-in also works after the unused first password has expired."""
    for _ in range(2):
        url = (await joined.http.get("/staff/oidc")).headers["Location"]
        await joined.http.get(_agreed(url))
        assert (await joined.http.get(f"{API}/tickets")).status_code == 200
        account = await accounts.by_name(joined.store, "wang.fang")
        assert account is not None
        value = await passwords.hashed(PASSWORD)
        await accounts.set_password(joined.store, account, value, own=False)
        await _age(joined, "wang.fang", days=8)
    assert problem(await _try(joined, "wang.fang", PASSWORD)) == (401, "first_password_over")
