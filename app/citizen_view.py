"""The citizen's view of a ticket: plain words, no officers, no internal notes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import Field

from domain.deadlines.clocks import ClockName
from domain.events import Event
from domain.facts.anytime import Replanned
from domain.facts.handling import Contacted
from domain.model import Instant, Recorded
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.complaint import Complaint, Kind
from domain.ticket.rating import Rating
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from store.tickets.outbox import Message

PLAIN: dict[str, str] = {
    "accepted": "已受理",
    "classified": "已分类",
    "verification_asked": "已安排现场核查",
    "filing_refuted": "现场核查未发现所反映的问题",
    "assigned": "已派单",
    "reassigned": "已改派",
    "signed": "承办单位已签收",
    "contacted": "承办单位已与您联系",
    "extension_granted": "办理期限已延长",
    "held": "需较长时间办理，已挂账并定期复核",
    "citizen_asked": "请您补充情况",
    "resumed": "继续办理",
    "whistled": "已请其他单位共同办理",
    "level_raised": "已提级办理",
    "intervened": "上级指挥中心已介入",
    "appointed": "已预约服务时间",
    "merged": "已与同一问题的工单合并办理",
    "unmerged": "已单独办理",
    "replied": "已答复",
    "replied_with_parent": "已答复",
    "rated": "您已评价",
    "called_back": "热线已回访",
    "reworked": "已退回重办",
    "supervised": "已转督办",
    "final_replied": "最终答复",
    "closed": "已办结",
    "closed_on_watch": "已办结，进入回头看",
    "revisited": "已回头看",
    "reopened": "问题复发，重新办理",
    "answered": "已直接答复",
    "declined": "不予受理",
    "referred": "已告知其他受理途径",
    "facts_added": "您补充了情况",
    "urged": "您已催办",
    "withdrawn": "您已撤回",
    "replanned": "已按公布的放假安排调整答复日期",
}
"""The events that are shown to citizens, and their wording. Others stay internal."""

_SAID = (
    "facts_added",
    "urged",
    "citizen_asked",
    "appointed",
    "replied",
    "replied_with_parent",
    "answered",
    "declined",
    "referred",
    "filing_refuted",
    "final_replied",
)
"""Events with a text that is the citizen's own, or was written for the citizen."""


class TimelineEntry(Recorded):
    at: Instant
    kind: str = Field(examples=["assigned"])
    what: str = Field(examples=["已派单"])
    unit: str | None = Field(None, examples=["北苑街道"])
    text: str | None = None


class Notification(Recorded):
    """A message to the citizen; `template` names its wording."""

    at: Instant
    template: str


class CitizenTicket(Recorded):
    """A ticket as its citizen sees it.

    `due_at`: until when they are promised an answer; before a unit has it, and after the answer,
    until when the next step is due. None while the promise is paused. `answer_by`: until when the
    unit waits for what it asked the citizen.
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
    ended_at: Instant | None = None
    reply: str | None = None
    rating: Rating | None = None
    can_rate: bool = False
    timeline: list[TimelineEntry] = Field(default_factory=list)
    messages: list[Notification] = Field(default_factory=list)


def citizen_view(
    ticket: Ticket, events: Iterable[Event], messages: Iterable[Message], pack: Pack
) -> CitizenTicket:
    """Return the view, with the city's own names."""
    complaint = ticket.complaint
    return CitizenTicket(
        **_said(complaint),
        stage=ticket.stage,
        outcome=ticket.outcome,
        kind=ticket.kind,
        category=category_name(pack, ticket.category),
        unit=_unit(pack, ticket.unit),
        updated_at=ticket.updated_at,
        due_at=_due(ticket),
        answer_by=_answer_by(ticket),
        ended_at=ticket.ended_at,
        reply=ticket.reply,
        rating=ticket.rating,
        can_rate=ticket.stage is Stage.RATE and ticket.rating is None,
        timeline=[_entry(event, pack) for event in events if _told(event)],
        messages=[Notification(at=message.at, template=message.template) for message in messages],
    )


def _due(ticket: Ticket) -> datetime | None:
    """Return the due time of the promise, not that of a unit."""
    promise = ticket.promise
    if promise is None or not promise.running:
        return ticket.due_at
    return promise.due_at if promise.paused_at is None else None


def _answer_by(ticket: Ticket) -> datetime | None:
    waiting = (c.due_at for c in ticket.clocks if c.name is ClockName.CITIZEN and c.running)
    return next(waiting, None)


def waiting_view(complaint: Complaint) -> CitizenTicket:
    """Return the view of a complaint that is not started yet."""
    return CitizenTicket(
        **_said(complaint),
        stage=Stage.ACCEPT,
        kind=complaint.kind,
        updated_at=complaint.filed_at,
    )


def _said(complaint: Complaint) -> dict[str, Any]:
    names = ("number", "city", "title", "text", "filed_at")
    return {name: getattr(complaint, name) for name in names}


def _told(event: Event) -> bool:
    # A contact attempt that reached nobody is an internal note of the unit.
    missed = isinstance(event.fact, Contacted) and not event.fact.reached
    unmoved = isinstance(event.fact, Replanned) and not event.fact.answer_later
    return event.kind in PLAIN and not missed and not unmoved


def _entry(event: Event, pack: Pack) -> TimelineEntry:
    text = getattr(event.fact, "text", None) if event.kind in _SAID else None
    return TimelineEntry(
        at=event.at,
        kind=event.kind,
        what=PLAIN[event.kind],
        unit=_unit(pack, getattr(event.fact, "unit", None) or event.actor.unit),
        text=text or None,
    )


def _unit(pack: Pack, code: str | None) -> str | None:
    try:
        return pack.unit(code).name if code else None
    except UnknownInPack:  # the unit was in the pack when the ticket got there
        return code


def category_name(pack: Pack, code: str | None) -> str | None:
    """Return the category's name in the city; the code if the pack no longer has it."""
    return pack.category(code).name if code and pack.knows(code) else code
