"""Accept, triage, dispatch: from the complaint to a unit."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.deadlines.clocks import Clock, ClockKey
from domain.deadlines.registry import ClockName
from domain.facts.base import EventWords, FactBase, RoundFact
from domain.insight.suggestion import LearnedSuggestion
from domain.model import Instant
from domain.ticket.assignment import AssignmentPlan, Ending, Share
from domain.ticket.because import Because
from domain.ticket.complaint import Filer, Kind
from domain.ticket.rules_snapshot import Rules
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket


class Accepted(FactBase):
    """受理. The ticket exists; the rules it will be judged by are fixed here.

    `filed_by`: None for a ticket from before that was recorded.
    """

    kind: Literal["accepted"] = "accepted"
    words = EventWords(
        "Received", "受理", citizen="We have your complaint", citizen_zh="已收到您的诉求"
    )
    rules: Rules
    lifecycle: int = 0
    filed_by: Filer | None = None
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.rules, ticket.lifecycle = self.rules, self.lifecycle
        ticket.start(self.clocks)


class TriageUnsure(FactBase):
    """An undecided automatic triage; a dispatcher has to confirm or choose.

    `because`: why it was undecided; `why` is the same in English. `learned`: the suggestion of the
    city's model.
    """

    kind: Literal["triage_unsure"] = "triage_unsure"
    words = EventWords("The machine is unsure; a person decides", "系统没有把握，等待人工分类")
    suggestion: str | None = None
    area: str | None = None
    site: str | None = None
    site_part: str | None = None
    why: str
    because: list[Because] = Field(default_factory=list)
    learned: LearnedSuggestion | None = None

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.suggestion, ticket.unsure = self.suggestion, True
        ticket.area = self.area or ticket.area
        ticket.site, ticket.site_part = self.site, self.site_part


class Classified(FactBase):
    """The result of triage, which decides the limits. `unit`: the one a person named.

    `repeats`: earlier tickets of the same kind about the same place. `accused`: the unit a report
    of wrongdoing is about, where an earlier version recorded it (see `Accused`). `verify_by`: the
    unit that verifies first. `why`: the note of the person who did it, else `because` in English.
    `learned`: the suggestion of the city's model.
    """

    kind: Literal["classified"] = "classified"
    words = EventWords(
        "Classified", "已分类", citizen="We know what it is about", citizen_zh="已分类"
    )
    category: str
    tier: str
    complaint_kind: Kind | None = None
    area: str | None = None
    site: str | None = None
    site_part: str | None = None
    unit: str | None = None
    accused: str | None = None
    repeats: list[str] = Field(default_factory=list)
    verify_by: str | None = None
    why: str
    because: list[Because] = Field(default_factory=list)
    learned: LearnedSuggestion | None = None
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.TRIAGE)
        ticket.category, ticket.tier = self.category, self.tier
        ticket.kind = self.complaint_kind or ticket.kind
        ticket.area = self.area or ticket.area
        ticket.site, ticket.site_part = self.site, self.site_part
        ticket.next_unit = self.unit or ticket.complaint.unit
        if self.accused:
            ticket.accused = [self.accused]
        ticket.repeats = self.repeats
        ticket.verify_by = self.verify_by
        ticket.start(self.clocks)


class Reclassified(FactBase):
    """更正分类: another category, or another tier, and with it other limits.

    `was_category`, `was_tier`: those before. `stopped`: the clocks that `clocks` replace, or that
    have no limit any more. `answer_by`: the promised day of the answer from now on, None where
    none runs; `answer_was`: before that. `longer`: a person confirmed a later day. `to_rules`: the
    responsibilities name the unit, as nobody has the ticket.
    """

    kind: Literal["reclassified"] = "reclassified"
    words = EventWords(
        "Classification corrected",
        "更正分类",
        citizen="We have corrected what it is about",
        citizen_zh="已更正诉求的分类",
    )
    category: str
    tier: str
    was_category: str | None = None
    was_tier: str | None = None
    reason: str
    repeats: list[str] = Field(default_factory=list)
    verify_by: str | None = None
    to_rules: bool = False
    stopped: list[ClockKey] = Field(default_factory=list)
    clocks: list[Clock] = Field(default_factory=list)
    answer_by: Instant | None = None
    answer_was: Instant | None = None
    longer: bool = False

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.category, ticket.tier = self.category, self.tier
        ticket.borrowed = False  # of a merged ticket: now it has its own
        ticket.repeats, ticket.verify_by = self.repeats, self.verify_by
        if self.to_rules:
            ticket.next_unit, ticket.by_hand = None, False
        for key in self.stopped:
            ticket.stop(at, key.name, assignment=key.assignment, label=key.label)
        ticket.start(self.clocks)
        ticket.stand_still(at)


class Assigned(AssignmentPlan, FactBase):
    """派单. One unit leads; its clocks run from now."""

    kind: Literal["assigned"] = "assigned"
    words = EventWords(
        "Dispatched",
        "已派单",
        citizen="Passed to the unit that answers for it",
        citizen_zh="已派给承办单位",
    )

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.stop(at, ClockName.DISPATCH, ClockName.SUPERVISE)
        # A unit that a person chose gets it, even if verification was planned first.
        ticket.next_unit, ticket.by_hand, ticket.verify_by = None, False, None
        ticket.open_assignment(self, Share.LEAD, at)


class Reassigned(RoundFact):
    """改派. Taken from its unit, for another. `assignment` None: no unit had it."""

    kind: Literal["reassigned"] = "reassigned"
    words = EventWords(
        "Reassigned", "改派", citizen="Passed to another unit", citizen_zh="已改派其他单位"
    )
    assignment: int | None = None
    unit: str
    reason: str
    clocks: list[Clock] = Field(default_factory=list)

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end_assignments(Ending.REASSIGNED, at)
        ticket.next_unit, ticket.by_hand = self.unit, False
        self.begin(ticket)
        ticket.start(self.clocks)


class Declined(FactBase):
    """不予受理, with a reason code of the pack and the place to turn to."""

    kind: Literal["declined"] = "declined"
    words = EventWords(
        "Declined", "不予受理", citizen="We cannot take it on", citizen_zh="不予受理", quoted=True
    )
    reason: str
    text: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.DECLINED, at, reply=self.text)


class Referred(FactBase):
    """A referral to another authority, by its code in the pack (110, 119, 120, ...)."""

    kind: Literal["referred"] = "referred"
    words = EventWords(
        "Referred elsewhere",
        "告知其他途径",
        citizen="You were told where to turn",
        citizen_zh="已告知其他受理途径",
        quoted=True,
    )
    reason: str
    text: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.REFERRED, at, reply=self.text)


class Answered(FactBase):
    """An answer by the desk at once, without a unit. `unit`: the one that is praised."""

    kind: Literal["answered"] = "answered"
    words = EventWords(
        "Answered at once",
        "当场答复",
        citizen="You were answered",
        citizen_zh="已答复",
        quoted=True,
    )
    text: str
    unit: str | None = None

    def apply(self, ticket: Ticket, at: datetime) -> None:
        ticket.end(Outcome.ANSWERED, at, reply=self.text)
