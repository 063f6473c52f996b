"""Makers of the facts that end a ticket, follow its end, or can occur at any time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.commands.supervising.supervise import order
from domain.deadlines.clocks import Clock
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import aftercare, anytime, closing, merging, supervising
from domain.facts.base import FactBase
from domain.pack.planning import extend_clock
from domain.policy.decide import follows, replanned, verdict, watch_over
from domain.ticket.assignment import Assignment
from domain.ticket.stages import Outcome
from domain.ticket.ticket import LIFECYCLE
from tests.domain.generators import Life
from tests.domain.planned import TONGZHOU
from tests.store.stories import clock

OTHER = "2411200000000"
"""The ticket that others are merged into."""


# --- feedback and rate ----------------------------------------------------------------------


def _rated(life: Life) -> closing.Rated | None:
    return closing.Rated(rating=life.rating()) if life.ticket.rating is None else None


def _call_back_due(life: Life) -> closing.CallBackDue | None:
    window = life.running(ClockName.RATE)
    if window is None or not window.past_due:
        return None
    return closing.CallBackDue(clocks=life.clocks(ClockName.CALL_BACK))


def _called_back(life: Life) -> closing.CalledBack | None:
    if verdict(life.ticket) is not None:
        return None
    return closing.CalledBack(reached=life.likely(0.5))


def _judged(life: Life) -> Fact | None:
    """Return the consequence of a rating, with its clock, or of a missed call-back."""
    judged = verdict(life.ticket)
    if judged is None and (calling := life.running(ClockName.CALL_BACK)) and calling.past_due:
        judged = closing.Closed(outcome=Outcome.UNRATED, reason="no_rating")
    match judged:
        case closing.Reworked():
            judged.clocks = life.clocks(ClockName.DISPATCH)
        case closing.Supervised():
            judged.clocks = life.clocks(ClockName.SUPERVISE)
        case closing.Closed(outcome=outcome, reason=reason) if life.rules.aftercare:
            looks = [life.clock(ClockName.REVISIT, label=label) for label in ("1", "2")]
            watch = [life.clock(ClockName.AFTERCARE), *looks]
            return aftercare.ClosedOnWatch(outcome=outcome, reason=reason, clocks=watch)
        case _:
            pass
    return judged


# --- after the end --------------------------------------------------------------------------


def _reopened(life: Life) -> aftercare.Reopened:
    return aftercare.Reopened(
        reason="revisit" if life.likely(0.5) else "recurred",
        text="t",
        clocks=life.clocks(ClockName.DISPATCH),
    )


def _final_replied(life: Life) -> closing.FinalReplied | None:
    """Return a final reply, except while an exclusion waits for its decision."""
    return closing.FinalReplied(text="t") if life.ticket.contest is None else None


def _exclusion_requested(life: Life) -> aftercare.ExclusionRequested | None:
    ticket = life.ticket
    if not life.rules.exclude or ticket.contest is not None or ticket.excluded:
        return None
    waits = life.clocks(ClockName.DECIDE)
    return aftercare.ExclusionRequested(ground="g", reason="r", evidence=["e"], clocks=waits)


def _exclusion_granted(life: Life) -> aftercare.ExclusionGranted | None:
    return aftercare.ExclusionGranted(reason="r") if life.ticket.contest else None


def _exclusion_refused(life: Life) -> aftercare.ExclusionRefused | None:
    return aftercare.ExclusionRefused(reason="r") if life.ticket.contest else None


def _watch_ended(life: Life) -> aftercare.WatchEnded | None:
    return aftercare.WatchEnded() if watch_over(life.ticket) else None


# --- merged ---------------------------------------------------------------------------------


def _merged(life: Life) -> merging.Merged | None:
    if not life.rules.merge or life.ticket.complainants or life.ticket.of_wrongdoing:
        return None
    return merging.Merged(
        parent=OTHER,
        category="2",
        tier="t",
        reason="r",
        own=life.likely(0.8),
        clocks=life.promise(),
    )


def _unmerged(life: Life) -> merging.Unmerged | None:
    """Return the end of a merge; what stands still with the parent goes on first."""
    if life.ticket.parent_pause is not None or life.ticket.borrowed:
        return None
    return merging.Unmerged(reason="r", clocks=life.clocks(ClockName.DISPATCH))


def _unmerged_unclassified(life: Life) -> merging.UnmergedUnclassified | None:
    if life.ticket.parent_pause is not None or not life.ticket.borrowed:
        return None
    return merging.UnmergedUnclassified(reason="r", clocks=life.clocks(ClockName.TRIAGE))


def _asked_at(life: Life) -> datetime:
    """Return when the parent's unit may have asked for what it got: since the merge."""
    before = life.at - timedelta(hours=life.chance.randint(0, 50))
    return max(before, *(each.at for each in life.events if each.kind == "merged"))


