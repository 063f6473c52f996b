"""Notifications: which events become messages, to whom, by which template."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from domain.actors import Role
from domain.commands.may_have import may_have
from domain.deadlines.registry import DEADLINES
from domain.events import Event
from domain.facts.aftercare import Reopened
from domain.facts.anytime import ContactLeft, LevelReached, Replanned
from domain.facts.closing import Reworked
from domain.facts.intake import Assigned
from domain.facts.joint import Delegated, Whistled
from domain.facts.merging import AskedWithParent, RepliedWithParent
from domain.facts.verifying import VerificationRequested
from domain.model import Recorded
from domain.ticket.assignment import Assignment, Ending, Share
from domain.ticket.ticket import Ticket

CITIZEN = (Role.CITIZEN,)
UNIT = (Role.OFFICER,)
DISPATCH = (Role.DISPATCHER,)
SUPERVISION = (Role.SUPERVISOR,)

_TELLS: dict[str, tuple[Role, ...]] = {
    "accepted": CITIZEN,
    "triage_unsure": DISPATCH,
    "taken_from_accused": (Role.DISPATCHER, Role.SUPERVISOR),
    "nobody_left": DISPATCH,
    "answered": CITIZEN,
    "declined": CITIZEN,
    "referred": CITIZEN,
    "verification_asked": UNIT,
    "filing_refuted": CITIZEN,
    "closing_refuted": UNIT,
    "reclassified": (Role.CITIZEN, Role.OFFICER),
    "assigned": (Role.CITIZEN, Role.OFFICER),
    "return_asked": DISPATCH,
    "return_barred": SUPERVISION,
    "return_refused": UNIT,
    "returned": DISPATCH,
    "taken_on": UNIT,
    "arbitration_called": (Role.DISPATCHER, Role.SUPERVISOR),
    "fell_back": SUPERVISION,
    "whistled": UNIT,
    "delegated": UNIT,
    "released": UNIT,
    "share_handled": UNIT,
    "level_raised": (Role.CITIZEN, Role.OFFICER),
    "intervened": SUPERVISION,
    "extension_asked": DISPATCH,
    "extension_granted": (Role.CITIZEN, Role.OFFICER),
    "extension_refused": UNIT,
    "hold_asked": DISPATCH,
    "held": (Role.CITIZEN, Role.OFFICER),
    "hold_refused": UNIT,
    "citizen_asked": CITIZEN,
    "resumed": (Role.CITIZEN, Role.OFFICER),
    "handling_failed": DISPATCH,
    "replied": CITIZEN,
    "reworked": (Role.CITIZEN, Role.OFFICER),
    "call_back_due": (Role.DESK,),
    "supervised": (Role.CITIZEN, Role.SUPERVISOR),
    "final_replied": CITIZEN,
    "closed": CITIZEN,
    "closed_on_watch": CITIZEN,
    "reopened": (Role.CITIZEN, Role.OFFICER),
    "exclusion_asked": SUPERVISION,
    "exclusion_granted": UNIT,
    "exclusion_refused": UNIT,
    "merged": CITIZEN,
    "unmerged": (Role.CITIZEN, Role.DISPATCHER),
    "unmerged_unclassified": (Role.CITIZEN, Role.DISPATCHER),
    "replied_with_parent": CITIZEN,
    "held_with_parent": CITIZEN,
    "asked_with_parent": CITIZEN,
    "resumed_with_parent": CITIZEN,
    "extended_with_parent": CITIZEN,
    "complainant_joined": UNIT,
    "complainant_added": UNIT,
    "complainant_urged": (Role.OFFICER, Role.DISPATCHER),
    "result_overtaken": (Role.OFFICER, Role.DISPATCHER),
    "severity_raised": (Role.DISPATCHER, Role.SUPERVISOR),
    "supervision_ordered": UNIT,
    "order_answered": SUPERVISION,
    "publicly_noticed": (Role.OFFICER, Role.SUPERVISOR),
    "appointed": (Role.CITIZEN, Role.OFFICER),
    "inspections_opened": SUPERVISION,
    "withdrawn": UNIT,
    "facts_added": UNIT,
    "contact_opened": UNIT,
    "contact_left": UNIT,
    "urged": (Role.OFFICER, Role.DISPATCHER),
}

_TO_WHO_HAS_IT = {
    "complainant_joined",
    "complainant_added",
    "complainant_urged",
    "contact_left",
    "contact_opened",
    "facts_added",
    "reclassified",
    "urged",
    "withdrawn",
}
"""The facts of citizens, or of the whole ticket, that a unit which lost it before is not told.

