"""How each fact comes about by chance, and what the decisions see to besides the table.

A maker gives None where its fact does not fit: there is nobody to release, nothing to decide.
"""

from collections.abc import Callable

from domain.assignment import Assignment, Ending, Share
from domain.checks import return_bar
from domain.clocks import ClockName
from domain.decisions import arbitration_due, raised
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
)
from domain.facts.base import FactBase
from domain.lifecycle import TABLE
from domain.results import failure_of, released, result_of
from domain.stages import Stage
from tests.domain.lives import Life
from tests.domain.makers_of_endings import ENDINGS

Maker = Callable[[Life], Fact | None]

_LEAD = (ClockName.SIGN, ClockName.RETURN_WINDOW, ClockName.CONTACT, ClockName.HANDLE)
_CO = (ClockName.SIGN, ClockName.CONTACT, ClockName.MEET, ClockName.HANDLE)
_WORKING = (Share.LEAD, Share.CO, Share.DELEGATE)


# --- accept, triage, dispatch ---------------------------------------------------------------


def _accepted(life: Life) -> intake.Accepted:
    return intake.Accepted(rules=life.rules, clocks=life.clocks(ClockName.TRIAGE))


def _unsure(life: Life) -> intake.TriageUnsure | None:
    """The machine says so once, and then waits."""
    said = any(event.kind == "triage_unsure" for event in life.events)
    return None if said else intake.TriageUnsure(why="chance", suggestion=life.one([None, "1"]))


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


def _answered(life: Life) -> intake.Answered | None:
    fits = life.ticket.kind in life.rules.desk_answers
    return intake.Answered(text="a") if fits else None


def _assigned(life: Life) -> intake.Assigned | None:
    """The engine sends it, unless a person has to, or has to look first."""
    ticket, named = life.ticket, life.events[-1].kind in ("reassigned", "intervened", "returned")
    if ticket.by_hand or (ticket.verify_by is not None and not named):
        return None
    steps = [life.clock(ClockName.STEP, len(ticket.assignments) + 1, each) for each in ("a", "b")]
    given = life.given(*_LEAD)
    clocks = given.clocks + (steps if life.likely(0.5) else [])
    return intake.Assigned.model_validate({**dict(given), "clocks": clocks})


def _reassigned(life: Life) -> intake.Reassigned | None:
    """Not while an exclusion waits for its decision."""
    if life.ticket.contest is not None:
        return None
    current = life.ticket.current
    return intake.Reassigned(assignment=current.n if current else None, unit="other", reason="r")


def _intervened(life: Life) -> joint.Intervened | None:
    return joint.Intervened(unit="other", reason="r") if life.rules.intervene else None


# --- looked at on the spot ------------------------------------------------------------------


def _verification(life: Life) -> verifying.VerificationAsked | None:
    ticket, lead = life.ticket, life.ticket.lead
    before = "filing" if ticket.stage is Stage.DISPATCH else "closing"
    if before == "filing" and ticket.verify_by is None:
        return None
    if before == "closing" and (ticket.verified or not (lead and lead.result)):
        return None
    share = life.given(ClockName.SIGN, ClockName.VERIFY)
    return verifying.VerificationAsked.model_validate({"before": before, "share": share})


def _closing_refuted(life: Life) -> verifying.ClosingRefuted | None:
    """By the verifier, or, before anybody looks, by the category's closing condition."""
    if life.ticket.stage is Stage.FEEDBACK:
        again = life.clocks(ClockName.DISPATCH)
        return verifying.ClosingRefuted(reason="condition", clocks=again)
    found = _found(life)
    return found if isinstance(found, verifying.ClosingRefuted) else None


def _found(life: Life) -> Fact | None:
    """What a verifier finds; or the program that should have looked gives up."""
    looking = life.some(Share.VERIFY)
    if looking is None:
        return None
    if life.likely(0.2):
        return failure_of(life.ticket, looking.n, "c", life.clocks(ClockName.DISPATCH))
    return result_of(life.ticket, looking.n, life.result())


# --- a unit, and what it asks for -----------------------------------------------------------


def _signed(life: Life) -> handling.Signed | None:
    unsigned = life.one([each for each in life.ticket.opened if each.signed_at is None])
    return handling.Signed(assignment=unsigned.n) if unsigned else None


