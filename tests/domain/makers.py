"""Makers of random facts, with the conditions that decisions add to the lifecycle table.

A maker returns None if its fact does not fit: nobody to release, nothing to decide.
"""

from collections.abc import Callable

from domain.actors import Role
from domain.deadlines.clocks import Clock, EscalationLevel, LevelKind
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    joint,
    merging,
    returning,
    supervising,
    verifying,
    waiting,
    wrongdoing,
)
from domain.facts.base import FactBase
from domain.facts.transitions import TABLE
from domain.pack.reclassifying import key_of
from domain.policy.results import failure_of, result_of
from domain.ticket.assignment import Share
from domain.ticket.stages import Stage
from tests.domain.generators import Life
from tests.domain.makers_of_endings import ENDINGS
from tests.domain.makers_of_handling import HANDLING

Maker = Callable[[Life], Fact | None]

_LEAD = (ClockName.SIGN, ClockName.RETURN_WINDOW, ClockName.CONTACT, ClockName.HANDLE)


# --- accept, triage, dispatch ---------------------------------------------------------------


def _accepted(life: Life) -> intake.Accepted:
    return intake.Accepted(
        rules=life.rules, lifecycle=life.lifecycle, clocks=life.clocks(ClockName.TRIAGE)
    )


def _unsure(life: Life) -> intake.TriageUnsure | None:
    """Return the automatic triage's uncertainty, which is recorded only once."""
    recorded = any(event.kind == "triage_unsure" for event in life.events)
    return None if recorded else intake.TriageUnsure(why="chance", suggestion=life.one([None, "1"]))


def _classified(life: Life) -> intake.Classified:
    return intake.Classified(
        category="1",
        tier="t",
        why="chance",
        unit=life.one([None, "named"]),
        repeats=["1"] if life.likely(0.3) else [],
        verify_by=life.one([None, "@street"]),
        clocks=life.clocks(ClockName.DISPATCH),
    )


def _reclassified(life: Life) -> intake.Reclassified:
    """Return a correction, with new clocks of the shares and a promise that is not later."""
    ticket = life.ticket
    replaced = [
        clock
        for clock in ticket.clocks
        if clock.running and clock.assignment and clock.name in (*_LEAD, ClockName.MEET)
    ]
    promises = [
        promise.model_copy(update={"due_at": min(promise.due_at, later)})
        for promise in ticket.promises_running
        if life.likely(0.5)
        for later in [max(life.at, promise.paused_at or life.at)]
        if promise.due_at > later >= promise.started_at
    ]
    return intake.Reclassified(
        category=life.chance.choice(["1", "2"]),
        tier="t",
        was_category=ticket.category,
        was_tier=ticket.tier,
        reason="r",
        repeats=["1"] if life.likely(0.3) else [],
        stopped=[key_of(clock) for clock in (*replaced, *promises)],
        clocks=[life.clock(one.name, one.assignment) for one in replaced]
        + [_without_levels(promise) for promise in promises],
    )


def _without_levels(promise: Clock) -> Clock:
    """Return the promise with one level, when it is due: the others' times are over."""
    due = EscalationLevel(kind=LevelKind.DUE, at=promise.due_at)
    return promise.model_copy(update={"rungs": [due], "climbed": 0, "reached_in": []})


def _answered(life: Life) -> intake.Answered | None:
    fits = life.ticket.kind in life.rules.desk_answers
    return intake.Answered(text="a") if fits else None


def _assigned(life: Life) -> intake.Assigned | None:
    """Return the automatic assignment, unless a person has to dispatch, or to verify first."""
    ticket, named = life.ticket, life.events[-1].kind in ("reassigned", "intervened", "returned")
    if ticket.by_hand or (ticket.verify_by is not None and not named):
        return None
    steps = [life.clock(ClockName.STEP, ticket.assignment_count + 1, each) for each in ("a", "b")]
    plan = life.given(*_LEAD)
    clocks = plan.clocks + life.promise() + (steps if life.likely(0.5) else [])
    return intake.Assigned.model_validate({**dict(plan), "clocks": clocks})


def _reassigned(life: Life) -> intake.Reassigned | None:
    """Return a reassignment, except while an exclusion waits for its decision."""
    if life.ticket.contest is not None:
        return None
    current = life.ticket.current
    return intake.Reassigned(assignment=current.n if current else None, unit="other", reason="r")


