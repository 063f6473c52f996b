"""The values that conditions read of a ticket (`domain.pack.condition_vocabulary`)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zlib import crc32

from domain.deadlines.cards import cards_shown
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import DEADLINES, ClockName, Owner
from domain.events import Event
from domain.facts.anytime import LevelReached
from domain.facts.closing import Rated
from domain.facts.handling import Handled, ShareHandled
from domain.pack.condition_vocabulary import EventCase, ResultCase, ShareCase, TicketFacts
from domain.ticket.assignment import Assignment, Share
from domain.ticket.complaint import Complaint
from domain.ticket.ticket import Ticket

_MOMENT = timedelta(microseconds=1)
"""The shortest time between two moments."""


def case_of_complaint(complaint: Complaint, **known: str) -> TicketFacts:
    """Return the case of a complaint with only the `known` values decided."""
    return TicketFacts(
        number=complaint.number,
        kind=known.get("kind") or complaint.kind,
        channel=complaint.channel,
        category=known.get("category") or complaint.category or "",
        tier=known.get("tier", ""),
        area=known.get("area") or complaint.place.area or "",
        anonymous=complaint.anonymous,
        public=complaint.public,
        has_address=bool(complaint.place.address),
        has_point=complaint.place.lat is not None and complaint.place.lon is not None,
        lot=crc32(complaint.number.encode()) % 100,
    )


def case_of(ticket: Ticket, at: datetime) -> TicketFacts:
    """Return the case of the ticket at `at`.

    Answer, result and rating are those of the present round; cards, returns and the like are the
    whole ticket's.
    """
    lead, done, rules = ticket.lead, ticket.handled, ticket.rules
    # What is set apart may be the unit's own word: it counts as no rating, neither good nor bad.
    rating = None if ticket.rating_apart else ticket.verdict
    promise = _promise(ticket)
    answered = ticket.answered
    done_at = (done.ended_at if done else None) or ticket.ended_at
    # The answer, not the unit's completion, stops the citizen's promise.
    until = at if ticket.lifecycle else done_at or at
    in_time = not ticket.broke_a_promise and (promise is None or _in_time(promise, until))
    gone = ticket.dropped
    due = due_of(ticket)
    ticket_facts = case_of_complaint(
        ticket.complaint,
        kind=ticket.kind,
        category=ticket.category or "",
        tier=ticket.tier or "",
        area=ticket.area or "",
    )
    return ticket_facts.model_copy(
        update={
            "unit": ticket.unit or "",
            "unit_kind": (lead.kind_of_unit if lead else None) or "",
            "level": _level(ticket),
            "stage": ticket.stage,
            "outcome": ticket.outcome or "",
            "open": ticket.ended_at is None,
            "due": due is not None and due <= at,
            "answered": answered,
            "handled": done is not None,
            "replied": answered and done is not None,
            "on_time": answered and in_time,
            "late": not in_time,
            "rated": rating is not None,
            "rated_apart": ticket.rating_apart is not None,
            "asked": rating is not None and rating.contacted is not None,
            "contacted": rating is not None and rating.contacted is True,
            "resolved": rating is not None and rating.resolved,
            "satisfied": rating is not None
            and rules is not None
            and rating.satisfied(rules.satisfied_from),
            "merged": ticket.parent is not None,
            "joint": any(a.share is Share.CO for a in ticket.assignments) or gone.co_handlers > 0,
            "arbitrated": ticket.no_returns,
            "verified": any(a.share is Share.VERIFY and a.result for a in ticket.assignments)
            or gone.verified,
            "excluded": ticket.excluded,
            "recurred": ticket.recurred > 0,
            "supervised": any(c.name is ClockName.SUPERVISE for c in ticket.clocks)
            or gone.supervised,
            "grade": rating.grade if rating else -1,
            "hours": _hours(ticket.complaint.filed_at, done_at if answered else None),
            "returns": ticket.returns,
            "reworks": ticket.reworks,
            "extensions": sum(a.extensions for a in ticket.assignments) + gone.extensions,
            "holds": sum(a.holds for a in ticket.assignments) + gone.holds,
            "urges": ticket.urges,
            "repeats": len(ticket.repeats),
            "severity": ticket.severity,
            "complainants": 1 + len(ticket.complainants),
            "co_handlers": sum(a.share is Share.CO for a in ticket.assignments) + gone.co_handlers,
            "raised": ticket.raised,
            "delegations": sum(a.share is Share.DELEGATE for a in ticket.assignments)
            + gone.delegations,
            "yellow": cards(ticket, LevelKind.WARN),
            "red": cards(ticket, LevelKind.DUE),
            "orders": len(ticket.orders),
            "notices": ticket.notices,
            "revisits": ticket.revisits,
            "evidence": len(done.result.evidence) if done and done.result else 0,
        }
    )


def result_case(reply: str, resolved: bool, evidence: Iterable[str]) -> ResultCase:
    return ResultCase(reply=reply, resolved=resolved, evidence=len(list(evidence)))


def event_case(event: Event, ticket: Ticket) -> EventCase:
    """Return the case of an event; `ticket` is as it was just after it."""
    fact = event.fact
    climbed = fact if isinstance(fact, LevelReached) else None
    rating = getattr(fact, "rating", None)
    result = getattr(fact, "result", None)
    source = rating or result or fact
    return EventCase(
        kind=judged_kind(event, ticket),
        role=event.actor.role,
        unit=getattr(fact, "unit", None) or event.actor.unit or "",
        clock=climbed.clock if climbed else "",
        rung=climbed.rung if climbed else "",
        code=str(getattr(fact, "ground", None) or getattr(fact, "code", None) or _why(event)),
        outcome=str(getattr(fact, "outcome", "") or ""),
        reached=bool(getattr(fact, "reached", False)),
        resolved=bool(getattr(source, "resolved", False)),
        holds=bool(getattr(fact, "holds", False)),
        approved=fact.kind.endswith("_granted") or fact.kind in ("returned", "held"),
        grade=rating.grade if rating else -1,
        hours=_hours(ticket.complaint.filed_at, event.at),
    )


def judged_kind(event: Event, ticket: Ticket) -> str:
    """Return the kind of an event as scoring rules name it.

    `handled` is the result of the unit that leads, `share_handled` a helper's, whichever came last:
    units that work together are not measured by the order in which they finish. `rated_apart` is a
    rating that may be the unit's own.
    """
    if isinstance(event.fact, Handled | ShareHandled):
        leads = ticket.assignment(event.fact.assignment).share is Share.LEAD
        return "handled" if leads else "share_handled"
    if isinstance(event.fact, Rated) and event.fact.apart is not None:
        return "rated_apart"
    return event.kind


_CODED_REASON = (
    "declined",
    "referred",
    "closed",
    "closed_on_watch",
    "reworked",
    "supervised",
    "reopened",
)
_CODED_WHY = ("resumed", "severity_raised")


def _why(event: Event) -> str:
    """Return the code of a reason, if a fact has one; a free text is not a code."""
    name = "reason" if event.kind in _CODED_REASON else "why"
    coded = event.kind in _CODED_REASON or event.kind in _CODED_WHY
    return str(getattr(event.fact, name)) if coded else ""


def share_case(ticket: Ticket, assignment: Assignment | None, at: datetime) -> ShareCase:
    """Return the case of a unit's share at `at`; an empty one if no unit had a share."""
    if assignment is None:
        return ShareCase()
    verifies = assignment.share is Share.VERIFY
    clock = _last(ticket, ClockName.VERIFY if verifies else ClockName.HANDLE, assignment.n)
    in_time = _in_time(clock, assignment.ended_at or at) if clock else True
    opened = assignment.opened_at
    return ShareCase(
        part=assignment.share,
        unit=assignment.unit,
        level=assignment.level or "",
        ending=assignment.ending or "",
        on_time=assignment.result is not None and in_time,
        late=not in_time,
        resolved=assignment.result is not None and assignment.result.resolved,
        sign_minutes=_hours(opened, assignment.signed_at, 60),
        contact_minutes=_hours(opened, assignment.contacted_at, 60),
        handle_hours=_hours(opened, assignment.ended_at if assignment.result else None),
        extensions=assignment.extensions,
        rework=assignment.rework,
    )


