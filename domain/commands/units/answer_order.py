"""The command `answer_order`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.lookups import rules_of
from domain.commands.relations import LEAD
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import supervising
from domain.refusals import Refused
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class AnswerOrder(CommandBase):
    """Report what was done on a supervisor's order."""

    do: Literal["answer_order"] = "answer_order"
    order: int = Field(ge=1)
    answer: Text

    leads_to = supervising.OrderAnswered
    spec = CommandSpec(
        path="answer-order",
        right="answer a supervisor's order",
        summary="Report what was done on a supervisor's order",
        near=LEAD,
        example={"order": 1, "answer": "已增派两组人员，今晚八点前清运完毕，并安排专人巡查。"},
        refusals=("not_your_unit", "unknown_order", "order_answered"),
        form=forms.CommandForm(
            group=forms.Group.WORK,
            label=N_("Answer an order"),
            done=N_("The order is answered."),
            fields=(
                forms.Field(
                    "order",
                    forms.FieldKind.CHOICE,
                    N_("Which order"),
                    required=True,
                    choices=forms.Choices.ORDERS,
                ),
                forms.required_text("answer", N_("What was done")),
            ),
            shortcut="o",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if self.order > len(ticket.orders):
            raise Refused("unknown_order", f"This ticket has no order {self.order}.")
        if ticket.orders[self.order - 1].answer is not None:
            raise Refused("order_answered", "This order is answered already.")
        if rules_of(ticket).preconditions and not ticket.led:
            raise Refused("not_now", "The order waits for the unit that gets the ticket.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [supervising.OrderAnswered(order=self.order, answer=self.answer)]