def _contacted(life: Life) -> handling.Contacted | None:
    share = life.some(*_WORKING)
    return handling.Contacted(assignment=share.n, reached=life.likely(0.5)) if share else None


def _return_asked(life: Life) -> returning.ReturnAsked | None:
    lead = life.lead()
    if lead is None or return_bar(life.ticket, lead) is not None:
        return None
    waits = life.clocks(ClockName.DECIDE, n=lead.n)
    return returning.ReturnAsked(assignment=lead.n, ground="g", reason="r", clocks=waits)


def _return_barred(life: Life) -> returning.ReturnBarred | None:
    lead = life.lead()
    if lead is None or (bar := return_bar(life.ticket, lead)) is None:
        return None
    return returning.ReturnBarred(assignment=lead.n, code=bar.code, reason="r")


def _returned(life: Life) -> returning.Returned | None:
    """With a unit that the dispatcher names, unless it was the last return before a meeting."""
    asker = life.asker("return")
    if asker is None:
        return None
    last = life.rules.arbitration and life.ticket.returns + 1 >= life.rules.returns
    if not last and life.likely(0.5):
        return returning.Returned(assignment=asker.n, reason="r", unit="other")
    return returning.Returned(
        assignment=asker.n, reason="r", clocks=life.clocks(ClockName.DISPATCH)
    )


def _return_refused(life: Life) -> returning.ReturnRefused | None:
    asker = life.asker("return")
    return returning.ReturnRefused(assignment=asker.n, reason="r") if asker else None


def _taken_on(life: Life) -> returning.TakenOn | None:
    window = life.running(ClockName.RETURN_WINDOW)
    if window is None or window.assignment is None or not window.past_due:
        return None
    unit = life.ticket.assignment(window.assignment).unit
    return returning.TakenOn(assignment=window.assignment, unit=unit)


def _arbitration(life: Life) -> returning.ArbitrationCalled | None:
    if not arbitration_due(life.ticket):
        return None
    clocks = life.clocks(ClockName.ARBITRATE)
    return returning.ArbitrationCalled(returns=life.ticket.returns, clocks=clocks)


def _arbitrated(life: Life) -> returning.Arbitrated:
    clocks = life.clocks(ClockName.DISPATCH)
    return returning.Arbitrated(unit="other", minutes=life.minutes(), clocks=clocks)


def _fell_back(life: Life) -> returning.FellBack | None:
    meeting = life.running(ClockName.ARBITRATE)
    if meeting is None or not meeting.past_due:
        return None
    return returning.FellBack(unit=life.rules.fallback, clocks=life.clocks(ClockName.DISPATCH))


def _extension_asked(life: Life) -> handling.ExtensionAsked | None:
    share = life.some(*_WORKING)
    if share is None or share.asked or share.pause or share.extensions >= life.rules.extensions:
        return None
    waits = life.clocks(ClockName.DECIDE, n=share.n)
    return handling.ExtensionAsked(assignment=share.n, by="1d", reason="r", clocks=waits)


def _extension_refused(life: Life) -> handling.ExtensionRefused | None:
    asker = life.asker("extension")
    return handling.ExtensionRefused(assignment=asker.n, reason="r") if asker else None


def _extension_granted(life: Life) -> handling.ExtensionGranted | None:
    asker = life.asker("extension")
    if asker is None:
        return None
    return handling.ExtensionGranted(assignment=asker.n, reason="r", clocks=life.extended(asker.n))


# --- a unit that may not go on --------------------------------------------------------------


def _hold_asked(life: Life) -> waiting.HoldAsked | None:
    lead = life.lead()
    if lead is None or lead.pause is not None or lead.holds >= life.rules.holds:
        return None
    waits = life.clocks(ClockName.DECIDE, n=lead.n)
    return waiting.HoldAsked(
        assignment=lead.n, ground="g", until=life.later(), reason="r", clocks=waits
    )


def _hold_refused(life: Life) -> waiting.HoldRefused | None:
    asker = life.asker("hold")
    return waiting.HoldRefused(assignment=asker.n, reason="r") if asker else None


