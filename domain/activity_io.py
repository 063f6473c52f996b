"""What the workflow asks the world, and what it is told: inputs and results of stage activities.

Whatever may differ tomorrow (packs, calendars, responsibilities) enters a ticket through these
results and is recorded with them. `pack` is the version a ticket was accepted under; None, from
before versions were asked for: the newest.
"""

from pydantic import Field

from domain.deadlines.clocks import Clock, ClockName
from domain.events import Event
from domain.facts.anytime import Moved
from domain.model import Instant, Recorded
from domain.pack.condition_vocabulary import Case
from domain.policy.decide import ReasonKind, Wanted
from domain.ticket.assignment import Given, HandlingResult, Share
from domain.ticket.complaint import Complaint, Place
from domain.ticket.rules_snapshot import Rules
from domain.ticket.ticket import Ticket


class Acceptance(Recorded):
    rules: Rules
    clocks: list[Clock] = Field(default_factory=list)


class TriageQuestion(Recorded):
    """`category`, `area`, `unit`, `accused`: as a person chose them; None: the machine suggests."""

    complaint: Complaint
    pack: str | None = None
    at: Instant
    category: str | None = None
    area: str | None = None
    unit: str | None = None
    accused: str | None = None


class TriagePlan(Recorded):
    """`category` None: the machine is unsure, `suggestion` is its best guess.

    `repeats`: earlier tickets of the same kind about the same place, newest first. `verify_by`:
    the unit that is to look on the spot before the case is filed.
    """

    category: str | None = None
    tier: str | None = None
    suggestion: str | None = None
    area: str | None = None
    repeats: list[str] = Field(default_factory=list)
    verify_by: str | None = None
    why: str
    clocks: list[Clock] = Field(default_factory=list)


class DispatchQuestion(Recorded):
    """`unit`: as a person chose it; None asks the responsibilities.

    `below`: the unit must be under this one. `accused`: the unit must not be this one, nor under
    it. `limit`: a limit of its own for handling. `no_later_than`: what it was given from is due.
    `promise`: the citizen has not been promised a day yet, and is now.
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
    accused: str | None = None
    limit: str | None = None
    no_later_than: Instant | None = None
    promise: bool = False


class DispatchPlan(Given):
    """A share, planned. The number is the one that was asked for."""

    assignment: int = 0


class ReplyQuestion(Recorded):
    """`case`: the ticket as conditions see it. `verified`: somebody looked already."""

    city: str
    pack: str | None = None
    tier: str
    result: HandlingResult
    at: Instant
    case: Case = Case()
    verified: bool = False


class ReplyPlan(Recorded):
    """`refuted`: the closing condition that does not hold. `verify_by`: who looks first."""

    text: str
    refuted: str | None = None
    verify_by: str | None = None
    clocks: list[Clock] = Field(default_factory=list)


class ClockQuestion(Recorded):
    """Which clocks start at `at`. `tier` None before triage: the pack's general limits.

    `due_at`: the moment is given, only the ladder is the pack's. `wanted`: what is asked for
    together with the clock; too much is refused.
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
    """`clock` to be extended `by` a length, and `also` those that wait for it.

    `at`: when it is granted; a rung whose time is over by then is not shown again. `asked_at`: when
    it was asked for; what was shown since is void where that was in time.
    """

    city: str
    pack: str | None = None
    clock: Clock
    by: str
    also: list[Clock] = Field(default_factory=list)
    at: Instant | None = None
    asked_at: Instant | None = None


class ResumeQuestion(Recorded):
    """Clocks that stood still and go on at `at`."""

    city: str
    pack: str | None = None
    clocks: list[Clock]
    at: Instant


class ReplanQuestion(Recorded):
    """Provisional clocks, to be planned again by today's calendar."""

    city: str
    pack: str | None = None
    clocks: list[Clock]
    at: Instant


class ReplanPlan(Recorded):
    """The clocks that rest on years published since, planned again; `moved`: those due at another
    time, without their units. Empty where no year was published since."""

    calendar_version: str
    clocks: list[Clock] = Field(default_factory=list)
    moved: list[Moved] = Field(default_factory=list)


class ReasonQuestion(Recorded):
    """A code that must be one of the pack's, in one of its lists of reasons."""

    city: str
    pack: str | None = None
    kind: ReasonKind
    code: str


class ClockPlan(Recorded):
    clocks: list[Clock] = Field(default_factory=list)


class MergeQuestion(Recorded):
    """Whether `number` may be merged into the ticket `into`."""

    city: str
    number: str
    into: str


class MergePlan(Recorded):
    """What the other ticket is about."""

    category: str
    tier: str


class SettleQuestion(Recorded):
    """Inspections to open at the units of the lead's kind. `key`: the same for a repeated call."""

    complaint: Complaint
    pack: str | None = None
    category: str
    unit: str
    units: list[str]
    text: str
    key: str
    at: Instant


class SettlePlan(Recorded):
    tickets: list[str]


class Projection(Recorded):
    """New events of a ticket and its state after the last of them.

    `told`: its number (`domain.policy.record.projection_number`). A task of the workflow that is
    cut short is done again, perhaps otherwise; the later projection is the one that the history
    keeps.
    """

    ticket: Ticket
    events: list[Event]
    told: int = 0
