"""Tests of councils on topics: opened by street or desk, linked to tickets, and published."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from temporalio.client import Client

from domain.actors import Role
from store.db import council_tables, tables
from store.db.engine import Store
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.councils import RULES, draft, let_pass
from tests.support.engine import platform
from tests.support.staff_pages import at_desk, says

STREET = "110112001"
TOPIC = {"title": "河边怎么改造，电话 13800138000", "area": STREET, "category": "0301"}
HERE = "/api/v1/cities/tongzhou/council-topics"


@pytest.fixture
async def holding(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that holds and publishes councils, on each database."""
    packs = city_with(tmp_path / "cities", council=RULES | {"publish": True})
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def _post(
    api: Api, path: str, body: Any, role: Role = Role.SUPERVISOR, unit: str | None = None
) -> httpx.Response:
    return await api.http.post(path, json=body, headers=await api.token(role, unit))


async def _opened(api: Api, **changes: Any) -> str:
    """Open a topic as its street, and return its address."""
    made = await _post(api, HERE, TOPIC | changes, Role.OFFICER, STREET)
    assert made.status_code == 201, made.text
    return f"/api/v1/council-topics/{made.json()['number']}"


async def _held(api: Api, topic: str, **changes: Any) -> list[str]:
    """Prepare a council on a topic as its street, open it, and return the codes."""
    path, street = f"{topic}/councils", (Role.OFFICER, STREET)
    made = await _post(api, path, draft(**changes), *street)
    assert made.status_code == 201, made.text
    codes = await _post(api, f"{path}/{made.json()['n']}/invitations", {"count": 2}, *street)
    assert codes.status_code == 201, codes.text
    opened = await _post(api, f"{path}/{made.json()['n']}/open", {}, *street)
    assert opened.status_code == 200, opened.text
    return list(codes.json()["codes"])


async def _vote(api: Api, code: str, option: int) -> httpx.Response:
    headers = {"Invitation-Code": code}
    return await api.http.post("/api/v1/council/vote", json={"option": option}, headers=headers)


async def _told(ticket: Filed) -> list[str]:
    timeline = (await ticket.seen())["timeline"]
    return [one["kind"] for one in timeline if one["kind"].startswith("council_")]


async def test_a_council_on_a_topic_from_its_opening_to_its_end(holding: Api) -> None:
    ticket = await holding.file()
    await ticket.until_stage("handle")
    topic = await _opened(holding)
    codes = await _held(holding, topic)
    assert await _told(ticket) == [], "it is linked to nothing yet"
    link = {"number": ticket.number}
    linked = await _post(holding, f"{topic}/tickets", link)
    assert linked.status_code == 200, linked.text
    assert linked.json()["tickets"] == [ticket.number]
    again = await _post(holding, f"{topic}/tickets", link)
    assert again.json()["tickets"] == [ticket.number], "twice is once"
    assert await _told(ticket) == ["council_opened"]
    await let_pass(holding.store, days=1)
    for code in codes:
        assert (await _vote(holding, code, 2)).status_code == 200
    assert problem(await _vote(holding, codes[0], 1)) == (409, "already_voted")
    await let_pass(holding.store, days=1)
    today = datetime.now(UTC).date()
    task = {"text": "签共享协议", "unit": "water", "due": f"{today + timedelta(days=1)}"}
    follow = {"minutes": "居民同意错时共享。", "tasks": [task]}
    street = (Role.OFFICER, STREET)
    done = await _post(holding, f"{topic}/councils/1/follow-up", follow, *street)
    assert done.status_code == 200, done.text
    assert (done.json()["outcome"], done.json()["chosen"]) == ("decided", 2)
    assert set(await _told(ticket)) == {"council_opened", "council_decided", "council_followed_up"}
    page = await (await at_desk(holding, Role.OFFICER, "water")).ticket(ticket)
    assert "协商议事已作出决定" in says(page)
    table = council_tables.task
    await holding.store.change(update(table).values(due=today - timedelta(days=3)))
    late = await holding.http.get(
        "/api/v1/council-tasks", headers=await holding.token(Role.SUPERVISOR)
    )
    [one] = late.json()["items"]
    assert (one["number"], one["on_topic"]) == (topic.rpartition("/")[2], True)
    left = await _post(holding, f"{topic}/councils/1/close", {}, *street)
    assert problem(left) == (409, "council_tasks_left")
    done = await _post(holding, f"{topic}/councils/1/tasks/1/done", {}, *street)
    assert done.status_code == 200
    closed = await _post(holding, f"{topic}/councils/1/close", {}, *street)
    assert closed.json()["phase"] == "closed"


