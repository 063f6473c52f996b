"""Tests of officers whom earlier versions stored with a unit and without a city."""

from domain.actors import Role
from store.identity import accounts, tokens
from tests.api.running_api import Api, problem
from tests.support.people import PASSWORD, new_account, sign_in

API = "/api/v1"


async def _token(api: Api, unit: str) -> dict[str, str]:
    _, secret = await tokens.issue(api.store, Role.OFFICER, unit, "old program")
    return {"Authorization": f"Bearer {secret}"}


async def _account(api: Api, unit: str) -> str:
    name = await new_account(api, Role.DESK)
    account = await accounts.by_name(api.store, name)
    assert account is not None
    await accounts.change(api.store, account, role=Role.OFFICER, unit=unit, city=None)
    return name


async def test_a_unit_of_several_cities_opens_none_of_them(engineless_api: Api) -> None:
    headers = await _token(engineless_api, "gas")
    for path in ("assignments", "tickets", "cities/tongzhou/answers", "people/search"):
        method = engineless_api.http.post if path == "people/search" else engineless_api.http.get
        answer = await method(f"{API}/{path}", headers=headers)
        if path != "cities/tongzhou/answers":  # which is published for everybody
            assert problem(answer) == (403, "city_unclear"), path
    assert (await engineless_api.http.get(f"{API}/session", headers=headers)).status_code == 200


async def test_a_unit_of_one_city_opens_that_city_only(engineless_api: Api) -> None:
    headers = await _token(engineless_api, "parks-station")
    shown = (await engineless_api.http.get(f"{API}/session", headers=headers)).json()
    assert shown["city"] == "huangpu"
    own = await engineless_api.http.get(f"{API}/tickets?city=huangpu", headers=headers)
    assert own.status_code == 200
    other = await engineless_api.http.get(f"{API}/tickets?city=tongzhou", headers=headers)
    assert problem(other) == (403, "not_your_city")


async def test_an_account_is_told_why_on_the_page_and_may_sign_out(engineless_api: Api) -> None:
    who = await sign_in(engineless_api, await _account(engineless_api, "gas"), PASSWORD)
    browser = who.cookie | {"Accept": "text/html"}
    page = await engineless_api.http.get("/staff/inbox", headers=browser)
    assert page.status_code == 403
    assert "请管理员" in page.text
    assert (await engineless_api.http.get("/staff/me", headers=browser)).status_code == 200
    gone = await engineless_api.http.delete(f"{API}/session", headers=who.headers)
    assert gone.status_code == 204
