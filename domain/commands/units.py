"""Commands of a unit on its own share."""

from typing import Literal

from pydantic import Field

from domain.commands.base import CommandBase, Length, Note
from domain.facts import (
    aftercare,
    handling,
    returning,
    supervising,
    waiting,
)
from domain.model import Instant
from domain.ticket.assignment import Evidence
from domain.ticket.complaint import Code, Text


class UnitCommand(CommandBase):
    """A command of a unit that has a share of the ticket."""

    assignment: int | None = Field(None, ge=1, description="Default: the unit's own.")


class Sign(UnitCommand):
    """签收."""

    leads_to = handling.Signed
    do: Literal["sign"] = "sign"


class Contact(UnitCommand):
    """首次联系. `reached` false: tried, nobody answered; the clock runs on."""

    leads_to = handling.Contacted
    do: Literal["contact"] = "contact"
    reached: bool = True
    note: Note = ""


class Return(UnitCommand):
    """退单: ask to give it back, on one of the pack's grounds."""

    leads_to = returning.ReturnAsked
    do: Literal["return"] = "return"
    ground: Code
    reason: Text


class Extend(UnitCommand):
    """延期: ask for more time."""

    leads_to = handling.ExtensionAsked
    do: Literal["extend"] = "extend"
    by: Length
    reason: Text


class Hold(UnitCommand):
    """挂账: ask to put long works aside until a day, with reviews in between."""

    leads_to = waiting.HoldAsked
    do: Literal["hold"] = "hold"
    ground: Code
    until: Instant
    reason: Text


class Review(UnitCommand):
    """Look at a hold. `resume`: the works are done, handling goes on."""

    leads_to = waiting.Reviewed
    do: Literal["review"] = "review"
    note: Text
    resume: bool = False


class Ask(UnitCommand):
    """Ask the citizen; the unit's clock stands still until they answer, or do not."""

    leads_to = waiting.CitizenAsked
    do: Literal["ask"] = "ask"
    question: Text


class Step(UnitCommand):
    """One stage of a category with staged limits is done."""

    leads_to = handling.StepDone
    do: Literal["step"] = "step"
    step: Code
    note: Note = ""
    evidence: Evidence = Field(default_factory=list)


class Exclude(CommandBase):
    """剔除: ask that the ticket does not count, on one of the pack's grounds, with evidence."""

    leads_to = aftercare.ExclusionAsked
    do: Literal["exclude"] = "exclude"
    ground: Code
    reason: Text
    evidence: Evidence = Field(min_length=1)


class AnswerOrder(CommandBase):
    """Report what was done on a supervisor's order."""

    leads_to = supervising.OrderAnswered
    do: Literal["answer_order"] = "answer_order"
    order: int = Field(ge=1)
    answer: Text
