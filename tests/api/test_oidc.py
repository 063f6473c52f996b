"""Tests of sign-in with an identity provider, against a real one on this machine."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest

from app.access import oidc
from domain.actors import Role
from store.db.engine import Store
from store.identity import accounts
from tests.api.running_api import Api, serve_api

ROLES = {"12345-desk": "desk", "12345-water": "officer:water:tongzhou"}
PEOPLE = {
    "u-1": {"name": "王芳", "preferred_username": "Wang.Fang", "roles": ["12345-desk"]},
    "u-2": {"name": "李强", "roles": ["other", "12345-water"]},
    "u-3": {"name": "张伟", "roles": ["other"]},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    people = [oidc_provider_mock.User(sub=sub, claims=person) for sub, person in PEOPLE.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def api(issuer: str, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    fields: dict[str, Any] = {
        "oidc_issuer": issuer,
        "oidc_client_id": "jiesu",
        "oidc_client_secret": "secret",  # pragma: allowlist secret
        "oidc_roles": dict(ROLES),
        "temporal_address": "127.0.0.1:1",
    }
    async with serve_api(tmp_path, sqlite_store, None, **fields) as opened:
        yield opened


async def _leave(api: Api) -> str:
    """Begin a sign-in, and return the address of the provider's page."""
    answer = await api.http.get("/staff/oidc")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def _agree(url: str, sub: str) -> str:
    """Sign in at the provider, and return the address that the browser is sent back to."""
    answer = httpx.post(url, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


async def _come(api: Api, sub: str) -> httpx.Response:
    return await api.http.get(_agree(await _leave(api), sub))


async def test_somebody_comes_in_as_what_the_provider_says(api: Api) -> None:
    back = await _come(api, "u-1")
    assert (back.status_code, back.headers["Location"]) == (303, "/staff"), back.text
    shown = (await api.http.get("/api/v1/session")).json()
    assert (shown["name"], shown["role"], shown["unit"]) == ("王芳", "desk", None)
    [account] = await accounts.listing(api.store)
    assert account.name == "wang.fang"


async def test_it_is_one_account_however_often_and_whatever_they_become(api: Api) -> None:
    for _ in range(2):
        assert (await _come(api, "u-2")).status_code == 303
    [account] = await accounts.listing(api.store)
    assert (account.role, account.unit, account.city) == (Role.OFFICER, "water", "tongzhou")
    assert account.name.startswith("oidc-")
    await accounts.change(api.store, account, role=Role.ADMIN, unit=None, city=None)
    assert (await _come(api, "u-2")).status_code == 303
    [again] = await accounts.listing(api.store)
    assert (again.id, again.role) == (account.id, Role.OFFICER)


async def test_who_has_no_role_here_or_is_disabled_is_not_let_in(api: Api) -> None:
    refused = await _come(api, "u-3")
    assert refused.status_code == 403
    assert "没有本系统的权限" in refused.text
    assert await accounts.listing(api.store) == []
    await _come(api, "u-1")
    [account] = await accounts.listing(api.store)
    await accounts.change(api.store, account, disabled_at=account.created_at)
    assert (await _come(api, "u-1")).status_code == 403


async def test_an_officer_of_the_provider_is_always_of_one_city(api: Api) -> None:
    api.context.settings.oidc_roles["12345-water"] = "officer:water"
    assert (await _come(api, "u-2")).status_code == 403
    assert await accounts.listing(api.store) == []
    api.context.settings.oidc_roles["12345-water"] = "officer:parks-station"
    assert (await _come(api, "u-2")).status_code == 303
    [account] = await accounts.listing(api.store)
    assert (account.unit, account.city) == ("parks-station", "huangpu")


async def test_a_name_that_is_taken_is_not_taken_over(api: Api) -> None:
    mine = await accounts.create(api.store, "wang.fang", Role.ADMIN)
    assert (await _come(api, "u-1")).status_code == 303
    shown = (await api.http.get("/api/v1/session")).json()
    assert shown["id"] != mine.id
    assert shown["role"] == "desk"


async def test_the_way_there_proves_what_the_way_back_needs(api: Api, issuer: str) -> None:
    values = parse_qs(urlsplit(await _leave(api)).query)
    assert values["response_type"] == ["code"]
    assert values["code_challenge_method"] == ["S256"]
    assert len(values["code_challenge"][0]) == 43
    assert len(values["state"][0]) >= 20
    assert len(values["nonce"][0]) >= 20
    assert values["redirect_uri"] == ["http://jiesu.test/staff/oidc/back"]


async def test_what_was_not_begun_here_is_refused(api: Api) -> None:
    back = _agree(await _leave(api), "u-1")
    state = parse_qs(urlsplit(back).query)["state"][0]
    wrong_state = back.replace(state, state[:-2] + "xx")
    for address in (wrong_state, "/staff/oidc/back", f"/staff/oidc/back?state={state}"):
        assert (await api.http.get(address)).status_code == 401
    other_browser = _agree(await _leave(api), "u-1")
    api.http.cookies.clear()
    assert (await api.http.get(other_browser)).status_code == 401
    assert await accounts.listing(api.store) == []


async def test_an_answer_for_another_sign_in_is_refused(api: Api) -> None:
    """A code of another sign-in, used in this one, is refused: its nonce does not match."""
    other = parse_qs(urlsplit(_agree(await _leave(api), "u-2")).query)["code"][0]
    mine = _agree(await _leave(api), "u-1")
    code = parse_qs(urlsplit(mine).query)["code"][0]
    assert (await api.http.get(mine.replace(code, other))).status_code == 401


async def test_a_provider_that_is_away_is_said_to_be(sqlite_store: Store, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"oidc_issuer": "http://127.0.0.1:1", "oidc_client_id": "jiesu"}
    fields["temporal_address"] = "127.0.0.1:1"
    async with serve_api(tmp_path, sqlite_store, None, **fields) as api:
        answer = await api.http.get("/staff/oidc")
        assert answer.status_code == 401
        assert "统一身份登录没有成功" in answer.text


async def test_where_there_is_none_there_is_no_such_page(engineless_api: Api) -> None:
    assert (await engineless_api.http.get("/staff/oidc")).status_code == 404
    assert "/staff/oidc" not in (await engineless_api.http.get("/staff/sign-in")).text


@pytest.mark.parametrize("text", ["mayor", "officer", "desk:water", "citizen", "system", ""])
def test_a_mapping_that_means_nothing_is_told_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="oidc_roles"):
        oidc.parse_role_mapping({"value": text})
