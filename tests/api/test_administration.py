"""Tests of the administration API: accounts, tokens, packs, backlog."""

import re

import pytest
from structlog.testing import capture_logs

from domain.actors import Role
from domain.pack.horizon import horizon
from runtime.names import TICKETS
from store.identity import accounts
from store.packs import archive
from tests.api.running_api import COMPLAINT, Api, problem
from tests.support.cities import SHIPPED
from tests.support.people import new_account, signed_in
from workers.serve import JOBS, schedule_jobs

API = "/api/v1"


async def test_a_program_makes_an_account_and_every_change_is_logged_by_ids(api: Api) -> None:
    admin = await api.token(Role.ADMIN)
    body = {"name": "li.qiang", "role": "officer", "unit": "water", "city": "tongzhou"}
    with capture_logs() as logged:
        made = await api.http.post(f"{API}/accounts", json=body, headers=admin)
        assert made.status_code == 201, made.text
        path = f"{API}/accounts/{made.json()['id']}"
        for method, what in (
            ("POST", "/disable"),
            ("POST", "/enable"),
            ("POST", "/password"),
            ("DELETE", "/second-factor"),
            ("DELETE", "/sessions"),
        ):
            answer = await api.http.request(method, path + what, headers=admin)
            assert answer.status_code == 200, answer.text
    password = made.json()["password"]
    assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", password)
    listed = await api.http.get(f"{API}/accounts?text=li.", headers=admin)
    assert [one["name"] for one in listed.json()["items"]] == ["li.qiang"]
    assert "password" not in listed.json()["items"][0]
    values = [line for line in logged if line["event"] == "account"]
    assert [line["what"] for line in values] == [
        "created",
        "disabled",
        "enabled",
        "password renewed",
        "second factor reset",
        "signed out",
    ]
    assert {line["account"] for line in values} == {made.json()["id"]}
    assert "li.qiang" not in str(logged)
    assert password not in str(logged)


async def test_what_is_written_into_a_line_holds_nothing_that_cannot_be_seen(api: Api) -> None:
    admin = await api.token(Role.ADMIN)
    body = {"name": "zhao", "role": "desk", "display": "赵\u0000六\u202e"}
    made = await api.http.post(f"{API}/accounts", json=body, headers=admin)
    assert made.json()["display"] == "赵六"
    response = await api.http.get(f"{API}/accounts?text=%00zh%25", headers=admin)
    assert (response.status_code, response.json()["items"]) == (200, [])


async def test_a_unit_in_two_cities_needs_the_city_to_be_said(api: Api) -> None:
    admin = await api.token(Role.ADMIN)
    shared = next(
        unit.code
        for unit in api.context.packs.get("tongzhou").units
        if api.context.packs.get("heping").has_unit(unit.code)
    )
    body = {"name": "somebody", "role": "officer", "unit": shared}
    answer = await api.http.post(f"{API}/accounts", json=body, headers=admin)
    assert problem(answer) == (422, "city_missing")
    answer = await api.http.post(f"{API}/tokens", json=body | {"name": ""}, headers=admin)
    assert problem(answer) == (422, "city_missing")


async def test_an_administrator_of_one_city_is_told_of_that_city_only(api: Api) -> None:
    admin = await api.token(Role.ADMIN, city="tongzhou")
    body = {"name": "somebody", "role": "officer", "unit": "nobody"}
    for city in ({}, {"city": "atlantis"}):
        answer = await api.http.post(f"{API}/accounts", json=body | city, headers=admin)
        assert answer.status_code == 422
        assert "tongzhou" in answer.json()["detail"]
        assert "huangpu" not in answer.text


async def test_a_program_issues_and_revokes_tokens(api: Api) -> None:
    admin = await api.token(Role.ADMIN)
    body = {"role": "dispatcher", "scopes": ["read"], "days": 1, "name": "board"}
    made = (await api.http.post(f"{API}/tokens", json=body, headers=admin)).json()
    mine = {"Authorization": f"Bearer {made['secret']}"}
    assert (await api.http.get(f"{API}/tickets", headers=mine)).status_code == 200
    refused = await api.http.post(f"{API}/people/search", json={"phone": "1"}, headers=mine)
    assert refused.status_code in (403, 422)
    listed = (await api.http.get(f"{API}/tokens", headers=admin)).text
    assert made["id"] in listed
    assert made["secret"] not in listed
    gone = await api.http.delete(f"{API}/tokens/{made['id']}", headers=admin)
    assert gone.status_code == 204
    again = await api.http.delete(f"{API}/tokens/{made['id']}", headers=admin)
    assert problem(again) == (404, "token_not_found")
    assert (await api.http.get(f"{API}/tickets", headers=mine)).status_code == 401


@pytest.mark.parametrize("path", ["accounts", "tokens", "backlog", "installation"])
async def test_auditors_do_not_administer(api: Api, path: str) -> None:
    for role in (Role.AUDITOR, Role.SUPERVISOR):
        answer = await api.http.get(f"{API}/{path}", headers=await api.token(role))
        assert problem(answer) == (403, "forbidden")