async def test_who_opens_a_topic_and_who_holds_its_councils(holding: Api) -> None:
    topic = await _opened(holding)
    desk = await _post(holding, HERE, TOPIC, Role.DESK)
    assert (desk.status_code, desk.json()["unit"]) == (201, STREET), (
        "the desk leaves it to the street"
    )
    other = "110112002"
    refusals = [
        await _post(holding, HERE, TOPIC | {"unit": "water"}, Role.OFFICER, STREET),
        await _post(holding, HERE, TOPIC | {"area": "999"}),
        await _post(holding, HERE, TOPIC | {"category": "none"}),
        await _post(holding, HERE, TOPIC | {"unit": "none"}),
        await _post(holding, HERE, TOPIC, Role.AUDITOR),
        await _post(holding, f"{topic}/councils", draft(), Role.OFFICER, other),
        await _post(holding, f"{topic}/councils", draft(), Role.DESK),
        await _post(holding, "/api/v1/council-topics/tongzhou-99/councils", draft()),
        await _post(holding, f"{topic}/councils/1/open", {}),
    ]
    assert [problem(one) for one in refusals] == [
        (403, "not_your_unit"),
        (422, "place_without_area"),
        (422, "unknown_category"),
        (422, "unknown_unit"),
        (403, "forbidden"),
        (403, "forbidden"),
        (403, "forbidden"),
        (404, "council_topic_not_found"),
        (404, "council_not_found"),
    ]
    elsewhere = await holding.http.get(
        topic, headers=await holding.token(Role.SUPERVISOR, city="jinan")
    )
    assert problem(elsewhere) == (404, "council_topic_not_found")


async def test_only_tickets_of_its_kind_are_linked_and_never_a_report(holding: Api) -> None:
    ticket = await holding.file()
    await ticket.until_stage("handle")
    topic, unlike = await _opened(holding), await _opened(holding, category="0101")
    link = {"number": ticket.number}
    refused = await _post(holding, f"{unlike}/tickets", link)
    assert problem(refused) == (409, "not_of_this_kind")
    hidden = await _post(holding, f"{topic}/tickets", link, Role.OFFICER, STREET)
    assert problem(hidden) == (404, "ticket_not_found"), "the street does not know of it"
    nobody = await _post(holding, f"{topic}/tickets", {"number": "12"})
    assert nobody.status_code == 422
    assert (await _post(holding, f"{topic}/tickets", link)).status_code == 200
    await _held(holding, topic)
    street = await holding.http.get(topic, headers=await holding.officer(STREET))
    assert street.json()["tickets"] == []
    assert [one["n"] for one in street.json()["councils"]] == [1]
    state = tables.ticket.c
    await holding.store.change(
        update(tables.ticket).where(state.number == ticket.number).values(of_wrongdoing=True)
    )
    seen = await holding.http.get(topic, headers=await holding.token(Role.SUPERVISOR))
    assert seen.json()["tickets"] == []


