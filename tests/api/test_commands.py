"""Tests of commands: each endpoint admits the table's roles, and explains its refusals."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, problem, serve_api
from tests.support.cities import with_rule
from tests.support.engine import platform

RETURN = {"ground": "not_ours", "reason": "不属于本单位职责。"}
EXTEND = {"by": "3d", "reason": "需要采购配件。"}
DECIDE = {"approve": True, "reason": "同意。"}


async def test_what_the_machine_is_unsure_of_a_dispatcher_sends(api: Api) -> None:
    ticket = await api.unclear()
    assert ticket.receipt["stage"] == "triage"
    response = await ticket.by(Role.DISPATCHER, "triage", {"category": "0204", "unit": "water"})
    assert response.status_code == 200, response.text
    shown = await ticket.until_stage("handle")
    assert (shown["category"], shown["unit"]) == ("路灯", "区水务局")


async def test_the_desk_answers_declines_and_refers(api: Api) -> None:
    for body, outcome in (
        ({"outcome": "answered", "text": "日落后开灯。"}, "answered"),
        ({"outcome": "declined", "reason": "unclear", "text": "请补充。"}, "declined"),
        ({"outcome": "referred", "reason": "110", "text": "请拨打110。"}, "referred"),
    ):
        ticket = await api.unclear(kind="consultation")
        assert (await ticket.by(Role.DESK, "conclude", body)).status_code == 200
        shown = await ticket.until_stage("ended")
        assert (shown["outcome"], shown["reply"]) == (outcome, body["text"])


async def test_what_is_a_units_to_answer_the_desk_does_not_answer(api: Api) -> None:
    ticket = await api.unclear(kind="complaint")
    body = {"outcome": "answered", "text": "日落后开灯。"}
    assert problem(await ticket.by(Role.DESK, "conclude", body)) == (409, "not_for_desk")


async def test_a_return_is_asked_for_and_granted(api: Api) -> None:
    ticket = await api.file()
    assert (await ticket.by_unit("return", RETURN)).status_code == 200
    assert problem(await ticket.by_unit("extend", EXTEND)) == (409, "already_asked")
    granted = await ticket.by(Role.DISPATCHER, "decide", DECIDE | {"unit": "110112003"})
    assert granted.json()["unit"] == "110112003"
    assert problem(await ticket.by_unit("sign")) == (403, "not_your_unit")
    assert problem(await ticket.by_unit("sign", {"assignment": 1})) == (409, "assignment_ended")
    assert (await ticket.by_unit("sign", unit="110112003")).status_code == 200


async def test_an_extension_moves_the_due_time(api: Api) -> None:
    ticket = await api.file()
    assert (await ticket.by_unit("extend", EXTEND)).status_code == 200
    granted = await ticket.by(Role.SUPERVISOR, "decide", DECIDE)
    assert granted.json()["due_at"] > ticket.receipt["due_at"]
    assert problem(await ticket.by_unit("extend", EXTEND)) == (409, "extension_cap")


async def test_nobody_rates_and_the_desk_calls_back(api: Api) -> None:
    ticket = await api.handled()
    good = {"contacted": True, "resolved": True, "grade": 4}
    assert (await ticket.by(Role.DESK, "call-back", {"reached": False})).status_code == 200
    refused = await ticket.by(Role.DESK, "call-back", {"reached": False, "rating": good})
    assert problem(refused) == (422, "rating_without_contact")
    response = await ticket.by(Role.DESK, "call-back", {"reached": True, "rating": good})
    assert response.status_code == 200
    assert (await ticket.until_stage("ended"))["outcome"] == "closed"


async def test_the_citizen_adds_facts_urges_and_withdraws(api: Api) -> None:
    ticket = await api.file()
    for what, body in (
        ("facts", {"text": "今天更臭了。"}),
        ("urge", None),
        ("withdraw", {"reason": "已经好了"}),
    ):
        assert (await ticket.act(what, ticket.citizen, body)).status_code == 200
    shown = await ticket.seen()
    assert shown["outcome"] == "withdrawn"
    assert shown["timeline"][-3]["text"] == "今天更臭了。"


async def test_urging_has_a_measure(api: Api) -> None:
    ticket = await api.file()
    for _ in range(3):
        assert (await ticket.act("urge", ticket.citizen)).status_code == 200
    assert problem(await ticket.act("urge", ticket.citizen)) == (429, "urged_too_often")


async def test_so_have_additions(api: Api) -> None:
    ticket = await api.file()
    for number in range(20):
        added = await ticket.act("facts", ticket.citizen, {"text": f"第{number}次补充"})
        assert added.status_code == 200
    again = await ticket.act("facts", ticket.citizen, {"text": "再补充"})
    assert problem(again) == (429, "facts_too_often")


@pytest.mark.parametrize("by_phone", [False, True])
async def test_who_is_asked_may_always_answer(api: Api, by_phone: bool) -> None:
    ticket = await api.file()
    for number in range(20):
        await ticket.act("facts", ticket.citizen, {"text": f"第{number}次补充"})
    assert (await ticket.by_unit("ask", {"question": "具体在哪一段？"})).status_code == 200
    answer = {"text": "在桥东"}
    if by_phone:
        response = await ticket.by(Role.DESK, "facts", answer)
    else:
        response = await ticket.act("facts", ticket.citizen, answer)
    assert response.status_code == 200, response.text
    assert (await ticket.kinds())[-1] == "resumed"
    again = await ticket.act("facts", ticket.citizen, {"text": "再补充"})
    assert problem(again) == (429, "facts_too_often")


async def test_an_answer_does_not_count_as_an_addition(api: Api) -> None:
    ticket = await api.file()
    await ticket.by_unit("ask", {"question": "具体在哪一段？"})
    assert (await ticket.act("facts", ticket.citizen, {"text": "在桥东"})).status_code == 200
    for number in range(20):
        added = await ticket.act("facts", ticket.citizen, {"text": f"第{number}次补充"})
        assert added.status_code == 200, number


async def test_the_citizen_is_shown_what_was_promised_and_no_units_limit(api: Api) -> None:
    ticket = await api.file()
    promised = (await ticket.until_stage("handle"))["due_at"]
    moved = {"unit": "transport", "reason": "职责所在。"}
    assert (await ticket.by(Role.DISPATCHER, "reassign", moved)).status_code == 200
    assert (await ticket.until_stage("handle"))["due_at"] == promised
    response = await ticket.by_unit("ask", {"question": "具体在哪一段？"}, "transport")
    assert response.status_code == 200, response.text
    shown = await ticket.seen()
    assert shown["due_at"] is None
    assert shown["answer_by"] is not None
    assert (await ticket.act("facts", ticket.citizen, {"text": "桥东。"})).status_code == 200
    shown = await ticket.seen()
    assert shown["due_at"] > promised
    assert shown["answer_by"] is None


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "role", "body"),
    [
        ("sign", Role.DISPATCHER, None),
        ("contact", Role.DESK, None),
        ("return", Role.SUPERVISOR, RETURN),
        ("decide", Role.DESK, DECIDE),
        ("reassign", Role.DESK, {"unit": "market", "reason": "职责所在。"}),
        ("reassign", Role.AUDITOR, {"unit": "market", "reason": "职责所在。"}),
        ("facts", Role.AUDITOR, {"text": "x"}),
        ("urge", Role.ADMIN, None),
        ("withdraw", Role.SUPERVISOR, None),
    ],
)
async def test_a_role_that_may_not_is_refused(api: Api, what: str, role: Role, body: Any) -> None:
    ticket = await api.file()
    assert problem(await ticket.by(role, what, body)) == (403, "forbidden")
    assert await ticket.kinds() == ["accepted", "classified", "assigned"]


@pytest.mark.parametrize(
    ("what", "role", "body", "code"),
    [
        ("triage", Role.DISPATCHER, {"category": "0204"}, "not_now"),
        ("conclude", Role.DESK, {"outcome": "answered", "text": "好。"}, "not_now"),
        ("conclude", Role.SUPERVISOR, {"outcome": "final_reply", "text": "好。"}, "not_now"),
        ("call-back", Role.DESK, {"reached": True}, "not_now"),
        ("decide", Role.DISPATCHER, DECIDE, "nothing_asked"),
        ("reassign", Role.DISPATCHER, {"unit": "water", "reason": "给它。"}, "same_unit"),
    ],
)
async def test_what_the_stage_does_not_allow_is_refused(
    api: Api, what: str, role: Role, body: Any, code: str
) -> None:
    ticket = await api.file()
    assert problem(await ticket.by(role, what, body)) == (409, code)
    assert await ticket.kinds() == ["accepted", "classified", "assigned"]


@pytest.mark.parametrize(
    ("what", "role", "body", "code"),
    [
        ("triage", Role.DISPATCHER, {"category": "9999"}, "unknown_category"),
        ("triage", Role.DISPATCHER, {"category": "0204", "unit": "nobody"}, "unknown_unit"),
        ("conclude", Role.DESK, {"outcome": "declined", "text": "不。"}, "reason_missing"),
        (
            "conclude",
            Role.DESK,
            {"outcome": "declined", "reason": "mood", "text": "不。"},
            "unknown_reason",
        ),
    ],
)
async def test_codes_the_city_does_not_have_are_refused(
    api: Api, what: str, role: Role, body: Any, code: str
) -> None:
    ticket = await api.unclear()
    assert problem(await ticket.by(role, what, body)) == (422, code)
    assert await ticket.kinds() == ["accepted", "triage_unsure"]


async def test_units_and_grounds_are_checked_while_a_unit_has_it(api: Api) -> None:
    ticket = await api.file()
    nobody = {"unit": "nobody", "reason": "给它。"}
    assert problem(await ticket.by(Role.DISPATCHER, "reassign", nobody)) == (422, "unknown_unit")
    mood = RETURN | {"ground": "mood"}
    assert problem(await ticket.by_unit("return", mood)) == (422, "unknown_reason")
    assert problem(await ticket.by_unit("sign", {"assignment": 7})) == (404, "unknown_assignment")


async def test_an_officer_of_another_unit_finds_no_such_ticket(api: Api) -> None:
    ticket = await api.file()
    for what, body in (("sign", None), ("return", RETURN), ("urge", None)):
        refused = await ticket.by_unit(what, body, unit="market")
        assert problem(refused) == (404, "ticket_not_found")
    assert await ticket.kinds() == ["accepted", "classified", "assigned"]


async def test_an_officer_without_a_unit_can_do_nothing(api: Api) -> None:
    ticket = await api.file()
    assert problem(await ticket.by(Role.OFFICER, "sign")) == (403, "forbidden")


async def test_after_the_end_nothing_can_be_done(api: Api) -> None:
    ticket = await api.file()
    await ticket.act("withdraw", ticket.citizen)
    assert problem(await ticket.act("urge", ticket.citizen)) == (409, "ticket_ended")
    assert problem(await ticket.by_unit("sign")) == (409, "ticket_ended")
    nobody = {"unit": "market", "reason": "给它。"}
    assert problem(await ticket.by(Role.DISPATCHER, "reassign", nobody)) == (409, "ticket_ended")


async def test_where_units_do_not_return_they_are_told(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = with_rule(tmp_path / "cities", "returns", 0)
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        ticket = await api.file()
        assert problem(await ticket.by_unit("return", RETURN)) == (409, "returns_not_allowed")


async def test_two_officers_at_once(api: Api) -> None:
    ticket = await api.file()
    answers = await asyncio.gather(ticket.by_unit("sign"), ticket.by_unit("sign"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert problem(max(answers, key=lambda a: a.status_code)) == (409, "already_signed")
    assert (await ticket.kinds()).count("signed") == 1


async def test_the_same_key_gives_the_first_answer_and_acts_once(api: Api) -> None:
    ticket = await api.file()
    officer = await api.officer()
    key = {"Idempotency-Key": "sign-1"}
    first = await ticket.act("sign", officer, **key)
    again = await ticket.act("sign", officer, **key)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert (await ticket.kinds()).count("signed") == 1


async def test_another_command_under_a_used_key_is_refused(api: Api) -> None:
    ticket = await api.file()
    key = {"Idempotency-Key": "one-for-everything"}
    first = {"text": "桥东也有。"}
    for what, body in (("facts", first), ("urge", {}), ("facts", {"text": "桥西也有。"})):
        answer = await ticket.act(what, ticket.citizen, body, **key)
        if body is first:
            assert answer.status_code == 200
        else:
            assert problem(answer) == (422, "idempotency_key_reused")
    assert (await ticket.act("facts", ticket.citizen, first, **key)).status_code == 200
    kinds = await ticket.kinds()
    assert (kinds.count("facts_added"), kinds.count("urged")) == (1, 0)


async def test_bodies_are_strict_and_may_be_left_out_where_nothing_is_needed(
    api: Api,
) -> None:
    ticket = await api.file()
    officer = await api.officer()
    typo = await ticket.act("contact", officer, {"reachd": False})
    assert problem(typo) == (422, "invalid_request")
    tagged = await ticket.act("sign", officer, {"do": "sign"})
    assert problem(tagged) == (422, "invalid_request")
    wrongs: list[Any] = [{"ground": "not_ours"}, {"ground": "a b", "reason": "x"}, [1], "x", 1]
    for wrong in wrongs:
        assert problem(await ticket.act("return", officer, wrong)) == (422, "invalid_request")
    for length in ("", "3", "3 days", "-1d", "0d", "9999d", "3y"):
        refused = await ticket.act("extend", officer, {"by": length, "reason": "x"})
        assert problem(refused) == (422, "invalid_request")
    assert (await api.http.post(f"{ticket.path}/sign", headers=officer)).status_code == 200
