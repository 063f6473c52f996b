"""The command `unmerge`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import merging
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Unmerge(CommandBase):
    """Let it go its own way again."""

    do: Literal["unmerge"] = "unmerge"
    reason: Text

    leads_to = merging.Unmerged
    spec = CommandSpec(
        path="unmerge",
        right="let a merged ticket go its own way",
        summary="Take a merged ticket out again",
        example={"reason": "经核实，停水原因不同，单独办理。"},
        form=forms.CommandForm(
            group=forms.Group.JOINT,
            label=N_("Let it go its own way"),
            done=N_("It is a ticket of its own again."),
            fields=(forms.reason(),),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        return ClockNeed(ClockName.DISPATCH)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [merging.Unmerged(reason=self.reason, clocks=clocks)]
