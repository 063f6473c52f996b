"""What people may ask of a ticket: a discriminated union, one model per command."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints

from domain.actors import Actor
from domain.complaint import Code, Kind, Text, clean_text
from domain.facts.anytime import FactsAdded, Urged, Withdrawn
from domain.facts.base import FactBase
from domain.facts.closing import CalledBack, FinalReplied
from domain.facts.handling import Contacted, ExtensionAsked, ReturnAsked, Signed
from domain.facts.intake import Answered, Classified, Declined, Reassigned, Referred
from domain.model import Incoming, Instant, Recorded
from domain.rating import Rating

Note = Annotated[str, StringConstraints(max_length=1000), AfterValidator(clean_text)]
Length = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,2}(s|m|h|d|wh|wd)$")]
"""A span as packs write it: 30m, 2h, 3d in calendar time; 4wh, 5wd in working time."""


class CommandBase(Incoming):
    leads_to: ClassVar[type[FactBase]]


class Triage(CommandBase):
    """分类: say what it is about, and if need be whose."""

    leads_to = Classified
    do: Literal["triage"] = "triage"
    category: Code
    kind: Kind | None = None
    area: Code | None = None
    unit: Code | None = Field(None, description="Leave out to let the responsibilities decide.")
    note: Note = ""


class UnitCommand(CommandBase):
    """A command of the unit that has the ticket."""

    assignment: int | None = Field(None, ge=1, description="Default: the current one.")


class Sign(UnitCommand):
    """签收."""

    leads_to = Signed
    do: Literal["sign"] = "sign"


class Contact(UnitCommand):
    """首次联系. `reached` false: tried, nobody answered; the clock runs on."""

    leads_to = Contacted
    do: Literal["contact"] = "contact"
    reached: bool = True
    note: Note = ""


class Return(UnitCommand):
    """退单: ask to give it back, on one of the pack's grounds."""

    leads_to = ReturnAsked
    do: Literal["return"] = "return"
    ground: Code
    reason: Text


class Extend(UnitCommand):
    """延期: ask for more time."""

    leads_to = ExtensionAsked
    do: Literal["extend"] = "extend"
    by: Length
    reason: Text


class Decide(CommandBase):
    """Grant or refuse what the unit asked for. `unit`: whom to send a returned ticket to."""

    leads_to = Reassigned  # the same roles decide; which fact it becomes depends on the request
    do: Literal["decide"] = "decide"
    approve: bool
    reason: Text
    unit: Code | None = None


class Reassign(CommandBase):
    """改派: send it to another unit, or to the first one when nobody has it."""

    leads_to = Reassigned
    do: Literal["reassign"] = "reassign"
    unit: Code
    reason: Text


class AddFacts(CommandBase):
    leads_to = FactsAdded
    do: Literal["add_facts"] = "add_facts"
    text: Text


class Urge(CommandBase):
    """催办."""

    leads_to = Urged
    do: Literal["urge"] = "urge"
    text: Note = ""


class Withdraw(CommandBase):
    leads_to = Withdrawn
    do: Literal["withdraw"] = "withdraw"
    reason: Note = ""


class CallBack(CommandBase):
    """回访: one attempt; when the citizen was reached, with what they said."""

    leads_to = CalledBack
    do: Literal["call_back"] = "call_back"
    reached: bool
    rating: Rating | None = None
    note: Note = ""


_ENDS: dict[str, type[FactBase]] = {
    "answered": Answered,
    "declined": Declined,
    "referred": Referred,
    "final_reply": FinalReplied,
}


class Conclude(CommandBase):
    """End it without a unit, or with the last word. `reason`: the pack's code, where one is due."""

    leads_to = FinalReplied
    do: Literal["conclude"] = "conclude"
    outcome: Literal["answered", "declined", "referred", "final_reply"]
    reason: Code | None = None
    text: Text = Field(description="What the citizen is told.")


Command = Annotated[
    Triage
    | Sign
    | Contact
    | Return
    | Extend
    | Decide
    | Reassign
    | AddFacts
    | Urge
    | Withdraw
    | CallBack
    | Conclude,
    Field(discriminator="do"),
]


def leads_to(command: Command) -> type[FactBase]:
    """The fact a command becomes: what the table is asked about."""
    if isinstance(command, Conclude):
        return _ENDS[command.outcome]
    return command.leads_to


class Act(Recorded):
    """One command with who gives it, and when: the input of the `act` update."""

    actor: Actor
    command: Command
    at: Instant | None = Field(None, description="When it came to the door.")


class Verdict(Recorded):
    """A rating with who gives it: the input of the `rate` signal.

    `key`: the sender's own, "" for none. The engine delivers a signal once, but a client whose
    answer got lost sends again, with the same key.
    """

    actor: Actor
    rating: Rating
    key: str = ""
    at: Instant | None = Field(None, description="When it came to the door.")
