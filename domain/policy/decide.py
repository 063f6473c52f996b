"""Decisions of the ticket itself: pure, without changes to it."""

from domain.commands.intake.reclassify import Reclassify
from domain.commands.lookups import rules_of
from domain.deadlines.clocks import Clock, ClockKey
from domain.deadlines.registry import ClockName
from domain.facts import anytime, closing, intake, joint, wrongdoing
from domain.ticket.assignment import Ending, Share
from domain.ticket.rules_snapshot import ReworkTo
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket

Judgement = closing.Closed | closing.Reworked | closing.Supervised
AccusedFact = wrongdoing.Accused | wrongdoing.TakenFromAccused | joint.Overridden


def replanned(
    ticket: Ticket, calendar_version: str, clocks: list[Clock], moved: list[anytime.Moved]
) -> anytime.Replanned:
    """Return the new plan, with the units to notify, and whether to notify the citizen.

    The citizen is notified when the answer comes on a later day than promised.
    """
    promise, items = ticket.answer_clock, []
    for one in moved:
        unit = ticket.assignment(one.assignment).unit if one.assignment else None
        items.append(one.model_copy(update={"unit": unit}))
    return anytime.Replanned(
        calendar_version=calendar_version,
        clocks=clocks,
        moved=items,
        answer_later=promise is not None
        and any(
            one.later and (one.clock, one.assignment) == (promise.name, promise.assignment)
            for one in moved
        ),
    )


def reclassified(
    ticket: Ticket,
    command: Reclassify,
    *,
    tier: str,
    stopped: list[ClockKey],
    clocks: list[Clock],
    repeats: list[str],
    verify_by: str | None,
) -> intake.Reclassified:
    """Return the corrected classification, with the day of the answer before and after.

    Verification before filing is asked about only where no unit had the ticket yet. Where a
    dispatcher has it because it was returned, or by nobody's choice, the responsibilities of the
    new category name the unit; for a report of wrongdoing a person does.
    """
    lead, promise = ticket.lead, ticket.promise if ticket.promised else ticket.answer_clock
    new = next((clock for clock in clocks if clock.name is ClockName.PROMISE), promise)
    first = ticket.stage is Stage.DISPATCH and ticket.assignment_count == 0
    returned = lead is None or lead.ending is Ending.RETURNED
    waiting = ticket.stage is Stage.DISPATCH and ticket.by_hand and command.unit is None
    returned = returned and not ticket.of_wrongdoing  # no rule may send it to those it accuses
    was = promise.due_at if promise is not None and promise.running else None
    by = new.due_at if new is not None and new.running and new.paused_at is None else None
    return intake.Reclassified(
        category=command.category,
        tier=tier,
        was_category=ticket.category,
        was_tier=ticket.tier,
        reason=command.reason,
        repeats=repeats,
        verify_by=verify_by if first and command.unit is None else ticket.verify_by,
        to_rules=waiting and returned,
        stopped=stopped,
        clocks=clocks,
        answer_by=by,
        answer_was=was,
        longer=new is not None and was is not None and new.due_at > was,
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


def accused_facts(
    ticket: Ticket,
    accused: list[str],
    covered: list[str],
    reason: str,
    clocks: list[Clock],
    contact: list[Clock],
) -> list[AccusedFact]:
    """Return the accusation, and what takes the ticket from the `covered` units that have it.

    `clocks`: of a person's choice of another unit. `contact`: what `clock_need` asked for.

    An accused unit that leads, verifies, or whose answer is about to be sent loses the ticket;
    helpers and delegates only their share. An answer that waited for them alone does not wait.
    """
    taken = [one for one in ticket.opened if one.unit in covered]
    verifying = any(one.share is Share.VERIFY for one in taken)
    # Also where it has handed in its result, and helpers or a verification are waited for.
    working = ticket.stage in (Stage.HANDLE, Stage.VERIFY, Stage.FEEDBACK)
    helped = [one.n for one in taken if one.share in (Share.CO, Share.DELEGATE)]
    said = wrongdoing.Accused(
        accused=accused, covered=covered, released=helped, reason=reason, clocks=contact
    )
    if verifying or (working and ticket.unit in covered):
        # First what may be refused, as a result was handed in: then nothing is half-done.
        return [wrongdoing.TakenFromAccused(clocks=clocks), said]
    lead = ticket.lead
    left = [a for a in ticket.opened if a.share is Share.CO and a.n not in helped]
    waited_for = any(a.share is Share.CO for a in taken) and not left
    if ticket.stage is Stage.HANDLE and waited_for and lead and lead.ending is Ending.DONE:
        return [said, joint.Overridden(reason="accused")]
    return [said]


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


def above_threshold(ticket: Ticket) -> bool:
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
