"""Whom to tell what: which events become messages, to whom, by which template."""

from domain.actors import Role
from domain.events import Event
from domain.facts.anytime import RungClimbed
from domain.model import Recorded
from domain.ticket import Ticket

CITIZEN = (Role.CITIZEN,)
UNIT = (Role.OFFICER,)

_TELLS: dict[str, tuple[Role, ...]] = {
    "accepted": CITIZEN,
    "triage_unsure": (Role.DISPATCHER,),
    "answered": CITIZEN,
    "declined": CITIZEN,
    "referred": CITIZEN,
    "assigned": (Role.CITIZEN, Role.OFFICER),
    "return_asked": (Role.DISPATCHER,),
    "return_refused": UNIT,
    "returned": (Role.DISPATCHER,),
    "extension_asked": (Role.DISPATCHER,),
    "extension_granted": (Role.CITIZEN, Role.OFFICER),
    "extension_refused": UNIT,
    "handling_failed": (Role.DISPATCHER,),
    "replied": CITIZEN,
    "reworked": (Role.CITIZEN, Role.OFFICER),
    "call_back_due": (Role.DESK,),
    "supervised": (Role.CITIZEN, Role.SUPERVISOR),
    "final_replied": CITIZEN,
    "closed": CITIZEN,
    "withdrawn": UNIT,
    "facts_added": UNIT,
    "urged": (Role.OFFICER, Role.DISPATCHER),
}


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
    else:
        template, roles = fact.kind, _TELLS.get(fact.kind, ())
    named = getattr(fact, "unit", None)
    return [
        Notice(
            key=f"{event.number}-{event.version}-{template}-{role}",
            number=event.number,
            version=event.version,
            city=ticket.complaint.city,
            audience=role,
            unit=(named or ticket.unit) if role is Role.OFFICER else None,
            template=template,
        )
        for role in roles
        if role is not Role.OFFICER or named or ticket.unit
    ]
