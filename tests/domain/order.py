"""What holds of every ticket at every moment, whatever has happened to it."""

from collections.abc import Sequence

from domain.assignment import Assignment, Ending, Share
from domain.clocks import Clock, ClockName
from domain.decisions import arbitration_due, follows, verdict, watch_over
from domain.events import Event
from domain.lifecycle import transition
from domain.stages import Stage
from domain.ticket import PAUSABLE, Ticket

ONLY_IN: dict[ClockName, set[Stage]] = {
    ClockName.TRIAGE: {Stage.TRIAGE},
    ClockName.DISPATCH: {Stage.DISPATCH},
    ClockName.ARBITRATE: {Stage.ARBITRATE},
    ClockName.RATE: {Stage.RATE},
    ClockName.CALL_BACK: {Stage.RATE},
    ClockName.SUPERVISE: {Stage.SUPERVISE, Stage.DISPATCH},  # until another unit is assigned
    ClockName.REVISIT: {Stage.AFTERCARE},
    ClockName.AFTERCARE: {Stage.AFTERCARE},
}
"""Clocks of the ticket's own that have nothing to say at another stage."""

PAUSED_BY = {"hold": ClockName.REVIEW, "citizen": ClockName.CITIZEN}
"""What runs instead, while a unit's clock stands still."""


def check_order(ticket: Ticket, events: Sequence[Event]) -> None:
    """Fail unless stage, assignments and clocks agree with each other."""
    assert ticket.version == len(events)
    assert not events or (events[-1].version, events[-1].stage) == (ticket.version, ticket.stage)
    over = ticket.stage in (Stage.AFTERCARE, Stage.ENDED)
    assert over == (ticket.outcome is not None) == (ticket.ended_at is not None)
    assert ticket.stage is not Stage.MERGED or ticket.parent is not None
    assert (ticket.stage is Stage.VERIFY) == (ticket.verifying is not None)
    assert (ticket.contest is None) or ticket.stage in (Stage.SUPERVISE, Stage.AFTERCARE)
    assert set(ticket.waiting) <= set(ticket.complainants)
    if events and events[-1].kind in ("replied", "replied_with_parent"):
        assert verdict(ticket) is None, "judged before the citizen could say anything"
    assert [order.n for order in ticket.orders] == list(range(1, len(ticket.orders) + 1))
    check_shares(ticket)
    running = [clock for clock in ticket.clocks if clock.running]
    for clock in ticket.clocks:
        check_clock(clock)
    for clock in running:
        _check_running(ticket, clock)
    keys = {(clock.name, clock.assignment, clock.label) for clock in running}
    assert len(keys) == len(running), "a clock runs twice"
    for assignment in ticket.opened:
        _check_pause(assignment, running)
        asked = (ClockName.DECIDE, assignment.n, None) in keys
        assert asked == (assignment.asked is not None)
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


def check_shares(ticket: Ticket) -> None:
    """Who works on it, by stage; a share that has ended waits for nothing."""
    opened = ticket.opened
    assert [each.n for each in ticket.assignments] == list(range(1, len(ticket.assignments) + 1))
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
    """A clock never runs backwards."""
    assert clock.due_at >= clock.started_at
    assert clock.stopped_at is None or clock.stopped_at >= clock.started_at
    assert clock.paused_at is None or clock.paused_at >= clock.started_at
    assert 0 <= clock.climbed <= len(clock.rungs)
    rungs = [rung.at for rung in clock.rungs]
    assert rungs == sorted(rungs)


def _check_running(ticket: Ticket, clock: Clock) -> None:
    """It belongs to something that is not over yet."""
    assert ticket.stage in ONLY_IN.get(clock.name, {ticket.stage})
    if clock.assignment is None:
        assert clock.paused_at is None
        if clock.name is ClockName.ORDER:
            assert ticket.orders[int(clock.label or 0) - 1].answer is None
        return
    assignment = ticket.assignment(clock.assignment)
    assert assignment.open, f"{clock.name} runs for a share that has ended"
    assert clock.name is not ClockName.SIGN or assignment.signed_at is None
    assert clock.name is not ClockName.CONTACT or assignment.contacted_at is None
    if clock.name in PAUSABLE:
        assert (clock.paused_at is not None) == (assignment.pause is not None)
    else:
        assert clock.paused_at is None


def _check_pause(assignment: Assignment, running: Sequence[Clock]) -> None:
    """While a unit's clock stands still, one other runs: a pause has an end."""
    names = {clock.name for clock in running if clock.assignment == assignment.n}
    instead = PAUSED_BY[assignment.pause.why] if assignment.pause else None
    assert names & set(PAUSED_BY.values()) == ({instead} if instead else set())


def watched(ticket: Ticket, running: Sequence[Clock]) -> bool:
    """Whether some clock climbs; or what is not watched has no need of it.

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
    """Nothing happened more often than the city allows, and nothing that follows is left out."""
    rules = ticket.rules
    if rules is None:
        return
    assert ticket.returns <= rules.returns
    assert ticket.reworks <= rules.reworks
    assert ticket.call_backs <= rules.call_backs
    assert sum(each.share is Share.CO for each in ticket.opened) <= rules.co_handlers
    for each in ticket.assignments:
        assert each.extensions <= rules.extensions
        assert each.holds <= rules.holds
        assert each.questions <= rules.questions
    units = [each.unit for each in ticket.opened]
    assert len(units) == len(set(units)), "a unit has two shares"
    assert follows(ticket) is None
