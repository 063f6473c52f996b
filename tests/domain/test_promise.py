"""Tests of the events that move the citizen's promise and the units' cards."""

from datetime import datetime, timedelta

from domain.actors import Actor, Role
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.decide import Decide
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.anytime import LevelReached
from domain.facts.merging import HeldWithParent
from domain.policy.condition_inputs import cards, case_of
from domain.policy.notifications import notices
from domain.ticket.assignment import HandlingResult
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Stage
from tests.domain.counter import PARENT, Counter
from tests.domain.desks import Desks
from tests.domain.planned import BEIJING
from tests.domain.towns import TOWNS
from tests.store.stories import complaint

FILED_AT = datetime(2026, 3, 2, 10, tzinfo=BEIJING)
DISPATCHER = Actor(role=Role.DISPATCHER, id="dispatcher-1")
YES = Decide(approve=True, reason="同意")
BUSY = Desks(TOWNS["busy"])
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def handled(lifecycle: int = 1) -> Counter:
    """Return a ticket assigned to the water bureau."""
    new_complaint = complaint("2603020000029", city="tongzhou", category="0302", filed_at=FILED_AT)
    simulated = Counter(BUSY, new_complaint.model_copy(update={"unit": "water"}), lifecycle)
    settle(simulated)
    assert (simulated.ticket.stage, simulated.ticket.unit) == (Stage.HANDLE, "water")
    return simulated


def settle(simulated: Counter) -> None:
    while simulated.go_on():
        pass


def officer(unit: str = "water") -> Actor:
    return Actor(role=Role.OFFICER, unit=unit, id=f"officer-of-{unit}")


def reach_levels_until(simulated: Counter, name: ClockName, kind: LevelKind) -> None:
    while simulated.reach_next_level():
        settle(simulated)
        fact = simulated.events[-1].fact
        if (getattr(fact, "clock", None), getattr(fact, "rung", None)) == (name, kind):
            return
    raise AssertionError(f"{name} never reaches {kind}")


def promise(simulated: Counter) -> Clock:
    clock = simulated.ticket.promise
    assert clock is not None
    return clock


def both(simulated: Counter) -> tuple[int, int]:
    return cards(simulated.ticket, LevelKind.WARN), cards(simulated.ticket, LevelKind.DUE)


def test_a_card_counts_once_although_the_clock_stood_still_afterwards() -> None:
    simulated = handled()
    reach_levels_until(simulated, ClockName.HANDLE, LevelKind.WARN)
    before = both(simulated)
    simulated.now += HOUR
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    simulated.now += HOUR
    simulated.resume(1, "citizen_answered", simulated.now)
    assert both(simulated) == before
    assert before[0] > 0


def test_an_extension_granted_after_the_red_card_takes_it_back_where_it_was_asked_in_time() -> None:
    simulated = handled()
    clock = simulated.ticket.running(ClockName.HANDLE, 1)
    simulated.now = clock.due_at - timedelta(minutes=1)
    while (following := simulated.ticket.next_level()) and following[1].at <= simulated.now:
        simulated.reach_next_level()
    yellow, red = both(simulated)
    simulated.give(officer(), Extend(by="1d", reason="等配件"), simulated.now)
    reach_levels_until(simulated, ClockName.HANDLE, LevelKind.DUE)
    assert both(simulated) == (yellow, red + 1)
    shown = simulated.events[-1].version
    simulated.give(DISPATCHER, YES, simulated.now)
    assert both(simulated) == (yellow, red)
    assert shown in simulated.ticket.void_rungs
    later = simulated.ticket.running(ClockName.HANDLE, 1)
    assert later.due_at > clock.due_at
    assert [level.kind for level in later.rungs if level.at <= simulated.now] == []
    reach_levels_until(simulated, ClockName.HANDLE, LevelKind.DUE)
    assert both(simulated)[1] == red + 1


def test_an_extension_asked_for_too_late_leaves_the_red_card() -> None:
    simulated = handled()
    reach_levels_until(simulated, ClockName.HANDLE, LevelKind.DUE)
    before = both(simulated)
    simulated.give(officer(), Extend(by="1d", reason="等配件"), simulated.now)
    simulated.give(DISPATCHER, YES, simulated.now)
    assert both(simulated) == before
    assert simulated.ticket.void_rungs == []


def test_a_hold_granted_after_the_red_card_takes_it_back_until_the_time_is_really_over() -> None:
    simulated = handled()
    due_at = simulated.ticket.running(ClockName.HANDLE, 1).due_at
    simulated.now = due_at - timedelta(minutes=1)
    while (following := simulated.ticket.next_level()) and following[1].at <= simulated.now:
        simulated.reach_next_level()
    until = due_at + 20 * DAY
    yellow, red = both(simulated)
    command = Hold(ground=BUSY.pack.reason_codes("hold")[0], until=until, reason="汛期后施工")
    simulated.give(officer(), command, simulated.now)
    reach_levels_until(simulated, ClockName.HANDLE, LevelKind.DUE)
    simulated.now += HOUR
    simulated.give(DISPATCHER, YES, simulated.now)
    assert both(simulated) == (yellow, red)
    reach_levels_until_resumed(simulated)
    later = simulated.ticket.running(ClockName.HANDLE, 1)
    assert later.due_at > until
    reach_levels_until(simulated, ClockName.HANDLE, LevelKind.DUE)
    assert both(simulated)[1] == red + 1


