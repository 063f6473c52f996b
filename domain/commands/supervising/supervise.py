"""The command `supervise`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.lookups import rules_of
from domain.commands.spec import CommandSpec
from domain.commands.system_reasons import codes_of, text_of
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import supervising
from domain.ticket.because import Because
from domain.ticket.complaint import Text
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from domain.words import N_


class Supervise(CommandBase):
    """督办: order the unit that leads; it has to answer.

    At dispatch, where no unit leads, the order waits for the one that gets the ticket, and its
    time, too.
    """

    do: Literal["supervise"] = "supervise"
    text: Text

    leads_to = supervising.SupervisionOrdered
    spec = CommandSpec(
        path="supervise",
        right="order the unit that leads (督办)",
        summary="Order the unit that leads; it has to answer",
        example={"text": "该问题市民反映集中，请三日内拿出整改方案并报结果。"},
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Issue an order"),
            done=N_("Ordered. The unit that leads has to answer."),
            fields=(forms.required_text("text", N_("What is ordered")),),
            shortcut="i",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed | None:
        return ClockNeed(ClockName.ORDER) if _has_its_unit(ticket) else None

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [order(ticket, self.text, clocks)]


def _has_its_unit(ticket: Ticket) -> bool:
    """Return whether the unit that has to answer is known; at dispatch it is the next one.

    True before there were preconditions, as the clock then started at once.
    """
    return not rules_of(ticket).preconditions or (ticket.stage is not Stage.DISPATCH and ticket.led)


def order(
    ticket: Ticket, text: str | Because, clocks: list[Clock], *, escalated: bool = False
) -> Fact:
    """Return the next order; its number distinguishes its clock."""
    n = len(ticket.orders) + 1
    return supervising.SupervisionOrdered(
        order=n,
        unit=ticket.unit if _has_its_unit(ticket) else None,
        text=text_of(text),
        because=codes_of(ticket, text),
        escalated=escalated,
        clocks=[clock.model_copy(update={"label": str(n)}) for clock in clocks],
    )
