"""Acts of machines, requests about them, and proposed replies, as people read them."""

from datetime import datetime

from pydantic import Field

from app.access.caller import Caller
from app.tickets.moments import TimelineMoment
from domain.actors import Role
from domain.model import Instant, Recorded
from store.agents.drafts import ReplyDraft
from store.agents.requests import PersonRequest, RequestKind, RequestOutcome


class MachineActOut(Recorded):
    """An event that a machine caused. `automatic`: the system itself, by the city's rules."""

    version: int
    at: Instant
    kind: str
    what: str
    what_zh: str
    automatic: bool
    contested: bool = Field(description="A person has not decided yet about a contest of it.")


class PersonRequestOut(Recorded):
    """A contest, or a wish for a person. `reason`: for staff, and for who gave it.

    `due_at`: by when a person has to answer, where the city says so.
    """

    number: str
    n: int
    kind: RequestKind
    version: int | None
    asked_at: Instant
    asked_role: Role
    asked_unit: str | None
    reason: str
    due_at: Instant | None
    late: bool
    decided_at: Instant | None
    outcome: RequestOutcome | None
    answer: str


class PersonRequestsOut(Recorded):
    """Part of a list; `next_cursor` is None at its end."""

    items: list[PersonRequestOut]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


class ReplyDraftOut(Recorded):
    """A reply that a machine proposed. It is sent by a person only."""

    n: int
    assignment: int
    unit: str
    text: str
    proposed_at: Instant
    decided_at: Instant | None
    used: bool


class MachineActsOut(Recorded):
    """The acts of machines on a ticket, and the requests and decisions about them."""

    acts: list[MachineActOut] = Field(default_factory=list)
    requests: list[PersonRequestOut] = Field(default_factory=list)
    drafts: list[ReplyDraftOut] = Field(default_factory=list)
    can_contest: bool = False
    can_ask: bool = False
    can_decide: bool = False
    left_to_people: bool = Field(False, description="No machine acts on it until a person decided.")


def request_out(of: PersonRequest, caller: Caller, now: datetime) -> PersonRequestOut:
    """Return a request as the caller may read it: what staff wrote stays among staff."""
    given = {name: getattr(of, name) for name in PersonRequestOut.model_fields if name != "late"}
    if caller.citizen and of.asked_role is not Role.CITIZEN:
        given["reason"] = ""
    return PersonRequestOut(**given, late=of.late(now))


def draft_out(of: ReplyDraft) -> ReplyDraftOut:
    """Return a draft as staff read it."""
    return ReplyDraftOut(**{name: getattr(of, name) for name in ReplyDraftOut.model_fields})


_ASKED = {RequestKind.CONTEST: "machine_contested", RequestKind.PERSON: "person_asked"}
_DECIDED = {
    RequestOutcome.STANDS: "machine_upheld",
    RequestOutcome.CORRECTED: "machine_corrected",
    RequestOutcome.TAKEN_OVER: "person_took_over",
}


def request_moments(
    found: list[PersonRequest], caller: Caller, now: datetime
) -> list[TimelineMoment]:
    """Return the moments that a timeline tells: that a person was asked for, and the answer."""
    moments: list[TimelineMoment] = []
    for one in found:
        shown = request_out(one, caller, now)
        moments.append(TimelineMoment(one.asked_at, _ASKED[one.kind], shown.reason))
        if one.decided_at is not None and one.outcome is not None:
            moments.append(TimelineMoment(one.decided_at, _DECIDED[one.outcome], one.answer))
    return moments
