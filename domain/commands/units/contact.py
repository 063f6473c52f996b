"""The command `contact`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import Note
from domain.commands.relations import NEAR
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import handling
from domain.ticket.assignment import Assignment
from domain.ticket.ticket import Ticket
from domain.words import N_


class Contact(UnitCommand):
    """首次联系. `reached` false: tried, nobody answered; the clock runs on."""

    do: Literal["contact"] = "contact"
    reached: bool = True
    note: Note = ""

    leads_to = handling.Contacted
    spec = CommandSpec(
        path="contact",
        right="record a contact with the citizen (首次联系)",
        summary="Record an attempt to contact the citizen",
        near=NEAR,
        example={"reached": True, "note": "已电话联系，约定今天下午到现场查看。"},
        refusals=OF_A_SHARE,
        form=forms.CommandForm(
            group=forms.Group.WORK,
            label=N_("Record a contact"),
            done=N_("The contact is recorded."),
            help=N_("The citizen hears a voice before an answer."),
            fields=(
                forms.Field(
                    "reached",
                    forms.FieldKind.YES_NO,
                    N_("Was the citizen reached?"),
                    N_("A failed attempt is kept, too; the clock runs on."),
                    required=True,
                    preset="yes",
                    yes=N_("Reached"),
                    no=N_("Not reached"),
                ),
                forms.note(label=N_("What was said")),
                forms.SHARE,
            ),
            shortcut="c",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        """Accept: an open share of the actor's unit is enough."""

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        n = self.share_in(ticket, actor).n
        return [handling.Contacted(assignment=n, reached=self.reached, note=self.note)]
