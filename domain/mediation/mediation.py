"""A mediation: who is at odds, what each says, and what they agree on, or why they do not.

It is kept by a unit that has a share of the ticket, usually by mediators who were called in, and
stands beside the ticket's workflow (ADR 0051).
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.model import Incoming, Instant, Recorded
from domain.refusals import Refused
from domain.ticket.complaint import required

MOST_PARTIES, MOST_POINTS = 10, 20

PartyName = Annotated[str, StringConstraints(max_length=50), AfterValidator(required)]
Words = Annotated[str, StringConstraints(max_length=2000), AfterValidator(required)]
PointText = Annotated[str, StringConstraints(max_length=300), AfterValidator(required)]


class MediationState(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"  # the points are written down, and wait for signatures
    AGREED = "agreed"
    FAILED = "failed"


class MediationParty(Incoming):
    """A side: its name, and what it says. Both are sealed in the store."""

    name: PartyName
    says: Words


class MediationDraft(Incoming):
    """A mediation as it begins."""

    subject: PointText
    parties: list[MediationParty] = Field(min_length=2, max_length=MOST_PARTIES)


class MediationPoint(Incoming):
    """A point of an agreement; `due`: the last day on which it is kept in time, if it has one."""

    text: PointText
    due: date | None = None


class Proposal(Incoming):
    """The mediators' proposal, and the points that are to be signed."""

    text: Words
    points: list[MediationPoint] = Field(min_length=1, max_length=MOST_POINTS)


class Mediation(Recorded):
    """A mediation as it is recorded. What people said is not here: it is sealed."""

    id: str
    number: str
    city: str
    n: int
    unit: str
    state: MediationState
    opened_at: Instant
    proposed_at: Instant | None = None
    ended_at: Instant | None = None


def check_proposal(of: Mediation, points: list[MediationPoint], today: date) -> None:
    """Refuse a proposal once one is signed, or one whose days are over.

    Raises:
        Refused: mediation_not_now, in_the_past
    """
    if of.state not in (MediationState.OPEN, MediationState.PROPOSED):
        raise Refused("mediation_not_now", "The mediation has ended.")
    if any(point.due is not None and point.due < today for point in points):
        raise Refused("in_the_past", "The day of a point is over.")


def check_signing(of: Mediation) -> None:
    """Refuse signatures where nothing is proposed.

    Raises:
        Refused: mediation_not_now
    """
    if of.state is not MediationState.PROPOSED:
        raise Refused("mediation_not_now", "There is nothing to sign.")


def check_failing(of: Mediation) -> None:
    """Refuse to give up a mediation that has ended.

    Raises:
        Refused: mediation_not_now
    """
    if of.state not in (MediationState.OPEN, MediationState.PROPOSED):
        raise Refused("mediation_not_now", "The mediation has ended.")


def is_late(due: date | None, kept_at: datetime | None, today: date) -> bool:
    """Return whether a point was not kept in time, as far as is known."""
    return due is not None and kept_at is None and due < today
