"""What the workflow asks the world, and what it is told: inputs and results of stage activities.

Whatever may differ tomorrow (packs, calendars, responsibilities) enters a ticket through these
results and is recorded with them.
"""

from typing import Literal

from pydantic import Field

from domain.assignment import HandlingResult
from domain.clocks import Clock, ClockName
from domain.complaint import Complaint
from domain.events import Event
from domain.model import Instant, Recorded
from domain.rules import Rules
from domain.ticket import Ticket


class Acceptance(Recorded):
    rules: Rules
    clocks: list[Clock] = Field(default_factory=list)


class TriageQuestion(Recorded):
    """`category`, `area`, `unit`: as a person chose them; None lets the machine suggest."""

    complaint: Complaint
    at: Instant
    category: str | None = None
    area: str | None = None
    unit: str | None = None


class TriagePlan(Recorded):
    """`category` None: the machine is unsure, `suggestion` is its best guess."""

    category: str | None = None
    tier: str | None = None
    suggestion: str | None = None
    area: str | None = None
    why: str
    clocks: list[Clock] = Field(default_factory=list)


class DispatchQuestion(Recorded):
    """`unit`: as a person chose it; None asks the responsibilities."""

    city: str
    category: str
    tier: str
    area: str | None
    unit: str | None
    assignment: int
    at: Instant


class DispatchPlan(Recorded):
    unit: str
    queue: str
    heartbeats: bool
    why: str
    clocks: list[Clock] = Field(default_factory=list)


class ReplyQuestion(Recorded):
    city: str
    tier: str
    result: HandlingResult
    at: Instant


class ReplyPlan(Recorded):
    text: str
    clocks: list[Clock] = Field(default_factory=list)


class ClockQuestion(Recorded):
    """Which clocks start at `at`. `tier` None before triage: the pack's general limits."""

    city: str
    tier: str | None
    names: list[ClockName]
    at: Instant
    assignment: int | None = None


class ExtensionQuestion(Recorded):
    city: str
    clock: Clock
    by: str


class ReasonQuestion(Recorded):
    """A code that must be one of the pack's, in one of its three lists of reasons."""

    city: str
    kind: Literal["decline", "refer", "return"]
    code: str


class ClockPlan(Recorded):
    clocks: list[Clock] = Field(default_factory=list)


class Projection(Recorded):
    """New events of a ticket and its state after the last of them."""

    ticket: Ticket
    events: list[Event]
