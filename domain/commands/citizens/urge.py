"""The command `urge`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase, Note
from domain.commands.lookups import rules_of
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import anytime
from domain.refusals import Refused
from domain.ticket.ticket import Ticket
from domain.words import N_


class Urge(CommandBase):
    """催办."""

    do: Literal["urge"] = "urge"
    text: Note = ""

    leads_to = anytime.Urged
    spec = CommandSpec(
        path="urge",
        right="urge (催办)",
        summary="Urge",
        example={"text": "已经三天了，请尽快处理。"},
        refusals=("urged_too_often",),
        form=forms.CommandForm(
            group=forms.Group.CITIZEN,
            label=N_("Urge for the citizen"),
            done=N_("Urged."),
            fields=(forms.note("text", N_("What the citizen said")),),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if len(anytime.within_a_day(ticket.urged_at, at)) >= rules_of(ticket).urges_per_day:
            raise Refused("urged_too_often", "This ticket was urged often enough today.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [anytime.Urged(text=self.text)]