Who gets the ticket next reads them there; of a merged ticket the unit of the other one is told.
"""

_LOST = {
    Ending.RETURNED,
    Ending.REASSIGNED,
    Ending.RAISED,
    Ending.TAKEN_OVER,
    Ending.MERGED,
    Ending.FAILED,
}
"""The ways in which a unit loses a ticket, before it is answered."""

_ANNOUNCED_LATER = {"return_window_due", "citizen_due", "hold_due"}
"""Levels with an immediate consequence that notifies the unit itself: taken on, resumed.

If nothing follows, because a return is requested and not decided, nothing changes for the unit.
"""

_TEMPLATES = {
    "closed_on_watch": "closed",
    "held_with_parent": "held",
    "asked_with_parent": "citizen_asked",
    "resumed_with_parent": "resumed",
    "extended_with_parent": "extension_granted",
    "complainant_added": "facts_added",
    "complainant_urged": "urged",
    "unmerged_unclassified": "unmerged",
}
"""Facts that are notified with another's template."""


class OutboundMessage(Recorded):
    """One message to send. `key` is the same for every repetition of the message."""

    key: str
    number: str
    version: int
    city: str
    audience: Role
    unit: str | None
    template: str


class _Scene(NamedTuple):
    """The context of an event in its ticket; `lead`: the last lead's assignment, `lost`: it was
    ended by an event recorded before this one."""

    event: Event
    lead: Assignment | None
    lost: bool
    reworks: int
    recurred: int
    merged: bool

    @property
    def round(self) -> str:
        """The round of handling that an answer, its rating and its closing belong to."""
        return f"{self.recurred}.{self.reworks}.{self.lead.n if self.lead else 0}"


def _once(_fact: Any, _scene: _Scene) -> str:
    return ""


def _per_assignment(fact: Any, _scene: _Scene) -> str:
    return str(fact.assignment)


def _per_order(fact: Any, _scene: _Scene) -> str:
    return str(fact.order)


def _per_round(_fact: Any, scene: _Scene) -> str:
    return scene.round


def _per_answer(_fact: Any, scene: _Scene) -> str:
    # A ticket answered together with another has no round of its own.
    return str(scene.event.version) if scene.merged else scene.round


_HAPPENS: dict[str, Callable[[Any, _Scene], str]] = {
    "accepted": _once,
    "triage_unsure": _once,
    "answered": _once,
    "declined": _once,
    "referred": _once,
    "filing_refuted": _once,
    "final_replied": _once,
    "withdrawn": _once,
    # Another unit makes it another message.
    "assigned": lambda fact, _: f"{fact.assignment}-{fact.unit}",
    "share_handled": _per_assignment,
    "returned": _per_assignment,
    "handling_failed": _per_assignment,
    "supervision_ordered": _per_order,
    "order_answered": _per_order,
    "replied": _per_round,
    "closed": _per_round,
    "closed_on_watch": _per_round,
    "call_back_due": _per_answer,
    "supervised": _per_answer,
    "reworked": lambda fact, _: str(fact.round),
    "reopened": lambda _, scene: str(scene.recurred),
    "replied_with_parent": lambda fact, scene: f"{fact.parent}-{_moment(scene.event.at)}",
    "rung_climbed": lambda fact, scene: "-".join(
        (str(fact.assignment or 0), fact.label or "", _moment(scene.event.at))
    ),
}
"""Facts that occur once per ticket, assignment or round, with that part of the message key.

A workflow task that was cut short is run again and may give the same event another version: these
facts keep their key, so that a message already sent is not sent again. All others are distinguished
by the version.
"""


