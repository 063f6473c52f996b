"""One unit's share of one ticket."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.complaint import Text
from domain.model import Incoming, Instant, Recorded


class HandlingResult(Incoming):
    """What a unit hands back: the only thing that completes an assignment.

    `reply` goes to the citizen word for word; `evidence` are references of stored files.
    """

    reply: Text = Field(description="The answer to the citizen, word for word.")
    resolved: bool = Field(True, description="False: explained why it cannot be solved (yet).")
    evidence: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list, max_length=20
    )
    by: str = Field("", max_length=64, description="Account or program that completed it.")
    at: Instant | None = Field(None, description="When it was handed back; set by the door.")


class WorkOrder(Recorded):
    """What a unit needs to know to do its share: the input of the `handle_assignment` activity."""

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


class Ending(StrEnum):
    """How an assignment ended."""

    DONE = "done"
    RETURNED = "returned"  # 退单 granted
    REASSIGNED = "reassigned"  # 改派
    FAILED = "failed"  # the department's own program gave up
    MOOT = "moot"  # the ticket ended otherwise, for instance withdrawn


class Request(Recorded):
    """Something a unit asked for that another has to decide. One at a time per assignment."""

    what: Literal["return", "extension"]
    asked_at: Instant
    reason: str
    ground: str | None = None
    by: str | None = None


class Assignment(Recorded):
    n: int
    unit: str
    queue: str
    why: str
    rework: int = 0
    heartbeats: bool = False
    opened_at: Instant
    signed_at: Instant | None = None
    contacted_at: Instant | None = None
    ended_at: Instant | None = None
    ending: Ending | None = None
    asked: Request | None = None
    extensions: int = 0
    result: HandlingResult | None = None

    @property
    def open(self) -> bool:
        return self.ending is None

    @property
    def activity_id(self) -> str:
        """Never used twice in one history: `n` only grows."""
        return f"handle-{self.unit}-{self.n}"


def assignment_ref(number: str, n: int) -> str:
    """The name by which an assignment is known outside its ticket."""
    return f"{number}-{n}"
