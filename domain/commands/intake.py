"""Commands of desk and dispatchers: triage, assignment, merging and conclusion."""

from typing import Literal

from pydantic import Field

from domain.commands.base import CommandBase, Note, Number
from domain.facts import closing, intake, joint, merging, returning
from domain.ticket.complaint import Code, Kind, Text


class Triage(CommandBase):
    """分类: say what it is about, and if need be whose."""

    leads_to = intake.Classified
    do: Literal["triage"] = "triage"
    category: Code
    kind: Kind | None = None
    area: Code | None = None
    unit: Code | None = Field(None, description="Leave out to let the responsibilities decide.")
    accused: Code | None = Field(
        None, description="The unit that a report is about: it will not get the ticket."
    )
    note: Note = ""


class Reassign(CommandBase):
    """改派: send it to another unit, or to the first one when nobody has it."""

    leads_to = intake.Reassigned
    do: Literal["reassign"] = "reassign"
    unit: Code
    reason: Text


class Arbitrate(CommandBase):
    """协调: what the meeting decided; the unit it named cannot return the ticket."""

    leads_to = returning.Arbitrated
    do: Literal["arbitrate"] = "arbitrate"
    unit: Code
    text: Text = Field(description="The meeting's minutes.")
    units: list[Code] = Field(default_factory=list, max_length=50, description="Who was there.")


class Intervene(CommandBase):
    """The centre takes the ticket over and names who leads."""

    leads_to = joint.Intervened
    do: Literal["intervene"] = "intervene"
    unit: Code
    reason: Text


class Merge(CommandBase):
    """并单: handle it with another ticket, whose answer this one's citizen gets, too."""

    leads_to = merging.Merged
    do: Literal["merge"] = "merge"
    into: Number
    reason: Text


class Unmerge(CommandBase):
    """Let it go its own way again."""

    leads_to = merging.Unmerged
    do: Literal["unmerge"] = "unmerge"
    reason: Text


class Conclude(CommandBase):
    """End it without a unit, or with the last word. `reason`: the pack's code, where one is due.

    `unit`: the one that a praise is for.
    """

    leads_to = closing.FinalReplied
    ends = {  # noqa: RUF012 - declared a ClassVar in the base
        "answered": intake.Answered,
        "declined": intake.Declined,
        "referred": intake.Referred,
        "final_reply": closing.FinalReplied,
    }
    do: Literal["conclude"] = "conclude"
    outcome: Literal["answered", "declined", "referred", "final_reply"]
    reason: Code | None = None
    text: Text = Field(description="What the citizen is told.")
    unit: Code | None = None