def _held(life: Life) -> waiting.Held | None:
    asker = life.asker("hold")
    if asker is None or asker.asked is None:
        return None
    review = life.clocks(ClockName.REVIEW, n=asker.n)
    until = asker.asked.until or life.at
    return waiting.Held(assignment=asker.n, until=until, reason="r", clocks=review)


def _reviewed(life: Life) -> waiting.Reviewed | None:
    held = life.paused("hold")
    if held is None:
        return None
    again = life.clocks(ClockName.REVIEW, n=held.n)
    return waiting.Reviewed(assignment=held.n, note="n", clocks=again)


def _citizen_asked(life: Life) -> waiting.CitizenAsked | None:
    lead = life.ticket.current
    if not life.rules.ask_citizen or lead is None or lead.pause is not None:
        return None
    if lead.questions >= life.rules.questions:
        return None
    waits = life.clocks(ClockName.CITIZEN, n=lead.n)
    return waiting.CitizenAsked(assignment=lead.n, text="t", clocks=waits)


def _resumed(life: Life) -> waiting.Resumed | None:
    paused = life.paused()
    if paused is None:
        return None
    return waiting.Resumed(assignment=paused.n, why="chance", clocks=life.resumed(paused.n))


def _step_done(life: Life) -> handling.StepDone | None:
    step = life.running(ClockName.STEP)
    if step is None or step.assignment is None or step.label is None:
        return None
    return handling.StepDone(assignment=step.assignment, step=step.label)


# --- several units --------------------------------------------------------------------------


def _whistled(life: Life) -> joint.Whistled | None:
    lead = life.ticket.current
    helping = sum(each.share is Share.CO for each in life.ticket.opened)
    free = life.rules.co_handlers - helping
    if lead is None or free < 1:
        return None
    shares = [life.given(*_CO, after=n) for n in range(life.chance.randint(1, min(free, 2)))]
    return joint.Whistled(assignment=lead.n, ground="g", reason="r", shares=shares)


def _delegated(life: Life) -> joint.Delegated | None:
    share = life.some(*_WORKING)
    if share is None or _depth(life, share) >= life.rules.delegations:
        return None
    below = life.given(ClockName.SIGN, ClockName.HANDLE)
    return joint.Delegated(assignment=share.n, reason="r", share=below)


def _depth(life: Life, share: Assignment) -> int:
    if share.share is not Share.DELEGATE or share.of is None:
        return 0
    return 1 + _depth(life, life.ticket.assignment(share.of))


def _let_go(life: Life) -> Fact | None:
    """A helper is let go, or a helper's program gives up."""
    helper = life.some(Share.CO, Share.DELEGATE)
    return released(life.ticket, helper.n, "r") if helper else None


def _overridden(life: Life) -> joint.Overridden | None:
    lead, left = life.ticket.lead, [each.n for each in life.ticket.opened]
    done = lead is not None and lead.ending is Ending.DONE
    return joint.Overridden(reason="r", released=left) if done else None


def _level_raised(life: Life) -> Fact | None:
    lead = life.ticket.current
    if not life.rules.raise_level or lead is None or lead.above is None:
        return None
    clocks = life.clocks(ClockName.DISPATCH)
    return raised(life.ticket, "r", clocks, escalated=life.likely(0.3))


def _done(life: Life) -> Fact | None:
    share = life.some(*_WORKING)
    return result_of(life.ticket, share.n, life.result()) if share else None


def _failed(life: Life) -> Fact | None:
    lead = life.ticket.current
    if lead is None:
        return None
    return failure_of(life.ticket, lead.n, "c", life.clocks(ClockName.DISPATCH))