def notices(event: Event, ticket: Ticket, after: Sequence[Event] = ()) -> list[OutboundMessage]:
    """Return the messages of `event`.

    `ticket` is as it was after the event and those in `after`, which followed it.
    """
    fact, scene = event.fact, _scene(event, ticket, after)
    if isinstance(fact, LevelReached):
        template, roles = f"{fact.clock}_{fact.rung}", tuple(fact.tells)
        if not DEADLINES[fact.clock].citizens:  # whatever the pack says
            roles = tuple(role for role in roles if role is not Role.CITIZEN)
        if template in _ANNOUNCED_LATER:
            roles = tuple(role for role in roles if role not in UNIT)
    elif isinstance(fact, AskedWithParent) and not fact.text:
        template, roles = fact.kind, ()  # nothing is asked of this citizen
    elif isinstance(fact, ContactLeft) and ticket.contact_hidden:
        template, roles = fact.kind, ()  # no unit may use it
    elif isinstance(fact, Replanned):
        template, roles = fact.kind, UNIT + (CITIZEN if fact.answer_later else ())
    else:
        template, roles = _TEMPLATES.get(fact.kind, fact.kind), _TELLS.get(fact.kind, ())
    pairs: list[tuple[Role, str | None]] = []
    for role in roles:
        pairs += [(role, unit) for unit in _told(scene, ticket)] if role in UNIT else [(role, None)]
    several = sum(role in UNIT for role, _ in pairs) > 1
    happens = _HAPPENS.get(fact.kind)
    # Versions begin with a digit, templates do not: the two kinds of key never collide.
    once = f"{template}-{happens(fact, scene)}" if happens else f"{event.version}-{template}"
    return [
        OutboundMessage(
            key=f"{event.number}-{once}-{role}"
            + (f"-{unit}" if (several or happens) and unit else ""),
            number=event.number,
            version=event.version,
            city=ticket.complaint.city,
            audience=role,
            unit=unit,
            template=template,
        )
        for role, unit in pairs
    ]


def _scene(event: Event, ticket: Ticket, after: Sequence[Event]) -> _Scene:
    """Return the context of the event, without the changes of `after`."""
    later = {one.fact.assignment for one in after if isinstance(one.fact, Assigned)}
    answered = (one.fact for one in after if isinstance(one.fact, RepliedWithParent))
    later |= {fact.answered_by.n for fact in answered if fact.answered_by}
    leads = (a for a in ticket.assignments if a.share is Share.LEAD and a.n not in later)
    reworked = [one.fact.round - 1 for one in after if isinstance(one.fact, Reworked)]
    lead = next(reversed(list(leads)), None)
    # An event may have been recorded before one that happened earlier.
    ended_since = lead is not None and lead.ended_at in {one.at for one in after}
    return _Scene(
        event=event,
        lead=lead,
        lost=lead is not None and lead.ending in _LOST and not ended_since,
        reworks=min(reworked, default=ticket.reworks),
        recurred=ticket.recurred - sum(isinstance(one.fact, Reopened) for one in after),
        merged=ticket.parent is not None,
    )


def _moment(at: datetime) -> str:
    """Format a moment as digits, for a key."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")


def _units(scene: _Scene) -> list[str]:
    """Return the units of a fact: those that get a share by it, the one it names, or the lead."""
    match fact := scene.event.fact:
        case Whistled(shares=shares):
            return [share.unit for share in shares]
        case Replanned(moved=moved):
            return list(dict.fromkeys(one.unit for one in moved if one.unit))
        case Delegated(share=share) | VerificationRequested(share=share):
            return [share.unit]
        case _:
            unit = getattr(fact, "unit", None) or _lead(scene)
            return [unit] if unit else []


def _lead(scene: _Scene) -> str | None:
    """Return the unit that leads, or last led; not one that had lost a ticket it is not told of."""
    lead, event = scene.lead, scene.event
    if lead is None:
        return None
    gone = scene.lost and lead.ended_at is not None and lead.ended_at < event.at
    return None if gone and event.fact.kind in _TO_WHO_HAS_IT else lead.unit


def _told(scene: _Scene, ticket: Ticket) -> list[str]:
    """Return the units of a fact that may learn of the ticket."""
    return [unit for unit in _units(scene) if may_have(ticket, unit)]
