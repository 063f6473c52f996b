"""Tests that citizens read only the promises that concern them, wherever they read."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from app.tickets.citizen_view import citizen_view
from domain.actors import SYSTEM, Role
from domain.deadlines.clocks import EscalationLevel, LevelKind
from domain.deadlines.registry import DEADLINES, ClockName, Owner
from domain.facts.anytime import LevelReached
from domain.policy.notifications import notices
from domain.policy.record import record
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from packs.message_templates import TEMPLATE_NAMES, WITH_A_DAY
from tests.api.running_api import Api, Filed
from tests.domain.test_random_commands import SimulatedTown
from tests.support.seeds import dice

QUESTION = {"question": "是几号楼？"}

PROMISES = {"due_at": ClockName.PROMISE, "answer_by": ClockName.CITIZEN, "rate_by": ClockName.RATE}
"""The times that a citizen is given, and the clocks that they are from."""

PAST = {"filed_at", "updated_at", "ended_at"}


def _moments(values: dict[str, Any]) -> Iterator[tuple[str, datetime]]:
    for name, value in values.items():
        if isinstance(value, datetime):
            yield name, value


@pytest.mark.parametrize("town", ["busy", "watchful", "strict"])
def test_at_every_stage_the_view_has_no_time_but_the_citizens(town: str) -> None:
    """Every life is seen after every step; together they have been at every stage but accept."""
    stages = set[Stage]()
    for seed in range(60):
        simulation = SimulatedTown(town, dice(f"{town}-{seed}"))
        simulation.begin()
        for _ in range(25):
            ticket, pack = simulation.simulated.ticket, simulation.simulated.desks.pack
            _check_view(ticket, citizen_view(ticket, simulation.simulated.events, [], pack))
            stages.add(ticket.stage)
            if not ticket.open:
                break
            simulation.move()
    assert stages >= {Stage.TRIAGE, Stage.DISPATCH, Stage.HANDLE, Stage.RATE, Stage.ENDED}
    if town != "strict":
        assert stages >= {Stage.MERGED, Stage.AFTERCARE}


def _check_view(ticket: Ticket, view: Any) -> None:
    clocks = [clock for clock in ticket.clocks if clock.running]
    for name, moment in _moments({field: getattr(view, field) for field in PROMISES}):
        own: set[datetime | None] = {
            clock.due_at for clock in clocks if clock.name is PROMISES[name]
        }
        if name == "due_at" and not ticket.lifecycle:
            own = {clock.due_at for clock in clocks if clock.name is ClockName.HANDLE}
        assert moment in own, f"{name} is not from its clock at {ticket.stage}"
    given = {name for name, _ in _moments(dict(view))}
    assert given <= {*PROMISES, *PAST}
    if view.answer_by is not None:
        assert view.due_at is None, "two days at once: the unit's wait, and an answer"
    assert ticket.snapshot().for_citizen().due_at == view.due_at


async def test_before_a_unit_has_it_no_day_is_promised(api: Api) -> None:
    """The half hour of triage is the centre's own affair."""
    ticket = await api.unclear()
    assert ticket.receipt["due_at"] is None
    assert (await ticket.seen())["due_at"] is None
    answer = await ticket.act("facts", ticket.citizen, {"text": "在东门。"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["due_at"] is None
    assert (await ticket.seen_by_staff())["clocks"], "the centre has its limit"
    page = (await _follow(api, ticket)).text
    assert "承诺" not in page


async def test_the_day_of_the_answer_is_on_the_receipt_if_it_is_known(api: Api) -> None:
    ticket = await api.file()
    shown = await ticket.until_stage("handle")
    assert shown["due_at"] is not None
    assert ticket.receipt["due_at"] in (shown["due_at"], None)
    # Sent again with the same key it has it in any case.
    headers = {"Idempotency-Key": "a-key-for-the-receipt"}
    body = {"city": "tongzhou", "text": "小区门口的河水又黑又臭。", "category": "0301"}
    first = await api.http.post("/api/v1/complaints", json=body, headers=headers)
    shown = await Filed(api, first.json()).until_stage("handle")
    again = await api.http.post("/api/v1/complaints", json=body, headers=headers)
    assert again.json()["due_at"] == shown["due_at"] is not None


async def test_while_the_unit_waits_the_page_says_so_and_no_limit_of_the_unit(api: Api) -> None:
    ticket = await api.file()
    assert (await ticket.by_unit("ask", QUESTION)).status_code == 200
    seen = await ticket.seen()
    assert seen["due_at"] is None
    assert seen["answer_by"] is not None
    page = (await _follow(api, ticket)).text
    assert "区水务局正在等您补充情况。" in page
    assert "等候至" in page
    assert "区水务局正在办理" not in page
    assert "承诺" not in page
    answer = await ticket.act("facts", ticket.citizen, {"text": "三号楼。"})
    assert answer.json()["due_at"] == (await ticket.seen())["due_at"] is not None


async def test_after_the_answer_only_the_time_to_rate_is_named(api: Api) -> None:
    ticket = await api.handled()
    seen = await ticket.seen()
    assert (seen["due_at"], seen["rate_by"] is not None) == (None, True)
    page = (await _follow(api, ticket)).text
    assert "前可以评价" in page
    assert "承诺" not in page


async def test_after_a_return_the_dispatchers_limit_is_not_the_citizens(api: Api) -> None:
    ticket = await api.file()
    promised = (await ticket.until_stage("handle"))["due_at"]
    back = {"ground": "not_ours", "reason": "不属于本单位职责。"}
    assert (await ticket.by_unit("return", back)).status_code == 200
    granted = await ticket.by(Role.DISPATCHER, "decide", {"approve": True, "reason": "同意。"})
    assert granted.status_code == 200
    assert (await ticket.until_stage("dispatch"))["due_at"] == promised


async def test_a_corrected_classification_is_told_in_plain_words(api: Api) -> None:
    ticket = await api.file()
    before = await ticket.until_stage("handle")
    fields = {"category": "0204", "reason": "内部核实：市民说错了。"}
    assert (await ticket.by(Role.DESK, "reclassify", fields)).status_code == 200
    seen = await ticket.seen()
    assert seen["category"] == "路灯"
    assert seen["due_at"] < before["due_at"]
    [entry] = [one for one in seen["timeline"] if one["kind"] == "reclassified"]
    assert (entry["category"], entry["answer_by"]) == ("路灯", seen["due_at"])
    assert entry["text"] is None
    page = (await _follow(api, ticket)).text
    assert "已更正诉求的分类" in page
    assert "现分类：路灯。承诺" in page
    assert "市民说错了" not in page


async def _follow(api: Api, ticket: Any) -> Any:
    form = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    return await api.http.post("/follow", data=form, headers={"Accept-Language": "zh-CN"})


@pytest.mark.parametrize("name", ClockName)
def test_no_limit_of_others_is_told_to_the_citizen_whatever_a_pack_says(name: ClockName) -> None:
    """A pack may write `tells = ["citizen"]` at any level."""
    simulation = SimulatedTown("busy", dice("told"))
    simulation.begin()
    ticket = simulation.simulated.ticket
    level = EscalationLevel(kind=LevelKind.WARN, at=simulation.simulated.now, tells=list(Role))
    clock = ticket.clocks[0].model_copy(
        update={
            "name": name,
            "assignment": None,
            "label": "x",
            "rungs": [level],
            "climbed": 0,
            "reached_in": [],
            "stopped_at": None,
            "paused_at": None,
        }
    )
    ticket.start([clock])
    fact = LevelReached(
        clock=name, label="x", rung=level.kind, due_at=clock.due_at, tells=level.tells
    )
    event = record(ticket, fact, SYSTEM, level.at)
    told = {notice.audience for notice in notices(event, ticket)}
    theirs = DEADLINES[name].owner is Owner.CITIZEN or name in (
        ClockName.APPOINTMENT,
        ClockName.PROMISE,
    )
    assert (Role.CITIZEN in told) == theirs


def test_only_messages_with_a_promise_name_a_day() -> None:
    assert set(TEMPLATE_NAMES) > WITH_A_DAY
    assert not WITH_A_DAY & {"accepted", "held", "reworked", "reopened", "supervised"}
