"""Decisions that turn commands into facts: pure, without changes to the ticket."""

from typing import Literal, NamedTuple

from domain.actors import Actor
from domain.commands import citizens, intake, joint, supervising, units
from domain.commands.messages import Command
from domain.deadlines.clocks import Clock, ClockName
from domain.events import Fact
from domain.facts import aftercare, anytime, closing, handling, merging, returning, waiting
from domain.facts import intake as intake_facts
from domain.facts import joint as joint_facts
from domain.facts import supervising as supervising_facts
from domain.model import Instant, Recorded
from domain.policy.guards import assignment_of, return_bar, rules_of
from domain.policy.results import released
from domain.ticket.assignment import Ending
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.rules_snapshot import ReworkTo
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket


class Wanted(Recorded):
    """More time, as requested: an extension by a length, or a hold until a day."""

    clock: Clock | None = None
    by: str | None = None
    until: Instant | None = None


class ClockNeed(NamedTuple):
    """The clock a command starts, and its assignment; `wanted`: more time, requested with it."""

    clock: ClockName
    assignment: int | None = None
    wanted: Wanted | None = None


ReasonKind = Literal["decline", "refer", "return", "whistle", "hold", "exclude"]


def reason_of(command: Command) -> tuple[ReasonKind, str] | None:
    """Return the code of a reason that has to be one of the pack's, and its list."""
    match command:
        case units.Return(ground=ground):
            return "return", ground
        case units.Hold(ground=ground):
            return "hold", ground
        case joint.Whistle(ground=ground):
            return "whistle", ground
        case units.Exclude(ground=ground):
            return "exclude", ground
        case intake.Conclude(outcome="declined", reason=reason):
            return "decline", reason or ""
        case intake.Conclude(outcome="referred", reason=reason):
            return "refer", reason or ""
        case _:
            return None


def need_of(ticket: Ticket, command: Command, actor: Actor) -> ClockNeed | None:
    """Return the clock that has to be planned before the command becomes facts."""
    match command:
        case units.Return():
            return ClockNeed(ClockName.DECIDE, assignment_of(ticket, command, actor).n)
        case units.Extend(by=by):
            n = assignment_of(ticket, command, actor).n
            clock = ticket.running(ClockName.HANDLE, n)
            return ClockNeed(ClockName.DECIDE, n, wanted=Wanted(clock=clock, by=by))
        case units.Hold():
            n = assignment_of(ticket, command, actor).n
            return ClockNeed(ClockName.DECIDE, n, wanted=Wanted(until=command.until))
        case units.Ask():
            return ClockNeed(ClockName.CITIZEN, assignment_of(ticket, command, actor).n)
        case units.Review(resume=False):
            held = assignment_of(ticket, command, actor)
            until = held.pause.until if held.pause else None
            return ClockNeed(ClockName.REVIEW, held.n, wanted=Wanted(until=until))
        case units.Exclude():
            return ClockNeed(ClockName.DECIDE)
        case supervising.Supervise():
            return ClockNeed(ClockName.ORDER)
        case joint.RaiseLevel() | intake.Arbitrate() | intake.Unmerge() | citizens.Recur():
            return ClockNeed(ClockName.DISPATCH)
        case supervising.Revisit(holds=False):
            return ClockNeed(ClockName.DISPATCH)
        case _:
            return None


