"""Inputs and results of the activities that a ticket's stages run.

Data that may change later (packs, calendars, responsibilities) enters a ticket through these
results and is recorded with them. `pack` is the version a ticket was accepted under; None, from
before the field existed, means the newest.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from domain.commands.base import ReasonKind, Wanted
from domain.deadlines.clocks import Clock, ClockKey
from domain.deadlines.registry import ClockName
from domain.events import Event
from domain.facts.anytime import Moved
from domain.insight.suggestion import LearnedSuggestion
from domain.model import Instant, Recorded
from domain.pack.condition_vocabulary import TicketFacts
from domain.ticket.assignment import Assignment, AssignmentPlan, HandlingResult, Share
from domain.ticket.because import Because
from domain.ticket.complaint import Complaint, Place
from domain.ticket.rules_snapshot import Rules
from domain.ticket.ticket import Ticket


class Acceptance(Recorded):
    rules: Rules
    clocks: list[Clock] = Field(default_factory=list)


class TriageQuestion(Recorded):
    """The input of triage. `category`, `area`, `unit`, `accused`: a person's choices, if any.

    `accusing`: a person says whom it accuses; [] of the city's units none. `accused`: as earlier
    versions asked, of one unit. `kept_from`: the units that may not have it.
    """

    complaint: Complaint
    pack: str | None = None
    at: Instant
    category: str | None = None
    area: str | None = None
    unit: str | None = None
    accused: str | None = None
    accusing: list[str] | None = None
    kept_from: list[str] = Field(default_factory=list)


class TriagePlan(Recorded):
    """The result of triage; `category` None: unsure, and `suggestion` is the best guess.

    `repeats`: earlier tickets of the same kind about the same place, newest first. `verify_by`: the
    unit that verifies on the spot before the case is filed. `covered`: the units that a person said
    it accuses, and those below; None where nobody said anything. `why`: `because` in English.
    `learned`: the suggestion of the city's model, where it has one. `site`, `site_part`: the known
    place that it names, and the house or building number.
    """

    category: str | None = None
    tier: str | None = None
    suggestion: str | None = None
    area: str | None = None
    repeats: list[str] = Field(default_factory=list)
    verify_by: str | None = None
    covered: list[str] | None = None
    why: str
    because: list[Because] = Field(default_factory=list)
    learned: LearnedSuggestion | None = None
    site: str | None = None
    site_part: str | None = None
    clocks: list[Clock] = Field(default_factory=list)


class AccuseQuestion(Recorded):
    """The units that a person says are accused."""

    city: str
    pack: str | None = None
    accused: list[str]


class AccusePlan(Recorded):
    """The accused units and all below them."""

    covered: list[str] = Field(default_factory=list)


def _several(accused: object) -> object:
    # A question of before had one unit, or none.
    if accused is None:
        return []
    return [accused] if isinstance(accused, str) else accused


_Several = Annotated[list[str], BeforeValidator(_several)]


class DispatchQuestion(Recorded):
    """The input of dispatch. `unit`: a person's choice; None: from the responsibilities.

    `below`: the unit must be under this one. `accused`, `kept_from`: the unit must be none of
    these, nor under one. `limit`: a limit of its own for handling. `no_later_than`: the due time of
    its parent assignment. `promise`: plan the citizen's promise, too, as none runs;
    `promise_from`: from then, where not from `at`. `orders`: the orders without an answer, whose
    time begins with the unit that leads.
    """

    city: str
    pack: str | None = None
    category: str
    tier: str
    area: str | None
    unit: str | None
    assignment: int
    at: Instant
    share: Share = Share.LEAD
    place: Place | None = None
    task: str = ""
    below: str | None = None
    accused: _Several = Field(default_factory=list)
    kept_from: list[str] = Field(default_factory=list)
    limit: str | None = None
    no_later_than: Instant | None = None
    promise: bool = False
    promise_from: Instant | None = None
    orders: list[int] = Field(default_factory=list)


class DispatchPlan(AssignmentPlan):
    """A planned share; its assignment number is the requested one."""

    assignment: int = 0


class ReplyQuestion(Recorded):
    """The input of a reply. `case`: the ticket as conditions read it. `verified`: done before."""

    city: str
    pack: str | None = None
    tier: str
    result: HandlingResult
    at: Instant
    case: TicketFacts = TicketFacts()
    verified: bool = False


class ReplyPlan(Recorded):
    """A planned reply. `refuted`: the closing condition that fails, in `because` as a reason.

    `verify_by`: the verifier.
    """

    text: str
    refuted: str | None = None
    because: list[Because] = Field(default_factory=list)
    verify_by: str | None = None
    clocks: list[Clock] = Field(default_factory=list)


class ClockQuestion(Recorded):
    """The clocks to start at `at`. `tier` None, before triage: the pack's general limits.

    `due_at`: a given due time, with the pack's escalation policy. `wanted`: the time requested with
    the clock; too much is refused.
    """

    city: str
    pack: str | None = None
    tier: str | None
    names: list[ClockName]
    at: Instant
    assignment: int | None = None
    due_at: Instant | None = None
    wanted: Wanted | None = None


class ExtensionQuestion(Recorded):
    """The extension of `clock` `by` a length, and of the dependent clocks in `also`.

    `at`: when it is granted; levels due by then are not reported again. `asked_at`: when it was
    requested; if that was in time, levels reached since are void.
    """

    city: str
    pack: str | None = None
    clock: Clock
    by: str
    also: list[Clock] = Field(default_factory=list)
    at: Instant | None = None
    asked_at: Instant | None = None


class ResumeQuestion(Recorded):
    """Paused clocks that resume at `at`."""

    city: str
    pack: str | None = None
    clocks: list[Clock]
    at: Instant


class ReplanQuestion(Recorded):
    """Clocks that count working time, to be planned again by today's calendar."""

    city: str
    pack: str | None = None
    clocks: list[Clock]
    at: Instant