def share_of(event: Event, ticket: Ticket) -> Assignment | None:
    """Return the share that an event is about: the one it names, else the lead's.

    None if no unit had one, or if the clock that escalated is not a unit's.
    """
    fact = event.fact
    if isinstance(fact, LevelReached) and DEADLINES[fact.clock].owner is not Owner.UNIT:
        return None
    n = getattr(fact, "assignment", None)
    if n is None:
        return ticket.lead
    return next((share for share in ticket.assignments if share.n == n), None)


def due_of(ticket: Ticket) -> datetime | None:
    """Return the answer's due time; None without a promise, and while it is paused."""
    promise = _promise(ticket)
    if promise is None or (promise.running and promise.paused_at is not None):
        return None
    return promise.due_at


def turning_points(ticket: Ticket) -> list[datetime]:
    """Return when `case_of` changes although nothing happens: when the promise is due, and late."""
    promise = _promise(ticket)
    if promise is None:
        return []
    return [promise.due_at, promise.due_at + _MOMENT]


def cards(ticket: Ticket, kind: LevelKind) -> int:
    """Count the cards of a kind that units got on this ticket, without void ones."""
    gone = {LevelKind.WARN: ticket.dropped.yellow_cards, LevelKind.DUE: ticket.dropped.red_cards}
    shown = cards_shown(ticket.clocks, kind) - set(ticket.void_rungs)
    return gone.get(kind, 0) + len(shown)


def _promise(ticket: Ticket) -> Clock | None:
    """Return the clock of the answer's due time: the citizen's promise.

    On a ticket of lifecycle 0 it is the lead's handling, as last extended or resumed. None between
    two rounds: the next promise is made when the ticket is dispatched again.
    """
    if ticket.open and not ticket.answered and ticket.promise and not ticket.promise.running:
        return None
    if ticket.promise is not None:
        return ticket.promise
    return _last(ticket, ClockName.HANDLE, ticket.lead.n) if ticket.lead else None


def _last(ticket: Ticket, name: ClockName, n: int) -> Clock | None:
    clocks = (c for c in reversed(ticket.clocks) if c.name is name)
    return next((c for c in clocks if c.assignment == n), None)


def _in_time(clock: Clock, at: datetime) -> bool:
    """Return whether the promise was kept; while paused, it cannot be broken."""
    return clock.in_time(at) if clock.paused_at is None else clock.paused_at <= clock.due_at


def _level(ticket: Ticket) -> str:
    """Return the level that settled it: the lowest the lead delegated to, else the lead's own."""
    lead = ticket.lead
    if lead is None:
        return ""
    done = [a for a in ticket.assignments if a.share is Share.DELEGATE and a.result is not None]
    below = [a for a in done if a.n > lead.n]
    return (below[-1].level if below else lead.level) or ""


def _hours(since: datetime, until: datetime | None, per_hour: int = 1) -> float:
    return (until - since).total_seconds() / 3600 * per_hour if until else -1
