"""The command `revisit`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.relations import NEAR
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import aftercare
from domain.ticket.assignment import Evidence
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Revisit(CommandBase):
    """回头看: say whether the effect holds. Where it does not, the ticket goes on."""

    do: Literal["revisit"] = "revisit"
    holds: bool
    note: Text
    evidence: Evidence = Field(default_factory=list)

    leads_to = aftercare.Revisited
    spec = CommandSpec(
        path="revisit",
        right="look whether it holds (回头看)",
        summary="Say whether the effect holds; where it does not, the ticket goes on",
        near=NEAR,
        example={
            "holds": False,
            "note": "复查发现地锁重新安装，共四处。",
            "evidence": ["photo/revisit-1.jpg"],
        },
        refusals=("not_your_unit",),
        form=forms.CommandForm(
            group=forms.Group.RECORD,
            label=N_("Record a revisit"),
            done=N_("The revisit is recorded."),
            help=N_("Whether the effect holds. Where it does not, the ticket goes on."),
            fields=(
                forms.Field(
                    "holds",
                    forms.FieldKind.YES_NO,
                    N_("Does it hold?"),
                    required=True,
                    yes=N_("It holds"),
                    no=N_("It is back"),
                ),
                forms.required_text("note", N_("What was seen")),
                forms.files(N_("Photos and papers")),
                forms.RECORDS,
            ),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed | None:
        return None if self.holds else ClockNeed(ClockName.DISPATCH)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        seen = aftercare.Revisited(holds=self.holds, note=self.note, evidence=self.evidence)
        if self.holds:
            return [seen]
        return [seen, aftercare.Reopened(reason="revisit", text=self.note, clocks=clocks)]