def reach_levels_until_resumed(simulated: Counter) -> None:
    while simulated.events[-1].kind != "resumed":
        assert simulated.reach_next_level()


def test_a_clock_that_is_extended_while_it_stands_still_keeps_its_ladder() -> None:
    simulated = handled()
    kinds = [level.kind for level in simulated.ticket.running(ClockName.HANDLE, 1).rungs]
    simulated.give(officer(), Extend(by="1d", reason="等配件"), simulated.now)
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    simulated.now += 60 * DAY
    simulated.give(DISPATCHER, YES, simulated.now)
    clock = simulated.ticket.running(ClockName.HANDLE, 1)
    assert [level.kind for level in clock.rungs] == kinds
    assert len(promise(simulated).rungs) > 0


def test_the_promise_goes_on_when_a_unit_that_stood_still_has_it_no_more() -> None:
    simulated = handled()
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    simulated.now += 2 * HOUR
    before = promise(simulated).due_at
    ground = BUSY.pack.reason_codes("return")[0]
    simulated.give(officer(), Return(ground=ground, reason="不属于"), simulated.now)
    simulated.give(DISPATCHER, YES, simulated.now)
    assert simulated.ticket.stage is Stage.DISPATCH
    settle(simulated)
    assert promise(simulated).paused_at is None
    assert before < promise(simulated).due_at <= before + DAY


def test_a_ticket_that_is_merged_while_it_stands_still_can_be_late() -> None:
    simulated = handled()
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    simulated.now += HOUR
    simulated.give(DISPATCHER, Merge(into=PARENT, reason="同一处"), simulated.now)
    settle(simulated)
    assert promise(simulated).paused_at is None
    assert not case_of(simulated.ticket, promise(simulated).due_at).late
    assert case_of(simulated.ticket, promise(simulated).due_at + HOUR).late


def test_what_is_carried_on_while_the_lead_stands_still_stands_still_altogether() -> None:
    simulated = handled(lifecycle=0)
    called = [Call(unit="transport", task="清路面")]
    ground = BUSY.pack.reason_codes("whistle")[0]
    simulated.give(officer(), Whistle(ground=ground, reason="会同", units=called), simulated.now)
    simulated.now += HOUR
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    assert simulated.ticket.running(ClockName.HANDLE, 2).paused_at is None
    simulated.carry_on()
    assert promise(simulated).paused_at == simulated.ticket.running(ClockName.HANDLE, 1).paused_at
    assert simulated.ticket.running(ClockName.HANDLE, 2).paused_at is not None
    simulated.now += HOUR
    simulated.resume(1, "citizen_answered", simulated.now)
    assert [c.name for c in simulated.ticket.clocks if c.running and c.paused_at] == []


def test_a_ticket_that_is_passed_on_for_ever_stays_small_and_forgets_no_card() -> None:
    simulated = handled()
    sizes, red = [], 0
    for turn in range(60):
        reach_levels_until(simulated, ClockName.SIGN, LevelKind.DUE)
        red += 1
        unit = ("transport", "water")[turn % 2]
        simulated.give(DISPATCHER, Reassign(unit=unit, reason="改派"), simulated.now)
        settle(simulated)
        sizes.append(len(simulated.ticket.model_dump_json()))
    handling = [
        event.version
        for event in simulated.events
        if event.kind == "rung_climbed"
        and getattr(event.fact, "rung", "") == "due"
        and getattr(event.fact, "clock", "") in ("sign", "contact", "handle")
    ]
    assert cards(simulated.ticket, LevelKind.DUE) == len(handling) >= red
    assert simulated.ticket.assignment_count == 61
    assert max(sizes[40:]) < 1.2 * max(sizes[20:40])


def answer(simulated: Counter) -> None:
    lead = simulated.ticket.lead
    assert lead is not None
    simulated.hand_in(lead.n, HandlingResult(reply="已办理。", resolved=True))
    settle(simulated)


def on_time(simulated: Counter) -> bool:
    return case_of(simulated.ticket, simulated.now).on_time


def test_a_promise_that_was_broken_is_not_kept_by_doing_it_again() -> None:
    simulated = handled()
    reach_levels_until(simulated, ClockName.PROMISE, LevelKind.DUE)
    simulated.now += HOUR
    answer(simulated)
    assert not on_time(simulated)
    citizen = Actor(role=Role.CITIZEN)
    simulated.judge(Rating(grade=Grade(1), resolved=False, contacted=True), citizen)
    settle(simulated)
    assert simulated.ticket.reworks == 1
    answer(simulated)
    assert not on_time(simulated)