class ReplanPlan(Recorded):
    """The clocks whose days were published or changed since, planned again; empty without any.

    `moved`: those with another due time, without their units.
    """

    calendar_version: str
    clocks: list[Clock] = Field(default_factory=list)
    moved: list[Moved] = Field(default_factory=list)


class ReclassifyQuestion(Recorded):
    """The clocks of a ticket that gets another category.

    `tier`: the one a person chose; None: that of the category. `shares`: the open assignments whose
    clocks are replaced. `clocks`: all that run. `moved`: pauses or extensions moved the promise.
    `longer`: a later day may be promised. `promised`: the citizen's promise has its own clock;
    otherwise it is the lead's handling.
    """

    city: str
    pack: str | None = None
    category: str
    was_category: str | None
    tier: str | None
    shares: list[Assignment]
    clocks: list[Clock]
    moved: bool
    longer: bool
    promised: bool
    at: Instant


class ReclassifyPlan(Recorded):
    """The tier, the clocks to stop, and those to start, the promise among them."""

    tier: str
    stopped: list[ClockKey] = Field(default_factory=list)
    clocks: list[Clock] = Field(default_factory=list)


class ReasonQuestion(Recorded):
    """A reason code to find in one of the pack's lists of reasons."""

    city: str
    pack: str | None = None
    kind: ReasonKind
    code: str


class ClockPlan(Recorded):
    clocks: list[Clock] = Field(default_factory=list)


class MergeQuestion(Recorded):
    """The request to merge `number`, which may be a report (举报), into the ticket `into`.

    `member`: of an incident; then the other one may have its answer already, which is passed on.
    """

    city: str
    number: str
    into: str
    of_wrongdoing: bool = False
    member: bool = False


class MergePlan(Recorded):
    """Category and tier of the other ticket."""

    category: str
    tier: str


class SettleQuestion(Recorded):
    """Inspections to open at units of the lead's kind. `key`: the same for a repeated call.

    `accused`, `kept_from`: those of a report of wrongdoing (举报). `confidential`: it is one, so
    that the citizen's words are not passed on.
    """

    complaint: Complaint
    pack: str | None = None
    category: str
    unit: str
    units: list[str]
    accused: list[str] | None = None
    kept_from: list[str] = Field(default_factory=list)
    confidential: bool = False
    text: str
    key: str
    at: Instant


class SettlePlan(Recorded):
    tickets: list[str]


class Projection(Recorded):
    """New events of a ticket and its state after the last of them.

    `told`: its number (`domain.policy.record.projection_number`). A workflow task that is cut short
    is run again, perhaps with other events; the later projection is the one in the engine's
    history.
    """

    ticket: Ticket
    events: list[Event]
    told: int = 0
