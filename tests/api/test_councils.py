"""Tests of councils over HTTP: staff prepare them, and those invited speak and vote."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from temporalio.client import Client

from domain.actors import Role
from store.db import council_tables
from store.db.engine import Store
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.councils import RULES, draft, let_pass, prepared
from tests.support.engine import platform


@pytest.fixture
async def holding(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that holds councils with a secret vote, on each database."""
    packs = city_with(tmp_path / "cities", council=RULES)
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


@pytest.fixture
async def named(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city whose councils vote by name."""
    packs = city_with(tmp_path / "cities", council=RULES | {"vote": "open"})
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def take_part(api: Api, code: str) -> httpx.Response:
    return await api.http.get("/api/v1/council", headers={"Invitation-Code": code})


async def vote(api: Api, code: str, option: int, **more: Any) -> httpx.Response:
    body = {"option": option} | more
    headers = {"Invitation-Code": code}
    return await api.http.post("/api/v1/council/vote", json=body, headers=headers)


async def speak(api: Api, code: str, text: str, **more: Any) -> httpx.Response:
    body = {"text": text} | more
    headers = {"Invitation-Code": code}
    return await api.http.post("/api/v1/council/statements", json=body, headers=headers)


async def act(ticket: Filed, what: str, body: Any = None, role: Role = Role.SUPERVISOR) -> Any:
    path = f"{ticket.path}/councils{what}"
    headers = await ticket.api.token(role)
    return await ticket.api.http.post(path, json={} if body is None else body, headers=headers)


async def seen(ticket: Filed, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await ticket.api.http.get(f"{ticket.path}/councils", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def handled(api: Api, **changes: Any) -> Filed:
    ticket = await api.file(**changes)
    await ticket.until_stage("handle")
    return ticket


@pytest.mark.must_work("jinan", "deliberation")
async def test_a_council_from_its_preparation_to_its_end(holding: Api) -> None:
    ticket = await handled(holding)
    codes = await prepared(ticket, invited=4)
    assert len(set(codes)) == 4
    said = await speak(holding, codes[0], "晚上没有空位，有事打 13800138000。", label="三号楼")
    assert said.status_code == 200, said.text
    shown = (await take_part(holding, codes[1].lower().replace("-", " "))).json()
    [statement] = shown["council"]["statements"]
    assert (statement["label"], statement["text"]) == ("三号楼", "晚上没有空位，有事打 ▇▇▇。")
    assert (shown["statements_left"], shown["can_vote"], shown["voted"]) == (2, False, False)
    assert problem(await vote(holding, codes[0], 1)) == (409, "vote_not_open")
    await let_pass(holding.store, days=1)
    assert problem(await speak(holding, codes[1], "晚了。")) == (409, "statements_over")
    for code, option in zip(codes, (2, 2, 1), strict=False):
        assert (await vote(holding, code, option)).status_code == 200
    during = (await take_part(holding, codes[3])).json()["council"]
    assert {option["votes"] for option in during["options"]} == {None}
    assert during["voted"] is None, "the turnout is nobody's business before the end"
    await let_pass(holding.store, days=1)
    assert problem(await vote(holding, codes[3], 1)) == (409, "vote_over")
    after = (await take_part(holding, codes[3])).json()["council"]
    assert [option["votes"] for option in after["options"]] == [1, 2, 0]
    told = (after["phase"], after["outcome"], after["chosen"], after["ballots"])
    assert told == ("decided", "decided", 2, [])
    today = datetime.now(UTC).date()
    follow = {
        "minutes": "同意错时共享。",
        "tasks": [{"text": "签共享协议", "unit": "water", "due": f"{today + timedelta(days=9)}"}],
    }
    followed = await act(ticket, "/1/follow-up", follow)
    assert followed.status_code == 200, followed.text
    assert problem(await act(ticket, "/1/follow-up", follow)) == (409, "council_not_now")
    assert problem(await act(ticket, "/1/close")) == (409, "council_tasks_left")
    assert (await act(ticket, "/1/tasks/1/done")).status_code == 200
    assert (await act(ticket, "/1/close")).json()["phase"] == "closed"
    [council] = await seen(ticket, await holding.officer())
    assert council["statements"][0]["text"].endswith("13800138000。")
    [public] = await seen(ticket, ticket.citizen)
    assert "13800138000" not in str(public)


async def test_of_votes_at_once_with_one_invitation_one_counts(holding: Api) -> None:
    ticket = await handled(holding)
    codes = await prepared(ticket, invited=2)
    await let_pass(holding.store, days=1)
    tries = [vote(holding, code, 1 + n % 3) for n in range(4) for code in codes]
    answers = await asyncio.gather(*tries)
    refused = [problem(one) for one in answers if one.status_code != 200]
    assert refused == [(409, "already_voted")] * 6
    await let_pass(holding.store, days=1)
    [council] = await seen(ticket, ticket.citizen)
    assert sum(option["votes"] for option in council["options"]) == council["voted"] == 2


async def test_the_end_is_late_by_the_second(holding: Api) -> None:
    """The page may be as old as it likes: what counts is when the store writes."""
    ticket = await handled(holding)
    codes = await prepared(ticket, invited=2)
    await let_pass(holding.store, days=1)
    table = council_tables.council
    just_over = datetime.now(UTC) - timedelta(seconds=1)
    await holding.store.change(update(table).values(vote_closes_at=just_over))
    assert problem(await vote(holding, codes[0], 1)) == (409, "vote_over")
    [council] = await seen(ticket, ticket.citizen)
    assert (council["phase"], council["outcome"]) == ("undecided", "no_quorum")


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA", "x" * 40, "0"])
async def test_who_is_not_invited_learns_nothing(holding: Api, code: str) -> None:
    ticket = await handled(holding)
    await prepared(ticket)
    await let_pass(holding.store, days=1)
    for answer in (
        await take_part(holding, code),
        await vote(holding, code, 1),
        await speak(holding, code, "我也说。"),
    ):
        assert problem(answer) == (401, "invitation_unknown")


async def test_codes_cannot_be_tried_without_end(holding: Api) -> None:
    async with holding.at("198.51.100.7") as stranger:
        statuses = []
        for n in range(62):
            headers = {"Invitation-Code": f"AAAA-AAAA-{n:04d}"}
            statuses.append((await stranger.get("/api/v1/council", headers=headers)).status_code)
    assert statuses == [401] * 60 + [429] * 2


async def test_bad_input_is_refused_with_its_code(holding: Api) -> None:
    ticket = await handled(holding)
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    far = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    assert problem(await act(ticket, "", draft(statements_until=past)))[1] == "in_the_past"
    assert problem(await act(ticket, "", draft(vote_closes_at=far)))[1] == "too_far"
    assert problem(await act(ticket, "", draft(vote_opens_at=past)))[1] == "invalid_request"
    assert problem(await act(ticket, "", draft(vote="open")))[1] == "invalid_request"
    assert (await act(ticket, "", draft())).status_code == 201
    for what in ("/2/open", "/2/close", "/2/tasks/1/done"):
        assert problem(await act(ticket, what)) == (404, "council_not_found")
    assert problem(await act(ticket, "/1/open")) == (409, "nobody_invited")
    assert problem(await act(ticket, "/1/tasks/1/done")) == (404, "unknown_task")
    [code] = (await act(ticket, "/1/invitations", {"count": 1})).json()["codes"]
    assert problem(await take_part(holding, code)) == (409, "council_not_now")
    assert await seen(ticket, ticket.citizen) == [], "nobody outside sees what is prepared"
    assert (await act(ticket, "/1/open")).status_code == 200
    assert problem(await act(ticket, "/1/close")) == (409, "council_not_now")
    early = {"minutes": "还没有投票。", "tasks": []}
    assert problem(await act(ticket, "/1/follow-up", early)) == (409, "council_not_now")
    for n in range(2):
        assert (await speak(holding, code, f"第{n}次。")).status_code == 200
    assert (await speak(holding, code, "第1次。")).status_code == 200, "the same is no other"
    assert problem(await speak(holding, code, "第三次。")) == (409, "statement_cap")
    assert problem(await speak(holding, code, "\u200b "))[1] == "invalid_request"
    await let_pass(holding.store, days=1)
    assert problem(await vote(holding, code, 4)) == (422, "unknown_option")
    assert problem(await vote(holding, code, 0)) == (422, "unknown_option")
    late = await act(ticket, "/1/invitations", {"count": 1})
    assert problem(late) == (409, "council_not_now")
    await let_pass(holding.store, days=1)
    for task, found in (
        ({"text": "划线", "unit": "nobody", "due": "2099-01-01"}, (422, "unknown_unit")),
        ({"text": "划线", "unit": "water", "due": "2026-01-01"}, (422, "in_the_past")),
    ):
        body = {"minutes": "纪要", "tasks": [task]}
        assert problem(await act(ticket, "/1/follow-up", body)) == found


async def test_a_report_has_no_council_and_who_has_become_one_has_none_any_more(
    holding: Api,
) -> None:
    report = Filed(holding, (await holding.unclear(kind="report")).receipt)
    await report.until_stage("triage")
    assert problem(await act(report, "", draft())) == (409, "council_of_report")
    ticket = Filed(holding, (await holding.unclear()).receipt)
    await ticket.until_stage("triage")
    [code] = await prepared(ticket, invited=1)
    fields = {"category": "0301", "kind": "report", "unit": "water", "accused": "market"}
    assert (await ticket.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await ticket.until_stage("handle")
    assert problem(await act(ticket, "/1/close")) == (409, "council_of_report")
    for answer in (await take_part(holding, code), await speak(holding, code, "我说。")):
        assert problem(answer) == (401, "invitation_unknown")
    assert await seen(ticket, await holding.token(Role.SUPERVISOR)) == []


async def test_only_the_unit_that_leads_and_the_centre_hold_it(holding: Api) -> None:
    ticket = await handled(holding)
    path = f"{ticket.path}/councils"
    for headers, expected in (
        (await holding.officer("water"), 201),
        (await holding.token(Role.DISPATCHER), 201),
        (await holding.officer("gov"), 403),
        (await holding.officer("market"), 404),
        (await holding.token(Role.DESK), 403),
        (await holding.token(Role.SUPERVISOR, city="heping"), 404),
        (ticket.citizen, 401),
    ):
        answer = await holding.http.post(path, json=draft(), headers=headers)
        assert answer.status_code == expected, answer.text
    elsewhere = await holding.http.get(path, headers=await holding.officer("market"))
    assert problem(elsewhere) == (404, "ticket_not_found")


async def test_a_city_without_rules_for_it_holds_none(api: Api) -> None:
    ticket = await handled(api)
    assert problem(await act(ticket, "", draft())) == (409, "not_in_this_city")


async def test_what_is_late_is_told_to_the_supervisors(holding: Api) -> None:
    ticket = await handled(holding)
    [code] = await prepared(ticket, invited=1)
    await let_pass(holding.store, days=2)
    today = datetime.now(UTC).date()
    task = {"text": "签共享协议", "unit": "water", "due": f"{today + timedelta(days=1)}"}
    body = {"minutes": "纪要", "tasks": [task]}
    assert (await act(ticket, "/1/follow-up", body)).status_code == 200
    supervisor = await holding.token(Role.SUPERVISOR)

    async def late(headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
        answer = await holding.http.get(f"/api/v1/council-tasks{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    assert await late(supervisor) == []
    tasks = council_tables.task
    await holding.store.change(update(tasks).values(due=today - timedelta(days=3)))
    [found] = await late(supervisor)
    assert (found["number"], found["unit"], found["due"]) == (
        ticket.number,
        "water",
        f"{today - timedelta(days=3)}",
    )
    assert found["days_late"] in (3, 4)  # the city's day may have begun already
    assert await late(supervisor, "?city=tongzhou") == [found]
    elsewhere = await holding.token(Role.SUPERVISOR, city="heping")
    answer = await holding.http.get("/api/v1/council-tasks?city=tongzhou", headers=elsewhere)
    assert problem(answer) == (403, "not_your_city")
    assert (await act(ticket, "/1/tasks/1/done")).status_code == 200
    assert await late(supervisor) == []
    assert code


async def test_an_open_vote_shows_the_names_that_were_chosen(named: Api) -> None:
    ticket = await handled(named)
    codes = await prepared(ticket, invited=2)
    await let_pass(named.store, days=1)
    assert problem(await vote(named, codes[0], 1)) == (422, "label_missing")
    for code, label in zip(codes, ("三号楼居民", "13800138000"), strict=True):
        assert (await vote(named, code, 1, label=label)).status_code == 200
    [council] = await seen(ticket, ticket.citizen)
    assert council["ballots"] == []
    await let_pass(named.store, days=1)
    [council] = await seen(ticket, ticket.citizen)
    labels = {one["label"] for one in council["ballots"]}
    assert labels == {"三号楼居民", "▇▇▇"}


async def test_no_code_is_in_the_store(holding: Api) -> None:
    ticket = await handled(holding)
    codes = await prepared(ticket)
    rows = [
        str(tuple(row))
        for table in (council_tables.invitation, council_tables.council)
        for row in await holding.store.rows(select(table))
    ]
    for code in codes:
        assert not any(code in row or code.replace("-", "") in row for row in rows)