async def test_everybody_reads_what_was_opened_and_no_ticket(holding: Api) -> None:
    ticket = await holding.file()
    await ticket.until_stage("handle")
    topic = await _opened(holding)
    await _post(holding, f"{topic}/tickets", {"number": ticket.number})
    prepared = await _post(holding, f"{topic}/councils", draft())
    assert prepared.status_code == 201
    public = "/api/v1/cities/tongzhou/councils"
    assert (await holding.http.get(public)).json()["items"] == [], "nothing is opened yet"
    await _held(holding, topic, subject="问问李工 13800138000")
    [shown] = (await holding.http.get(public)).json()["items"]
    assert [one["subject"] for one in shown["councils"]] == ["问问李工 ▇▇▇"]
    assert (shown["title"], shown["tickets"]) == ("河边怎么改造，电话 ▇▇▇", [])
    page = await holding.http.get("/city/tongzhou/councils")
    assert page.status_code == 200
    for words in ("居民协商议事", "河边怎么改造，电话 ▇▇▇", "沿路划线", "中仓街道"):
        assert words in says(page)
    for hidden in ("13800138000", ticket.number):
        assert hidden not in page.text
    assert 'href="/city/tongzhou/councils"' in (await holding.http.get("/city/tongzhou")).text


async def test_a_city_that_publishes_none_has_no_such_page(api: Api) -> None:
    assert (await api.http.get("/city/tongzhou/councils")).status_code == 404
    answer = await api.http.get("/api/v1/cities/tongzhou/councils")
    assert problem(answer)[1] == "not_in_this_city"
    assert problem(await _post(api, HERE, TOPIC))[1] == "not_in_this_city"


async def test_a_topic_is_opened_twice_by_no_key(holding: Api) -> None:
    headers = await holding.token(Role.DESK) | {"Idempotency-Key": "the-same"}
    made = [await holding.http.post(HERE, json=TOPIC, headers=headers) for _ in range(2)]
    assert made[0].json() == made[1].json()
    other = await holding.http.post(HERE, json=TOPIC | {"title": "另一个"}, headers=headers)
    assert problem(other) == (422, "idempotency_key_reused")
    listed = await holding.http.get(HERE, headers=headers)
    assert len(listed.json()["items"]) == 1


async def test_staff_open_a_topic_and_hold_a_council_on_its_pages(holding: Api) -> None:
    ticket = await holding.file()
    await ticket.until_stage("handle")
    street = await at_desk(holding, Role.OFFICER, STREET)
    here = "/staff/council-topics"
    assert "尚未设立专题" in says(await street.get(here))
    empty = await street.post(here, {"title": "河边", "key": "a" * 32})
    assert empty.status_code == 422
    assert "河边" in empty.text, "nothing that was typed is lost"
    made = await street.post(here, TOPIC | {"key": "b" * 32})
    assert made.status_code == 303, says(made)
    again = await street.post(here, TOPIC | {"key": "b" * 32})
    assert again.headers["location"] == made.headers["location"], "two taps are one topic"
    page = made.headers["location"]
    now = datetime.now(UTC) + timedelta(hours=8)
    times = {
        name: (now + timedelta(days=n)).strftime("%Y-%m-%dT%H:%M")
        for n, name in enumerate(("statements_until", "vote_opens_at", "vote_closes_at"), 1)
    }
    plans = {"subject": "怎么改", "title_1": "修步道", "title_2": "种树"}
    prepared = await street.post(page, plans | times)
    assert prepared.headers["location"] == page, says(prepared)
    issued = await street.post(f"{page}/1/invitations", {"count": "2"})
    assert "邀请码" in says(issued)
    assert (await street.post(f"{page}/1/open", {})).status_code == 303
    shown = says(await street.get(page))
    for words in ("修步道", "发言中", "中仓街道", "同类工单"):
        assert words in shown
    supervisor = await at_desk(holding, Role.SUPERVISOR)
    tickets = page.replace("/councils", "/tickets")
    wrong = await supervisor.post(tickets, {"number": "x"})
    assert wrong.status_code in (400, 422)
    linked = await supervisor.post(tickets, {"number": ticket.number})
    assert linked.headers["location"] == page
    assert ticket.number in says(await supervisor.get(page))
    assert "怎么改" in says(await supervisor.get(here))
    english = await at_desk(holding, Role.DESK, language="en")
    assert "Councils by topic" in says(await english.get(here))
    assert "/invitations" not in (await english.get(page)).text
