"""The command `hold`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, ReasonCode, Wanted
from domain.commands.lookups import rules_of
from domain.commands.relations import LEAD
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand, refuse_pause, refuse_second_request
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import waiting
from domain.model import Instant
from domain.refusals import Refused
from domain.ticket.assignment import Assignment
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Hold(UnitCommand):
    """挂账: ask to put long works aside until a day, with reviews in between."""

    do: Literal["hold"] = "hold"
    ground: Code
    until: Instant
    reason: Text

    leads_to = waiting.HoldRequested
    spec = CommandSpec(
        path="hold",
        right="ask to put it aside (挂账)",
        summary="Ask to put long works aside until a day, with reviews in between",
        near=LEAD,
        switch="holds",
        example={
            "ground": "works",
            "until": "2026-09-30T18:00:00+08:00",
            "reason": "该路段已列入三季度大修计划，预计九月底完工。",
        },
        refusals=(
            *OF_A_SHARE,
            "not_in_this_city",
            "not_the_lead",
            "already_asked",
            "paused",
            "hold_cap",
            "hold_too_long",
            "in_the_past",
            "unknown_reason",
            "too_far",
        ),
        form=forms.CommandForm(
            group=forms.Group.ASK,
            label=N_("Ask for a hold"),
            done=N_("The hold is asked for."),
            help=N_("For works that take long: the clock stands still, with reviews in between."),
            fields=(
                forms.ground(N_("Ground"), forms.Choices.HOLD_GROUNDS),
                forms.Field("until", forms.FieldKind.MOMENT, N_("Until"), required=True),
                forms.reason(),
                forms.SHARE,
            ),
            shortcut="h",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        refuse_second_request(assignment)
        refuse_pause(assignment)
        if assignment.holds >= rules_of(ticket).holds:
            raise Refused("hold_cap", f"Put aside {assignment.holds} times: no more.")
        if self.until <= at:
            raise Refused("in_the_past", "A hold ends in the future.")

    def reason_code(self) -> ReasonCode:
        return "hold", self.ground

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        n = self.share_in(ticket, actor).n
        return ClockNeed(ClockName.DECIDE, n, wanted=Wanted(until=self.until))

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [
            waiting.HoldRequested(
                assignment=self.share_in(ticket, actor).n,
                ground=self.ground,
                until=self.until,
                reason=self.reason,
                clocks=clocks,
            )
        ]
