"""The invariants that every ticket fulfils after every event."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.commands.may_have import units_given
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Event
from domain.facts.transitions import transition
from domain.pack.pack import Pack
from domain.policy.decide import arbitration_due, follows, verdict, watch_over
from domain.policy.notifications import notices
from domain.ticket.assignment import Assignment, Ending, Share
from domain.ticket.preconditions import holds
from domain.ticket.stages import ANSWERED, Outcome, Stage
from domain.ticket.ticket import Ticket

ONLY_IN: dict[ClockName, set[Stage]] = {
    ClockName.TRIAGE: {Stage.TRIAGE},
    ClockName.DISPATCH: {Stage.DISPATCH},
    ClockName.ARBITRATE: {Stage.ARBITRATE},
    ClockName.RATE: {Stage.RATE},
    ClockName.CALL_BACK: {Stage.RATE},
    ClockName.SUPERVISE: {Stage.SUPERVISE, Stage.DISPATCH},  # until another unit is assigned
    ClockName.REVISIT: {Stage.AFTERCARE},
    ClockName.AFTERCARE: {Stage.AFTERCARE},
    ClockName.FEEDBACK: {Stage.VERIFY, Stage.FEEDBACK},
    ClockName.PROMISE: {
        Stage.TRIAGE,  # of one that was merged before it was classified
        Stage.DISPATCH,
        Stage.VERIFY,
        Stage.ARBITRATE,
        Stage.HANDLE,
        Stage.FEEDBACK,
        Stage.MERGED,
    },
}
"""The stages in which a clock of the ticket itself may run."""

ANSWERS = ("replied", "replied_with_parent")
"""The events by which the citizen of an open ticket gets an answer."""

ENDS_PAUSE = {
    0: {"hold": ClockName.REVIEW, "citizen": ClockName.CITIZEN},
    1: {"hold": ClockName.HOLD, "citizen": ClockName.CITIZEN},
}
"""The clock that ends a pause, by lifecycle and the pause's reason."""


def check_accused(event: Event, ticket: Ticket, pack: Pack) -> None:
    """Fail if an event gives an accused unit, or one below it, the ticket or a message about it."""
    accused = ticket.accused or []
    units = [*units_given(event.fact), *(one.unit for one in notices(event, ticket) if one.unit)]
    for unit in units if accused else ():
        assert not set(pack.chain(unit)) & set(accused), (event.kind, unit, accused)


def check_kept_away(ticket: Ticket) -> None:
    """Fail if a unit has a share of, or comes next on, a ticket that accuses it."""
    assert {*(ticket.accused or ())} <= {*ticket.kept_from}
    assert not {each.unit for each in ticket.opened} & {*ticket.kept_from}
    assert ticket.next_unit not in ticket.kept_from
    assert not (ticket.of_wrongdoing and ticket.stage is Stage.MERGED)
    assert not (ticket.kept_from and ticket.waiting), "its answer would go to other tickets"
    if ticket.of_wrongdoing and ticket.accused is None:
        assert ticket.stage in (Stage.ACCEPT, Stage.TRIAGE, Stage.ENDED), "unsaid"
    answering = ticket.stage is Stage.FEEDBACK
    assert not (answering and ticket.unit in ticket.kept_from), "the accused answers"


def check_order(ticket: Ticket, events: Sequence[Event]) -> None:
    """Fail unless stage, assignments and clocks agree with each other."""
    assert ticket.version == len(events)
    assert not events or (events[-1].version, events[-1].stage) == (ticket.version, ticket.stage)
    over = ticket.stage in (Stage.AFTERCARE, Stage.ENDED)
    assert over == (ticket.outcome is not None) == (ticket.ended_at is not None)
    assert ticket.stage is not Stage.MERGED or ticket.parent is not None
    assert ticket.parent_pause is None or ticket.stage is Stage.MERGED
    assert (ticket.stage is Stage.VERIFY) == (ticket.verifying is not None)
    assert (ticket.contest is None) or ticket.stage in (Stage.SUPERVISE, Stage.AFTERCARE)
    assert set(ticket.waiting) <= set(ticket.complainants)
    if events and events[-1].kind in ("replied", "replied_with_parent"):
        assert verdict(ticket) is None, "judged before the citizen could say anything"
    assert [order.n for order in ticket.orders] == list(range(1, len(ticket.orders) + 1))
    check_shares(ticket)
    check_round(ticket, events)
    check_kept_away(ticket)
    running = [clock for clock in ticket.clocks if clock.running]
    for clock in ticket.clocks:
        check_clock(clock)
    # Clocks whose pause is over resume before the ticket waits: see `check_waiting`.
    to_resume = {id(clock) for clock in ticket.to_resume()}
    for clock in running:
        paused_now = clock.paused_at is not None and id(clock) not in to_resume
        assert paused_now == ticket.stands_still(clock)
        _check_running(ticket, clock)
    keys = {(clock.name, clock.assignment, clock.label) for clock in running}
    assert len(keys) == len(running), "a clock runs twice"
    check_promise(ticket)
    for assignment in ticket.opened:
        _check_pause(ticket, assignment, running)
        requested = (ClockName.DECIDE, assignment.n, None) in keys
        assert requested == (assignment.asked is not None)
    assert ((ClockName.DECIDE, None, None) in keys) == (ticket.contest is not None)
    assert watched(ticket, running), f"nothing watches over a ticket at {ticket.stage}"


