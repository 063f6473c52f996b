"""Tests of the clocks and the promise of a ticket whose classification is corrected."""

from datetime import timedelta

import pytest

from domain.actors import CITIZEN, Actor, Role
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.intake.reclassify import Reclassify
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.intake import Reclassified
from domain.facts.transitions import TABLE
from domain.policy.condition_inputs import cards, case_of
from domain.policy.notifications import notices
from domain.refusals import Refused
from domain.ticket.complaint import Kind
from domain.ticket.stages import OPEN, Stage
from tests.domain.counter import Counter
from tests.domain.test_promise import (
    DAY,
    DISPATCHER,
    HOUR,
    YES,
    handled,
    officer,
    reach_levels_until,
    settle,
)

DESK = Actor(role=Role.DESK, id="desk-1")
GENERAL, URGENT, COMPLEX, STEPS = "0302", "0202", "0301", "0109"
"""Categories with a limit of 7 days, 2 hours and 15 days, and one with steps."""


def correct(simulated: Counter, category: str, **more: object) -> Reclassified:
    """Correct the classification as the desk, and return the fact."""
    command = Reclassify.model_validate({"category": category, "reason": "更正"} | more)
    simulated.give(DISPATCHER if command.unit else DESK, command, simulated.now)
    fact = next(e.fact for e in reversed(simulated.events) if isinstance(e.fact, Reclassified))
    settle(simulated)
    return fact


def running(simulated: Counter, name: ClockName, n: int | None = None) -> Clock:
    return simulated.ticket.running(name, n)


def promised(simulated: Counter) -> Clock:
    return running(simulated, ClockName.PROMISE)


def test_a_shorter_limit_brings_the_promise_forward_from_its_own_start() -> None:
    simulated = handled()
    correct(simulated, COMPLEX, longer=True)
    began = promised(simulated).started_at
    simulated.now += DAY
    fact = correct(simulated, GENERAL)
    assert promised(simulated).due_at == began + 7 * DAY == fact.answer_by
    assert fact.answer_was == began + 15 * DAY
    assert (fact.was_category, fact.was_tier, fact.category) == (COMPLEX, "complex", GENERAL)


def test_a_longer_limit_leaves_the_day_that_was_said() -> None:
    simulated = handled()
    said = promised(simulated)
    fact = correct(simulated, COMPLEX)
    assert promised(simulated) == said
    assert (fact.answer_by, fact.answer_was, fact.longer) == (said.due_at, said.due_at, False)
    assert running(simulated, ClockName.HANDLE, 1).due_at == simulated.now + 15 * DAY


def test_a_later_day_is_promised_only_by_confirming_it() -> None:
    simulated = handled()
    began = promised(simulated).started_at
    fact = correct(simulated, COMPLEX, longer=True)
    assert promised(simulated).due_at == began + 15 * DAY == fact.answer_by
    assert fact.longer


def test_an_emergency_that_is_found_late_is_not_late_by_the_correction() -> None:
    simulated = handled()
    simulated.now += 3 * DAY
    correct(simulated, URGENT)
    limit = promised(simulated).due_at - simulated.now
    assert timedelta() < limit < DAY
    assert cards(simulated.ticket, LevelKind.DUE) == 0
    assert not case_of(simulated.ticket, simulated.now).late
    assert running(simulated, ClockName.HANDLE, 1).due_at == promised(simulated).due_at
    reach_levels_until(simulated, ClockName.PROMISE, LevelKind.DUE)
    assert simulated.events[-1].at >= promised(simulated).due_at


def test_cards_stay_and_a_broken_promise_stays_broken() -> None:
    simulated = handled()
    reach_levels_until(simulated, ClockName.PROMISE, LevelKind.DUE)
    yellow, red = (cards(simulated.ticket, kind) for kind in (LevelKind.WARN, LevelKind.DUE))
    correct(simulated, COMPLEX, longer=True)
    after = tuple(cards(simulated.ticket, kind) for kind in (LevelKind.WARN, LevelKind.DUE))
    assert after == (yellow, red)
    assert simulated.ticket.broke_a_promise


def test_pauses_and_extensions_stay_given() -> None:
    simulated = handled()
    correct(simulated, COMPLEX, longer=True)
    began = promised(simulated).started_at
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    simulated.now += DAY
    simulated.give(CITIZEN, AddFacts(text="桥下"), simulated.now)
    simulated.give(officer(), Extend(by="2d", reason="等配件"), simulated.now)
    simulated.give(DISPATCHER, YES, simulated.now)
    assert promised(simulated).due_at == began + 18 * DAY
    correct(simulated, GENERAL)
    assert promised(simulated).due_at == began + 10 * DAY


def test_what_stands_still_stands_still_and_loses_nothing() -> None:
    simulated = handled()
    simulated.give(
        officer(),
        Hold(ground="works", until=simulated.now + 20 * DAY, reason="施工"),
        simulated.now,
    )
    simulated.give(DISPATCHER, YES, simulated.now)
    simulated.now += 9 * DAY
    fact = correct(simulated, URGENT)
    assert fact.answer_by is None
    assert promised(simulated).paused_at is not None
    handling = running(simulated, ClockName.HANDLE, 1)
    assert handling.paused_at == handling.started_at == simulated.now
    assert cards(simulated.ticket, LevelKind.DUE) == 0


