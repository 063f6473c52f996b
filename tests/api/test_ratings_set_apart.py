"""Tests that a unit's own rating is set apart: kept, shown to auditors, and counted as none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.actors import Role
from domain.facts.closing import Rated
from domain.policy.condition_inputs import case_of, event_case
from domain.ticket.rating import Apart
from store.identity import sign_in_places
from store.tickets import tickets
from tests.api.running_api import COMPLAINT, GOOD, Api, Filed
from tests.support.people import PASSWORD, new_account, signed_in

OFFICE, HOME = "203.0.113.7", "198.51.100.9"


@asynccontextmanager
async def _from(api: Api, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(api.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=api.http.base_url) as client:
        yield client


async def _signs_in(api: Api, address: str, role: Role, unit: str | None) -> dict[str, str]:
    """Sign an account in from this address, and return its cookie."""
    fields = {"name": await new_account(api, role, unit), "password": PASSWORD}
    async with _from(api, address) as client:
        answer = await client.post("/api/v1/session", json=fields)
        assert answer.status_code == 200, answer.text
        return {"Cookie": f"jiesu-session={answer.cookies['jiesu-session']}"}


async def _rated(
    api: Api,
    ticket: Filed,
    address: str,
    *,
    rating: dict[str, Any] = GOOD,
    cookie: dict[str, str] | None = None,
) -> Apart | None:
    """Rate the ticket as its citizen does, and return why the rating is set apart."""
    async with _from(api, address) as client:
        headers = ticket.citizen | (cookie or {})
        answer = await client.post(f"{ticket.path}/rating", json=rating, headers=headers)
    assert answer.json()["status"] == "recorded", answer.text
    [fact] = [e.fact for e in await tickets.events(api.store, ticket.number) if e.kind == "rated"]
    assert isinstance(fact, Rated)
    return fact.apart


async def test_a_rating_from_a_session_of_staff_is_set_apart(api: Api) -> None:
    cookie = await _signs_in(api, HOME, Role.OFFICER, "water")
    ticket = await api.handled()
    assert await _rated(api, ticket, OFFICE, cookie=cookie) is Apart.SESSION
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    case = case_of(state, datetime.now(UTC))
    assert (case.rated, case.satisfied, case.resolved, case.grade) == (False, False, False, -1)
    assert case.rated_apart
    events = await tickets.events(api.store, ticket.number)
    [rated] = [event for event in events if event.kind == "rated"]
    assert event_case(rated, state).kind == "rated_apart"
    auditor = await signed_in(api, Role.AUDITOR)
    page = await api.http.get(
        f"/staff/tickets/{ticket.number}",
        headers=auditor.cookie | {"Accept-Language": "zh"},
    )
    assert "已单列，不计入统计" in page.text
    page = await api.http.get(f"/staff/audit/{ticket.number}", headers=auditor.cookie)
    assert "apart session" in page.text


async def test_a_rating_on_the_page_is_set_apart_as_well(api: Api) -> None:
    officer = await signed_in(api, Role.OFFICER, "water")
    ticket = await api.handled()
    fields = {"number": ticket.number, "code": ticket.receipt["access_code"], "grade": "5"}
    page = await api.http.post(
        "/follow/rate", data=fields | {"resolved": "yes"}, headers=officer.cookie
    )
    assert page.status_code == 200
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    assert state.rating_apart is Apart.SESSION


async def test_a_rating_from_where_the_units_officers_sign_in_is_set_apart(api: Api) -> None:
    await _signs_in(api, OFFICE, Role.OFFICER, "water")
    assert await _rated(api, await api.handled(), OFFICE) is Apart.ADDRESS


@pytest.mark.parametrize("bad", [{"resolved": False, "grade": 5}, {"resolved": True, "grade": 1}])
async def test_a_bad_rating_counts_wherever_it_comes_from(api: Api, bad: dict[str, Any]) -> None:
    """Thousands of citizens share the network of a telephone company with some officer."""
    await _signs_in(api, OFFICE, Role.OFFICER, "water")
    assert await _rated(api, await api.handled(), OFFICE, rating={"contacted": True} | bad) is None


async def test_a_rating_of_the_citizen_counts(api: Api) -> None:
    await _signs_in(api, OFFICE, Role.OFFICER, "water")
    await _signs_in(api, HOME, Role.OFFICER, "environment")
    await _signs_in(api, HOME, Role.DESK, None)
    ticket = await api.handled()
    assert await _rated(api, ticket, HOME) is None
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    case = case_of(state, datetime.now(UTC))
    assert (case.rated, case.satisfied, case.grade, case.rated_apart) == (True, True, 5, False)


async def test_where_somebody_signed_in_is_forgotten_after_a_month(api: Api) -> None:
    ticket = await api.handled()
    name = await new_account(api, Role.OFFICER, "water")
    fields = {"name": name, "password": PASSWORD}
    account = (await api.http.post("/api/v1/session", json=fields)).json()
    now = datetime.now(UTC)
    for days, known in ((29, True), (31, False)):
        at = now - timedelta(days=days)
        await sign_in_places.note(api.store, account["id"], "place", at)
        units = ["water"]
        found = await sign_in_places.is_of_units(api.store, "place", "tongzhou", units, now)
        assert found is known, ticket.number


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_proxy_that_is_taken_for_everybody_marks_nobody(api: Api, address: str) -> None:
    await _signs_in(api, address, Role.OFFICER, "water")
    assert await _rated(api, await api.handled(), address) is None


async def _filed_by(api: Api, role: Role, unit: str | None) -> Filed:
    """File a complaint on behalf of somebody; its code goes to the phone that was given."""
    body = COMPLAINT | {"contact": {"name": "王芳", "phone": "010-00012345"}}
    headers = await api.token(role, unit)
    answer = await api.http.post("/api/v1/complaints", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    number = answer.json()["number"]
    ticket = Filed(api, {"number": number, "access_code": api.context.vault.access_code(number)})
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    return ticket


async def test_a_unit_does_not_praise_itself_by_a_complaint_with_a_phone_of_its_own(
    api: Api,
) -> None:
    ticket = await _filed_by(api, Role.OFFICER, "water")
    assert await _rated(api, ticket, HOME) is Apart.FILER
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    assert not case_of(state, datetime.now(UTC)).satisfied
    supervisor = await signed_in(api, Role.SUPERVISOR)
    page = await api.http.get(
        f"/staff/tickets/{ticket.number}",
        headers=supervisor.cookie | {"Accept-Language": "zh"},
    )
    assert "该诉求由承办单位自行登记" in page.text


async def test_neither_does_it_by_a_ticket_that_follows_one(api: Api) -> None:
    ticket = await _filed_by(api, Role.OFFICER, "water")
    assert (await ticket.act("withdraw", ticket.citizen, {})).status_code == 200
    await ticket.until_stage("ended")
    body = {"text": "又有了。"}
    answer = await ticket.act("recur", await api.token(Role.DESK), body)
    assert answer.status_code == 201, answer.text
    follower = Filed(api, answer.json())
    assert (await follower.complete()).status_code == 200
    await follower.until_stage("rate")
    assert await _rated(api, follower, HOME) is Apart.FILER


@pytest.mark.parametrize(
    ("role", "unit", "rating"),
    [
        (Role.OFFICER, "environment", GOOD),
        (Role.DESK, None, GOOD),
        (Role.OFFICER, "water", {"contacted": True, "resolved": False, "grade": 1}),
    ],
)
async def test_what_others_filed_and_what_is_no_praise_counts(
    api: Api, role: Role, unit: str | None, rating: dict[str, Any]
) -> None:
    ticket = await _filed_by(api, role, unit)
    assert await _rated(api, ticket, HOME, rating=rating) is None