def _held_with_parent(life: Life) -> merging.HeldWithParent:
    return merging.HeldWithParent(
        parent=OTHER,
        reason="r",
        until=life.later(),
        asked_at=_asked_at(life) if life.likely(0.7) else None,
    )


def _reclassified_with_parent(life: Life) -> merging.ReclassifiedWithParent | None:
    if not life.ticket.borrowed:
        return None
    return merging.ReclassifiedWithParent(parent=OTHER, category="2", tier="t")


def _resumed_with_parent(life: Life) -> merging.ResumedWithParent | None:
    if life.ticket.parent_pause is None:
        return None
    clocks = life.going_on(life.ticket.paused_with_parent)
    return merging.ResumedWithParent(parent=OTHER, why="chance", clocks=clocks)


def _extended_with_parent(life: Life) -> merging.ExtendedWithParent:
    by, asked_at = Limit.parse("1d"), _asked_at(life)
    clocks = [
        extend_clock(TONGZHOU, one, by, life.at, asked_at) for one in life.ticket.promises_running
    ]
    return merging.ExtendedWithParent(
        parent=OTHER, reason="r", by=str(by), asked_at=asked_at, clocks=clocks
    )


def _added(life: Life) -> merging.ComplainantAdded | None:
    number = life.one(life.ticket.complainants)
    return merging.ComplainantAdded(number=number, text="t") if number else None


def _replied_with_parent(life: Life) -> merging.RepliedWithParent:
    ticket = life.ticket
    done = Assignment(n=1, unit="x", queue="q", why="w", opened_at=life.at, result=life.result())
    return merging.RepliedWithParent(
        parent=OTHER,
        text="t",
        resolved=life.likely(0.5),
        answered_by=ticket.answering_share(done, life.at) if life.likely(0.8) else None,
        clocks=life.clocks(ClockName.RATE),
    )


def _joined(life: Life) -> merging.ComplainantJoined | None:
    """Return a merged ticket's complainant; nothing is merged into a report of wrongdoing."""
    if life.ticket.of_wrongdoing:
        return None
    return merging.ComplainantJoined(number=f"{life.chance.randint(1, 4)}")


def _urged_too(life: Life) -> merging.ComplainantUrged | None:
    number = life.one(life.ticket.complainants)
    return merging.ComplainantUrged(number=number) if number else None


def _left(life: Life) -> merging.ComplainantLeft | None:
    number = life.one(life.ticket.complainants)
    return merging.ComplainantLeft(number=number) if number else None


# --- supervision, and facts at any time -----------------------------------------------------


def _ordered(life: Life) -> Fact:
    label = str(len(life.ticket.orders) + 1)
    clocks = [life.clock(ClockName.ORDER, label=label)]
    return order(life.ticket, "t", clocks, escalated=life.likely(0.3))


def _answered(life: Life) -> supervising.OrderAnswered | None:
    left = life.one([each for each in life.ticket.orders if each.answer is None])
    return supervising.OrderAnswered(order=left.n, answer="a") if left else None


def _appointed(life: Life) -> anytime.Appointed | None:
    if not life.rules.appoint:
        return None
    clocks = life.clocks(ClockName.APPOINTMENT)
    return anytime.Appointed(starts_at=life.later(), clocks=clocks)


def _inspections(life: Life) -> anytime.InspectionsOpened | None:
    return anytime.InspectionsOpened(text="t", tickets=["1"]) if life.rules.settle_all else None


def _urged(life: Life) -> anytime.Urged | None:
    """Return an urge, within the city's limit per day."""
    lately = life.ticket.urged_at[-life.rules.urges_per_day :]
    often = len(lately) == life.rules.urges_per_day and (life.at - lately[0]).days < 1
    return None if often else anytime.Urged()


def _facts_added(life: Life) -> anytime.FactsAdded | None:
    """Return added facts, within the city's limit per day."""
    day = [each for each in life.ticket.facts_at if life.at - each < timedelta(days=1)]
    often = life.rules.facts_per_day and len(day) >= life.rules.facts_per_day
    return None if often else anytime.FactsAdded(text="t")


def _contact_opened(life: Life) -> anytime.ContactOpened | None:
    if life.ticket.contact_opened:
        return None
    return anytime.ContactOpened(clocks=_first_contact(life))


def _contact_left(life: Life) -> anytime.ContactLeft | None:
    if life.ticket.contact_left:
        return None
    clocks = [] if life.ticket.contact_hidden else _first_contact(life)
    return anytime.ContactLeft(person="p", clocks=clocks)


def _first_contact(life: Life) -> list[Clock]:
    lead, running = life.ticket.lead, life.running(ClockName.CONTACT)
    waits = lead is not None and lead.open and lead.contacted_at is None and running is None
    return life.clocks(ClockName.CONTACT, n=lead.n) if lead is not None and waits else []


