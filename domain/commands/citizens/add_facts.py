"""The command `add_facts`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.lookups import rules_of
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import anytime
from domain.refusals import Refused
from domain.ticket.complaint import Text
from domain.ticket.files import Files, Purpose
from domain.ticket.ticket import Ticket
from domain.words import N_


class AddFacts(CommandBase):
    do: Literal["add_facts"] = "add_facts"
    text: Text
    files: Files = Field(default_factory=list)

    leads_to = anytime.FactsAdded
    spec = CommandSpec(
        path="facts",
        right="add facts",
        summary="Add something to the complaint, or answer what the unit asked",
        example={"text": "补充：今天又有一盏路灯不亮了。"},
        refusals=("facts_too_often",),
        form=forms.CommandForm(
            group=forms.Group.CITIZEN,
            label=N_("Add facts for the citizen"),
            done=N_("Added."),
            fields=(
                forms.required_text("text", N_("What the citizen adds")),
                forms.files(N_("Photos and papers"), name="files", purpose=Purpose.COMPLAINT),
            ),
            shortcut="f",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        cap = rules_of(ticket).facts_per_day
        if ticket.asks_citizen:  # to be asked and not to be heard would let the question lapse
            return
        if cap and len(anytime.within_a_day(ticket.facts_at, at)) >= cap:
            raise Refused("facts_too_often", "Enough was added to this ticket today.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        added = anytime.FactsAdded(text=self.text, files=self.files, answers=ticket.asks_citizen)
        return [added]
