"""Tests of the effect of single facts on a ticket: regressions."""

from datetime import timedelta

import pytest

from domain.actors import Actor, Role
from domain.commands.citizens.call_back import CallBack
from domain.commands.supervising.settle_all import SettleAll
from domain.commands.supervising.supervise import order
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.aftercare import ClosedOnWatch, Reopened
from domain.facts.anytime import Withdrawn
from domain.facts.closing import CalledBack
from domain.facts.handling import ExtensionGranted, ExtensionRequested, HandlingFailed
from domain.facts.intake import Classified, Reassigned
from domain.facts.joint import Whistled
from domain.facts.verifying import VerificationRequested
from domain.facts.waiting import Held, HoldRequested, QuestionAsked
from domain.policy.decide import verdict
from domain.policy.guards import check
from domain.policy.record import record
from domain.refusals import Refused
from domain.ticket.assignment import AssignmentPlan, Ending
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from tests.store.stories import CITIZEN, DESK, DISPATCHER, Story, clock

SUPERVISOR = Actor(role=Role.SUPERVISOR)


def handled_by_one() -> Story:
    story = Story()
    story.accepted()
    story.classified()
    story.assigned()
    return story


def running(ticket: Ticket, name: ClockName) -> list[Clock]:
    return [each for each in ticket.clocks if each.running and each.name is name]


def plan_of_share(story: Story, *names: ClockName) -> AssignmentPlan:
    n = len(story.ticket.assignments) + 1
    clocks = [clock(name, story.at, 3, n) for name in names]
    return AssignmentPlan(assignment=n, unit=f"U{n}", queue="units", why="test", clocks=clocks)


def test_a_clock_that_is_stopped_late_never_ran_backwards() -> None:
    story = handled_by_one()
    requested_clock = clock(ClockName.DECIDE, story.at, 3, 1)
    story.tell(
        ExtensionRequested(assignment=1, by="1d", reason="r", clocks=[requested_clock]),
        by=story.officer,
    )
    # It was received before the unit's request, and is recorded after it.
    early = story.at - timedelta(minutes=30)
    record(story.ticket, Withdrawn(), CITIZEN, early)
    [decide] = [each for each in story.ticket.clocks if each.name is ClockName.DECIDE]
    assert decide.stopped_at == decide.started_at
    assert story.ticket.ended_at == early


def test_who_withdraws_while_somebody_looks_has_nothing_looked_at_any_more() -> None:
    story = Story()
    story.accepted()
    story.tell(Classified(category="lamp", tier="t", why="test", verify_by="U1"))
    share = plan_of_share(story, ClockName.VERIFY)
    story.tell(VerificationRequested(before="filing", share=share))
    story.tell(Withdrawn(), by=CITIZEN)
    assert story.ticket.verifying is None


def test_when_the_leads_program_gives_up_its_helpers_are_let_go() -> None:
    story = handled_by_one()
    helper = plan_of_share(story, ClockName.SIGN, ClockName.HANDLE)
    whistled = Whistled(assignment=1, ground="g", reason="r", shares=[helper])
    story.tell(whistled, by=story.officer)
    again = clock(ClockName.DISPATCH, story.at, 1)
    failed = HandlingFailed(assignment=1, code="broken", clocks=[again])
    story.tell(failed, by=story.officer)
    assert [each.ending for each in story.ticket.assignments] == [Ending.FAILED, Ending.RELEASED]


def test_a_hold_takes_the_place_of_a_question_to_the_citizen() -> None:
    story = handled_by_one()
    ask = clock(ClockName.DECIDE, story.at, 3, 1)
    until = story.at + timedelta(days=9)
    hold = HoldRequested(assignment=1, ground="g", until=until, reason="r", clocks=[ask])
    story.tell(hold, by=story.officer)
    question = clock(ClockName.CITIZEN, story.at, 72, 1)
    story.tell(QuestionAsked(assignment=1, text="where?", clocks=[question]), by=story.officer)
    asked_at = story.at
    review = clock(ClockName.REVIEW, story.at, 72, 1)
    held = Held(assignment=1, until=until, reason="r", clocks=[review])
    story.tell(held, by=DISPATCHER, minutes=600)
    assert running(story.ticket, ClockName.CITIZEN) == []
    [handle] = running(story.ticket, ClockName.HANDLE)
    assert handle.paused_at == asked_at, "it has stood still since the question"


def test_what_is_reopened_is_not_closed_by_the_call_backs_of_before() -> None:
    story = Story()
    story.until_replied()
    for _ in range(3):
        story.tell(CalledBack(reached=False), by=DESK)
    watch = clock(ClockName.AFTERCARE, story.at, 720)
    closed = ClosedOnWatch(outcome=Outcome.UNRATED, reason="not_reached", clocks=[watch])
    story.tell(closed)
    story.tell(Reopened(reason="recurred", text="again", clocks=[]), by=CITIZEN)
    story.assigned()
    story.handled()
    story.replied()
    assert verdict(story.ticket) is None


def test_whom_a_person_sends_it_to_is_not_waited_for_until_somebody_has_looked() -> None:
    story = Story()
    story.accepted()
    story.tell(Classified(category="lamp", tier="t", why="test", verify_by="U9"))
    story.tell(Reassigned(unit="U1", reason="urgent"), by=DISPATCHER)
    story.assigned()
    assert (story.ticket.stage, story.ticket.verify_by) == (Stage.HANDLE, None)


def test_an_extension_while_the_clock_stands_still_leaves_it_standing() -> None:
    story = handled_by_one()
    ask = clock(ClockName.DECIDE, story.at, 3, 1)
    story.tell(
        ExtensionRequested(assignment=1, by="1d", reason="r", clocks=[ask]), by=story.officer
    )
    question = clock(ClockName.CITIZEN, story.at, 72, 1)
    story.tell(QuestionAsked(assignment=1, text="where?", clocks=[question]), by=story.officer)
    longer = story.ticket.running(ClockName.HANDLE, 1).model_copy()
    story.tell(ExtensionGranted(assignment=1, reason="r", clocks=[longer]), by=DISPATCHER)
    [handle] = running(story.ticket, ClockName.HANDLE)
    assert handle.paused_at is not None


def test_an_orders_clock_has_the_number_that_the_order_has_got() -> None:
    story = handled_by_one()
    planned = [clock(ClockName.ORDER, story.at, 24)]  # both are planned before either is recorded
    for text in ("one", "two"):
        story.tell(order(story.ticket, text, planned), by=SUPERVISOR)
    assert [each.label for each in running(story.ticket, ClockName.ORDER)] == ["1", "2"]


@pytest.mark.parametrize(("call_backs", "code"), [(0, "already_rated"), (3, "overtaken")])
def test_nobody_is_called_back_once_it_is_judged(call_backs: int, code: str) -> None:
    story = Story()
    story.until_replied()
    for _ in range(call_backs):
        story.tell(CalledBack(reached=False), by=DESK)
    if not call_backs:
        story.rated(grade=1)
    with pytest.raises(Refused) as refused:
        check(story.ticket, CallBack(reached=False), DESK, story.at)
    assert refused.value.code == code


def test_all_of_the_kind_are_settled_only_where_a_unit_is_of_a_kind() -> None:
    story = Story()
    story.accepted()
    rules = story.ticket.rules
    assert rules is not None
    rules.settle_all = True
    with pytest.raises(Refused) as refused:
        check(story.ticket, SettleAll(text="everywhere"), DISPATCHER, story.at)
    assert refused.value.code == "no_siblings"
    check(story.ticket, SettleAll(text="there", units=["U1"]), DISPATCHER, story.at)