def _carried_on(life: Life) -> anytime.CarriedOn | None:
    """Return the continuation that gives an older ticket today's clocks (`Carrying.catch_up`)."""
    ticket, lead = life.ticket, life.ticket.lead
    if ticket.lifecycle >= LIFECYCLE:
        return None
    clocks: list[Clock] = []
    if lead is not None and lead.open:
        handling = [
            c for c in ticket.clocks if (c.name, c.assignment) == (ClockName.HANDLE, lead.n)
        ]
        for shown in handling[-1:]:
            same: dict[str, object] = {
                "name": ClockName.PROMISE,
                "assignment": None,
                "climbed": 0,
                "reached_in": [],
            }
            clocks.append(shown.model_copy(update=same))
        if lead.pause is not None and lead.pause.until is not None:
            hours = max((lead.pause.until - life.at).total_seconds() / 3600, 0)
            clocks.append(clock(ClockName.HOLD, life.at, hours, lead.n))
    return anytime.CarriedOn(lifecycle=LIFECYCLE, clocks=clocks)


def _overtaken(life: Life) -> anytime.ResultOvertaken | None:
    """Return a result that a unit handed in just before its share was ended."""
    ended = life.one([each for each in life.ticket.assignments if not each.open])
    if ended is None or not life.ticket.lifecycle:
        return None
    return anytime.ResultOvertaken(assignment=ended.n, unit=ended.unit, result=life.result())


def _replanned(life: Life) -> anytime.Replanned | None:
    """Return a new plan of a running clock: due and remaining levels one day later."""
    going = [c for c in life.ticket.clocks if c.running and not c.paused_at and not c.past_due]
    clock = life.one(going)
    if clock is None:
        return None
    day = timedelta(days=1)
    levels = [
        level if n < clock.climbed else level.model_copy(update={"at": level.at + day})
        for n, level in enumerate(clock.rungs)
    ]
    later = clock.model_copy(update={"due_at": clock.due_at + day, "rungs": levels})
    moved = anytime.Moved(
        clock=clock.name, assignment=clock.assignment, label=clock.label,
        was=clock.due_at, due_at=later.due_at, later=True,
    )  # fmt: skip
    return replanned(life.ticket, "new", [later], [moved])


ENDINGS: dict[type[FactBase], Callable[[Life], Fact | None]] = {
    closing.Replied: lambda life: closing.Replied(
        text="t", resolved=life.likely(0.7), clocks=life.clocks(ClockName.RATE)
    ),
    closing.Rated: _rated,
    closing.RatingRefused: lambda life: closing.RatingRefused(code="not_now", rating=life.rating()),
    closing.CallBackDue: _call_back_due,
    closing.CalledBack: _called_back,
    closing.Reworked: _judged,
    closing.Supervised: _judged,
    closing.FinalReplied: _final_replied,
    closing.Closed: _judged,
    aftercare.ClosedOnWatch: _judged,
    aftercare.Revisited: lambda life: aftercare.Revisited(holds=True, note="n"),
    aftercare.Reopened: _reopened,
    aftercare.ExclusionRequested: _exclusion_requested,
    aftercare.ExclusionGranted: _exclusion_granted,
    aftercare.ExclusionRefused: _exclusion_refused,
    aftercare.WatchEnded: _watch_ended,
    merging.Merged: _merged,
    merging.Unmerged: _unmerged,
    merging.UnmergedUnclassified: _unmerged_unclassified,
    merging.HeldWithParent: _held_with_parent,
    merging.AskedWithParent: lambda life: merging.AskedWithParent(
        parent=OTHER, text="t", until=life.later()
    ),
    merging.ReclassifiedWithParent: _reclassified_with_parent,
    merging.ResumedWithParent: _resumed_with_parent,
    merging.ExtendedWithParent: _extended_with_parent,
    merging.RepliedWithParent: _replied_with_parent,
    merging.ComplainantJoined: _joined,
    merging.ComplainantLeft: _left,
    merging.ComplainantUrged: _urged_too,
    merging.ComplainantAdded: _added,
    anytime.SeverityRaised: lambda life: follows(life.ticket),
    supervising.SupervisionOrdered: _ordered,
    supervising.OrderAnswered: _answered,
    supervising.PubliclyNoticed: lambda life: supervising.PubliclyNoticed(text="t"),
    anytime.Appointed: _appointed,
    anytime.MinutesRecorded: lambda life: anytime.MinutesRecorded(minutes=life.minutes()),
    anytime.InspectionsOpened: _inspections,
    anytime.FactsAdded: _facts_added,
    anytime.Urged: _urged,
    anytime.ContactOpened: _contact_opened,
    anytime.ContactLeft: _contact_left,
    anytime.Withdrawn: lambda life: anytime.Withdrawn(),
    anytime.CarriedOn: _carried_on,
    anytime.ResultOvertaken: _overtaken,
    anytime.Replanned: _replanned,
    anytime.LevelReached: Life.reach_level,
}
