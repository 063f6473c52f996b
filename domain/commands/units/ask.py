"""The command `ask`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed
from domain.commands.lookups import rules_of
from domain.commands.relations import LEAD
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand, refuse_pause
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import waiting
from domain.refusals import Refused
from domain.ticket.assignment import Assignment
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Ask(UnitCommand):
    """Ask the citizen; the unit's clock stands still until they answer, or do not."""

    do: Literal["ask"] = "ask"
    question: Text

    leads_to = waiting.QuestionAsked
    spec = CommandSpec(
        path="ask",
        right="ask the citizen",
        summary="Ask the citizen; the unit's clock stands still until they answer",
        near=LEAD,
        switch="ask_citizen",
        example={"question": "请问漏水的是几号楼几单元？方便时请补充一张照片。"},
        refusals=(*OF_A_SHARE, "not_in_this_city", "not_the_lead", "paused", "question_cap"),
        form=forms.CommandForm(
            group=forms.Group.ASK,
            label=N_("Ask the citizen"),
            done=N_("The citizen is asked; your clock stands still until they answer."),
            help=N_("Your clock stands still until they answer, but not forever."),
            fields=(
                forms.required_text(
                    "question", N_("Question"), N_("It goes to the citizen, word for word.")
                ),
                forms.SHARE,
            ),
            shortcut="a",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        refuse_pause(assignment)
        if assignment.questions >= rules_of(ticket).questions:
            raise Refused("question_cap", f"Asked {assignment.questions} times: no more.")

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        return ClockNeed(ClockName.CITIZEN, self.share_in(ticket, actor).n)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        n = self.share_in(ticket, actor).n
        return [waiting.QuestionAsked(assignment=n, text=self.question, clocks=clocks)]
