"""Tests of fair satisfaction over HTTP: set apart, decided, drawn, and asked again."""

from datetime import timedelta

from domain.actors import Role
from domain.pack.periods import days_of
from store.reporting import satisfaction_draws
from store.reporting.satisfaction_draws import WantedSample
from store.tickets import rating_checks
from tests.api.running_api import GOOD, Api, Filed, problem
from tests.support.people import signed_in


async def _rated_soon(api: Api, **changes: object) -> Filed:
    """Return a ticket that was rated well, minutes after the unit had called."""
    ticket = await api.file(**changes)
    assert (await ticket.by_unit("sign")).status_code == 200
    assert (await ticket.by_unit("contact", {"reached": True})).status_code == 200
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    assert (await ticket.rate()).json()["status"] == "recorded"
    return ticket


async def test_praise_right_after_a_call_is_set_apart_and_everybody_concerned_knows_why(
    api: Api,
) -> None:
    ticket = await _rated_soon(api)
    for headers in (ticket.citizen, await api.officer(), await api.token(Role.AUDITOR)):
        found = await api.http.get(f"{ticket.path}/rating-checks", headers=headers)
        assert found.status_code == 200, found.text
        [check] = found.json()["items"]
        assert (check["reason"], check["apart"]) == ("call", True)
    refused = await api.http.get(
        f"{ticket.path}/rating-checks", headers=await api.officer("environment")
    )
    assert problem(refused) == (404, "ticket_not_found")
    assert (await ticket.seen())["rating"]["grade"] == GOOD["grade"]
    fields = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    page = await api.http.post("/follow", data=fields, headers={"Accept-Language": "zh"})
    assert "承办单位与市民联系后数分钟内作出" in page.text
    supervisor = await signed_in(api, Role.SUPERVISOR)
    zh = {"Accept-Language": "zh"}
    page = await api.http.get(f"/staff/tickets/{ticket.number}", headers=supervisor.cookie | zh)
    assert "已单列，不计入统计" in page.text


async def test_only_a_supervisor_decides_that_it_counts_and_says_why(api: Api) -> None:
    ticket = await _rated_soon(api)
    [check] = await rating_checks.of_ticket(api.store, ticket.number)
    path = f"{ticket.path}/rating-checks/{check.version}/count"
    for role, unit in ((Role.OFFICER, "water"), (Role.DESK, None), (Role.AUDITOR, None)):
        headers = await api.token(role, unit)
        answer = await api.http.post(path, json={"reason": "好评"}, headers=headers)
        assert problem(answer) == (403, "forbidden")
    supervisor = await api.token(Role.SUPERVISOR)
    answer = await api.http.post(path, json={"reason": "  "}, headers=supervisor)
    assert problem(answer) == (422, "invalid_request")
    answer = await api.http.post(path, json={"reason": "市民来电说明。"}, headers=supervisor)
    assert answer.status_code == 200, answer.text
    assert answer.json()["apart"] is False
    again = await api.http.post(path, json={"reason": "再次。"}, headers=supervisor)
    assert problem(again) == (409, "lifted_already")
    found = await api.http.get(f"{ticket.path}/rating-checks", headers=ticket.citizen)
    assert found.json()["items"][0]["lifted_why"] == "市民来电说明。"


async def test_a_supervisor_decides_on_the_page(api: Api) -> None:
    ticket = await _rated_soon(api)
    supervisor = await signed_in(api, Role.SUPERVISOR)
    path = f"/staff/tickets/{ticket.number}/rating-checks"
    [check] = await rating_checks.of_ticket(api.store, ticket.number)
    fields = {"csrf": supervisor.csrf, "reason": ""}
    wrong = await api.http.post(
        f"{path}/{check.version}/count", data=fields, headers=supervisor.cookie
    )
    assert wrong.status_code == 422
    fields["reason"] = "A family."
    done = await api.http.post(
        f"{path}/{check.version}/count", data=fields, headers=supervisor.cookie
    )
    assert done.status_code == 303
    assert "A family." in (await api.http.get(path, headers=supervisor.cookie)).text


