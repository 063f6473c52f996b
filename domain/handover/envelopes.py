"""The letters that two cities send each other of one hand-over, in the order of `seq`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from domain.handover.handover import HandoverId, HandoverSide, HandoverWords, RemoteStatus
from domain.model import Instant, Recorded
from domain.ticket.complaint import TEXT_LIMIT, Kind

_Said = Annotated[str, StringConstraints(max_length=TEXT_LIMIT)]
_Short = Annotated[str, StringConstraints(max_length=500)]


class Offer(Recorded):
    """The matter itself. `due_at`: until when it may be answered."""

    kind: Literal["offer"] = "offer"
    number: str = Field(max_length=40)
    of: Kind
    filed_at: Instant
    promised_until: Instant | None = None
    offered_at: Instant
    due_at: Instant
    hops: int = Field(ge=1, le=20)
    contact: bool = False
    words: HandoverWords


class TakingOn(Recorded):
    """The receiver would take it on, and waits for the confirmation."""

    kind: Literal["accept"] = "accept"


class Refuse(Recorded):
    kind: Literal["refuse"] = "refuse"
    reason: _Short


class Confirm(Recorded):
    """It is the receiver's now."""

    kind: Literal["confirm"] = "confirm"


class Cancel(Recorded):
    """It stays with the first city: nobody answered in time, or it took it back."""

    kind: Literal["cancel"] = "cancel"
    state: Literal["lapsed", "withdrawn"]
    reason: _Short = ""


class StatusNote(Recorded):
    kind: Literal["status"] = "status"
    status: RemoteStatus


class CitizenNote(Recorded):
    """A note of the citizen at the first city: facts, urging, or a rating."""

    kind: Literal["note"] = "note"
    id: str = Field("", max_length=64, description="The first city's own: the same is said once.")
    what: Literal["facts", "urge", "rating"]
    text: _Said = ""
    contacted: bool | None = None
    resolved: bool | None = None
    grade: int | None = Field(None, ge=1, le=5)
    at: Instant


Content = Annotated[
    Offer | TakingOn | Refuse | Confirm | Cancel | StatusNote | CitizenNote,
    Field(discriminator="kind"),
]


class HandoverEnvelope(Recorded):
    """One letter. `side`: of the sender. `seq`: its place among the sender's letters, from 1."""

    handover: HandoverId
    side: HandoverSide
    seq: int = Field(ge=1, le=1_000_000)
    content: Content
