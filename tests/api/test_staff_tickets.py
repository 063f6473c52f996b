"""Tests of finding tickets: by any known detail, and for officers within their own unit."""

import html
import re

import httpx
import pytest

from api.pages.ticket import search
from domain.actors import Role
from tests.api.running_api import Api, Filed
from tests.support.staff_pages import AtDesk, at_desk, says

PATH = "/staff/tickets"


def _numbers(page: httpx.Response) -> list[str]:
    return re.findall(r'<a href="/staff/tickets/(\d{13})"', page.text)


async def _search(who: AtDesk, **params: str) -> list[str]:
    page = await who.get(PATH, city="tongzhou", **params)
    assert page.status_code == 200, says(page)
    return _numbers(page)


@pytest.fixture
async def ticket(api: Api) -> Filed:
    """File a ticket of the water bureau, about a subject that no other ticket has."""
    return await api.file(title="南大街暗渠冒黑水")


async def test_a_ticket_is_found_by_what_is_known_of_it(api: Api, ticket: Filed) -> None:
    other = await api.unclear()
    who = await at_desk(api, Role.DISPATCHER)
    assert {ticket.number, other.number} <= set(await _search(who))
    for params in (
        {"text": "暗渠"},
        {"text": ticket.number[:9]},
        {"stage": "handle"},
        {"unit": "区水务局"},
        {"unit": "区水务局 · water"},
        {"unit": "water", "state": "open", "kind": "complaint"},
        {"category": "黑臭水体"},
    ):
        names = await _search(who, **params)
        assert ticket.number in names, params
        assert "text" not in params or params["text"].isdigit() or names == [ticket.number]
    for params in ({"state": "overdue"}, {"state": "ended"}, {"stage": "rate"}, {"unit": "market"}):
        assert ticket.number not in await _search(who, **params), params


async def test_a_whole_number_goes_straight_to_its_ticket(api: Api, ticket: Filed) -> None:
    spaced = f"{ticket.number[:6]} {ticket.number[6:]}"
    for role, unit in ((Role.DESK, None), (Role.OFFICER, "water")):
        who = await at_desk(api, role, unit)
        answer = await who.get(PATH, text=spaced)
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"{PATH}/{ticket.number}"


async def test_officers_find_their_own_units_tickets(api: Api, ticket: Filed) -> None:
    own = await at_desk(api, Role.OFFICER, "water")
    assert ticket.number in await _search(own, unit="water")
    assert (await own.get(PATH, unit="market")).status_code == 403
    assert 'name="unit"' not in (await own.get(PATH)).text
    stranger = await at_desk(api, Role.OFFICER, "market")
    assert await _search(stranger) == []
    page = await stranger.get(PATH, text=ticket.number)
    assert page.status_code == 200
    assert "没有符合条件的工单" in says(page)


async def test_pages_follow_each_other(
    api: Api, ticket: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await at_desk(api, Role.DISPATCHER)
    monkeypatch.setattr(search, "LIMIT", 2)
    for _ in range(2):
        await api.file()
    first = await who.get(PATH, city="tongzhou", stage="handle")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = await who.get(html.unescape(following[1]))
    assert len(_numbers(first)) == 2
    assert _numbers(second)
    assert not set(_numbers(first)) & set(_numbers(second))


@pytest.mark.parametrize("params", [{"stage": "moon"}, {"cursor": "x"}, {"kind": "?"}])
async def test_a_mistyped_question_is_answered_with_the_form(
    api: Api, params: dict[str, str]
) -> None:
    who = await at_desk(api, Role.DESK)
    page = await who.get(PATH, text="河水", **params)
    assert page.status_code in (400, 422)
    assert 'value="河水"' in page.text
