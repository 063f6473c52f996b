"""Makers of the facts that a unit causes, and of the decisions about them."""

from collections.abc import Callable

from domain.commands.joint.raise_level import raised
from domain.commands.joint.release import released
from domain.commands.units.return_ticket import return_bar
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import handling, joint, returning, waiting
from domain.facts.base import FactBase
from domain.policy.decide import arbitration_due
from domain.policy.results import failure_of, result_of
from domain.ticket.assignment import Assignment, Ending, Share
from tests.domain.generators import Life

_CO = (ClockName.SIGN, ClockName.CONTACT, ClockName.MEET, ClockName.HANDLE)
_WORKING = (Share.LEAD, Share.CO, Share.DELEGATE)


# --- a unit and its requests ----------------------------------------------------------------


def _signed(life: Life) -> handling.Signed | None:
    unsigned = life.one([each for each in life.ticket.opened if each.signed_at is None])
    return handling.Signed(assignment=unsigned.n) if unsigned else None


def _contacted(life: Life) -> handling.Contacted | None:
    share = life.some(*_WORKING)
    return handling.Contacted(assignment=share.n, reached=life.likely(0.5)) if share else None


def _return_requested(life: Life) -> returning.ReturnRequested | None:
    lead = life.lead()
    if lead is None or return_bar(life.ticket, lead) is not None:
        return None
    waits = life.clocks(ClockName.DECIDE, n=lead.n)
    return returning.ReturnRequested(assignment=lead.n, ground="g", reason="r", clocks=waits)


def _return_barred(life: Life) -> returning.ReturnBarred | None:
    lead = life.lead()
    if lead is None or (bar := return_bar(life.ticket, lead)) is None:
        return None
    return returning.ReturnBarred(assignment=lead.n, code=bar.code, reason="r")


def _returned(life: Life) -> returning.Returned | None:
    """Return a granted return; a named unit is possible unless a meeting is next."""
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
    request = life.ticket.assignment(window.assignment).asked
    if life.ticket.lifecycle and request is not None and request.what == "return":
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


def _extension_requested(life: Life) -> handling.ExtensionRequested | None:
    share = life.some(*_WORKING)
    if share is None or share.asked or share.pause or share.extensions >= life.rules.extensions:
        return None
    waits = life.clocks(ClockName.DECIDE, n=share.n)
    return handling.ExtensionRequested(assignment=share.n, by="1d", reason="r", clocks=waits)


def _extension_refused(life: Life) -> handling.ExtensionRefused | None:
    asker = life.asker("extension")
    return handling.ExtensionRefused(assignment=asker.n, reason="r") if asker else None


def _extension_granted(life: Life) -> handling.ExtensionGranted | None:
    asker = life.asker("extension")
    if asker is None:
        return None
    return handling.ExtensionGranted(assignment=asker.n, reason="r", clocks=life.extended(asker.n))


# --- pauses ---------------------------------------------------------------------------------


def _hold_requested(life: Life) -> waiting.HoldRequested | None:
    lead = life.lead()
    if lead is None or lead.pause is not None or lead.holds >= life.rules.holds:
        return None
    waits = life.clocks(ClockName.DECIDE, n=lead.n)
    return waiting.HoldRequested(
        assignment=lead.n, ground="g", until=life.later(), reason="r", clocks=waits
    )


def _hold_refused(life: Life) -> waiting.HoldRefused | None:
    asker = life.asker("hold")
    return waiting.HoldRefused(assignment=asker.n, reason="r") if asker else None


def _held(life: Life) -> waiting.Held | None:
    asker = life.asker("hold")
    if asker is None or asker.asked is None:
        return None
    until = asker.asked.until or life.at
    clocks = life.hold(asker.n, until)
    since = asker.asked.asked_at
    return waiting.Held(assignment=asker.n, until=until, reason="r", since=since, clocks=clocks)


def _reviewed(life: Life) -> waiting.Reviewed | None:
    held = life.paused("hold")
    if held is None:
        return None
    until = (held.pause.until if held.pause else None) or life.at
    again = life.review(held.n, until)
    return waiting.Reviewed(assignment=held.n, note="n", clocks=again)


def _review_missed(life: Life) -> waiting.ReviewMissed | None:
    """Return the next review, told apart by its number; the missed one's clock continues."""
    held, missed = life.paused("hold"), life.running(ClockName.REVIEW)
    if not life.ticket.lifecycle or held is None or held.pause is None or missed is None:
        return None
    if not missed.past_due:
        return None
    reviews = [c for c in life.ticket.clocks if c.name is ClockName.REVIEW]
    label = str(sum(each.assignment == held.n for each in reviews) + 1)
    clocks = life.review(held.n, held.pause.until or life.at)
    following = [each.model_copy(update={"label": label}) for each in clocks]
    return waiting.ReviewMissed(assignment=held.n, clocks=following)


def _citizen_asked(life: Life) -> waiting.QuestionAsked | None:
    lead = life.ticket.current
    if not life.rules.ask_citizen or lead is None or lead.pause is not None:
        return None
    if lead.questions >= life.rules.questions:
        return None
    waits = life.clocks(ClockName.CITIZEN, n=lead.n)
    return waiting.QuestionAsked(assignment=lead.n, text="t", clocks=waits)


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
    """Return the release of a helper, or the failure of a helper's program."""
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


HANDLING: dict[type[FactBase], Callable[[Life], Fact | None]] = {
    handling.Signed: _signed,
    handling.Contacted: _contacted,
    returning.ReturnRequested: _return_requested,
    returning.ReturnBarred: _return_barred,
    returning.ReturnRefused: _return_refused,
    returning.Returned: _returned,
    returning.TakenOn: _taken_on,
    returning.ArbitrationCalled: _arbitration,
    returning.Arbitrated: _arbitrated,
    returning.FellBack: _fell_back,
    handling.ExtensionRequested: _extension_requested,
    handling.ExtensionRefused: _extension_refused,
    handling.ExtensionGranted: _extension_granted,
    waiting.HoldRequested: _hold_requested,
    waiting.HoldRefused: _hold_refused,
    waiting.Held: _held,
    waiting.Reviewed: _reviewed,
    waiting.ReviewMissed: _review_missed,
    waiting.QuestionAsked: _citizen_asked,
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