def _intervened(life: Life) -> joint.Intervened | None:
    return joint.Intervened(unit="other", reason="r") if life.rules.intervene else None


# --- verification ---------------------------------------------------------------------------


def _verification(life: Life) -> verifying.VerificationRequested | None:
    ticket, lead = life.ticket, life.ticket.lead
    before = "filing" if ticket.stage is Stage.DISPATCH else "closing"
    if before == "filing" and ticket.verify_by is None:
        return None
    if before == "closing" and (ticket.verified or not (lead and lead.result)):
        return None
    share = life.given(ClockName.SIGN, ClockName.VERIFY)
    answers = before == "closing" and ticket.lifecycle
    return verifying.VerificationRequested.model_validate(
        {
            "before": before,
            "share": share,
            "clocks": life.clocks(ClockName.FEEDBACK) if answers else [],
        }
    )


def _closing_refuted(life: Life) -> verifying.ClosingRefuted | None:
    """Return the refutation by a verifier or, before that, by the category's closing condition."""
    if life.ticket.stage is Stage.FEEDBACK:
        again = life.clocks(ClockName.DISPATCH)
        return verifying.ClosingRefuted(reason="condition", clocks=again)
    fact = _finding(life)
    return fact if isinstance(fact, verifying.ClosingRefuted) else None


def _finding(life: Life) -> Fact | None:
    """Return a verifier's finding, or the failure of its program."""
    looking = life.some(Share.VERIFY)
    if looking is None:
        return None
    if life.likely(0.2):
        return failure_of(life.ticket, looking.n, "c", life.clocks(ClockName.DISPATCH))
    return result_of(life.ticket, looking.n, life.result())


def _accused(life: Life) -> wrongdoing.Accused:
    """Return an accusation of a unit that has nothing of the ticket, or of nobody.

    A ticket that is merged, or into which others are, goes its own way by other facts as well.
    """
    ticket = life.ticket
    alone = ticket.stage is not Stage.MERGED and not ticket.waiting
    accused = ["accused"] if alone and life.likely(0.5) else []
    return wrongdoing.Accused(accused=accused, covered=accused, reason="r")


def _taken_from_accused(life: Life) -> wrongdoing.TakenFromAccused | None:
    """Return the taking away from a unit that leads or verifies, while nothing is disputed."""
    if life.ticket.contest is not None:
        return None
    return wrongdoing.TakenFromAccused(clocks=life.clocks(ClockName.DISPATCH))


def _nobody_left(life: Life) -> wrongdoing.NobodyLeft:
    """Return that a person has to choose; a clock watches over that."""
    running = any(one.name is ClockName.DISPATCH and one.running for one in life.ticket.clocks)
    choosing = life.ticket.stage is Stage.DISPATCH and not running
    return wrongdoing.NobodyLeft(clocks=life.clocks(ClockName.DISPATCH) if choosing else [])


_BEGINNINGS: dict[type[FactBase], Maker] = {
    intake.Accepted: _accepted,
    intake.TriageUnsure: _unsure,
    intake.Classified: _classified,
    intake.Reclassified: _reclassified,
    intake.Answered: _answered,
    intake.Declined: lambda life: intake.Declined(reason="r", text="a"),
    intake.Referred: lambda life: intake.Referred(reason="r", text="a"),
    verifying.VerificationRequested: _verification,
    verifying.FilingConfirmed: _finding,
    verifying.FilingRefuted: _finding,
    verifying.ClosingConfirmed: _finding,
    verifying.ClosingRefuted: _closing_refuted,
    intake.Assigned: _assigned,
    intake.Reassigned: _reassigned,
    joint.Intervened: _intervened,
    wrongdoing.Accused: _accused,
    wrongdoing.TakenFromAccused: _taken_from_accused,
    wrongdoing.NobodyLeft: _nobody_left,
}

_MAKERS = _BEGINNINGS | HANDLING | ENDINGS


def make(life: Life, kind: type[FactBase]) -> Fact | None:
    """Return a fact of that kind, or None if it does not fit or becomes another kind."""
    fact = _MAKERS[kind](life)
    return fact if isinstance(fact, kind) else None


