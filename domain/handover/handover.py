"""A hand-over: one matter that one city gives to another, as each of the two records it.

The city that offers it decides alone whether it was given: an acceptance is a wish until the
confirmation comes. So at no time both have it, whatever is late or lost (ADR 0060).
"""

from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints

from domain.actors import Actor
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Kind, required
from domain.ticket.stages import Outcome, Stage

Reason = Annotated[str, StringConstraints(max_length=500), AfterValidator(required)]
"""Why a ticket is handed over, or not taken on."""

HandoverId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class HandoverSide(StrEnum):
    OUT = "out"  # offered by us
    IN = "in"  # offered to us


OTHER_SIDE = {HandoverSide.OUT: HandoverSide.IN, HandoverSide.IN: HandoverSide.OUT}


class HandoverState(StrEnum):
    """The states, which both sides agree on once everything has arrived."""

    OFFERED = "offered"
    ACCEPTED = "accepted"  # the other city would take it on; not confirmed yet
    TAKEN = "taken"  # it is with the other city
    REFUSED = "refused"  # the other city said no
    LAPSED = "lapsed"  # nobody answered within the window
    WITHDRAWN = "withdrawn"  # the first city took it back, or the ticket went on there


LIVE = frozenset({HandoverState.OFFERED, HandoverState.ACCEPTED, HandoverState.TAKEN})
"""The states in which the ticket is not handed over a second time."""


class HandoverKey(NamedTuple):
    """One side's record of a hand-over."""

    neighbour: str
    side: HandoverSide
    id: str


class FileOffer(Recorded):
    """A file that belongs to the matter: it is fetched, and compared with its hash."""

    id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")
    size: int = Field(ge=0, le=1_000_000_000)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: str = Field("application/octet-stream", max_length=100)


class RemoteStatus(Recorded):
    """The ticket in the city that has it, as its citizen may know it. `version`: newest wins.

    `reply`, `unit`: what that city tells the citizen. `further`: it went on to yet another city.
    """

    version: int = Field(ge=1)
    number: str | None = None
    stage: Stage
    outcome: Outcome | None = None
    unit: str | None = None
    due_at: Instant | None = None
    rate_by: Instant | None = None
    ended_at: Instant | None = None
    updated_at: Instant
    can_rate: bool = False
    reply: str | None = None
    rated: bool = False
    further: str | None = None


class Handover(Recorded):
    """A hand-over as one side records it, without anybody's words.

    `number`: of the own ticket; at the receiver None until it is filed. `other_number`: of the
    other city's. `promised_until`: what the first city had promised. `hops`: how often the matter
    was handed on, with this time. `sent`, `got`: the number of letters. `status`: what the citizen
    may know of the ticket in the city that has it, as it was told last; its reply is among the
    words. `files_missing`: files of the first city that could not be fetched.
    """

    neighbour: str
    side: HandoverSide
    id: str
    city: str
    state: HandoverState = HandoverState.OFFERED
    number: str | None = None
    other_number: str | None = None
    kind: Kind
    filed_at: Instant
    promised_until: Instant | None = None
    offered_at: Instant
    due_at: Instant
    decided_at: Instant | None = None
    taken_at: Instant | None = None
    ended_at: Instant | None = None
    hops: int = Field(1, ge=1)
    by: Actor | None = None
    contact: bool = False
    files_missing: int = 0
    status: RemoteStatus | None = None
    sent: int = 0
    got: int = 0

    @property
    def key(self) -> HandoverKey:
        return HandoverKey(self.neighbour, self.side, self.id)

    @property
    def held_here(self) -> bool:
        """True if the matter is with the city that has this record."""
        return (self.side is HandoverSide.IN) == (self.state is HandoverState.TAKEN)


class PassedPerson(Recorded):
    """The citizen, if they agreed that the other city is told."""

    name: str = ""
    phone: str = ""
    email: str = ""


class HandoverWords(Recorded):
    """Everything that was said: sealed in the store, deleted when the ticket is erased."""

    title: str = ""
    text: str = ""
    category: str = ""
    area: str | None = None
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    crs: str = "wgs84"
    reason: str = ""
    answer: str = Field("", description="Why it was refused, or came back.")
    reply: str = ""
    person: PassedPerson | None = None
    files: list[FileOffer] = Field(default_factory=list)


class OfferIn(Incoming):
    """A ticket that is handed over. `contact`: the citizen agreed that name and phone go along."""

    neighbour: str = Field(max_length=32)
    reason: Reason
    contact: bool = False


class RefuseIn(Incoming):
    """Why a ticket is not taken on."""

    reason: Reason
