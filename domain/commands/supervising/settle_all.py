"""The command `settle_all`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.relations import LEAD
from domain.commands.spec import CommandSpec
from domain.facts import anytime
from domain.refusals import Refused
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class SettleAll(CommandBase):
    """举一反三: open an inspection at every unit of the lead's kind, or at those that are named."""

    do: Literal["settle_all"] = "settle_all"
    text: Text
    units: list[Code] = Field(default_factory=list, max_length=60)

    planned = True
    leads_to = anytime.InspectionsOpened
    spec = CommandSpec(
        path="settle-all",
        right="have all of the kind inspected (举一反三)",
        summary="Found one, settle all of the kind: open inspections at every sibling unit",
        near=LEAD,
        switch="settle_all",
        example={"text": "请各街道排查辖区内私装地锁，一周内清理完毕。"},
        refusals=(
            "not_in_this_city",
            "not_your_unit",
            "unknown_unit",
            "no_siblings",
            "accused_unit",
            "accused_unsaid",
        ),
        form=forms.CommandForm(
            group=forms.Group.RECORD,
            label=N_("Settle all of the kind"),
            done=N_("Inspections are opened."),
            help=N_(
                "Found one: an inspection is opened at every unit of the lead's kind, "
                "or those named."
            ),
            fields=(
                forms.required_text("text", N_("What to inspect")),
                forms.Field(
                    "units",
                    forms.FieldKind.UNITS,
                    N_("At which units"),
                    N_("Left empty: at every unit of the lead's kind."),
                    choices=forms.Choices.UNITS_ALIKE,
                ),
            ),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if not self.units and ticket.unit is None:
            raise Refused("no_siblings", "No unit has had it yet: name those to inspect.")