def test_who_is_done_again_in_time_was_on_time() -> None:
    simulated = handled()
    answer(simulated)
    simulated.judge(
        Rating(grade=Grade(1), resolved=False, contacted=True), Actor(role=Role.CITIZEN)
    )
    settle(simulated)
    answer(simulated)
    assert on_time(simulated)


def test_a_promise_that_was_broken_is_not_mended_by_more_time_asked_for_afterwards() -> None:
    simulated = handled()
    reach_levels_until(simulated, ClockName.PROMISE, LevelKind.DUE)
    simulated.give(officer(), Extend(by="2d", reason="等配件"), simulated.now + HOUR)
    simulated.give(DISPATCHER, YES, simulated.now + 2 * HOUR)
    simulated.now += 3 * HOUR
    answer(simulated)
    assert simulated.now < promise(simulated).due_at
    assert not on_time(simulated)


def test_a_unit_is_told_once_when_the_citizen_has_not_answered() -> None:
    simulated = handled()
    simulated.give(officer(), Ask(question="在哪里？"), simulated.now)
    reach_levels_until_resumed(simulated)
    climbed, resumed = simulated.events[-2:]
    fact = climbed.fact
    assert isinstance(fact, LevelReached)
    assert (fact.clock, fact.rung) == (ClockName.CITIZEN, LevelKind.DUE)
    fact.tells = [Role.OFFICER, Role.SUPERVISOR]
    messages = [n for event in (climbed, resumed) for n in notices(event, simulated.ticket)]
    assert [n.template for n in messages if n.audience is Role.OFFICER] == ["resumed"]
    assert [n.template for n in messages if n.audience is Role.SUPERVISOR] == ["citizen_due"]


def merged() -> Counter:
    """Return a ticket that was merged into another after a unit had it."""
    hall = handled()
    hall.give(DISPATCHER, Merge(into=PARENT, reason="同一处"), hall.now)
    return hall


def test_a_merged_citizen_is_told_what_the_other_ticket_decides() -> None:
    hall = merged()
    hall.parent_stands_still("hold")
    hall.now += HOUR
    hall.parent_goes_on("reviewed", hall.now)
    hall.parent_stands_still("citizen")
    hall.parent_gets_more_time()
    told = [
        (one.audience, one.template)
        for event in hall.events[-4:]
        for one in notices(event, hall.ticket)
    ]
    # The question is another citizen's.
    templates = ["held", "resumed", "extension_granted"]
    assert told == [(Role.CITIZEN, template) for template in templates]


def test_a_promise_that_fell_due_while_the_hold_was_under_way_is_not_broken() -> None:
    hall = merged()
    reach_levels_until(hall, ClockName.PROMISE, LevelKind.DUE)
    due_at = promise(hall).due_at
    since = due_at - timedelta(seconds=1)
    hall.record_event(HeldWithParent(parent=PARENT, reason="works"), since)
    assert promise(hall).paused_at == since
    assert not hall.ticket.broke_a_promise
    hall.now = since + DAY
    hall.parent_goes_on("reviewed", hall.now)
    assert promise(hall).due_at > due_at
    assert promise(hall).climbed < len(promise(hall).rungs)


def test_what_was_late_before_the_merge_stays_late() -> None:
    hall = handled()
    reach_levels_until(hall, ClockName.PROMISE, LevelKind.DUE)
    hall.give(DISPATCHER, Merge(into=PARENT, reason="同一处"), hall.now)
    hall.now += HOUR
    hall.parent_stands_still("hold")
    hall.parent_gets_more_time()
    assert hall.ticket.broke_a_promise


def test_what_the_neighbour_adds_reaches_the_unit_and_answers_no_question() -> None:
    hall = handled()
    hall.joined("2603020000011")
    hall.give(officer(), Ask(question="在哪里？"), hall.now)
    hall.now += HOUR
    hall.added("2603020000011")
    assert hall.ticket.assignment(1).pause is not None
    added = next(event for event in hall.events if event.kind == "complainant_added")
    told = [(one.audience, one.unit, one.template) for one in notices(added, hall.ticket)]
    assert told == [(Role.OFFICER, "water", "facts_added")]


def test_a_unit_that_was_planned_with_the_first_does_not_begin_the_promise_again() -> None:
    """Both were planned while nothing was promised; the second one's day is a moment sooner."""
    simulated = handled()
    [promise] = simulated.ticket.promises_running
    sooner = promise.model_copy(update={"due_at": promise.due_at - timedelta(milliseconds=2)})
    assert simulated.ticket.without_needless_promise([sooner]) == []
    merged = simulated.ticket.model_copy(update={"assignments": []})
    assert merged.without_needless_promise([sooner]) == [sooner]
    assert merged.without_needless_promise([promise]) == []
