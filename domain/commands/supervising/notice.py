"""The command `notice`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import supervising
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Notice(CommandBase):
    """通报: name what was neglected."""

    do: Literal["notice"] = "notice"
    text: Text

    leads_to = supervising.PubliclyNoticed
    spec = CommandSpec(
        path="notice",
        right="name what was neglected (通报)",
        summary="Name what was neglected",
        example={"text": "该件超期五日未答复，予以通报。"},
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Public notice"),
            done=N_("The notice is recorded."),
            help=N_("Names what was neglected, inside the city."),
            fields=(forms.required_text("text", N_("What was neglected")),),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [supervising.PubliclyNoticed(unit=ticket.unit, text=self.text)]