async def test_the_rate_has_its_error_and_says_how_many_are_set_apart(api: Api) -> None:
    await _rated_soon(api)
    honest = await api.handled()
    assert (await honest.rate()).json()["status"] == "recorded"
    found = await api.http.get("/api/v1/cities/tongzhou/satisfaction")
    assert found.status_code == 200, found.text
    told = found.json()
    assert (told["asked"], told["corrected"], told["least"]) == (0, None, 30)
    figures = (await api.http.get("/api/v1/cities/tongzhou/figures")).json()["figures"]
    for figure in figures:
        if figure["after"]["of"]:
            assert figure["low"] <= figure["after"]["value"] <= figure["high"]
        else:
            assert (figure["low"], figure["high"]) == (None, None)


async def test_a_drawn_citizen_is_asked_again_by_the_desk_and_not_by_the_unit(api: Api) -> None:
    contact = {"name": "王芳", "phone": "010-00012345"}
    ticket = await _rated_soon(api, contact=contact)
    context = api.context
    pack = context.packs.get("tongzhou")
    today = context.now().astimezone(pack.calendar.tz).date()
    days = days_of(pack, today - timedelta(days=1), today + timedelta(days=1))
    supervisor = await api.token(Role.SUPERVISOR)
    early = {"city": "tongzhou", "since": f"{today}", "until": f"{today}", "size": 1}
    answer = await api.http.post("/api/v1/satisfaction/draws", json=early, headers=supervisor)
    assert problem(answer) == (422, "sample_too_early")
    past = today - timedelta(days=1)
    none = early | {"since": f"{past}", "until": f"{past}", "size": 1000}
    answer = await api.http.post("/api/v1/satisfaction/draws", json=none, headers=supervisor)
    assert problem(answer) == (422, "sample_too_large")
    row = await satisfaction_draws.population(api.store, "tongzhou", days)
    assert ticket.number in row
    made = await satisfaction_draws.draw(
        api.store, WantedSample("tongzhou", past, today, days, len(row), "s"), lambda: "seed"
    )
    path = f"/api/v1/satisfaction/draws/{made.id}"
    said = {"reached": True, "resolved": False, "grade": 2}
    officer = await api.officer()
    answer = await api.http.post(f"{path}/tickets/{ticket.number}", json=said, headers=officer)
    assert problem(answer) == (403, "forbidden")
    desk = await api.token(Role.DESK)
    half = {"reached": True, "grade": 2}
    answer = await api.http.post(f"{path}/tickets/{ticket.number}", json=half, headers=desk)
    assert problem(answer) == (422, "second_answer_incomplete")
    answer = await api.http.post(f"{path}/tickets/{ticket.number}", json=said, headers=desk)
    assert answer.status_code == 200, answer.text
    item = next(one for one in answer.json()["items"] if one["number"] == ticket.number)
    assert (item["grade"], item["tries"]) == (2, 1)
    again = await api.http.post(f"{path}/tickets/{ticket.number}", json=said, headers=desk)
    assert problem(again) == (409, "answered_already")
    auditor = await api.token(Role.AUDITOR)
    redrawn = await api.http.get(f"{path}/redraw", headers=auditor)
    assert redrawn.json() == {"id": made.id, "same": True, "drawn": made.drawn}
    page = await api.http.get(
        f"/staff/satisfaction/{made.id}", headers=(await signed_in(api, Role.DESK)).cookie
    )
    assert ticket.number in page.text


async def test_the_pages_of_fair_satisfaction(api: Api) -> None:
    supervisor = await signed_in(api, Role.SUPERVISOR)
    page = await api.http.get("/staff/satisfaction", headers=supervisor.cookie)
    assert page.status_code == 200
    assert 'action="/staff/satisfaction"' in page.text
    fields = {"csrf": supervisor.csrf, "since": "x", "until": "2026-03-01", "size": "5"}
    wrong = await api.http.post("/staff/satisfaction", data=fields, headers=supervisor.cookie)
    assert wrong.status_code == 422
    desk = await signed_in(api, Role.DESK)
    assert (await api.http.get("/staff/satisfaction", headers=desk.cookie)).status_code == 200
    officer = await signed_in(api, Role.OFFICER, "water")
    refused = await api.http.get("/staff/satisfaction", headers=officer.cookie)
    assert refused.status_code == 403
    unknown = await api.http.get(
        "/api/v1/satisfaction/draws/none", headers=await api.token(Role.DESK)
    )
    assert problem(unknown) == (404, "draw_not_found")
