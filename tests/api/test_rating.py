"""Tests of rating: once, in time, by the citizen who complained."""

import asyncio
from typing import Any

import pytest

from domain.actors import Role
from tests.api.running_api import GOOD, Api, problem


async def test_a_rating_counts_once(each_api: Api) -> None:
    ticket = await each_api.handled()
    assert (await ticket.rate()).json()["status"] == "recorded"
    assert problem(await ticket.rate(GOOD | {"grade": 1})) == (409, "already_rated")
    await ticket.until_stage("ended")
    assert problem(await ticket.rate()) == (409, "already_rated")
    assert (await ticket.kinds()).count("rated") == 1


async def test_two_ratings_at_once(api: Api) -> None:
    ticket = await api.handled()
    answers = await asyncio.gather(ticket.rate(), ticket.rate(GOOD | {"grade": 4}))
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert codes[1] in (202, 409)
    await ticket.until_stage("ended")
    assert (await ticket.kinds()).count("rated") == 1


async def test_before_there_is_an_answer(api: Api) -> None:
    ticket = await api.file()
    assert problem(await ticket.rate()) == (409, "not_now")
    assert await ticket.kinds() == ["accepted", "classified", "assigned"]


async def test_after_the_end(api: Api) -> None:
    ticket = await api.file()
    await ticket.act("withdraw", ticket.citizen)
    assert problem(await ticket.rate()) == (409, "ticket_ended")


async def test_dissatisfied_means_once_more_and_a_new_rating(api: Api) -> None:
    ticket = await api.handled()
    bad = await ticket.rate({"resolved": False, "grade": 1, "words": "还是很臭"})
    assert bad.json()["status"] == "recorded"
    shown = await ticket.until_stage("handle")
    assert not shown["can_rate"]
    assert problem(await ticket.rate()) == (409, "not_now")
    assert (await ticket.complete(n=2)).status_code == 200
    assert (await ticket.until_stage("rate"))["can_rate"]
    assert (await ticket.rate()).json()["status"] == "recorded"
    assert (await ticket.until_stage("ended"))["outcome"] == "closed"


@pytest.mark.parametrize(
    "body",
    [
        {"resolved": True, "grade": 0},
        {"resolved": True, "grade": 6},
        {"resolved": True, "grade": -1},
        {"resolved": True, "grade": 4.5},
        {"resolved": True, "grade": 10**30},
        {"resolved": True, "grade": "excellent"},
        {"resolved": None, "grade": 5},
        {"grade": 5},
        {"resolved": True},
        {"resolved": True, "grade": 5, "words": "好" * 1001},
        {"resolved": True, "grade": 5, "stars": 5},
        {},
        [],
    ],
)
async def test_out_of_range(api: Api, body: Any) -> None:
    ticket = await api.handled()
    assert problem(await ticket.rate(body)) == (422, "invalid_request")
    assert (await ticket.seen())["can_rate"]


async def test_of_another_ticket(api: Api) -> None:
    mine, theirs = await api.handled(), await api.handled()
    answer = await api.http.post(f"{theirs.path}/rating", json=GOOD, headers=mine.citizen)
    assert problem(answer) == (404, "ticket_not_found")
    assert (await theirs.seen())["can_rate"]


async def test_staff_have_no_rating_of_their_own(api: Api) -> None:
    ticket = await api.handled()
    desk = await api.token(Role.DESK)
    assert problem(await ticket.act("rating", desk, GOOD)) == (401, "unauthenticated")
