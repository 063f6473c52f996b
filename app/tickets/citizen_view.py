"""The citizen's view of a ticket: plain words, no officers, no internal notes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from app.agents.machine_acts import by_machine
from app.filing.filing import IncidentTold
from app.tickets.moments import MOMENTS, TimelineMoment
from domain.deadlines.registry import ClockName
from domain.events import Event
from domain.facts.anytime import Replanned
from domain.facts.handling import Contacted
from domain.facts.intake import Reclassified
from domain.facts.merging import ReclassifiedWithParent
from domain.model import Instant, Recorded
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.complaint import Complaint, Kind
from domain.ticket.rating import Rating
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from store.tickets.outbox import Message


class TimelineEntry(Recorded):
    """An event in plain words. `category`, `answer_by`: of a corrected classification.

    `by_machine`: a program did it, without a person; it can be contested under `version`.
    """

    at: Instant
    kind: str = Field(examples=["assigned"])
    what: str = Field(examples=["已派给承办单位"])
    unit: str | None = Field(None, examples=["北苑街道"])
    text: str | None = None
    category: str | None = Field(None, examples=["路灯故障"])
    answer_by: Instant | None = None
    by_machine: bool = False
    version: int | None = None


class Notification(Recorded):
    """A message to the citizen; `template` names its wording."""

    at: Instant
    template: str


class CitizenTicket(Recorded):
    """A ticket as its citizen sees it.

    `due_at`: until when they are promised an answer; None before a unit has it, while the promise
    is paused, and after the answer. `answer_by`: until when the unit waits for what it asked the
    citizen. `rate_by`: until when they can rate. Limits of units and of the centre are not here.
    `reply`, `rating`: of the present round; what was answered before is in the timeline.
    `kept_here`: what is added is not passed on to the unit, because it is a report that was merged
    into another ticket. `incident`: the one (突发事件) that it is about, and what is said of it;
    `can_leave_incident`: its citizen may still say that it is another matter.
    """

    number: str
    city: str
    stage: Stage
    outcome: Outcome | None = None
    kind: Kind
    title: str
    text: str
    category: str | None = Field(None, examples=["路灯故障"])
    unit: str | None = Field(None, examples=["北苑街道"])
    filed_at: Instant
    updated_at: Instant
    due_at: Instant | None = None
    answer_by: Instant | None = None
    rate_by: Instant | None = None
    ended_at: Instant | None = None
    reply: str | None = None
    rating: Rating | None = None
    can_rate: bool = False
    contact_hidden: bool = Field(
        False, description="The unit may not know the contact that was left; it can be opened."
    )
    contact_left: bool = Field(
        True, description="A phone or an e-mail address was left; if not, it can be left later."
    )
    kept_here: bool = False
    incident: IncidentTold | None = None
    can_leave_incident: bool = False
    timeline: list[TimelineEntry] = Field(default_factory=list)
    messages: list[Notification] = Field(default_factory=list)


def citizen_view(
    ticket: Ticket, events: Iterable[Event], messages: Iterable[Message], pack: Pack
) -> CitizenTicket:
    """Return the view, with the city's own names."""
    complaint = ticket.complaint
    return CitizenTicket(
        **_complaint_values(complaint),
        stage=ticket.stage,
        outcome=ticket.outcome,
        kind=ticket.kind,
        category=category_name(pack, ticket.category),
        unit=_unit(pack, ticket.unit),
        updated_at=ticket.updated_at,
        due_at=ticket.answer_due_at,
        answer_by=_answer_by(ticket),
        rate_by=_until(ticket, ClockName.RATE) if ticket.verdict is None else None,
        ended_at=ticket.ended_at,
        reply=ticket.answer,
        rating=ticket.verdict,
        contact_hidden=_can_be_opened(ticket),
        contact_left=ticket.contact_left,
        can_rate=ticket.stage is Stage.RATE and ticket.verdict is None,
        kept_here=ticket.stage is Stage.MERGED and ticket.of_wrongdoing,
        timeline=[_entry(event, pack) for event in events if _visible_to_citizen(event)],
        messages=[Notification(at=message.at, template=message.template) for message in messages],
    )


def with_moments(view: CitizenTicket, moments: Sequence[TimelineMoment]) -> CitizenTicket:
    """Return the view with the moments beside its workflow on the timeline."""
    if not moments:
        return view
    told = [
        TimelineEntry(at=one.at, kind=one.kind, what=MOMENTS[one.kind][1], text=one.told)
        for one in moments
    ]
    timeline = sorted([*view.timeline, *told], key=lambda entry: entry.at)
    return view.model_copy(update={"timeline": timeline})


def with_incident(view: CitizenTicket, told: IncidentTold | None) -> CitizenTicket:
    """Return the view with the incident that it is about."""
    if told is None:
        return view
    waits = view.stage in _BEFORE_ITS_ANSWER
    return view.model_copy(update={"incident": told, "can_leave_incident": waits})


_BEFORE_ITS_ANSWER = (Stage.ACCEPT, Stage.TRIAGE, Stage.DISPATCH, Stage.HANDLE, Stage.MERGED)


def _can_be_opened(ticket: Ticket) -> bool:
    return ticket.contact_hidden and ticket.contact_left and not ticket.of_wrongdoing


def _answer_by(ticket: Ticket) -> datetime | None:
    if ticket.parent_pause is not None and ticket.asks_citizen:
        return ticket.parent_pause.until
    return _until(ticket, ClockName.CITIZEN)


def _until(ticket: Ticket, name: ClockName) -> datetime | None:
    return next((c.due_at for c in ticket.clocks if c.name is name and c.running), None)


def waiting_view(complaint: Complaint) -> CitizenTicket:
    """Return the view of a complaint that is not started yet."""
    return CitizenTicket(
        **_complaint_values(complaint),
        stage=Stage.ACCEPT,
        kind=complaint.kind,
        updated_at=complaint.filed_at,
    )


def _complaint_values(complaint: Complaint) -> dict[str, Any]:
    names = ("number", "city", "title", "text", "filed_at")
    return {name: getattr(complaint, name) for name in names}


def _visible_to_citizen(event: Event) -> bool:
    # A contact attempt that reached nobody is an internal note of the unit.
    missed = isinstance(event.fact, Contacted) and not event.fact.reached
    unmoved = isinstance(event.fact, Replanned) and not event.fact.answer_later
    return bool(event.fact.words.citizen) and not missed and not unmoved


def _entry(event: Event, pack: Pack) -> TimelineEntry:
    text = getattr(event.fact, "text", None) if event.fact.words.quoted else None
    corrected = event.fact if isinstance(event.fact, Reclassified) else None
    known = corrected or (event.fact if isinstance(event.fact, ReclassifiedWithParent) else None)
    return TimelineEntry(
        at=event.at,
        kind=event.kind,
        what=event.fact.words.citizen_zh,
        unit=_unit(pack, getattr(event.fact, "unit", None) or event.actor.unit),
        text=text or None,
        category=category_name(pack, known.category) if known else None,
        answer_by=corrected.answer_by if corrected else None,
        by_machine=by_machine(event),
        version=event.version,
    )


def _unit(pack: Pack, code: str | None) -> str | None:
    try:
        return pack.unit(code).name if code else None
    except UnknownInPack:  # the unit was in the pack when the ticket got there
        return code


def category_name(pack: Pack, code: str | None) -> str | None:
    """Return the category's name in the city; the code if the pack no longer has it."""
    return pack.category(code).name if code and pack.knows(code) else code
