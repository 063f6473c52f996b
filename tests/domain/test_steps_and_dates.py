"""Tests of clocks with their own limits: category steps, given dates, co-handlers, by hand."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from domain.deadlines.clocks import Basis, Clock
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import CategoryStep
from domain.pack.pack import UnknownCategory, UnknownTier
from domain.pack.planning import due_after, plan_at, plan_clock, plan_clocks, plan_steps
from domain.pack.policies import Limits
from tests.domain.planned import MONDAY, TONGZHOU, at, beijing, pack_with, rungs

POLICY: Sequence[Mapping[str, object]] = [
    {"kind": "warn", "offset": "1d", "tells": ["officer"]},
    {"kind": "due"},
    {"kind": "supervise", "offset": "50%"},
]
DUMPING = TONGZHOU.categories[0].model_copy(
    update={
        "steps": (
            CategoryStep(code="stop", limit=Limit.parse("4wh")),
            CategoryStep(code="clear", limit=Limit.parse("3d")),
        )
    }
)


def test_every_step_of_a_category_has_a_clock_with_its_name() -> None:
    pack = pack_with({}, POLICY, categories=(DUMPING,))
    stop, clear = plan_steps(pack, DUMPING.code, "only", MONDAY, assignment=2)
    assert {stop.name, clear.name} == {ClockName.STEP}
    assert [(c.label, c.limit, c.basis) for c in (stop, clear)] == [
        ("stop", "4wh", Basis.WORKING),
        ("clear", "3d", Basis.CALENDAR),
    ]
    rule_id = f"tongzhou/categories.csv#{DUMPING.code}.steps"
    assert [c.rule_id for c in (stop, clear)] == [f"{rule_id}.stop", f"{rule_id}.clear"]
    assert {c.assignment for c in (stop, clear)} == {2}
    assert {c.started_at for c in (stop, clear)} == {MONDAY}
    assert (beijing(stop.due_at), stop.calendar_version) == (
        "03-02 16:00",
        TONGZHOU.calendar.version,
    )
    assert rungs(clear) == {"warn": "03-04 10:00", "due": "03-05 10:00", "supervise": "03-06 22:00"}


def test_a_category_without_steps_has_no_such_clocks() -> None:
    plain = DUMPING.model_copy(update={"steps": ()})
    assert plan_steps(pack_with({}, [], categories=(plain,)), plain.code, "only", MONDAY) == []


def test_steps_of_what_the_pack_does_not_have_are_refused() -> None:
    pack = pack_with({}, [], categories=(DUMPING,))
    with pytest.raises(UnknownCategory):
        plan_steps(pack, "7777", "only", MONDAY)
    with pytest.raises(UnknownTier):
        plan_steps(pack, DUMPING.code, "urgent", MONDAY)


def test_an_appointment_is_due_when_it_was_made_for() -> None:
    pack = pack_with({"appointment": "1d"}, POLICY)
    clock = plan_at(pack, ClockName.APPOINTMENT, at("03-06 15:00"), MONDAY, assignment=1)
    assert (clock.started_at, clock.due_at) == (MONDAY, at("03-06 15:00"))
    assert rungs(clock) == {"warn": "03-05 15:00", "due": "03-06 15:00", "supervise": "03-08 17:30"}
    assert (clock.limit, clock.rule_id, clock.assignment) == ("2026-03-06 15:00", "by hand", 1)
    assert (clock.basis, clock.calendar_version, clock.label) == (Basis.CALENDAR, None, None)
    assert Clock.model_validate_json(clock.model_dump_json()) == clock


def test_a_clock_with_a_given_date_may_be_told_apart_and_name_its_rule() -> None:
    rule = "tongzhou/city.toml#aftercare.revisits"
    week = Limit.parse("7d")
    pack = pack_with({}, [])
    due = due_after(pack, MONDAY, week)
    clock = plan_at(pack, ClockName.REVISIT, due, MONDAY, label=str(week), rule_id=rule)
    assert (clock.label, clock.rule_id) == ("7d", rule)
    assert rungs(clock) == {"due": "03-09 10:00"}


def test_a_red_card_of_a_given_date_can_wait_for_the_office() -> None:
    pack = pack_with({}, [{"kind": "due", "offset": "1wh"}])
    clock = plan_at(pack, ClockName.REVIEW, at("09-30 20:00"), MONDAY)
    assert (beijing(clock.due_at), rungs(clock)) == ("09-30 20:00", {"due": "10-08 10:00"})
    assert clock.calendar_version == TONGZHOU.calendar.version


def test_a_date_that_is_over_is_due_at_once() -> None:
    clock = plan_at(pack_with({}, POLICY), ClockName.REVIEW, MONDAY - timedelta(days=2), MONDAY)
    assert (clock.started_at, clock.due_at) == (MONDAY, MONDAY)
    assert rungs(clock) == {"due": "03-02 10:00", "supervise": "03-02 10:00"}


def test_in_a_scaled_pack_a_given_moment_stays_and_its_ladder_shrinks() -> None:
    pack = pack_with({}, POLICY, clock_scale=1 / 86400)
    due = MONDAY + timedelta(days=40)
    clock = plan_at(pack, ClockName.APPOINTMENT, due, MONDAY)
    assert clock.due_at == due
    assert [level.at - due for level in clock.rungs] == [
        timedelta(seconds=-1),
        timedelta(0),
        timedelta(days=20),
    ]
    assert due_after(pack, MONDAY, Limit.parse("7d")) == MONDAY + timedelta(seconds=7)


def test_co_handlers_have_limits_of_their_own_and_the_tiers_where_there_are_none() -> None:
    joint = Limits.model_validate({"sign": "10m", "contact": "30m"})
    pack = pack_with({"sign": "4h", "handle": "7d"}, [], joint=joint)
    names = [ClockName.SIGN, ClockName.CONTACT, ClockName.MEET, ClockName.HANDLE]
    called = plan_clocks(pack, names, "only", MONDAY, assignment=2, joint=True)
    assert [(clock.limit, clock.rule_id) for clock in called] == [
        ("10m", "tongzhou/city.toml#joint.sign"),
        ("30m", "tongzhou/city.toml#joint.contact"),
        ("7d", "tongzhou/city.toml#tiers.only.handle"),
    ]
    lead = plan_clocks(pack, names, "only", MONDAY, assignment=1)
    assert [clock.limit for clock in lead] == ["4h", "7d"]


def test_a_limit_set_by_hand_counts_before_every_other() -> None:
    pack = pack_with({"handle": "7d"}, POLICY, joint=Limits.model_validate({"handle": "2d"}))
    three = Limit.parse("3d")
    clock = plan_clock(pack, ClockName.HANDLE, "only", MONDAY, limit=three, joint=True)
    assert clock is not None
    assert (clock.limit, clock.rule_id) == ("3d", "by hand")
    assert rungs(clock) == {"warn": "03-04 10:00", "due": "03-05 10:00", "supervise": "03-06 22:00"}
    unset = plan_clock(pack, ClockName.MEET, "only", MONDAY, limit=three)
    assert unset is not None