async def test_a_session_needs_its_csrf_token_to_administer(api: Api) -> None:
    admin = await signed_in(api, Role.ADMIN)
    account = await accounts.by_name(api.store, await new_account(api))
    assert account is not None
    path = f"{API}/accounts/{account.id}/disable"
    assert problem(await api.http.post(path, headers=admin.cookie)) == (403, "csrf_failed")
    assert (await api.http.post(path, headers=admin.headers)).status_code == 200


async def test_pack_versions_tell_how_many_open_tickets_keep_each(api: Api) -> None:
    await api.file()
    folder = api.context.packs.folder("tongzhou")
    stored = await archive.keep(api.store, folder)
    auditor = await api.token(Role.AUDITOR)
    path = f"{API}/cities/tongzhou/packs"
    payload = (await api.http.get(path, headers=auditor)).json()["items"]
    assert [(one["version"], one["open_tickets"]) for one in payload] == [(stored, 1)]
    assert (payload[0]["in_use"], payload[0]["in_folder"]) == (True, True)
    same = (await api.http.get(f"{path}/diff?before={stored}", headers=auditor)).json()
    assert (same["before"], same["after"], same["items"]) == (stored, stored, [])
    unknown = await api.http.get(f"{path}/diff?before={'0' * 12}", headers=auditor)
    assert problem(unknown) == (422, "unknown_pack_version")
    checked = (await api.http.get(f"{path}/check", headers=auditor)).json()
    assert checked == {"version": stored, "problems": []}
    nowhere = await api.http.get(f"{API}/cities/atlantis/packs", headers=auditor)
    assert problem(nowhere) == (422, "unknown_city")


async def test_the_calendar_and_the_messages_are_told_to_programs(api: Api) -> None:
    auditor = await api.token(Role.AUDITOR)
    city = f"{API}/cities/tongzhou"
    year = (await api.http.get(f"{city}/calendar?year=2026", headers=auditor)).json()
    assert (year["year"], year["next_year"]) == (2026, False)
    kinds = {one["day"]: one["kind"] for one in year["special"]}
    assert (kinds["2026-10-01"], kinds["2026-02-14"]) == ("holiday", "make_up")
    assert not year["provisional"]
    pack = SHIPPED.get("tongzhou")
    calendar_horizon = horizon(pack)
    assert year["firm_until"] == str(calendar_horizon.last_day)
    assert year["provisional_from"] == {
        tier: str(day) if day else None for tier, day in calendar_horizon.tiers.items()
    }
    ahead = (await api.http.get(f"{city}/calendar?year=2150", headers=auditor)).json()
    assert (ahead["provisional"], ahead["next_year"], ahead["published"]) == (True, False, False)
    assert [one["day"][5:] for one in ahead["special"]] == ["01-01", "05-01", "10-01", "10-02"]
    messages = (await api.http.get(f"{city}/messages", headers=auditor)).json()
    assert "{number}" in messages["items"][0]["zh"]


async def test_what_waits_is_seen_and_tried_again(api: Api, engineless_api: Api) -> None:
    admin = await api.token(Role.ADMIN)
    unscheduled = await api.http.post(f"{API}/backlog/spool/retry", headers=admin)
    assert problem(unscheduled) == (409, "chore_not_scheduled")
    client = api.context.engine._client
    await schedule_jobs(client)
    try:
        again = await api.http.post(f"{API}/backlog/outbox/retry", headers=admin)
        assert (again.status_code, again.json()["scheduled"]) == (202, True)
        payload = (await api.http.get(f"{API}/backlog", headers=admin)).json()
        assert [one["scheduled"] for one in payload["chores"]] == [True, True]
        nonsense = await api.http.post(f"{API}/backlog/retention/retry", headers=admin)
        assert problem(nonsense) == (422, "invalid_request")
    finally:
        for name in JOBS:
            await client.get_schedule_handle(name).delete()


async def test_while_the_engine_is_away_the_backlog_is_still_told(engineless_api: Api) -> None:
    api = engineless_api
    assert (await api.http.post(f"{API}/complaints", json=COMPLAINT)).status_code == 202
    admin = await api.token(Role.ADMIN)
    payload = (await api.http.get(f"{API}/backlog", headers=admin)).json()
    assert payload["chores"] is None
    again = await api.http.post(f"{API}/backlog/spool/retry", headers=admin)
    assert problem(again) == (503, "engine_unavailable")
    state = (await api.http.get(f"{API}/installation", headers=admin)).json()
    assert (state["store_ready"], state["engine"]["ready"]) == (True, False)
    assert state["engine"]["queues"] == []


async def test_the_installation_tells_who_works_for_it(api: Api) -> None:
    await api.file()
    admin = await api.token(Role.ADMIN)
    payload = (await api.http.get(f"{API}/installation", headers=admin)).json()
    queues = {one["name"]: one["pollers"] for one in payload["engine"]["queues"]}
    assert queues[TICKETS]
    assert payload["engine"]["open_tickets"] is not None
    assert payload["cities"].keys() == set(api.context.packs.ids())
    assert {"home", "store"} <= {one["what"] for one in payload["findings"]}
