"""The command `exclude`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase, ReasonCode
from domain.commands.relations import LEAD
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import aftercare
from domain.refusals import Refused
from domain.ticket.assignment import Evidence
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Exclude(CommandBase):
    """剔除: ask that the ticket does not count, on one of the pack's grounds, with evidence."""

    do: Literal["exclude"] = "exclude"
    ground: Code
    reason: Text
    evidence: Evidence = Field(min_length=1)

    leads_to = aftercare.ExclusionRequested
    spec = CommandSpec(
        path="exclude",
        right="ask that it does not count (剔除)",
        summary="Ask that the ticket does not count, with evidence",
        near=LEAD,
        switch="exclude",
        example={
            "ground": "mistaken_rating",
            "reason": "市民来电说明误按了不满意，附通话录音编号。",
            "evidence": ["call/20260302-118"],
        },
        refusals=(
            "not_your_unit",
            "not_in_this_city",
            "already_asked",
            "already_excluded",
            "unknown_reason",
        ),
        form=forms.CommandForm(
            group=forms.Group.ASK,
            label=N_("Ask to be excluded"),
            done=N_("The exclusion is asked for."),
            help=N_("A mistaken or malicious rating does not count, if a supervisor agrees."),
            fields=(
                forms.ground(N_("Ground"), forms.Choices.EXCLUDE_GROUNDS),
                forms.reason(),
                forms.files(N_("Evidence"), N_("A file, or a reference below: one is needed.")),
                forms.RECORDS,
            ),
            shortcut="x",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if ticket.contest is not None:
            raise Refused("already_asked", "An exclusion is waiting already.")
        if ticket.excluded:
            raise Refused("already_excluded", "This ticket is excluded already.")

    def reason_code(self) -> ReasonCode:
        return "exclude", self.ground

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        return ClockNeed(ClockName.DECIDE)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [
            aftercare.ExclusionRequested(
                ground=self.ground, reason=self.reason, evidence=self.evidence, clocks=clocks
            )
        ]
