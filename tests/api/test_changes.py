"""Tests of the changes over HTTP: their order, whose they are, what they do not tell, waiting."""

import asyncio
from typing import Any
from unittest.mock import patch

import pytest

from domain.actors import Role
from store.db import webhook_tables
from store.identity import tokens
from store.webhooks.numbering import number_changes
from tests.api.running_api import COMPLAINT, Api, problem
from tests.api.test_reports import ACCUSED, BELOW, HANDLER
from tests.api.test_reports import _accused_since as accused_since

CHANGES = "/api/v1/changes"


async def page(api: Api, headers: dict[str, str], **query: Any) -> dict[str, Any]:
    answer = await api.http.get(CHANGES, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def follow(api: Api, headers: dict[str, str], **query: Any) -> list[dict[str, Any]]:
    """Read everything, a little at a time."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        told = await page(api, headers, limit=3, **cursor, **query)
        items += told["items"]
        cursor = {"after": told["cursor"]}
        if not told["more"]:
            return items


async def test_the_changes_of_a_ticket_are_its_events(each_api: Api) -> None:
    api = each_api
    ticket = await api.handled()
    supervisor = await api.token(Role.SUPERVISOR, city="tongzhou")
    events = (await api.http.get(f"{ticket.path}/events", headers=supervisor)).json()
    told = await follow(api, supervisor)
    assert [(one["version"], one["kind"], one["at"]) for one in told] == [
        (one["version"], one["fact"]["kind"], one["at"]) for one in events
    ]
    assert {(one["number"], one["city"], one["what"]) for one in told} == {
        (ticket.number, "tongzhou", "happened")
    }
    assigned = next(one for one in told if one["kind"] == "assigned")
    assert assigned["details"]["unit"] == "water"
    text = str(told)
    for said in (COMPLAINT["title"], COMPLAINT["text"], "已组织清淤"):
        assert said not in text


async def test_everybody_follows_what_they_may_see(api: Api) -> None:
    ticket = await api.handled()
    for role, unit, city, sees in (
        (Role.SUPERVISOR, None, None, True),
        (Role.SUPERVISOR, None, "tongzhou", True),
        (Role.SUPERVISOR, None, "heping", False),
        (Role.OFFICER, "water", "tongzhou", True),
        (Role.OFFICER, "housing", "tongzhou", False),
        (Role.OFFICER, "water", "heping", False),
    ):
        headers = await api.token(role, unit, city)
        numbers = {one["number"] for one in await follow(api, headers)}
        assert numbers == ({ticket.number} if sees else set()), (role, unit, city)
    answer = await api.http.get(CHANGES, headers=ticket.citizen)
    assert answer.status_code == 401
    officer = await api.officer()
    answer = await api.http.get(CHANGES, params={"city": "heping"}, headers=officer)
    assert problem(answer) == (403, "not_your_city")


async def test_a_kind_and_a_city_can_be_asked_for(api: Api) -> None:
    await api.handled()
    everyone = await api.token(Role.SUPERVISOR)
    told = await follow(api, everyone, kind=["signed", "handled"])
    assert [one["kind"] for one in told] == ["handled"]
    assert await follow(api, everyone, city="heping") == []


async def test_who_waits_is_told_when_it_happens(api: Api) -> None:
    supervisor = await api.token(Role.SUPERVISOR)
    now = await page(api, supervisor, after="now")
    assert now["items"] == []
    waiting = asyncio.create_task(page(api, supervisor, after=now["cursor"], wait=25))
    ticket = await api.file()
    told = await waiting
    assert told["items"][0]["number"] == ticket.number
    assert told["items"][0]["version"] == 1


async def test_who_waits_is_told_nothing_after_the_token_is_revoked(api: Api) -> None:
    token, text = await tokens.issue(api.store, Role.SUPERVISOR, None, "follower")
    headers = {"Authorization": f"Bearer {text}"}
    now = await page(api, headers, after="now")
    looked = asyncio.Semaphore(0)

    async def numbered(*arguments: Any) -> int:
        looked.release()
        return await number_changes(*arguments)

    with patch("app.webhooks.changes.number_changes", numbered):
        query = {"after": now["cursor"], "wait": 25}
        waiting = asyncio.create_task(api.http.get(CHANGES, params=query, headers=headers))
        for _ in range(2):  # the second look begins: the first one has found nothing
            await asyncio.wait_for(looked.acquire(), 60)
    await tokens.revoke(api.store, token)
    await api.file()
    assert problem(await waiting) == (401, "unauthenticated")


async def test_who_waits_for_nothing_goes_on_from_the_same_place(api: Api) -> None:
    supervisor = await api.token(Role.SUPERVISOR)
    now = await page(api, supervisor, after="now")
    told = await page(api, supervisor, after=now["cursor"], wait=1)
    assert told == {"items": [], "cursor": now["cursor"], "more": False}


async def test_a_server_that_stops_lets_nobody_wait(api: Api) -> None:
    supervisor = await api.token(Role.SUPERVISOR)
    now = await page(api, supervisor, after="now")
    waiting = asyncio.create_task(page(api, supervisor, after=now["cursor"], wait=25))
    await asyncio.sleep(0)
    api.context.closing.set()
    assert (await asyncio.wait_for(waiting, 20))["items"] == []


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwiYiIsImMiXQ", "\x00"])
async def test_what_is_no_cursor_is_refused(api: Api, cursor: str) -> None:
    supervisor = await api.token(Role.SUPERVISOR)
    answer = await api.http.get(CHANGES, params={"after": cursor}, headers=supervisor)
    assert problem(answer) in [(400, "bad_cursor"), (422, "invalid_request")]


async def test_a_cursor_of_another_installation_or_too_old_says_so(api: Api) -> None:
    await api.handled()
    supervisor = await api.token(Role.SUPERVISOR)
    first = (await page(api, supervisor, limit=1))["cursor"]
    feed = webhook_tables.change_feed
    await api.store.change(feed.update().values(pruned=2))
    answer = await api.http.get(CHANGES, params={"after": first}, headers=supervisor)
    assert problem(answer) == (410, "cursor_too_old")
    await api.store.change(feed.update().values(feed="another"))
    answer = await api.http.get(CHANGES, params={"after": first}, headers=supervisor)
    assert problem(answer) == (409, "cursor_foreign")


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_an_accused_unit_is_told_nothing_of_the_report(api: Api, unit: str) -> None:
    """Nor of what it did itself before it was accused (举报)."""
    ticket = await accused_since(api)
    other = await api.file()
    officer, supervisor = await api.officer(unit), await api.token(Role.SUPERVISOR)
    assert ticket.number in {one["number"] for one in await follow(api, supervisor)}
    told = await follow(api, officer)
    assert ticket.number not in str(told)
    if unit == ACCUSED:
        assert {one["number"] for one in told} == {other.number}
    handler = {one["number"] for one in await follow(api, await api.officer(HANDLER))}
    assert ticket.number in handler
