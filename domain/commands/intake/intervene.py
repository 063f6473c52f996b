"""The command `intervene`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.spec import CommandSpec
from domain.facts import joint
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Intervene(CommandBase):
    """The centre takes the ticket over and names who leads."""

    do: Literal["intervene"] = "intervene"
    unit: Code
    reason: Text

    planned = True
    leads_to = joint.Intervened
    spec = CommandSpec(
        path="intervene",
        right="take it over for the centre",
        summary="Take the ticket over for the centre, and name who leads",
        switch="intervene",
        example={"unit": "emergency", "reason": "涉及道路塌陷，由区指挥中心直接调度处置。"},
        refusals=("not_in_this_city", "unknown_unit", "accused_unit", "accused_unsaid"),
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Take it over for the centre"),
            done=N_("The centre has taken over."),
            fields=(forms.unit(N_("Unit that leads"), forms.Choices.EVERY_UNIT), forms.reason()),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""
