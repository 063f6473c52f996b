"""The command `override`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.relations import LEAD
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import joint
from domain.refusals import Refused
from domain.ticket.assignment import Ending
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Override(CommandBase):
    """Answer without waiting for the co-handlers any longer."""

    do: Literal["override"] = "override"
    reason: Text

    leads_to = joint.Overridden
    spec = CommandSpec(
        path="override",
        right="answer without the co-handlers",
        summary="Answer without waiting for the co-handlers any longer",
        near=LEAD,
        example={"reason": "主要问题已解决，其余配合事项另行跟踪。"},
        refusals=("not_your_unit", "lead_not_done"),
        form=forms.CommandForm(
            group=forms.Group.JOINT,
            label=N_("Do not wait any longer"),
            done=N_("The answer goes out without those who are missing."),
            help=N_("The lead's answer goes out; units that have not handed in are released."),
            fields=(forms.reason(),),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        lead = ticket.lead
        if lead is None or lead.ending is not Ending.DONE:
            raise Refused("lead_not_done", "The unit that leads has not handed in its answer.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        left = [a.n for a in ticket.opened]
        return [joint.Overridden(reason=self.reason, released=left)]
