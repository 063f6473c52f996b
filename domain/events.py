"""The event: a fact with its number, version, moment and actor."""

from typing import Annotated

from pydantic import Field

from domain.actors import Actor
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    joint,
    merging,
    returning,
    supervising,
    verifying,
    waiting,
)
from domain.model import Instant, Recorded
from domain.ticket.stages import Stage

Fact = Annotated[
    intake.Accepted
    | intake.TriageUnsure
    | intake.Classified
    | intake.Assigned
    | intake.Reassigned
    | intake.Declined
    | intake.Referred
    | intake.Answered
    | verifying.VerificationAsked
    | verifying.FilingConfirmed
    | verifying.FilingRefuted
    | verifying.ClosingConfirmed
    | verifying.ClosingRefuted
    | handling.Signed
    | handling.Contacted
    | handling.ExtensionAsked
    | handling.ExtensionGranted
    | handling.ExtensionRefused
    | handling.StepDone
    | handling.ShareHandled
    | handling.Handled
    | handling.HandlingFailed
    | returning.ReturnAsked
    | returning.Returned
    | returning.ReturnRefused
    | returning.ReturnBarred
    | returning.TakenOn
    | returning.ArbitrationCalled
    | returning.Arbitrated
    | returning.FellBack
    | waiting.HoldAsked
    | waiting.Held
    | waiting.HoldRefused
    | waiting.Reviewed
    | waiting.ReviewMissed
    | waiting.CitizenAsked
    | waiting.Resumed
    | joint.Whistled
    | joint.Released
    | joint.Overridden
    | joint.Delegated
    | joint.LevelRaised
    | joint.Intervened
    | closing.Replied
    | closing.Rated
    | closing.RatingRefused
    | closing.CallBackDue
    | closing.CalledBack
    | closing.Reworked
    | closing.Supervised
    | closing.FinalReplied
    | closing.Closed
    | aftercare.ClosedOnWatch
    | aftercare.Revisited
    | aftercare.Reopened
    | aftercare.ExclusionAsked
    | aftercare.ExclusionGranted
    | aftercare.ExclusionRefused
    | aftercare.WatchEnded
    | merging.Merged
    | merging.Unmerged
    | merging.RepliedWithParent
    | merging.ComplainantJoined
    | merging.ComplainantLeft
    | supervising.SupervisionOrdered
    | supervising.OrderAnswered
    | supervising.PubliclyNoticed
    | anytime.FactsAdded
    | anytime.Urged
    | anytime.SeverityRaised
    | anytime.Appointed
    | anytime.MinutesKept
    | anytime.InspectionsOpened
    | anytime.Withdrawn
    | anytime.CarriedOn
    | anytime.ResultOvertaken
    | anytime.Replanned
    | anytime.RungClimbed,
    Field(discriminator="kind"),
]


class Event(Recorded):
    """One event of a ticket. `stage` is the one after it."""

    number: str
    version: int
    at: Instant
    actor: Actor
    stage: Stage
    fact: Fact

    @property
    def kind(self) -> str:
        return self.fact.kind