def facts_of(ticket: Ticket, command: Command, actor: Actor, clocks: list[Clock]) -> list[Fact]:
    """Return the facts of a command; `clocks`: the plan of `need_of`."""
    match command:
        case units.UnitCommand():
            return [_unit_fact(ticket, command, assignment_of(ticket, command, actor).n, clocks)]
        case units.Exclude():
            return [
                aftercare.ExclusionAsked(
                    ground=command.ground,
                    reason=command.reason,
                    evidence=command.evidence,
                    clocks=clocks,
                )
            ]
        case units.AnswerOrder():
            return [supervising_facts.OrderAnswered(order=command.order, answer=command.answer)]
        case joint.Release() | joint.Override() | joint.RaiseLevel():
            return [_joint_fact(ticket, command, clocks)]
        case supervising.Supervise():
            return [order(ticket, command.text, clocks)]
        case supervising.Notice():
            return [supervising_facts.PubliclyNoticed(unit=ticket.unit, text=command.text)]
        case supervising.KeepMinutes():
            return [anytime.MinutesKept(minutes=command.minutes)]
        case supervising.Revisit():
            looked = aftercare.Revisited(
                holds=command.holds, note=command.note, evidence=command.evidence
            )
            if command.holds:
                return [looked]
            back = aftercare.Reopened(reason="revisit", text=command.note, clocks=clocks)
            return [looked, back]
        case citizens.Recur():
            return [aftercare.Reopened(reason="recurred", text=command.text, clocks=clocks)]
        case citizens.AddFacts():
            return [anytime.FactsAdded(text=command.text, files=command.files)]
        case citizens.Urge():
            return [anytime.Urged(text=command.text)]
        case citizens.Withdraw():
            return [anytime.Withdrawn(reason=command.reason)]
        case citizens.CallBack():
            called = closing.CalledBack(reached=command.reached, note=command.note)
            rated = [closing.Rated(rating=command.rating)] if command.rating else []
            return [called, *rated]
        case intake.Arbitrate():
            minutes = Minutes(what=Meeting.ARBITRATION, text=command.text, units=command.units)
            return [returning.Arbitrated(unit=command.unit, minutes=minutes, clocks=clocks)]
        case intake.Unmerge():
            return [merging.Unmerged(reason=command.reason, clocks=clocks)]
        case intake.Conclude():
            return [_conclusion(command)]
        case _:
            raise TypeError(f"{type(command).__name__} needs a plan")


def _unit_fact(ticket: Ticket, command: units.UnitCommand, n: int, clocks: list[Clock]) -> Fact:
    match command:
        case units.Sign():
            return handling.Signed(assignment=n)
        case units.Contact():
            return handling.Contacted(assignment=n, reached=command.reached, note=command.note)
        case units.Return(ground=ground, reason=reason):
            barred = return_bar(ticket, ticket.assignment(n))
            if barred is not None:
                return returning.ReturnBarred(assignment=n, code=barred.code, reason=reason)
            return returning.ReturnAsked(assignment=n, ground=ground, reason=reason, clocks=clocks)
        case units.Extend(by=by, reason=reason):
            return handling.ExtensionAsked(assignment=n, by=by, reason=reason, clocks=clocks)
        case units.Hold(ground=ground, until=until, reason=reason):
            return waiting.HoldAsked(
                assignment=n, ground=ground, until=until, reason=reason, clocks=clocks
            )
        case units.Review(note=note):
            return waiting.Reviewed(assignment=n, note=note, clocks=clocks)
        case units.Ask(question=question):
            return waiting.CitizenAsked(assignment=n, text=question, clocks=clocks)
        case units.Step(step=step, note=note, evidence=evidence):
            return handling.StepDone(assignment=n, step=step, note=note, evidence=evidence)
        case _:
            raise TypeError(f"{type(command).__name__} needs a plan")


def _joint_fact(
    ticket: Ticket,
    command: joint.Release | joint.Override | joint.RaiseLevel,
    clocks: list[Clock],
) -> Fact:
    match command:
        case joint.Release(assignment=n, reason=reason):
            return released(ticket, n, reason)
        case joint.Override(reason=reason):
            left = [a.n for a in ticket.opened]
            return joint_facts.Overridden(reason=reason, released=left)
        case joint.RaiseLevel(reason=reason):
            return raised(ticket, reason, clocks)


def raised(ticket: Ticket, reason: str, clocks: list[Clock], *, escalated: bool = False) -> Fact:
    """Return a raise by one level; a unit must be above."""
    lead = ticket.lead
    if lead is None or lead.above is None:
        raise ValueError("no level is above")
    return joint_facts.LevelRaised(
        assignment=lead.n,
        unit=lead.above,
        level=lead.level,
        reason=reason,
        escalated=escalated,
        clocks=clocks,
    )


def order(ticket: Ticket, text: str, clocks: list[Clock], *, escalated: bool = False) -> Fact:
    """Return the next order; its number distinguishes its clock."""
    n = len(ticket.orders) + 1
    return supervising_facts.SupervisionOrdered(
        order=n,
        unit=ticket.unit,
        text=text,
        escalated=escalated,
        clocks=[clock.model_copy(update={"label": str(n)}) for clock in clocks],
    )


