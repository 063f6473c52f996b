"""The command `review`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, Wanted
from domain.commands.relations import LEAD
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import waiting
from domain.refusals import Refused
from domain.ticket.assignment import Assignment
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Review(UnitCommand):
    """Look at a hold. `resume`: the works are done, handling goes on."""

    do: Literal["review"] = "review"
    note: Text
    resume: bool = False

    leads_to = waiting.Reviewed
    spec = CommandSpec(
        path="review",
        right="look at a hold again",
        summary="Review a hold: the works go on, or are done",
        near=LEAD,
        example={"note": "路基已完成，路面铺设中，按计划推进。", "resume": False},
        refusals=(*OF_A_SHARE, "not_the_lead", "not_on_hold"),
        form=forms.CommandForm(
            group=forms.Group.WORK,
            label=N_("Review the hold"),
            done=N_("The review is recorded."),
            fields=(
                forms.required_text("note", N_("How it stands")),
                forms.Field(
                    "resume",
                    forms.FieldKind.YES_NO,
                    N_("Are the long works done?"),
                    required=True,
                    preset="no",
                    yes=N_("Done: the clock goes on"),
                    no=N_("They go on"),
                ),
                forms.SHARE,
            ),
            shortcut="v",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        if assignment.pause is None or assignment.pause.why != "hold":
            raise Refused("not_on_hold", "This assignment is not on hold.")

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed | None:
        if self.resume:
            return None
        held = self.share_in(ticket, actor)
        until = held.pause.until if held.pause else None
        return ClockNeed(ClockName.REVIEW, held.n, wanted=Wanted(until=until))

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        n = self.share_in(ticket, actor).n
        return [waiting.Reviewed(assignment=n, note=self.note, clocks=clocks)]
