"""The command `extend`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, Length, Wanted
from domain.commands.lookups import rules_of
from domain.commands.relations import NEAR
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand, refuse_pause, refuse_second_request
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import handling
from domain.refusals import Refused
from domain.ticket.assignment import Assignment
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Extend(UnitCommand):
    """延期: ask for more time."""

    do: Literal["extend"] = "extend"
    by: Length
    reason: Text

    leads_to = handling.ExtensionRequested
    spec = CommandSpec(
        path="extend",
        right="ask for more time (延期)",
        summary="Ask for more time",
        near=NEAR,
        example={"by": "3d", "reason": "需要采购配件，预计三天内到货。"},
        refusals=(
            *OF_A_SHARE,
            "already_asked",
            "paused",
            "extension_cap",
            "extension_too_long",
            "bad_length",
            "too_far",
            "clock_not_running",
        ),
        form=forms.CommandForm(
            group=forms.Group.ASK,
            label=N_("Ask for more time"),
            done=N_("The extension is asked for."),
            fields=(
                forms.Field("by", forms.FieldKind.SPAN, N_("How much more"), required=True),
                forms.reason(),
                forms.SHARE,
            ),
            shortcut="e",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        refuse_second_request(assignment)
        if assignment.extensions >= rules_of(ticket).extensions:
            raise Refused("extension_cap", f"Extended {assignment.extensions} times: no more.")
        refuse_pause(assignment)

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        n = self.share_in(ticket, actor).n
        clock = ticket.running(ClockName.HANDLE, n)
        return ClockNeed(ClockName.DECIDE, n, wanted=Wanted(clock=clock, by=self.by))

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        n = self.share_in(ticket, actor).n
        return [
            handling.ExtensionRequested(assignment=n, by=self.by, reason=self.reason, clocks=clocks)
        ]