_BEGINNINGS: dict[type[FactBase], Maker] = {
    intake.Accepted: _accepted,
    intake.TriageUnsure: _unsure,
    intake.Classified: _classified,
    intake.Answered: _answered,
    intake.Declined: lambda life: intake.Declined(reason="r", text="a"),
    intake.Referred: lambda life: intake.Referred(reason="r", text="a"),
    verifying.VerificationAsked: _verification,
    verifying.FilingConfirmed: _found,
    verifying.FilingRefuted: _found,
    verifying.ClosingConfirmed: _found,
    verifying.ClosingRefuted: _closing_refuted,
    intake.Assigned: _assigned,
    intake.Reassigned: _reassigned,
    joint.Intervened: _intervened,
    handling.Signed: _signed,
    handling.Contacted: _contacted,
    returning.ReturnAsked: _return_asked,
    returning.ReturnBarred: _return_barred,
    returning.ReturnRefused: _return_refused,
    returning.Returned: _returned,
    returning.TakenOn: _taken_on,
    returning.ArbitrationCalled: _arbitration,
    returning.Arbitrated: _arbitrated,
    returning.FellBack: _fell_back,
    handling.ExtensionAsked: _extension_asked,
    handling.ExtensionRefused: _extension_refused,
    handling.ExtensionGranted: _extension_granted,
    waiting.HoldAsked: _hold_asked,
    waiting.HoldRefused: _hold_refused,
    waiting.Held: _held,
    waiting.Reviewed: _reviewed,
    waiting.CitizenAsked: _citizen_asked,
    waiting.Resumed: _resumed,
    handling.StepDone: _step_done,
    joint.Whistled: _whistled,
    joint.Delegated: _delegated,
    joint.Released: _let_go,
    joint.Overridden: _overridden,
    joint.LevelRaised: _level_raised,
    handling.ShareHandled: _done,
    handling.Handled: _done,
    handling.HandlingFailed: _failed,
}

_MAKERS = _BEGINNINGS | ENDINGS


def make(life: Life, kind: type[FactBase]) -> Fact | None:
    """A fact of that kind, if it fits: where the decisions make another of it, it does not."""
    fact = _MAKERS[kind](life)
    return fact if isinstance(fact, kind) else None


def step(life: Life) -> bool:
    """Let something happen that may; False when nothing can: the ticket has ended."""
    rows = list(_ROWS[life.ticket.stage])
    life.pass_time()
    while rows:
        weights = [_WEIGHTS.get(row.fact, 40) for row in rows]
        [row] = life.chance.choices(rows, weights)
        fact = make(life, row.fact)
        if fact is not None:
            life.happen(fact, life.chance.choice(sorted(row.by)))
            return True
        rows.remove(row)
    return False


_ROWS = {stage: [row for row in TABLE if stage in row.since] for stage in Stage}
_WEIGHTS: dict[type[FactBase], int] = {
    anytime.Withdrawn: 1,
    intake.Answered: 2,
    intake.Declined: 1,
    intake.Referred: 1,
    verifying.FilingRefuted: 10,
    anytime.FactsAdded: 3,
    anytime.Urged: 10,
    closing.RatingRefused: 3,
    anytime.MinutesKept: 3,
    anytime.InspectionsOpened: 3,
    anytime.Appointed: 5,
    supervising.PubliclyNoticed: 3,
    supervising.SupervisionOrdered: 10,
    merging.ComplainantJoined: 5,
    merging.Merged: 5,
    joint.Intervened: 5,
    handling.HandlingFailed: 10,
    anytime.RungClimbed: 60,
}
"""What happens more seldom, or more often, than the rest (40)."""


_WAY: dict[Stage, tuple[type[FactBase], ...]] = {
    Stage.ACCEPT: (intake.Accepted,),
    Stage.TRIAGE: (intake.Classified,),
    Stage.DISPATCH: (
        verifying.VerificationAsked,
        returning.ArbitrationCalled,
        intake.Assigned,
        intake.Reassigned,
    ),
    Stage.VERIFY: (verifying.FilingConfirmed, verifying.ClosingConfirmed),
    Stage.ARBITRATE: (returning.Arbitrated,),
    Stage.HANDLE: (joint.Overridden, handling.Handled, handling.ShareHandled),
    Stage.FEEDBACK: (verifying.VerificationAsked, closing.Replied),
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
        anytime.RungClimbed,
    ),
    Stage.ENDED: (),
}
"""The way to the end: of those that fit, the first."""


def step_out(life: Life) -> bool:
    """One step on the way to the end; False when there is none to take."""
    for kind in _WAY[life.ticket.stage]:
        fact = make(life, kind)
        if fact is not None:
            [row] = [row for row in _ROWS[life.ticket.stage] if row.fact is kind]
            life.happen(fact, sorted(row.by)[0])
            return True
    return False