def _conclusion(command: intake.Conclude) -> Fact:
    match command.outcome:
        case "declined":
            return intake_facts.Declined(reason=command.reason or "", text=command.text)
        case "referred":
            return intake_facts.Referred(reason=command.reason or "", text=command.text)
        case "answered":
            return intake_facts.Answered(text=command.text, unit=command.unit)
        case "final_reply":
            return closing.FinalReplied(text=command.text)


Judgement = closing.Closed | closing.Reworked | closing.Supervised


def replanned(
    ticket: Ticket, calendar_version: str, clocks: list[Clock], moved: list[anytime.Moved]
) -> anytime.Replanned:
    """Return the new plan, with the units to notify, and whether to notify the citizen.

    The citizen is notified when the answer comes on a later day than promised.
    """
    promise, told = ticket.answer_clock, []
    for one in moved:
        unit = ticket.assignment(one.assignment).unit if one.assignment else None
        told.append(one.model_copy(update={"unit": unit}))
    return anytime.Replanned(
        calendar_version=calendar_version,
        clocks=clocks,
        moved=told,
        answer_later=promise is not None
        and any(
            one.later and (one.clock, one.assignment) == (promise.name, promise.assignment)
            for one in moved
        ),
    )


def verdict(ticket: Ticket) -> Judgement | None:
    """Return the consequence of the rating, or of no contact; None: keep waiting."""
    if ticket.stage is not Stage.RATE:
        return None
    rules, rating = rules_of(ticket), ticket.rating
    if rating is None:
        if ticket.call_backs >= rules.call_backs:
            return closing.Closed(outcome=Outcome.UNRATED, reason="not_reached")
        return None
    if rating.resolved and rating.satisfied(rules.satisfied_from):
        return closing.Closed(outcome=Outcome.CLOSED, reason="rated")
    reason = "dissatisfied" if rating.resolved else "not_resolved"
    if ticket.reworks < rules.reworks and rules.rework_to is not ReworkTo.SUPERVISOR:
        return closing.Reworked(round=ticket.reworks + 1, reason=reason, to=rules.rework_to)
    return closing.Supervised(reason=reason)


def follows(ticket: Ticket) -> anytime.SeverityRaised | None:
    """Return the rise of severity by the counts of urges, repeats and complainants, if any."""
    rules = ticket.rules
    if rules is None or not ticket.open:
        return None
    counts = {
        "urged": _times(ticket.urges, rules.severity_urges),
        "complainants": _times(len(ticket.complainants), rules.severity_complainants),
        "repeated": _times(len(ticket.repeats), rules.severity_repeats),
    }
    severity = sum(counts.values())
    if severity <= ticket.severity:
        return None
    return anytime.SeverityRaised(severity=severity, why=max(counts, key=lambda why: counts[why]))


def _times(count: int, every: int) -> int:
    return count // every if every else 0


def grave(ticket: Ticket) -> bool:
    """Return whether the automatic escalation by severity is due."""
    rules = ticket.rules
    heavy = rules is not None and 0 < rules.escalate_at <= ticket.severity
    return heavy and not ticket.escalated and ticket.lead is not None and ticket.lead.open


def watch_over(ticket: Ticket) -> bool:
    """Return whether aftercare is over: its time has passed, and nothing is contested."""
    left = [c for c in ticket.clocks if c.name is ClockName.AFTERCARE and c.running]
    watched = ticket.stage is Stage.AFTERCARE and ticket.contest is None
    return watched and all(clock.past_due for clock in left)


def arbitration_due(ticket: Ticket) -> bool:
    """Return whether it was returned as often as allowed, and a meeting has to decide.

    Not if a dispatcher has it for another reason, as after an answer that was refuted repeatedly.
    Lifecycle 0 did not distinguish these.
    """
    rules, lead = ticket.rules, ticket.lead
    used_up = rules is not None and rules.arbitration and ticket.returns >= rules.returns
    returned = lead is not None and lead.ending is Ending.RETURNED
    return (
        used_up and ticket.by_hand and not ticket.no_returns and (returned or not ticket.lifecycle)
    )
