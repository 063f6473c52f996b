"""A council: its subject, its plans, its times, and the phase that follows from them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from domain.canonical import folded
from domain.council.votes import CouncilOutcome, VoteKind
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code, Text, cleaned, required
from domain.ticket.minutes import Line

MOST_OPTIONS = 10
MOST_TASKS = 20
MOST_INVITED = 1000
"""The most invitations of one council."""

Subject = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(required)]
Statement = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), AfterValidator(required)
]
Label = Annotated[str, StringConstraints(max_length=30), AfterValidator(cleaned)]
"""The name by which participants let themselves be called; empty: none."""


class Phase(StrEnum):
    PREPARING = "preparing"
    STATEMENTS = "statements"  # 发言
    BETWEEN = "between"  # statements are over, the vote has not begun
    VOTING = "voting"
    COUNTING = "counting"  # the vote is over, and nobody has looked at it since
    DECIDED = "decided"
    UNDECIDED = "undecided"
    FOLLOWED_UP = "followed_up"
    CLOSED = "closed"


class CouncilOption(Incoming):
    """A plan that can be voted for, with what staff found for and against it."""

    title: Line
    pros: list[Line] = Field(default_factory=list, max_length=20)
    cons: list[Line] = Field(default_factory=list, max_length=20)


class CouncilDraft(Incoming):
    """A council as it is prepared."""

    subject: Subject
    options: list[CouncilOption] = Field(min_length=2, max_length=MOST_OPTIONS)
    statements_until: Instant
    vote_opens_at: Instant
    vote_closes_at: Instant

    @model_validator(mode="after")
    def _one_after_another(self) -> Self:
        if not self.statements_until <= self.vote_opens_at < self.vote_closes_at:
            raise ValueError("statements end before the vote begins, and the vote ends after that")
        if len({folded(option.title) for option in self.options}) < len(self.options):
            raise ValueError("two options are the same")
        return self


class FollowUpTask(Incoming):
    """A task that follows from a council. `due`: the last day on which it is in time."""

    text: Line
    unit: Code
    due: date


class FollowUp(Incoming):
    """The minutes of a council, and the tasks that follow from it."""

    minutes: Text
    tasks: list[FollowUpTask] = Field(default_factory=list, max_length=MOST_TASKS)


class Council(Recorded):
    """A council as it is recorded, with the city's rules of the day on which it was prepared.

    `number`: of the ticket or the topic (`domain.council.topic`) that it hangs on. `n`: its number
    there, from 1. `statements`: how many statements each invitation has.
    `invited`: the invitations that exist. `outcome`, `chosen`, `votes`: empty until the vote was
    counted; `votes` has one number for each option.
    """

    id: str
    number: str
    city: str
    n: int
    subject: str
    options: list[CouncilOption]
    vote: VoteKind
    quorum: int
    majority: int
    statements: int
    statements_until: Instant
    vote_opens_at: Instant
    vote_closes_at: Instant
    prepared_at: Instant
    opened_at: Instant | None = None
    invited: int = 0
    outcome: CouncilOutcome | None = None
    chosen: int | None = None
    votes: list[int] = Field(default_factory=list)
    minutes: str = ""
    followed_up_at: Instant | None = None
    closed_at: Instant | None = None

    def phase(self, at: datetime) -> Phase:
        """Return the phase at a moment; each begins with the moment that is named for it."""
        if self.closed_at is not None:
            return Phase.CLOSED
        if self.followed_up_at is not None:
            return Phase.FOLLOWED_UP
        if self.outcome is not None:
            decided = self.outcome is CouncilOutcome.DECIDED
            return Phase.DECIDED if decided else Phase.UNDECIDED
        if self.opened_at is None:
            return Phase.PREPARING
        if at < self.statements_until:
            return Phase.STATEMENTS
        if at < self.vote_opens_at:
            return Phase.BETWEEN
        return Phase.VOTING if at < self.vote_closes_at else Phase.COUNTING
