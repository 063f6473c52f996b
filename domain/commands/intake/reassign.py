"""The command `reassign`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.lookups import rules_of
from domain.commands.spec import CommandSpec
from domain.facts import intake
from domain.refusals import Refused
from domain.ticket.complaint import Code, Text
from domain.ticket.rules_snapshot import ReworkTo
from domain.ticket.ticket import Ticket
from domain.words import N_


class Reassign(CommandBase):
    """改派: send it to another unit, or to the first one when nobody has it."""

    do: Literal["reassign"] = "reassign"
    unit: Code
    reason: Text

    planned = True
    leads_to = intake.Reassigned
    spec = CommandSpec(
        path="reassign",
        right="send it to a unit, or to another one (改派)",
        summary="Send the ticket to a unit, or to another one",
        uncontested=True,
        example={"unit": "city-management", "reason": "路灯维护属城市管理委职责。"},
        refusals=("unknown_unit", "same_unit", "accused_unit", "accused_unsaid", "already_asked"),
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Send it to a unit"),
            done=N_("Sent."),
            fields=(forms.unit(N_("Unit"), forms.Choices.OTHER_UNITS), forms.reason()),
            shortcut="u",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if ticket.current is not None and ticket.current.unit == self.unit:
            raise Refused("same_unit", f"Unit {self.unit} has the ticket already.")
        rework_to_other = rules_of(ticket).rework_to is ReworkTo.OTHER
        if rework_to_other and ticket.by_hand and ticket.reworks and ticket.unit == self.unit:
            raise Refused("same_unit", f"Unit {self.unit} did not satisfy: choose another.")
