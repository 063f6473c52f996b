"""The command `replan`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.spec import CommandSpec
from domain.facts import anytime
from domain.refusals import Refused
from domain.ticket.ticket import Ticket
from domain.words import N_


class Replan(CommandBase):
    """Plan due times again, now that a year's working calendar is published or has changed."""

    do: Literal["replan"] = "replan"

    planned = True
    leads_to = anytime.Replanned
    spec = CommandSpec(
        path="replan",
        right="plan due times again by the calendar",
        summary="Plan due times again, now that a year's calendar is published or has changed",
        example={},
        refusals=("nothing_to_replan",),
        form=forms.CommandForm(
            group=forms.Group.RECORD,
            label=N_("Plan dates again"),
            done=N_("The dates were planned by the published calendar."),
            help=N_("After a change of the working calendar. It also happens by itself."),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if not ticket.counted:
            raise Refused("nothing_to_replan", "No due time of this ticket counts working time.")
