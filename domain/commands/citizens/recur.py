"""The command `recur`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor, Role
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.relations import NEAR, relation
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import aftercare
from domain.facts.transitions import transition
from domain.refusals import Refused
from domain.ticket.complaint import Text
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from domain.words import N_


def _bar(context: forms.FormContext) -> Refused | None:
    """Return why it cannot be reopened: after the end, another ticket follows it."""
    ticket, actor = context.ticket, context.actor
    near = relation(ticket, actor.unit, context.pack)
    if actor.role is Role.OFFICER and near not in Recur.spec.near:
        return Refused("not_your_unit", "This is another unit's to do.")
    try:
        refuse_reopening(ticket, actor)
    except Refused as refused:
        return refused
    return None


def refuse_reopening(ticket: Ticket, actor: Actor) -> None:
    """Refuse to reopen a ticket, also one that has ended, which another one then follows.

    Raises:
        Refused: not_now, forbidden, final_reply_sealed
    """
    stage = Stage.AFTERCARE if ticket.stage is Stage.ENDED else ticket.stage
    transition(stage, aftercare.Reopened).permit(actor)
    if ticket.outcome is Outcome.FINAL_REPLY:
        raise Refused("final_reply_sealed", "This matter was concluded with a final reply.")


class Recur(CommandBase):
    """The problem is back."""

    do: Literal["recur"] = "recur"
    text: Text

    leads_to = aftercare.Reopened
    spec = CommandSpec(
        path="recur",
        right="say that the problem is back",
        summary="Say that the problem is back",
        near=NEAR,
        own_route=True,
        example={"text": "修好不到一个月，同一处路灯又不亮了。"},
        refusals=("final_reply_sealed", "not_your_unit"),
        form=forms.CommandForm(
            group=forms.Group.CITIZEN,
            label=N_("The problem is back"),
            done=N_("It is handled again."),
            fields=(forms.required_text("text", N_("What is back, and since when")),),
            bar=_bar,
            instead=True,
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        return ClockNeed(ClockName.DISPATCH)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [aftercare.Reopened(reason="recurred", text=self.text, clocks=clocks)]
