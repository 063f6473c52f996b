"""One unit's share of one ticket."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.deadlines.clocks import Clock
from domain.model import Incoming, Instant, Recorded
from domain.ticket.because import Because
from domain.ticket.complaint import Text
from domain.ticket.said import Said

Evidence = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(max_length=20, description="References of uploaded files, or of the unit's own records."),
]


class HandlingResult(Incoming):
    """A unit's result, the only thing that completes an assignment.

    The lead's `reply` goes to the citizen word for word; a co-handler's, a delegate's and a
    verifier's goes to the lead. For a verification `resolved` false means: not confirmed.
    """

    reply: Text = Field(description="The answer to the citizen, word for word.")
    resolved: bool = Field(True, description="False: explained why it cannot be solved (yet).")
    evidence: Evidence = Field(default_factory=list)
    by: str = Field("", max_length=64, description="Account or program that completed it.")
    at: Instant | None = Field(None, description="When it was handed back; set by the API.")


class Share(StrEnum):
    """A unit's part in a ticket."""

    LEAD = "lead"  # 主办: its answer is the ticket's
    CO = "co"  # 协办: called by a whistle; the answer waits for it
    DELEGATE = "delegate"  # 转派: does the work of the unit above, which stays answerable
    VERIFY = "verify"  # 核查: looks on the spot


class WorkOrder(Recorded):
    """A unit's instructions for its share: the input of the `handle_assignment` activity.

    `said`: what citizens added until then, also those of merged tickets, the oldest first;
    `left_out`: how much of it there was no room for.
    """

    number: str
    assignment: int
    unit: str
    city: str
    title: str
    text: str
    category: str | None
    area: str | None
    address: str
    rework: int
    due_at: Instant | None
    share: Share = Share.LEAD
    task: str = ""
    files: list[str] = Field(default_factory=list)
    said: list[Said] = Field(default_factory=list)
    left_out: int = 0


class Ending(StrEnum):
    """The ways an assignment can end."""

    DONE = "done"
    RETURNED = "returned"  # 退单 granted
    REASSIGNED = "reassigned"  # 改派
    RAISED = "raised"  # 提级: the unit one level up has it now
    RELEASED = "released"  # a co-handler or delegate who is not needed any more
    TAKEN_OVER = "taken_over"  # the centre intervened
    MERGED = "merged"  # 并单: handled with another ticket
    FAILED = "failed"  # the department's own program gave up
    MOOT = "moot"  # the ticket ended otherwise, for instance withdrawn


class Request(Recorded):
    """A unit's request that another has to decide. One at a time per assignment.

    `ground`: the pack's code. `by`: the length of an extension. `until`: the end of a hold.
    """

    what: Literal["return", "extension", "hold", "exclusion"]
    asked_at: Instant
    reason: str
    ground: str | None = None
    by: str | None = None
    until: Instant | None = None


class Pause(Recorded):
    """The pause of a unit's clock, for long work (挂账) or a question to the citizen."""

    why: Literal["hold", "citizen"]
    since: Instant
    until: Instant | None = None


class AssignmentPlan(Recorded):
    """A planned share: its unit, queue and clocks.

    `kind_of_unit` and `level` are the unit's as the pack has them, `above` the unit one level up.
    `because`: why this unit; `why` is the same in English.
    """

    assignment: int
    unit: str
    queue: str
    heartbeats: bool = False
    why: str
    because: list[Because] = Field(default_factory=list)
    kind_of_unit: str | None = None
    level: str | None = None
    above: str | None = None
    task: str = ""
    clocks: list[Clock] = Field(default_factory=list)


class Assignment(Recorded):
    """One share. `of`: the assignment it was given from. `barred`: why it cannot be returned."""

    n: int
    unit: str
    queue: str
    why: str
    because: list[Because] = Field(default_factory=list)
    share: Share = Share.LEAD
    of: int | None = None
    task: str = ""
    kind_of_unit: str | None = None
    level: str | None = None
    above: str | None = None
    rework: int = 0
    heartbeats: bool = False
    opened_at: Instant
    signed_at: Instant | None = None
    contacted_at: Instant | None = None
    ended_at: Instant | None = None
    ending: Ending | None = None
    asked: Request | None = None
    pause: Pause | None = None
    barred: str | None = None
    extensions: int = 0
    holds: int = 0
    questions: int = 0
    result: HandlingResult | None = None

    @property
    def open(self) -> bool:
        return self.ending is None

    @property
    def activity_id(self) -> str:
        """The activity's id, unique in one history because `n` only grows."""
        return f"handle-{self.unit}-{self.n}"
