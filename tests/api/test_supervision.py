"""Tests of supervision lists over HTTP: put on a list, rectified, and revisited until it holds."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from temporalio.client import Client

from activities.supervision import Listing
from domain.actors import Role
from domain.deadlines.calendar import is_working_day
from runtime.names import LISTS_WORKFLOW, TICKETS
from store.db import tables
from store.db.engine import Store
from store.db.supervision_tables import row as row_table
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.engine import platform
from tests.support.supervising_city import let_days_pass, put_on, supervising

LISTS = "/api/v1/cities/tongzhou/supervision"


@pytest.fixture
async def listing(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city with supervision lists, on each database."""
    packs = supervising(tmp_path / "cities")
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def handled(api: Api, **changes: Any) -> Filed:
    ticket = await api.file(**changes)
    await ticket.until_stage("handle")
    return ticket


async def seen(api: Api, headers: dict[str, str], **query: Any) -> dict[str, Any]:
    answer = await api.http.get(LISTS, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def act(
    api: Api, row: dict[str, Any], what: str, body: Any, headers: dict[str, str] | None = None
) -> httpx.Response:
    who = headers or await api.token(Role.SUPERVISOR)
    return await api.http.post(f"/api/v1/supervision/{row['id']}/{what}", json=body, headers=who)


async def put(ticket: Filed, headers: dict[str, str], **body: Any) -> httpx.Response:
    sent = {"leader": "water", "text": "清淤并公示。"} | body
    return await ticket.api.http.post(f"{ticket.path}/supervision", json=sent, headers=headers)


async def test_a_problem_from_the_list_to_its_settlement(listing: Api) -> None:
    ticket = await handled(listing)
    row = await put_on(ticket)
    pack = listing.context.packs.get("tongzhou")
    today = datetime.now(UTC).astimezone(pack.calendar.tz).date()
    due = date.fromisoformat(row["due"])
    days = (today + timedelta(days=n) for n in range(1, (due - today).days + 1))
    worked = [day for day in days if is_working_day(pack.calendar, day)]
    assert (len(worked), worked[-1]) == (3, due), "three working days of the city"
    assert (row["unit"], row["state"], row["late"]) == ("water", "open", False)
    officer = await listing.officer("water")
    assert (await act(listing, row, "result", {"text": "已清淤。"}, officer)).status_code == 200
    early = await act(listing, row, "revisits", {"holds": True, "note": "清了。"})
    assert problem(early) == (409, "revisit_too_early")
    await let_days_pass(listing.store, 7)
    first = await act(listing, row, "revisits", {"holds": True, "note": "清了。"})
    assert (first.json()["held"], first.json()["state"]) == (1, "revisit")
    await let_days_pass(listing.store, 23)
    last = await act(listing, row, "revisits", {"holds": True, "note": "还是清的。"})
    assert (last.json()["state"], last.json()["revisit_due"]) == ("settled", None)
    supervisor = await listing.token(Role.SUPERVISOR)
    assert (await seen(listing, supervisor))["rows"] == []
    [settled] = (await seen(listing, supervisor, settled=True))["rows"]
    assert [step["kind"] for step in settled["steps"]] == ["put", "rectified", "holds", "holds"]


async def test_what_came_back_is_open_again_with_a_new_deadline(listing: Api) -> None:
    row = await put_on(await handled(listing))
    await act(listing, row, "result", {"text": "已清淤。"})
    past = {"holds": False, "note": "又黑了。", "due": "2020-01-01"}
    assert problem(await act(listing, row, "revisits", past)) == (422, "in_the_past")
    back = await act(listing, row, "revisits", {"holds": False, "note": "又黑了。"})
    told = back.json()
    assert (told["state"], told["back"], told["result"]) == ("open", 1, "")
    assert told["due"] >= row["due"]
    twice = await act(listing, row, "revisits", {"holds": False, "note": "又黑了。"})
    assert problem(twice) == (409, "row_not_now")


async def test_what_is_late_stands_first_and_is_counted(listing: Api) -> None:
    slow, other = await handled(listing), await handled(listing)
    late = await put_on(slow)
    await let_days_pass(listing.store, 400)
    in_time = await put_on(other)
    page = await seen(listing, await listing.token(Role.SUPERVISOR))
    assert [row["id"] for row in page["rows"]] == [late["id"], in_time["id"]]
    assert page["late"] == 1
    counted = {one["code"]: (one["rows"], one["late"]) for one in page["leaders"]}
    assert counted == {"water": (2, 1), "north": (0, 0)}
    assert page["rows"][0]["days_late"] > 300


async def test_a_unit_sees_its_posts_and_its_own_rows_and_no_others(listing: Api) -> None:
    ticket = await handled(listing)
    row = await put_on(ticket, "north")
    market, water = await listing.officer("market"), await listing.officer("water")
    other = await listing.officer("planning")
    assert [one["id"] for one in (await seen(listing, market))["rows"]] == [row["id"]]
    [own] = (await seen(listing, water))["rows"]
    assert (own["may_rectify"], own["may_revisit"]) == (True, False)
    assert (await seen(listing, other))["rows"] == []
    body = {"text": "已清淤。"}
    assert problem(await act(listing, row, "result", body, other)) == (404, "row_not_found")
    assert (await act(listing, row, "result", body, water)).status_code == 200
    visit = {"holds": False, "note": "又黑了。"}
    assert problem(await act(listing, row, "revisits", visit, water)) == (403, "not_your_list")
    assert (await act(listing, row, "revisits", visit, market)).status_code == 200


async def test_who_puts_a_ticket_on_which_list(listing: Api) -> None:
    ticket = await handled(listing)
    water, planning = await listing.officer("water"), await listing.officer("planning")
    assert problem(await put(ticket, water, leader="north")) == (403, "not_your_list")
    assert problem(await put(ticket, planning)) == (404, "ticket_not_found")
    supervisor = await listing.token(Role.SUPERVISOR)
    assert problem(await put(ticket, supervisor, leader="south")) == (422, "unknown_leader")
    assert problem(await put(ticket, supervisor, unit="nobody")) == (422, "unknown_unit")
    assert problem(await put(ticket, supervisor, due="2020-01-01")) == (422, "in_the_past")
    tries = await asyncio.gather(*(put(ticket, who) for who in (water, supervisor)))
    assert sorted(one.status_code for one in tries) == [201, 409]
    assert problem(await put(ticket, water)) == (409, "already_on_list")


@pytest.mark.must_work("jinan", "supervision-lists")
async def test_the_pack_puts_tickets_on_the_lists_of_their_leaders(listing: Api) -> None:
    ticket, quiet = await handled(listing), await handled(listing)
    assert (await ticket.act("urge", ticket.citizen, {"text": "三天了。"})).status_code == 200

    async with asyncio.timeout(60):
        while "urged" not in await ticket.kinds():
            await asyncio.sleep(0.02)
    for put_now in ([1, 0], [0, 0]):  # a worker that has just started has judged nothing yet
        job = Listing(listing.context.packs, listing.store)
        assert [sum(await judged(job)) for _ in put_now] == put_now, "once, however often it runs"
    [row] = (await seen(listing, await listing.token(Role.AUDITOR)))["rows"]
    assert (row["number"], row["leader"], row["rule"]) == (ticket.number, "water", "red")
    assert row["number"] != quiet.number
    assert row["may_revisit"] is False, "an auditor only reads"


async def judged(job: Listing, at: datetime | None = None) -> list[int]:
    """Run the job; return how many rows each of the tickets gave that it looked at."""
    return [count async for count in job.due(at or datetime.now(UTC))]


async def test_only_what_changed_is_judged_again(listing: Api) -> None:
    """An hourly job that read all tickets of a week took longer with every ticket."""
    tickets = [await handled(listing) for _ in range(3)]
    job = Listing(listing.context.packs, listing.store)
    assert await judged(job) == [0, 0, 0]
    assert await judged(job) == []
    version = len(await tickets[0].kinds())
    assert (
        await tickets[0].act("urge", tickets[0].citizen, {"text": "三天了。"})
    ).status_code == 200
    async with asyncio.timeout(60):
        while len(await tickets[0].kinds()) == version:
            await asyncio.sleep(0.02)
    assert await judged(job) == [1]
    assert await judged(job) == []


async def test_new_rules_judge_what_has_not_changed(listing: Api, tmp_path: Path) -> None:
    ticket = await handled(listing)
    job = Listing(listing.context.packs, listing.store)
    assert [await judged(job), await judged(job)] == [[0], []]
    every = {"code": "every", "name": "全部列入", "name_en": "All of them", "when": "true"}
    job._registry = supervising(tmp_path / "later", rules=[every])
    assert [await judged(job), await judged(job)] == [[1], []]
    [row] = (await seen(listing, await listing.token(Role.AUDITOR)))["rows"]
    assert (row["number"], row["rule"]) == (ticket.number, "every")


async def test_a_problem_is_on_a_list_once_for_one_key(listing: Api) -> None:
    ticket = await handled(listing)
    headers = await listing.token(Role.SUPERVISOR) | {"Idempotency-Key": "the-same"}
    body = {"leader": "water", "text": "清淤并公示。"}

    async def put(what: dict[str, str]) -> httpx.Response:
        return await listing.http.post(f"{ticket.path}/supervision", json=what, headers=headers)

    first, again = await put(body), await put(body)
    assert (first.status_code, again.json()) == (201, first.json())
    assert problem(await put(body | {"text": "别的"})) == (422, "idempotency_key_reused")
    assert len((await seen(listing, await listing.token(Role.AUDITOR)))["rows"]) == 1


async def test_what_came_to_be_late_is_judged_again(listing: Api) -> None:
    """Nothing is recorded when a promise's time is over, but a rule may ask for it."""
    await handled(listing)
    now = datetime.now(UTC)
    due, later = now + timedelta(hours=1), now + timedelta(hours=2)
    await listing.store.change(update(tables.ticket).values(due_at=None, promised_at=due))
    job = Listing(listing.context.packs, listing.store)
    assert [await judged(job, at) for at in (now, now, due, later)] == [[0], [], [0], []]


async def test_a_second_rule_waits_until_the_list_is_done_with_the_ticket(listing: Api) -> None:
    ticket = await handled(listing)
    row = await put_on(ticket)
    assert (await ticket.act("urge", ticket.citizen, {"text": "三天了。"})).status_code == 200
    async with asyncio.timeout(60):
        while "urged" not in await ticket.kinds():
            await asyncio.sleep(0.02)
    job = Listing(listing.context.packs, listing.store)
    assert [sum(await judged(job)), sum(await judged(job))] == [0, 0]
    which = row_table.c.id == row["id"]
    settled = {"state": "settled", "settled_at": datetime.now(UTC)}
    await listing.store.change(update(row_table).where(which).values(**settled))
    assert sum(await judged(job)) == 1


async def test_the_engine_runs_the_job(listing: Api, client: Client) -> None:
    done = await client.execute_workflow(LISTS_WORKFLOW, id=LISTS_WORKFLOW, task_queue=TICKETS)
    assert done == 0


async def test_all_of_the_kind_are_settled_from_a_row(listing: Api) -> None:
    ticket = await handled(listing)
    row = await put_on(ticket)
    body = {"text": "各单位排查辖区河道。", "units": ["market"]}
    officer = await listing.officer("planning")
    assert problem(await act(listing, row, "settle-all", body, officer)) == (404, "row_not_found")
    assert (await act(listing, row, "settle-all", body)).status_code == 200
    [told] = (await seen(listing, await listing.token(Role.SUPERVISOR)))["rows"]
    assert [step["kind"] for step in told["steps"]] == ["put", "settle_all"]
    assert "inspections_opened" in await ticket.kinds()


async def test_a_report_of_wrongdoing_is_on_no_list(listing: Api) -> None:
    ticket = Filed(listing, (await listing.unclear()).receipt)
    fields = {"category": "0301", "kind": "report", "unit": "water", "accused": "market"}
    assert (await ticket.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await ticket.until_stage("handle")
    refused = await put(ticket, await listing.token(Role.SUPERVISOR))
    assert problem(refused) == (409, "supervision_of_report")


async def test_a_city_without_leaders_has_no_lists(api: Api) -> None:
    supervisor = await api.token(Role.SUPERVISOR)
    answer = await api.http.get(LISTS, headers=supervisor)
    assert problem(answer) == (409, "not_in_this_city")
    ticket = await handled(api)
    assert problem(await put(ticket, supervisor)) == (409, "not_in_this_city")


async def test_who_rectifies_does_not_say_that_it_holds(listing: Api) -> None:
    """A unit that acts for the post may have a row to rectify itself: others look at it again."""
    ticket = await handled(listing)
    row = await put_on(ticket, "north", unit="market")
    market = await listing.officer("market")
    assert (await act(listing, row, "result", {"text": "已清淤。"}, market)).status_code == 200
    [shown] = (await seen(listing, market))["rows"]
    assert shown["may_revisit"] is False
    for visit in ({"holds": True, "note": "清了。"}, {"holds": False, "note": "又黑了。"}):
        answer = await act(listing, row, "revisits", visit, market)
        assert problem(answer) == (409, "own_request")
    back = await act(listing, row, "revisits", {"holds": False, "note": "又黑了。"})
    assert back.status_code == 200, "a supervisor says so"
