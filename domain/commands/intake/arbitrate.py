"""The command `arbitrate`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import returning
from domain.ticket.complaint import Code, Text
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.ticket import Ticket
from domain.words import N_


class Arbitrate(CommandBase):
    """协调: what the meeting decided; the unit it named cannot return the ticket."""

    do: Literal["arbitrate"] = "arbitrate"
    unit: Code
    text: Text = Field(description="The meeting's minutes.")
    units: list[Code] = Field(default_factory=list, max_length=50, description="Who was there.")

    leads_to = returning.Arbitrated
    spec = CommandSpec(
        path="arbitrate",
        right="record what the arbitration decided (协调)",
        summary="Record which unit the arbitration meeting made responsible",
        example={
            "unit": "housing",
            "text": "经协调会研究，该处下水管道属小区公共部位，由住建部门牵头办理，水务部门配合。",
            "units": ["housing", "water", "110112003"],
        },
        refusals=("accused_unit", "accused_unsaid"),
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Record the meeting's decision"),
            done=N_("The decision is recorded; the unit cannot return it."),
            fields=(
                forms.unit(N_("Unit that takes it"), forms.Choices.EVERY_UNIT),
                forms.required_text("text", N_("Minutes of the meeting")),
                forms.Field(
                    "units",
                    forms.FieldKind.UNITS,
                    N_("Who was there"),
                    choices=forms.Choices.INVOLVED_UNITS,
                ),
            ),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        return ClockNeed(ClockName.DISPATCH)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        minutes = Minutes(what=Meeting.ARBITRATION, text=self.text, units=self.units)
        return [returning.Arbitrated(unit=self.unit, minutes=minutes, clocks=clocks)]
