"""并单: one handling for several complaints; each complainant gets their own answer and rating."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase
from domain.facts.waiting import paused_since
from domain.model import Instant
from domain.ticket.assignment import Assignment, Ending, Pause
from domain.ticket.because import Because
from domain.ticket.ticket import Ticket


class Merged(FactBase):
    """A merge: this ticket waits for the answer of another about the same problem.

    `category`, `tier`: those of the other one. `own`: this one keeps what was decided of it, and
    takes those over only if it had none; earlier versions always did.
    """

    kind: Literal["merged"] = "merged"
    words = EventWords(
        "Merged into another ticket",
        "并入另一工单",
        citizen="Handled together with others about the same",
        citizen_zh="与同一问题的其他诉求合并办理",
    )
    parent: str
    category: str
    tier: str
    reason: str
    own: bool = False
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        had_it = ticket.current
        ticket.end_assignments(Ending.MERGED, at)
        # The promise to this citizen stays in force, whichever unit answers.
        ticket.stop_all(at, but=ClockName.PROMISE if ticket.lifecycle else None)
        ticket.start(self.clocks)
        ticket.parent = self.parent
        if not self.own:
            ticket.verify_by, ticket.by_hand = None, False
            ticket.category, ticket.tier = self.category, self.tier
            return
        if had_it is not None:
            ticket.next_unit = had_it.unit
        if ticket.category is None or ticket.tier is None:
            ticket.category, ticket.tier, ticket.borrowed = self.category, self.tier, True


class Unmerged(FactBase):
    """The end of a merge, by a person or because the other ticket ended unanswered.

    `because`: why the system ended it; empty if a person did. `by_hand`: a person names its unit.
    `category`, `tier`: what was decided of it before, where a merge of an earlier version replaced
    that.
    """

    kind: Literal["unmerged"] = "unmerged"
    words = EventWords(
        "Goes its own way again",
        "拆分，单独办理",
        citizen="Handled on its own again",
        citizen_zh="恢复单独办理",
    )
    reason: str
    because: list[Because] = Field(default_factory=list)
    category: str | None = None
    tier: str | None = None
    by_hand: bool = False
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.parent = ticket.parent_pause = None
        ticket.category = self.category or ticket.category
        ticket.tier = self.tier or ticket.tier
        ticket.by_hand = ticket.by_hand or self.by_hand
        ticket.borrowed = False
        ticket.start(self.clocks)


class UnmergedUnclassified(FactBase):
    """The end of a merge of a ticket that was never classified: it is triaged now.

    What it borrowed of the other ticket is given back. Fields as in `Unmerged`.
    """

    kind: Literal["unmerged_unclassified"] = "unmerged_unclassified"
    words = EventWords(
        "Goes its own way again, to be classified",
        "拆分，重新分类",
        citizen="Handled on its own again",
        citizen_zh="恢复单独办理",
    )
    reason: str
    because: list[Because] = Field(default_factory=list)
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.parent = ticket.parent_pause = None
        ticket.category = ticket.tier = None
        ticket.borrowed = False
        ticket.start(self.clocks)


class RepliedWithParent(FactBase):
    """The answer of the ticket it was merged into, given here, too; rated separately.

    `answered_by`: the share of the unit that answered. Rating, figures and rework of this ticket
    are that unit's. None if no unit answered, or none may know of this ticket. `evidence`: what the
    unit showed with its answer.
    """

    kind: Literal["replied_with_parent"] = "replied_with_parent"
    words = EventWords(
        "Answered with the ticket it was merged into",
        "随主单答复市民",
        citizen="You were answered",
        citizen_zh="已答复",
        quoted=True,
    )
    parent: str
    text: str
    resolved: bool
    evidence: list[str] = Field(default_factory=list)
    answered_by: Assignment | None = None
    clocks: list[Clock] = Field(default_factory=list)

    @property
    def unit(self) -> str | None:
        """The unit that answered."""
        return self.answered_by.unit if self.answered_by else None

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.PROMISE)
        ticket.parent_pause = None
        ticket.reply, ticket.rating, ticket.rating_apart = self.text, None, None
        if self.answered_by is not None:
            ticket.verify_by, ticket.by_hand, ticket.next_unit = None, False, None
            ticket.add_done(self.answered_by)
        ticket.start(self.clocks)


class HeldWithParent(FactBase):
    """A hold of the ticket it was merged into: the promise to this citizen is paused as well.

    `asked_at`: when the hold was requested, not before the merge. A promise that fell due since was
    not broken.
    """

    kind: Literal["held_with_parent"] = "held_with_parent"
    words = EventWords(
        "On hold with the ticket it was merged into",
        "随主单挂账",
        citizen="This takes long: put aside, and reviewed regularly",
        citizen_zh="需较长时间办理，已挂账并定期复核",
    )
    parent: str
    reason: str
    until: Instant | None = None
    asked_at: Instant | None = None

    def apply(self, ticket: Ticket, at: datetime) -> None:
        _stand_still(ticket, Pause(why="hold", since=at, until=self.until))
        for clock in ticket.paused_with_parent:
            paused_since(ticket, clock, self.asked_at or at)


class AskedWithParent(FactBase):
    """A question by the unit that handles the ticket it was merged into, to that one's citizen.

    `until`: how long the unit waits for an answer. The promise to this citizen is paused meanwhile.
    `text`: the question, where an earlier version put it to merged citizens as well.
    """

    kind: Literal["asked_with_parent"] = "asked_with_parent"
    words = EventWords(
        "The citizen of the ticket it was merged into was asked; the promise stands still",
        "主单等待市民补充情况，时限暂停",
        citizen="The unit waits for an answer to a question",
        citizen_zh="承办单位正在等待有关情况的答复",
        quoted=True,
    )
    parent: str
    text: str = ""
    until: Instant | None = None

    def apply(self, ticket: Ticket, at: datetime) -> None:
        _stand_still(ticket, Pause(why="citizen", since=at, until=self.until))


def _stand_still(ticket: Ticket, pause: Pause) -> None:
    ticket.parent_pause = pause
    ticket.stand_still(pause.since)
    for clock in ticket.paused_with_parent:
        # A level may be reached while the news is on its way: nothing is late since the pause.
        if clock.paused_at and any(level.at >= clock.paused_at for level in clock.reached):
            ticket.void(clock, clock.paused_at)


class ResumedWithParent(FactBase):
    """The resumption of the promise, as the ticket it was merged into goes on, or is left.

    `why`: as in `Resumed`, or `unmerged`.
    """

    kind: Literal["resumed_with_parent"] = "resumed_with_parent"
    words = EventWords(
        "Going on with the ticket it was merged into",
        "随主单恢复办理",
        citizen="The work goes on",
        citizen_zh="继续办理",
    )
    parent: str
    why: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for clock in ticket.paused_with_parent:
            clock.stop(at)
        ticket.parent_pause = None
        ticket.start(self.clocks)


class ExtendedWithParent(FactBase):
    """An extension of the ticket it was merged into: the promise to this citizen moves as well.

    `by`: its length. `asked_at`: when it was requested, not before the merge; cards shown since are
    void, if that was in time.
    """

    kind: Literal["extended_with_parent"] = "extended_with_parent"
    words = EventWords(
        "Extended with the ticket it was merged into",
        "随主单延期",
        citizen="The unit was given more time",
        citizen_zh="办理期限已延长",
    )
    parent: str
    reason: str
    by: str
    asked_at: Instant
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for clock in self.clocks:
            running = ticket.running(clock.name)
            if self.asked_at < running.due_at:
                ticket.void(running, self.asked_at)
        ticket.replace(self.clocks, at)


class ReclassifiedWithParent(FactBase):
    """The corrected classification of the ticket it was merged into, which this one borrows.

    The promise to this citizen stays: it was not made by that classification.
    """

    kind: Literal["reclassified_with_parent"] = "reclassified_with_parent"
    words = EventWords(
        "Classification corrected with the ticket it was merged into",
        "随主单更正分类",
        citizen="We have corrected what it is about",
        citizen_zh="已更正诉求的分类",
    )
    parent: str
    category: str
    tier: str
    was_category: str | None = None
    was_tier: str | None = None

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.category, ticket.tier = self.category, self.tier


class ComplainantJoined(FactBase):
    """A ticket that was merged into this one.

    `text`, `files`: what its citizen had said until then. Empty for a report of wrongdoing.
    """

    kind: Literal["complainant_joined"] = "complainant_joined"
    words = EventWords("Another citizen complains of the same", "又一位市民反映同一问题")
    number: str
    text: str = ""
    files: list[str] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for numbers in (ticket.complainants, ticket.waiting):
            if self.number not in numbers:
                numbers.append(self.number)


class ComplainantLeft(FactBase):
    """A ticket that is no longer merged into this one."""

    kind: Literal["complainant_left"] = "complainant_left"
    words = EventWords("A merged ticket goes its own way", "一张并单拆出")
    number: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        for numbers in (ticket.complainants, ticket.waiting):
            if self.number in numbers:
                numbers.remove(self.number)


class ComplainantAdded(FactBase):
    """An addition by the citizen of a ticket merged into this one, for the unit that handles it."""

    kind: Literal["complainant_added"] = "complainant_added"
    words = EventWords("The citizen of a merged ticket added something", "并单市民补充情况")
    number: str
    text: str
    files: list[str] = Field(default_factory=list)


class ComplainantUrged(FactBase):
    """An urge by the citizen of a ticket merged into this one. It weighs as the own citizen's."""

    kind: Literal["complainant_urged"] = "complainant_urged"
    words = EventWords("The citizen of a merged ticket urged", "并单市民催办")
    number: str
    text: str = ""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        # Not in `urged_at`: it must not use up what the own citizen may say in a day.
        ticket.urges_before += 1


OF_MERGING = (
    Merged,
    Unmerged,
    UnmergedUnclassified,
    RepliedWithParent,
    HeldWithParent,
    AskedWithParent,
    ResumedWithParent,
    ExtendedWithParent,
    ReclassifiedWithParent,
    ComplainantJoined,
    ComplainantLeft,
    ComplainantAdded,
    ComplainantUrged,
)
"""The facts of two tickets that are, or were, merged."""
