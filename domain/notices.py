"""Whom to tell what: which events become messages, to whom, by which template."""

from domain.actors import Role
from domain.events import Event, Fact
from domain.facts.anytime import Replanned, RungClimbed
from domain.facts.joint import Delegated, Whistled
from domain.facts.verifying import VerificationAsked
from domain.model import Recorded
from domain.ticket import Ticket

CITIZEN = (Role.CITIZEN,)
UNIT = (Role.OFFICER,)
DISPATCH = (Role.DISPATCHER,)
SUPERVISION = (Role.SUPERVISOR,)

_TELLS: dict[str, tuple[Role, ...]] = {
    "accepted": CITIZEN,
    "triage_unsure": DISPATCH,
    "answered": CITIZEN,
    "declined": CITIZEN,
    "referred": CITIZEN,
    "verification_asked": UNIT,
    "filing_refuted": CITIZEN,
    "closing_refuted": UNIT,
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
    "replied_with_parent": CITIZEN,
    "complainant_joined": UNIT,
    "severity_raised": (Role.DISPATCHER, Role.SUPERVISOR),
    "supervision_ordered": UNIT,
    "order_answered": SUPERVISION,
    "publicly_noticed": (Role.OFFICER, Role.SUPERVISOR),
    "appointed": (Role.CITIZEN, Role.OFFICER),
    "inspections_opened": SUPERVISION,
    "withdrawn": UNIT,
    "facts_added": UNIT,
    "urged": (Role.OFFICER, Role.DISPATCHER),
}

_TEMPLATES = {"closed_on_watch": "closed"}
"""Facts that the citizen is told in the words of another."""


class Notice(Recorded):
    """One message to send. `key` is the same however often it is written."""

    key: str
    number: str
    version: int
    city: str
    audience: Role
    unit: str | None
    template: str


def notices(event: Event, ticket: Ticket) -> list[Notice]:
    """The messages of `event`; `ticket` as it was just after (units are read from it)."""
    fact = event.fact
    if isinstance(fact, RungClimbed):
        template, roles = f"{fact.clock}_{fact.rung}", tuple(fact.tells)
    elif isinstance(fact, Replanned):
        template, roles = fact.kind, UNIT + (CITIZEN if fact.answer_later else ())
    else:
        template, roles = _TEMPLATES.get(fact.kind, fact.kind), _TELLS.get(fact.kind, ())
    told: list[tuple[Role, str | None]] = []
    for role in roles:
        told += [(role, unit) for unit in _units(fact, ticket)] if role in UNIT else [(role, None)]
    several = sum(role in UNIT for role, _ in told) > 1
    return [
        Notice(
            key=f"{event.number}-{event.version}-{template}-{role}"
            + (f"-{unit}" if several and unit else ""),
            number=event.number,
            version=event.version,
            city=ticket.complaint.city,
            audience=role,
            unit=unit,
            template=template,
        )
        for role, unit in told
    ]


def _units(fact: Fact, ticket: Ticket) -> list[str]:
    """The units a fact is about: those that get a share by it, the one it names, or the lead."""
    match fact:
        case Whistled(shares=shares):
            return [share.unit for share in shares]
        case Replanned(moved=moved):
            return list(dict.fromkeys(one.unit for one in moved if one.unit))
        case Delegated(share=share) | VerificationAsked(share=share):
            return [share.unit]
        case _:
            unit = getattr(fact, "unit", None) or ticket.unit
            return [unit] if unit else []
