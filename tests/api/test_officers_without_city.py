"""Tests of officers whom earlier versions stored with a unit and without a city."""

from domain.actors import Role
from store.identity import accounts, tokens
from tests.api.house import House, problem
from tests.support.people import PASSWORD, new_account, sign_in

API = "/api/v1"


async def _token(house: House, unit: str) -> dict[str, str]:
    _, secret = await tokens.issue(house.store, Role.OFFICER, unit, "old program")
    return {"Authorization": f"Bearer {secret}"}


async def _account(house: House, unit: str) -> str:
    name = await new_account(house, Role.DESK)
    account = await accounts.by_name(house.store, name)
    assert account is not None
    await accounts.change(house.store, account, role=Role.OFFICER, unit=unit, city=None)
    return name


async def test_a_unit_of_several_cities_opens_none_of_them(lonely_house: House) -> None:
    headers = await _token(lonely_house, "gas")
    for path in ("assignments", "tickets", "cities/tongzhou/answers", "people/search"):
        method = lonely_house.http.post if path == "people/search" else lonely_house.http.get
        answer = await method(f"{API}/{path}", headers=headers)
        if path != "cities/tongzhou/answers":  # which is published for everybody
            assert problem(answer) == (403, "city_unclear"), path
    assert (await lonely_house.http.get(f"{API}/session", headers=headers)).status_code == 200


async def test_a_unit_of_one_city_opens_that_city_only(lonely_house: House) -> None:
    headers = await _token(lonely_house, "parks-station")
    shown = (await lonely_house.http.get(f"{API}/session", headers=headers)).json()
    assert shown["city"] == "huangpu"
    own = await lonely_house.http.get(f"{API}/tickets?city=huangpu", headers=headers)
    assert own.status_code == 200
    other = await lonely_house.http.get(f"{API}/tickets?city=tongzhou", headers=headers)
    assert problem(other) == (403, "not_your_city")


async def test_an_account_is_told_why_on_the_page_and_may_sign_out(lonely_house: House) -> None:
    who = await sign_in(lonely_house, await _account(lonely_house, "gas"), PASSWORD)
    browser = who.cookie | {"Accept": "text/html"}
    page = await lonely_house.http.get("/staff/inbox", headers=browser)
    assert page.status_code == 403
    assert "请管理员" in page.text
    assert (await lonely_house.http.get("/staff/me", headers=browser)).status_code == 200
    gone = await lonely_house.http.delete(f"{API}/session", headers=who.headers)
    assert gone.status_code == 204
