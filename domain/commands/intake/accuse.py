"""The command `accuse`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase, Note
from domain.commands.citizens.open_contact import first_contact
from domain.commands.spec import CommandSpec
from domain.deadlines.registry import ClockName
from domain.facts import wrongdoing
from domain.refusals import Refused
from domain.ticket.complaint import Code
from domain.ticket.preconditions import holds
from domain.ticket.ticket import Ticket
from domain.words import N_

UNSAID = "accused_unsaid"


def accusation(units: Sequence[str], nobody: bool) -> list[str] | None:
    """Return the units that a person says are accused, [] for none; None if neither was said.

    Raises:
        Refused: `accused_unsaid`, if both were said.
    """
    if units and nobody:
        raise Refused(UNSAID, "Say which units it accuses, or that it accuses none: not both.")
    return list(dict.fromkeys(units)) if units or nobody else None


class Accuse(CommandBase):
    """举报: say which units it accuses, or none; also to correct what was said before."""

    do: Literal["accuse"] = "accuse"
    units: list[Code] = Field(
        default_factory=list, max_length=20, description="The accused: they never get the ticket."
    )
    nobody: bool = Field(False, description="It accuses no unit of the city.")
    note: Note = ""

    planned = True
    leads_to = wrongdoing.Accused
    spec = CommandSpec(
        path="accuse",
        right="say whom a report accuses (举报)",
        summary="Say which units the report accuses, or that it accuses none",
        example={"units": ["water"], "note": "来电人点名水务局工作人员。"},
        refusals=("unknown_unit", UNSAID, "why_not_accused", "overtaken"),
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Say whom it accuses"),
            done=N_("Recorded. Accused units neither get nor see the ticket."),
            help=N_("What they have of it is taken from them. Taking it back needs a reason."),
            fields=(
                forms.Field(
                    "units",
                    forms.FieldKind.UNITS,
                    N_("The units it accuses"),
                    N_("These units and those under them never get it."),
                    choices=forms.Choices.UNITS_TO_ACCUSE,
                ),
                forms.NOBODY,
                forms.note(),
            ),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if accusation(self.units, self.nobody) is None:
            raise Refused(UNSAID, "Say which units it accuses, or that it accuses none.")
        if set(ticket.accused or ()) - set(self.units) and not self.note:
            raise Refused("why_not_accused", "Say why a unit is not accused any more.")

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed | None:
        """Return the clock of the first contact, if it is an accusation that hid the contact."""
        cleared = ticket.model_copy(update={"kept_from": []})
        lifted = bool(ticket.kept_from) and not self.units and holds(cleared, ClockName.CONTACT)
        return first_contact(ticket) if lifted else None
