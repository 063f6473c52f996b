"""Tests of the board: its page, its sheets and its API agree with the filed tickets."""

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest

from domain.actors import Role
from domain.policy.work_queues import Queue
from store.tickets.tickets import states
from tests.api.running_api import Api, Filed, problem
from tests.store.population import Busy
from tests.store.stories import complaint, project
from tests.support.people import signed_in

PEOPLE = {"Accept": "text/html", "Accept-Language": "en"}
BOARD = "/api/v1/cities/tongzhou/board"


async def _page(
    api: Api, path: str = "/staff/board", role: Role = Role.SUPERVISOR, **who: Any
) -> httpx.Response:
    somebody = await signed_in(api, role, **who)
    headers = PEOPLE | somebody.cookie | {"Cookie": f"{somebody.cookie['Cookie']}; city=tongzhou"}
    return await api.http.get(path, headers=headers)


def rows_of(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def _board(api: Api) -> dict[str, Any]:
    answer = await api.http.get(BOARD, headers=await api.token(Role.SUPERVISOR))
    payload: dict[str, Any] = answer.json()
    return payload


async def _filed_since(api: Api, today: str, tickets: Sequence[Filed]) -> list[Filed]:
    """Return the tickets that were filed on that day: midnight may have passed since."""
    recorded = await states(api.store, [ticket.number for ticket in tickets])
    filed = {ticket.complaint.number: ticket.complaint.filed_at for ticket in recorded}
    return [one for one in tickets if filed[one.number] >= datetime.fromisoformat(today)]


async def test_programs_read_what_a_city_does_now(api: Api) -> None:
    ticket, waiting = await api.file(channel="web"), await api.unclear()
    await ticket.until_stage("handle")
    values = await _board(api)
    assert (values["city"], values["backlog"], values["late"]) == ("tongzhou", 2, 0)
    came_in = len(await _filed_since(api, values["today"], [ticket, waiting]))
    assert values["filed"] == came_in
    assert sum(one["tickets"] for one in values["inflow"]) == came_in
    loads = {one["stage"]: one["tickets"] for one in values["stages"] if one["tickets"]}
    assert loads == {"triage": 1, "handle": 1}
    assert values["units"] == [{"unit": "water", "tickets": 1, "late": 0}]
    triage = next(one for one in values["queues"] if one["queue"] == "triage")
    assert triage["tickets"] == 1
    assert triage["since"] is not None
    # Triage is due in half an hour, the bureau's work in days.
    assert [one["number"] for one in values["soon"]] == [waiting.number]
    assert values["late_soon"] == 1


@pytest.mark.parametrize("role", [Role.DESK, Role.OFFICER])
async def test_the_board_is_for_those_who_oversee(api: Api, role: Role) -> None:
    unit = "water" if role is Role.OFFICER else None
    refused = await api.http.get(BOARD, headers=await api.token(role, unit))
    assert problem(refused) == (403, "forbidden")
    for path in ("/staff/board", "/staff/board/stream", "/staff/board.csv?what=units"):
        assert (await _page(api, path, role, unit=unit)).status_code == 403


async def test_whoever_works_for_one_city_sees_its_board_and_no_other(api: Api) -> None:
    headers = await api.token(Role.SUPERVISOR, city="heping")
    assert problem(await api.http.get(BOARD, headers=headers)) == (403, "not_your_city")
    unknown = await api.http.get("/api/v1/cities/nowhere/board", headers=headers)
    assert problem(unknown)[0] in (403, 404)
    mine = await _page(api, city="heping")
    assert "Heping" in mine.text
    for path in ("/staff/board", "/staff/board/stream", "/staff/board.csv"):
        what = "what=units&" if path.endswith(".csv") else ""
        answer = await _page(api, f"{path}?{what}city=tongzhou", city="heping")
        assert answer.status_code == 403


async def test_the_page_is_whole_without_a_script(api: Api) -> None:
    await (await api.file()).until_stage("handle")
    page = await _page(api)
    assert page.status_code == 200
    for said in ("Filed today", "Late within 4 hours", "Who waits longest", "<noscript>", "<svg"):
        assert said in page.text
    assert "/staff/tickets?state=at_units&amp;unit=water&amp;city=tongzhou" in page.text
    assert 'style="' not in page.text
    wall = await _page(api, "/staff/board?wall=1")
    assert "staff-nav" not in wall.text
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in wall.text


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("stages", ["Being handled", "1", "0"]),
        ("units", ["water", "Water Affairs Bureau", "1", "0"]),
        ("queues", ["Triage", "0", "0", ""]),
    ],
)
async def test_every_part_is_a_sheet(api: Api, what: str, expected: list[str]) -> None:
    await (await api.file()).until_stage("handle")
    answer = await _page(api, f"/staff/board.csv?what={what}")
    assert expected in rows_of(answer)
    assert what in answer.headers["content-disposition"]


async def test_what_came_in_is_a_sheet_of_hours_and_channels(api: Api) -> None:
    filed = [await api.file(channel=channel) for channel in ("web", "web", "app")]
    today = ""
    while today != (today := (await _board(api))["today"]):  # again, if midnight passed
        heads, *rows = rows_of(await _page(api, "/staff/board.csv?what=inflow"))
    assert (heads[0], len(rows)) == ("Hour", 24)
    counts = {head: sum(int(row[n]) for row in rows) for n, head in enumerate(heads) if n}
    came_in = await _filed_since(api, today, filed)
    channels = Counter("App" if one is filed[-1] else "Website" for one in came_in)
    assert counts == {**channels, "Total": len(came_in)}


async def test_there_is_no_sheet_of_what_there_is_not(api: Api) -> None:
    assert (await _page(api, "/staff/board.csv?what=people")).status_code == 404


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR])
async def test_each_queue_leads_to_as_many_tickets_as_the_board_says(
    engineless_api: Api, role: Role
) -> None:
    api = engineless_api
    expected = {queue: count for count, queue in enumerate(Queue, 1)}
    lives = [Busy(complaint(city="tongzhou")) for _ in range(sum(expected.values()))]
    wanted = [queue for queue, count in expected.items() for _ in range(count)]
    stories = zip(lives, wanted, strict=True)
    await project(api.store, *(life.until(queue) for life, queue in stories))
    page = await _page(api, role=role)
    queue_cell = r'<a href="(/staff/[^"]*queue=(\w+)[^"]*)">[^<]*</a></th>'
    row = queue_cell + r'.*?<td class="num"><a [^>]*>(\d+)'
    rows = re.findall(row, page.text, re.S)
    assert {queue: int(count) for _, queue, count in rows} == expected
    for url, queue, _ in rows:
        response = await _page(api, html.unescape(url), role)
        assert response.status_code == 200
        listed = set(re.findall(r'href="/staff/(?:tickets/|[\w-]+\?number=)(\d+)', response.text))
        numbers = {life.number for life, its in zip(lives, wanted, strict=True) if its == queue}
        assert listed == numbers, url