def check_steps(events: Sequence[Event]) -> None:
    """Fail unless every step from stage to stage is a row of the table, by a role of that row."""
    stage = Stage.ACCEPT
    for n, event in enumerate(events, 1):
        row = transition(stage, event.fact)
        row.permit(event.actor)
        assert (event.version, event.stage) == (n, row.to or stage)
        stage = event.stage


def check_round(ticket: Ticket, events: Sequence[Event]) -> None:
    """Fail if something of an earlier round is in the state, or a borrowed category stays."""
    rounds = [event for event in events if getattr(event.fact, "new_round", False)]
    assert ticket.round == len(rounds)
    since = rounds[-1].version if rounds else 0
    told = [event for event in events if event.kind in ANSWERS]
    present = [event for event in told if event.version > since]
    if ticket.open:
        assert ticket.answered == (ticket.stage in ANSWERED), "answered, and worked on"
        assert (ticket.answer is not None) == (bool(present) and ticket.stage in ANSWERED)
    if ticket.answer is not None and present and ticket.outcome is not Outcome.FINAL_REPLY:
        assert ticket.answer == getattr(present[-1].fact, "text", None)
    if ticket.verdict is not None:
        rated = [event.version for event in events if event.kind == "rated"]
        assert rated
        assert rated[-1] > present[-1].version, "the rating of an earlier answer"
    if ticket.excluded:
        granted = [event.version for event in events if event.kind == "exclusion_granted"]
        assert granted
        assert granted[-1] > since, "excluded in an earlier round"
    if ticket.handled is not None:
        assert ticket.handled.n > ticket.shares_before
    assert not ticket.borrowed or ticket.parent is not None


def check_shares(ticket: Ticket) -> None:
    """Fail unless the shares fit the stage, and no ended share waits for anything."""
    opened = ticket.opened
    numbers = [each.n for each in ticket.assignments]
    assert numbers == sorted(set(numbers))
    assert ticket.dropped.assignments or numbers == list(range(1, len(numbers) + 1))
    assert not numbers or numbers[-1] == ticket.assignment_count
    for ended in ticket.assignments:
        if not ended.open:
            assert ended.ended_at is not None
            assert ended.asked is None
            assert ended.pause is None
    match ticket.stage:
        case Stage.HANDLE:
            lead = ticket.lead
            assert lead is not None
            helping = [each for each in opened if each.share is Share.CO]
            handed_in = lead.ending is Ending.DONE and helping
            assert lead.open or handed_in, "nobody leads"
            for each in opened:
                assert each.share is not Share.VERIFY
                assert (each.of is None) == (each is lead)
                if each.share is Share.DELEGATE and each.of is not None:
                    assert ticket.assignment(each.of).open, "delegated by one who is done"
        case Stage.VERIFY:
            assert [each.share for each in opened] == [Share.VERIFY]
        case stage:
            assert not opened, f"somebody works on a ticket at {stage}"


def check_clock(clock: Clock) -> None:
    """Fail if a clock runs backwards."""
    assert clock.due_at >= clock.started_at
    assert clock.stopped_at is None or clock.stopped_at >= clock.started_at
    assert clock.paused_at is None or clock.paused_at >= clock.started_at
    assert 0 <= clock.climbed <= len(clock.rungs)
    assert len(clock.reached_in) == clock.climbed
    moments = [level.at for level in clock.rungs]
    assert moments == sorted(moments)


