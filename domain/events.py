"""The event: a fact with its number, version, moment and actor."""

from typing import Annotated

from pydantic import Field

from domain.actors import Actor
from domain.facts.anytime import FactsAdded, RungClimbed, Urged, Withdrawn
from domain.facts.closing import (
    CallBackDue,
    CalledBack,
    Closed,
    FinalReplied,
    Rated,
    RatingRefused,
    Replied,
    Reworked,
    Supervised,
)
from domain.facts.handling import (
    Contacted,
    ExtensionAsked,
    ExtensionGranted,
    ExtensionRefused,
    Handled,
    HandlingFailed,
    ReturnAsked,
    Returned,
    ReturnRefused,
    Signed,
)
from domain.facts.intake import (
    Accepted,
    Answered,
    Assigned,
    Classified,
    Declined,
    Reassigned,
    Referred,
    TriageUnsure,
)
from domain.model import Instant, Recorded
from domain.stages import Stage

Fact = Annotated[
    Accepted
    | TriageUnsure
    | Classified
    | Declined
    | Referred
    | Answered
    | Assigned
    | Reassigned
    | Signed
    | Contacted
    | ReturnAsked
    | Returned
    | ReturnRefused
    | ExtensionAsked
    | ExtensionGranted
    | ExtensionRefused
    | Handled
    | HandlingFailed
    | Replied
    | Rated
    | RatingRefused
    | CallBackDue
    | CalledBack
    | Reworked
    | Supervised
    | FinalReplied
    | Closed
    | FactsAdded
    | Urged
    | Withdrawn
    | RungClimbed,
    Field(discriminator="kind"),
]


class Event(Recorded):
    """One line of a ticket's story. `stage` is the one after it."""

    number: str
    version: int
    at: Instant
    actor: Actor
    stage: Stage
    fact: Fact

    @property
    def kind(self) -> str:
        return self.fact.kind
