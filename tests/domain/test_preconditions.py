"""Tests that no clock runs whose precondition does not hold."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from domain.actors import CITIZEN, Actor, Role
from domain.commands.citizens.leave_contact import LeaveContact
from domain.commands.citizens.open_contact import OpenContact
from domain.commands.intake.accuse import Accuse
from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.supervise import Supervise
from domain.commands.units.answer_order import AnswerOrder
from domain.commands.units.contact import Contact
from domain.commands.units.return_ticket import Return
from domain.deadlines.registry import DEADLINES, ClockName, Precondition
from domain.facts.supervising import SupervisionOrdered
from domain.policy.notifications import notices
from domain.refusals import Refused
from domain.ticket.assignment import HandlingResult
from domain.ticket.complaint import Complaint, Kind
from domain.ticket.preconditions import startable
from domain.ticket.stages import Outcome, Stage
from tests.domain.counter import Counter
from tests.domain.desks import Desks
from tests.domain.planned import BEIJING
from tests.domain.test_promise import DISPATCHER, FILED_AT, officer, settle
from tests.domain.towns import TOWNS
from tests.store.stories import complaint

SUPERVISOR = Actor(role=Role.SUPERVISOR, id="supervisor-1")

BUSY = TOWNS["busy"]
WITHOUT_RETURNS = BUSY.model_copy(update={"caps": BUSY.caps.model_copy(update={"returns": 0})})
PACKS = {**TOWNS, "without returns": WITHOUT_RETURNS}

KNOWN = {"person": "p", "reachable": True}
"""A citizen who left a phone, and lets the unit know it."""

NOBODY: list[dict[str, object]] = [
    {"person": None},
    {"person": None, "reachable": False},
    {"person": "p", "reachable": False},  # only a name was left
]
"""Complaints without any way to reach the citizen."""

HIDDEN: list[dict[str, object]] = [
    KNOWN | {"anonymous": True},
    KNOWN | {"kind": Kind.REPORT},
    {"person": "p", "anonymous": True},
]
"""Complaints whose citizen can be reached, but not by the unit."""

FALSE: dict[Precondition, list[tuple[str, dict[str, object]]]] = {
    Precondition.CONTACT_OPEN: [("busy", each) for each in (*NOBODY, *HIDDEN)],
    Precondition.CONTACT_LEFT: [("busy", each) for each in NOBODY],
    Precondition.RETURNABLE: [("without returns", KNOWN)],
}
"""For each precondition, the towns and complaints in which it does not hold."""


def filed(town: str, **fields: object) -> Counter:
    """Return a ticket that a unit has, unless it is a report."""
    new = complaint("2603020000029", city="tongzhou", category="0302", filed_at=FILED_AT)
    return Counter(Desks(PACKS[town]), new.model_copy(update={"unit": "water"} | fields))


def live(simulated: Counter) -> None:
    """Let the ticket be handled with a helper, answered, and not rated, to its end."""
    settle(simulated)
    if simulated.ticket.stage is Stage.TRIAGE:  # whom a report accuses, only a person can say
        triage = Triage(category="0302", unit="water", nobody=True)
        simulated.give(DISPATCHER, triage, simulated.now)
        settle(simulated)
    if simulated.ticket.rules is not None and simulated.ticket.rules.co_handlers:
        call = Call(unit="environment", task="协助")
        whistle = Whistle(ground="beyond_street", reason="请来", units=[call])
        simulated.give(officer(simulated.ticket.unit or ""), whistle, simulated.now)
    while simulated.ticket.opened:
        simulated.hand_in(simulated.ticket.opened[-1].n, HandlingResult(reply="已办理。"))
        settle(simulated)
    while simulated.reach_next_level():
        settle(simulated)


def started(simulated: Counter) -> set[ClockName]:
    """Return the clocks that any event started, or that ran."""
    facts = (event.fact for event in simulated.events)
    of_facts = {clock.name for fact in facts for clock in getattr(fact, "clocks", ())}
    return of_facts | {clock.name for clock in simulated.ticket.clocks}


def cases() -> Iterator[tuple[ClockName, str, dict[str, object]]]:
    for name, spec in DEADLINES.items():
        for town, fields in FALSE.get(spec.precondition, []):
            yield name, town, fields


def test_every_precondition_is_tried_while_it_does_not_hold() -> None:
    orders = Precondition.LED  # which no ticket has that nobody gives one
    assert set(FALSE) == set(Precondition) - {Precondition.NONE, orders}
    assert {name for name, _, _ in cases()} == {
        ClockName.CONTACT,
        ClockName.CALL_BACK,
        ClockName.RETURN_WINDOW,
    }


@pytest.mark.parametrize(("name", "town", "fields"), list(cases()))
def test_without_its_precondition_a_clock_never_starts(
    name: ClockName, town: str, fields: dict[str, object]
) -> None:
    simulated = filed(town, **fields)
    live(simulated)
    assert simulated.ticket.outcome is not None, "it comes to its end all the same"
    assert name not in started(simulated)
    shown = {getattr(event.fact, "clock", None) for event in simulated.events}
    assert name not in shown


def test_where_they_hold_the_same_clocks_start() -> None:
    simulated = filed("busy", **KNOWN)
    live(simulated)
    assert {ClockName.CONTACT, ClockName.CALL_BACK, ClockName.RETURN_WINDOW} <= started(simulated)


def test_a_helper_that_may_not_know_the_citizen_need_not_contact_them() -> None:
    simulated = filed("busy", **KNOWN)
    settle(simulated)
    call = Call(unit="environment", task="协助")
    whistle = Whistle(ground="beyond_street", reason="请来", units=[call])
    simulated.give(officer(), whistle, simulated.now)
    of = {clock.assignment for clock in simulated.ticket.clocks if clock.name is ClockName.CONTACT}
    assert of == {1}


def test_who_cannot_be_called_is_not_waited_for_after_the_time_to_rate() -> None:
    simulated = filed("busy", person=None)
    live(simulated)
    assert simulated.ticket.outcome is Outcome.UNRATED
    assert "call_back_due" not in [event.kind for event in simulated.events]
    assert not simulated.ticket.call_back_due


def test_what_a_meeting_decided_has_no_time_to_return_it() -> None:
    simulated = filed("strict", **KNOWN)
    settle(simulated)
    assert any(c.name is ClockName.RETURN_WINDOW for c in simulated.ticket.clocks)
    simulated.give(officer(), Return(ground="not_ours", reason="不是我们的"), simulated.now)
    simulated.give(DISPATCHER, Decide(approve=True, reason="同意"), simulated.now)
    settle(simulated)
    assert simulated.ticket.stage is Stage.ARBITRATE
    simulated.give(SUPERVISOR, Arbitrate(unit="environment", text="协调"), simulated.now)
    settle(simulated)
    lead = simulated.ticket.lead
    assert lead is not None
    windows = [c for c in simulated.ticket.clocks if c.name is ClockName.RETURN_WINDOW]
    assert lead.n not in [clock.assignment for clock in windows]


def _order(simulated: Counter, n: int = 1) -> list[tuple[datetime, datetime | None]]:
    """Return since when the time for an order ran, and until when."""
    ran = (c for c in simulated.ticket.clocks if (c.name, c.label) == (ClockName.ORDER, str(n)))
    return [(clock.started_at, clock.stopped_at) for clock in ran]


def _returned(simulated: Counter) -> None:
    asked = Return(ground="not_ours", reason="不是我们的")
    simulated.give(officer(simulated.ticket.unit or ""), asked, simulated.now)
    simulated.give(DISPATCHER, Decide(approve=True, reason="同意"), simulated.now)
    assert simulated.ticket.stage is Stage.DISPATCH


def test_an_order_before_a_unit_has_it_waits_and_its_time_begins_with_the_unit() -> None:
    simulated = filed("busy", **KNOWN)
    settle(simulated)
    _returned(simulated)
    simulated.now += timedelta(hours=1)
    simulated.give(SUPERVISOR, Supervise(text="限期"), simulated.now)
    [given] = [one.fact for one in simulated.events if isinstance(one.fact, SupervisionOrdered)]
    assert given.unit is None, "the unit that returned it is not told"
    assert _order(simulated) == []
    with pytest.raises(Refused) as caught:
        simulated.give(officer("water"), AnswerOrder(order=1, answer="不是我们的"), simulated.now)
    assert caught.value.code == "not_now"
    simulated.now += timedelta(hours=1)
    simulated.give(DISPATCHER, Reassign(unit="environment", reason="改派"), simulated.now)
    assert _order(simulated) == [(simulated.now, None)]
    simulated.give(officer("environment"), AnswerOrder(order=1, answer="已办"), simulated.now)
    assert _order(simulated) == [(simulated.now, simulated.now)]


def test_an_order_follows_the_ticket_from_unit_to_unit_and_each_has_its_whole_time() -> None:
    simulated = filed("busy", **KNOWN)
    settle(simulated)
    given = simulated.now
    simulated.give(SUPERVISOR, Supervise(text="限期"), given)
    simulated.now += timedelta(hours=1)
    moved = simulated.now
    simulated.give(DISPATCHER, Reassign(unit="environment", reason="改派"), moved)
    assert _order(simulated) == [(given, moved), (moved, None)]
    simulated.now += timedelta(hours=1)
    _returned(simulated)
    simulated.now += timedelta(hours=1)
    simulated.give(DISPATCHER, Reassign(unit="transport", reason="改派"), simulated.now)
    assert [since for since, until in _order(simulated) if until is None] == [simulated.now]
    assert len(_order(simulated)) == 3


def test_when_the_contact_is_opened_its_clock_starts_then() -> None:
    simulated = filed("busy", **HIDDEN[0])
    settle(simulated)
    simulated.now += timedelta(hours=2)
    simulated.give(CITIZEN, OpenContact(), simulated.now)
    clock = simulated.ticket.running(ClockName.CONTACT, 1)
    assert clock.started_at == simulated.now
    assert not simulated.ticket.contact_hidden
    with pytest.raises(Refused) as caught:
        simulated.give(CITIZEN, OpenContact(), simulated.now)
    assert caught.value.code == "contact_open"
    simulated.give(officer(), Contact(), simulated.now)
    with pytest.raises(Refused):
        simulated.ticket.running(ClockName.CONTACT, 1)


@pytest.mark.parametrize("fields", NOBODY)
def test_when_a_contact_is_left_later_the_unit_calls_and_the_hotline_calls_back(
    fields: dict[str, object],
) -> None:
    simulated = filed("busy", **fields)
    settle(simulated)
    assert ClockName.CONTACT not in started(simulated)
    simulated.now += timedelta(hours=2)
    simulated.give(CITIZEN, LeaveContact(person="0" * 32), simulated.now)
    assert simulated.ticket.running(ClockName.CONTACT, 1).started_at == simulated.now
    with pytest.raises(Refused) as caught:
        simulated.give(CITIZEN, LeaveContact(person="1" * 32), simulated.now)
    assert caught.value.code == "contact_known"
    live(simulated)
    assert "call_back_due" in [event.kind for event in simulated.events]


def test_where_no_unit_may_know_it_a_contact_left_later_starts_no_first_contact() -> None:
    simulated = filed("busy", person=None, anonymous=True)
    settle(simulated)
    simulated.give(CITIZEN, LeaveContact(person="0" * 32), simulated.now)
    assert ClockName.CONTACT not in started(simulated)
    left = simulated.events[-1]
    assert notices(left, simulated.ticket) == [], "the unit is not told of what it may not use"
    simulated.give(CITIZEN, OpenContact(), simulated.now)
    assert ClockName.CONTACT in started(simulated)


def test_an_accusation_ends_the_time_to_call_and_its_end_begins_it_again() -> None:
    simulated = filed("busy", **KNOWN)
    settle(simulated)
    first = simulated.ticket.running(ClockName.CONTACT, 1)
    simulated.now += timedelta(minutes=20)
    simulated.give(DISPATCHER, Accuse(units=["environment"]), simulated.now)
    assert first.stopped_at == simulated.now
    simulated.now += timedelta(minutes=20)
    simulated.give(DISPATCHER, Accuse(nobody=True, note="核实有误"), simulated.now)
    assert simulated.ticket.running(ClockName.CONTACT, 1).started_at == simulated.now


def test_who_was_called_before_an_accusation_is_not_called_again_after_it() -> None:
    simulated = filed("busy", **KNOWN)
    settle(simulated)
    simulated.give(officer(), Contact(), simulated.now)
    simulated.give(DISPATCHER, Accuse(units=["environment"]), simulated.now)
    simulated.give(DISPATCHER, Accuse(nobody=True, note="核实有误"), simulated.now)
    assert not [c for c in simulated.ticket.clocks if c.name is ClockName.CONTACT and c.running]


def test_opened_before_a_unit_has_it_the_clock_starts_with_the_unit() -> None:
    simulated = filed("busy", **HIDDEN[0])
    simulated.go_on()
    simulated.give(CITIZEN, OpenContact(), simulated.now)
    assert ClockName.CONTACT not in started(simulated)
    settle(simulated)
    assert ClockName.CONTACT in started(simulated)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (HIDDEN[1], "identity_protected"),
        ({"person": None, "anonymous": True}, "person_unknown"),
        (KNOWN, "contact_open"),
    ],
)
def test_what_cannot_be_opened_is_refused(fields: dict[str, object], code: str) -> None:
    simulated = filed("busy", **fields)
    simulated.go_on()
    with pytest.raises(Refused) as caught:
        simulated.give(CITIZEN, OpenContact(), simulated.now)
    assert caught.value.code == code


def test_a_ticket_from_before_has_the_clocks_that_were_recorded() -> None:
    simulated = filed("busy", person=None)
    settle(simulated)
    ticket = simulated.ticket
    assert ticket.rules is not None
    [sign] = [clock for clock in ticket.clocks if clock.name is ClockName.SIGN]
    contact = sign.model_copy(update={"name": ClockName.CONTACT})
    assert startable(ticket, [sign, contact]) == [sign]
    ticket.rules = ticket.rules.model_copy(update={"preconditions": False})
    assert startable(ticket, [sign, contact]) == [sign, contact]


def test_a_complaint_from_before_the_field_is_reachable_if_a_person_is_known() -> None:
    for person, known in (("p", True), (None, False)):
        old = Complaint(
            number="2603020000029",
            city="tongzhou",
            text="x",
            person=person,
            filed_at=FILED_AT.astimezone(BEIJING),
        )
        simulated = Counter(Desks(TOWNS["busy"]), old)
        assert simulated.ticket.contact_left is known
