"""The command `raise_level`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.relations import LEAD
from domain.commands.spec import CommandSpec
from domain.commands.system_reasons import codes_of, text_of
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import joint
from domain.refusals import Refused
from domain.ticket.because import Because
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class RaiseLevel(CommandBase):
    """提级: hand it one level up."""

    do: Literal["raise_level"] = "raise_level"
    reason: Text

    leads_to = joint.LevelRaised
    spec = CommandSpec(
        path="raise-level",
        right="hand it one level up (提级)",
        summary="Hand the ticket one level up",
        near=LEAD,
        switch="raise_level",
        example={"reason": "跨乡镇河道治理超出本级事权。"},
        refusals=("not_in_this_city", "not_your_unit", "top_level"),
        form=forms.CommandForm(
            group=forms.Group.JOINT,
            label=N_("Raise it one level"),
            done=N_("Raised one level up."),
            help=N_("For what is beyond the unit's authority: the level above takes it."),
            fields=(forms.reason(),),
            shortcut="l",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        lead = ticket.lead
        if lead is None or not lead.open or lead.above is None:
            raise Refused("top_level", "No unit is above the one that leads.")

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        return ClockNeed(ClockName.DISPATCH)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [raised(ticket, self.reason, clocks)]


def raised(
    ticket: Ticket, reason: str | Because, clocks: list[Clock], *, escalated: bool = False
) -> Fact:
    """Return a raise by one level; a unit must be above. `reason`: a person's, or the system's."""
    lead = ticket.lead
    if lead is None or lead.above is None:
        raise ValueError("no level is above")
    return joint.LevelRaised(
        assignment=lead.n,
        unit=lead.above,
        level=lead.level,
        reason=text_of(reason),
        because=codes_of(ticket, reason),
        escalated=escalated,
        clocks=clocks,
    )