def test_steps_are_those_of_the_new_category() -> None:
    simulated = handled()
    correct(simulated, STEPS)
    steps = {c.label for c in simulated.ticket.clocks if c.name is ClockName.STEP and c.running}
    assert steps
    correct(simulated, GENERAL)
    assert not [c for c in simulated.ticket.clocks if c.name is ClockName.STEP and c.running]


def test_helpers_are_due_no_later_than_the_unit_that_called_them() -> None:
    simulated = handled()
    call = Call(unit="environment", task="协助")
    whistle = Whistle(ground="beyond_street", reason="请来", units=[call])
    simulated.give(officer(), whistle, simulated.now)
    below = Delegate(unit="river-station", task="清理", limit="5d")
    simulated.give(officer(), below, simulated.now)
    correct(simulated, URGENT)
    lead, *helpers = (running(simulated, ClockName.HANDLE, n) for n in (1, 2, 3))
    assert [helper.due_at <= lead.due_at for helper in helpers] == [True, True]
    correct(simulated, COMPLEX)
    again = running(simulated, ClockName.HANDLE, 1)
    assert again.due_at == simulated.now + 15 * DAY


def test_signed_is_signed() -> None:
    """A clock that has stopped is not started again."""
    simulated = handled()
    simulated.ticket.stop(simulated.now, ClockName.SIGN, assignment=1)
    correct(simulated, COMPLEX)
    with pytest.raises(Refused):
        running(simulated, ClockName.SIGN, 1)


def test_the_tier_may_be_chosen_and_is_recorded() -> None:
    simulated = handled()
    fact = correct(simulated, GENERAL, tier="emergency")
    assert (fact.tier, fact.was_tier) == ("emergency", "general")
    assert promised(simulated).rule_id.endswith("tiers.emergency.handle")
    with pytest.raises(Refused) as caught:
        correct(simulated, GENERAL, tier="emergency")
    assert caught.value.code == "same_category"


def test_the_citizen_and_the_unit_are_told_in_any_case() -> None:
    for more in ({}, {"longer": True}, {"unit": "environment"}):
        simulated = handled()
        correct(simulated, COMPLEX, **more)
        [event] = [one for one in simulated.events if one.kind == "reclassified"]
        told = {notice.audience for notice in notices(event, simulated.ticket)}
        assert told == {Role.CITIZEN, Role.OFFICER}
        assert event.fact.words.citizen


def test_it_is_possible_from_every_stage_between_triage_and_answer() -> None:
    [row] = [row for row in TABLE if row.fact is Reclassified]
    before = {Stage.ACCEPT, Stage.TRIAGE}
    answered = {Stage.RATE, Stage.SUPERVISE, Stage.AFTERCARE}
    assert row.since == set(OPEN) - before - answered
    assert row.by == {Role.DESK, Role.DISPATCHER, Role.SUPERVISOR}


def test_without_a_clock_of_the_promise_the_unit_gets_no_more_time_unless_confirmed() -> None:
    """On a ticket of the first lifecycle the lead's handling is the citizen's promise."""
    simulated = handled(lifecycle=0)
    said = running(simulated, ClockName.HANDLE, 1).due_at
    correct(simulated, COMPLEX)
    assert running(simulated, ClockName.HANDLE, 1).due_at == said
    correct(simulated, GENERAL)
    simulated.now += HOUR
    correct(simulated, COMPLEX, longer=True)
    assert running(simulated, ClockName.HANDLE, 1).due_at == simulated.now + 15 * DAY


def test_the_same_limit_moves_nothing_also_if_a_later_day_is_confirmed() -> None:
    """An emergency that was found late is corrected again, within the emergencies."""
    simulated = handled()
    simulated.now += 3 * DAY
    correct(simulated, URGENT)
    said = promised(simulated)
    simulated.now += HOUR
    correct(simulated, "0201", tier="emergency", longer=True)
    assert promised(simulated) == said


def test_on_the_first_lifecycle_too_what_waits_for_the_citizen_waits_on() -> None:
    simulated = handled(lifecycle=0)
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    correct(simulated, URGENT)
    assert running(simulated, ClockName.HANDLE, 1).paused_at is not None


@pytest.mark.parametrize(("kind", "sent"), [("complaint", True), ("report", False)])
def test_what_was_returned_goes_where_the_rules_say_but_no_report(kind: str, sent: bool) -> None:
    simulated = handled()
    simulated.ticket.kind = Kind(kind)
    simulated.give(officer(), Return(ground="not_ours", reason="分类有误"), simulated.now)
    simulated.give(DISPATCHER, YES, simulated.now)
    settle(simulated)
    correct(simulated, "0204")
    assert (simulated.ticket.stage is Stage.HANDLE) == sent
    if not sent:
        assert (simulated.ticket.stage, simulated.ticket.by_hand) == (Stage.DISPATCH, True)
