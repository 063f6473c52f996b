"""The command `withdraw`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase, Note
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import anytime
from domain.ticket.ticket import Ticket
from domain.words import N_


class Withdraw(CommandBase):
    do: Literal["withdraw"] = "withdraw"
    reason: Note = ""

    leads_to = anytime.Withdrawn
    spec = CommandSpec(
        path="withdraw",
        right="take it back",
        summary="Withdraw the complaint",
        example={"reason": "问题已经自行解决。"},
        form=forms.CommandForm(
            group=forms.Group.END,
            label=N_("The citizen takes it back"),
            done=N_("Taken back. The ticket has ended."),
            fields=(forms.note("reason", N_("Why")),),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [anytime.Withdrawn(reason=self.reason)]
