"""The command `sign`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.relations import NEAR
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import handling
from domain.refusals import Refused
from domain.ticket.assignment import Assignment
from domain.ticket.ticket import Ticket
from domain.words import N_


class Sign(UnitCommand):
    """签收."""

    do: Literal["sign"] = "sign"

    leads_to = handling.Signed
    spec = CommandSpec(
        path="sign",
        right="sign (签收)",
        summary="Sign for the current assignment",
        near=NEAR,
        example={},
        refusals=(*OF_A_SHARE, "already_signed"),
        form=forms.CommandForm(
            group=forms.Group.WORK,
            label=N_("Sign"),
            done=N_("Signed."),
            help=N_("Your unit has seen it; its clocks run."),
            fields=(forms.SHARE,),
            shortcut="s",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        if assignment.signed_at is not None:
            raise Refused("already_signed", "This assignment is signed already.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [handling.Signed(assignment=self.share_in(ticket, actor).n)]