def _check_running(ticket: Ticket, clock: Clock) -> None:
    """Fail unless a running clock belongs to something that is not over yet, and can be met."""
    if ticket.rules is not None and ticket.rules.preconditions:
        n = clock.assignment
        share = ticket.assignment(n).share if n is not None else Share.LEAD
        assert holds(ticket, clock.name, share), f"{clock.name} runs, and nobody can meet it"
    assert ticket.stage in ONLY_IN.get(clock.name, {ticket.stage})
    if clock.assignment is None:
        if clock.name is ClockName.ORDER:
            assert ticket.orders[int(clock.label or 0) - 1].answer is None
        return
    assignment = ticket.assignment(clock.assignment)
    assert assignment.open, f"{clock.name} runs for a share that has ended"
    assert clock.name is not ClockName.SIGN or assignment.signed_at is None
    assert clock.name is not ClockName.CONTACT or assignment.contacted_at is None
    if clock.name is ClockName.RETURN_WINDOW:
        assert assignment.barred != "return_window", "it is the unit's, and the time goes on"


def check_promise(ticket: Ticket) -> None:
    """Fail unless at most one promise runs, and one does while the lead has a handling limit."""
    going = [c for c in ticket.clocks if c.running and c.name is ClockName.PROMISE]
    assert len(going) <= (1 if ticket.lifecycle else 0)
    assert ticket.promised == bool(going)
    assert not going or ticket.promise is going[0]
    lead = ticket.current if ticket.stage is Stage.HANDLE else None
    limited = lead is not None and any(
        c.running and c.name is ClockName.HANDLE and c.assignment == lead.n for c in ticket.clocks
    )
    assert going or not ticket.lifecycle or not limited, "a unit has a limit, the citizen no day"


def check_waiting(ticket: Ticket) -> None:
    """Fail if a clock is still paused although its pause is over."""
    assert not ticket.lifecycle or not ticket.to_resume()


def _check_pause(ticket: Ticket, assignment: Assignment, running: Sequence[Clock]) -> None:
    """Fail unless a pause has a running clock that ends it; a hold has a review clock as well."""
    ends = ENDS_PAUSE[ticket.lifecycle]
    names = {clock.name for clock in running if clock.assignment == assignment.n}
    instead = {ends[assignment.pause.why]} if assignment.pause else set()
    also = {ClockName.REVIEW} if instead == {ClockName.HOLD} else set()
    pausing = {ClockName.REVIEW, ClockName.HOLD, ClockName.CITIZEN}
    assert instead <= names & pausing <= instead | also
    for clock in running if ClockName.HOLD in instead else ():
        if clock.name is ClockName.REVIEW and clock.assignment == assignment.n:
            assert assignment.pause is not None
            assert assignment.pause.until is not None
            assert clock.due_at <= assignment.pause.until, "reviewed when the hold is over"


def watched(ticket: Ticket, running: Sequence[Clock]) -> bool:
    """Return whether some clock watches the ticket, or none is needed.

    Four moments have no clock of their own: a merged ticket waits for its parent, whose clocks
    run; the engine dispatches or answers by itself; it draws the conclusion from a rating; and a
    watch that is over is about to be ended.
    """
    if any(clock.paused_at is None for clock in running):
        return True
    match ticket.stage:
        case Stage.ACCEPT | Stage.MERGED | Stage.FEEDBACK | Stage.ENDED:
            return True
        case Stage.DISPATCH:
            return not ticket.by_hand or arbitration_due(ticket)
        case Stage.RATE:
            return verdict(ticket) is not None
        case Stage.AFTERCARE:
            return watch_over(ticket)
        case _:
            return False


def check_caps(ticket: Ticket) -> None:
    """Fail if an event occurred more often than the city allows, or a consequence is missing."""
    rules = ticket.rules
    if rules is None:
        return
    assert ticket.returns <= rules.returns
    assert ticket.reworks <= rules.reworks
    assert ticket.call_backs <= rules.call_backs
    assert not rules.facts_per_day or len(ticket.facts_at) <= rules.facts_per_day
    assert _in_one_day(ticket.urged_at) <= rules.urges_per_day
    assert sum(each.share is Share.CO for each in ticket.opened) <= rules.co_handlers
    for each in ticket.assignments:
        assert each.extensions <= rules.extensions
        assert each.holds <= rules.holds
        assert each.questions <= rules.questions
    units = [each.unit for each in ticket.opened]
    assert len(units) == len(set(units)), "a unit has two shares"
    assert follows(ticket) is None


def _in_one_day(moments: Sequence[datetime]) -> int:
    """Count the moments within a day of the last."""
    return sum(max(moments) - moment < timedelta(days=1) for moment in moments)