def step(life: Life) -> bool:
    """Record one random possible event; return False if the ticket has ended."""
    rows = list(_ROWS[life.ticket.stage])
    life.pass_time()
    pause_ended = _pause_ended(life)
    if pause_ended is not None and life.likely(0.7):
        life.record_event(pause_ended, Role.SYSTEM)
        return True
    if life.paused("hold") is not None and life.likely(0.3):  # a hold is long: let time pass
        reached = life.reach_level()
        if reached is not None:
            life.record_event(reached, Role.SYSTEM)
            return True
    while rows:
        weights = [_WEIGHTS.get(row.fact, 40) for row in rows]
        [row] = life.chance.choices(rows, weights)
        fact = make(life, row.fact)
        if fact is not None:
            life.record_event(fact, life.chance.choice(sorted(row.by)))
            return True
        rows.remove(row)
    return False


def _pause_ended(life: Life) -> waiting.Resumed | None:
    """Return the automatic resumption after the end of a paused share."""
    clocks = life.ticket.to_resume() if life.ticket.lifecycle else []
    if not clocks:
        return None
    n = next((c.assignment for c in clocks if c.assignment), None) or life.ticket.assignment_count
    return waiting.Resumed(assignment=n, why="pause_ended", clocks=life.going_on(clocks))


_ROWS = {stage: [row for row in TABLE if stage in row.since] for stage in Stage}
_WEIGHTS: dict[type[FactBase], int] = {
    anytime.Withdrawn: 1,
    wrongdoing.Accused: 3,
    wrongdoing.TakenFromAccused: 5,
    wrongdoing.NobodyLeft: 5,
    anytime.Replanned: 3,
    waiting.ReviewMissed: 400,
    intake.Reclassified: 10,
    intake.Answered: 2,
    intake.Declined: 1,
    intake.Referred: 1,
    verifying.FilingRefuted: 10,
    anytime.FactsAdded: 3,
    anytime.Urged: 10,
    anytime.ContactOpened: 5,
    anytime.ContactLeft: 5,
    closing.RatingRefused: 3,
    anytime.MinutesRecorded: 3,
    anytime.InspectionsOpened: 3,
    anytime.Appointed: 5,
    supervising.PubliclyNoticed: 3,
    supervising.SupervisionOrdered: 10,
    anytime.CarriedOn: 10,
    anytime.ResultOvertaken: 3,
    merging.ComplainantJoined: 5,
    merging.Merged: 5,
    merging.HeldWithParent: 20,
    merging.AskedWithParent: 20,
    merging.ExtendedWithParent: 10,
    merging.ReclassifiedWithParent: 10,
    merging.ComplainantAdded: 10,
    merging.ComplainantUrged: 10,
    joint.Intervened: 5,
    handling.HandlingFailed: 10,
    anytime.LevelReached: 60,
}
"""The weights of facts that are rarer or more frequent than the default (40)."""


_WAY: dict[Stage, tuple[type[FactBase], ...]] = {
    Stage.ACCEPT: (intake.Accepted,),
    Stage.TRIAGE: (intake.Classified,),
    Stage.DISPATCH: (
        verifying.VerificationRequested,
        returning.ArbitrationCalled,
        intake.Assigned,
        intake.Reassigned,
    ),
    Stage.VERIFY: (verifying.FilingConfirmed, verifying.ClosingConfirmed),
    Stage.ARBITRATE: (returning.Arbitrated,),
    Stage.HANDLE: (joint.Overridden, handling.Handled, handling.ShareHandled),
    Stage.FEEDBACK: (verifying.VerificationRequested, closing.Replied),
    Stage.RATE: (
        closing.Closed,
        aftercare.ClosedOnWatch,
        closing.Reworked,
        closing.Supervised,
        closing.Rated,
    ),
    Stage.SUPERVISE: (aftercare.ExclusionRefused, closing.FinalReplied),
    Stage.MERGED: (merging.RepliedWithParent,),
    Stage.AFTERCARE: (
        aftercare.ExclusionRefused,
        aftercare.WatchEnded,
        anytime.LevelReached,
    ),
    Stage.ENDED: (),
}
"""The facts that lead to the end, by stage; the first that fits is taken."""


def step_out(life: Life) -> bool:
    """Take one step towards the end; return False if there is none."""
    for kind in _WAY[life.ticket.stage]:
        fact = make(life, kind)
        if fact is not None:
            [row] = [row for row in _ROWS[life.ticket.stage] if row.fact is kind]
            life.record_event(fact, sorted(row.by)[0])
            return True
    return False
