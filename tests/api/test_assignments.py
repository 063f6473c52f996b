"""Tests of the inbox, and of completing: once, by the right unit, and never twice."""

import asyncio
from typing import Any

import pytest

from domain.actors import Role
from tests.api.running_api import REPLY, Api, Filed, problem

INBOX = "/api/v1/assignments"
REASON = {"reason": "职责所在。"}


async def test_the_inbox_of_a_unit(api: Api) -> None:
    ticket = await api.file()
    await api.file()
    mine = (await api.http.get(INBOX, headers=await api.officer())).json()
    assert {item["unit"] for item in mine["items"]} == {"water"}
    assert ticket.number in {item["number"] for item in mine["items"]}
    page = await api.http.get(INBOX, params={"limit": 1}, headers=await api.officer())
    rest = await api.http.get(
        INBOX, params={"cursor": page.json()["next_cursor"]}, headers=await api.officer()
    )
    assert page.json()["items"] + rest.json()["items"] == mine["items"]
    desk = await api.token(Role.DISPATCHER)
    theirs = await api.http.get(INBOX, params={"unit": "water"}, headers=desk)
    assert theirs.json() == mine


async def test_whose_inbox_it_is_has_to_be_clear(api: Api) -> None:
    officer, desk = await api.officer(), await api.token(Role.DESK)
    ask = api.http.get
    others = await ask(INBOX, params={"unit": "market"}, headers=officer)
    assert problem(others) == (403, "not_your_unit")
    assert problem(await ask(INBOX, headers=desk)) == (422, "invalid_request")
    assert problem(await ask(INBOX, params={"cursor": "x"}, headers=officer)) == (
        400,
        "bad_cursor",
    )
    assert problem(await ask(INBOX)) == (401, "unauthenticated")
    for params in ({"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"colour": "red"}):
        assert problem(await ask(INBOX, params=params, headers=officer)) == (
            422,
            "invalid_request",
        )


async def test_one_assignment_is_seen_by_those_who_see_the_ticket(api: Api) -> None:
    ticket = await api.file()
    path = f"{INBOX}/{ticket.number}-1"
    mine = await api.http.get(path, headers=await api.officer())
    assert (mine.json()["unit"], mine.json()["title"]) == ("water", "河水发黑发臭")
    other = await api.http.get(path, headers=await api.officer("market"))
    assert problem(other) == (404, "assignment_not_found")
    missing = await api.http.get(f"{INBOX}/{ticket.number}-2", headers=await api.officer())
    assert problem(missing) == (404, "assignment_not_found")
    for n in ("0", "x", "99999999999999999999"):
        wrong = await api.http.get(f"{INBOX}/{ticket.number}-{n}", headers=await api.officer())
        assert problem(wrong) == (422, "invalid_request")
    typo = f"{INBOX}/{ticket.number[:-1]}{(int(ticket.number[-1]) + 1) % 10}-1"
    assert problem(await api.http.get(typo, headers=await api.officer())) == (
        422,
        "bad_number",
    )


async def test_completing_twice(each_api: Api) -> None:
    ticket = await each_api.file()
    assert (await ticket.complete()).status_code == 200
    assert problem(await ticket.complete()) == (409, "already_done")
    assert (await ticket.kinds()).count("handled") == 1


async def test_two_officers_complete_at_once(api: Api) -> None:
    ticket = await api.file()
    bodies = [{"reply": "已清淤。"}, {"reply": "已换水。"}]
    answers = await asyncio.gather(*(ticket.complete(body=body) for body in bodies))
    first, late = (answers[0], 1) if answers[0].is_success else (answers[1], 0)
    # On a busy machine the record may need longer than the answer waits for it.
    assert first.status_code in (200, 202), first.text
    second = answers[late]
    async with asyncio.timeout(60):
        while problem(second) == (409, "too_late"):
            second = await ticket.complete(body=bodies[late])
    assert problem(second) == (409, "already_done")
    assert (await ticket.until_stage("rate"))["reply"] == bodies[1 - late]["reply"]
    assert (await ticket.kinds()).count("handled") == 1


async def _returned(ticket: Filed) -> None:
    await ticket.by_unit("return", {"ground": "not_ours"} | REASON)
    granted = await ticket.by(Role.DISPATCHER, "decide", {"approve": True} | REASON)
    assert granted.status_code == 200


async def _reassigned(ticket: Filed) -> None:
    moved = await ticket.by(Role.DISPATCHER, "reassign", {"unit": "market"} | REASON)
    assert moved.status_code == 200


async def _withdrawn(ticket: Filed) -> None:
    assert (await ticket.act("withdraw", ticket.citizen)).status_code == 200


@pytest.mark.parametrize("taken", [_returned, _reassigned, _withdrawn])
async def test_completing_what_was_taken_away(api: Api, taken: Any) -> None:
    ticket = await api.file()
    await taken(ticket)
    assert problem(await ticket.complete()) == (409, "assignment_ended")
    assert "handled" not in await ticket.kinds()


async def test_completing_by_another_unit_or_role(api: Api) -> None:
    ticket = await api.file()
    assert problem(await ticket.complete(unit="market")) == (404, "assignment_not_found")
    await _reassigned(ticket)
    assert problem(await ticket.complete(n=2)) == (403, "not_your_unit")
    path = f"{INBOX}/{ticket.number}-2/complete"
    for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.DESK):
        answer = await api.http.post(path, json=REPLY, headers=await api.token(role))
        assert problem(answer) == (403, "forbidden")
    assert (await ticket.complete(n=2, unit="market")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reply": ""},
        {"reply": "水" * 4001},
        {"reply": "好。", "resolved": "maybe"},
        {"reply": "好。", "evidence": ["x"] * 21},
        {"reply": "好。", "evidence": ["x" * 201]},
        {"reply": "好。", "by": "somebody-else"},
        {"reply": {"text": "好。"}},
        [],
    ],
)
async def test_a_result_of_the_wrong_shape_never_reaches_the_ticket(api: Api, body: Any) -> None:
    ticket = await api.file()
    assert problem(await ticket.complete(body=body)) == (422, "invalid_request")
    assert (await ticket.by_unit("sign")).status_code == 200  # the ticket still works


async def test_who_does_not_want_to_wait_is_answered_at_once(api: Api) -> None:
    ticket = await api.file()
    answer = await ticket.complete(prefer="respond-async")
    assert (answer.status_code, answer.json()["ending"]) == (202, None)
    await ticket.until_stage("rate")


async def test_without_the_engine_completing_waits_for_another_day(
    api: Api, engineless_api: Api
) -> None:
    ticket = await api.file()
    away = Filed(engineless_api, ticket.receipt)
    assert problem(await away.complete()) == (503, "engine_unavailable")
    assert (await ticket.complete()).status_code == 200
