"""The command `release`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor, Role
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.relations import NEAR
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import joint
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Ending, Share
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Release(CommandBase):
    """Release a co-handler or a delegate."""

    do: Literal["release"] = "release"
    assignment: int = Field(ge=1)
    reason: Text

    leads_to = joint.Released
    spec = CommandSpec(
        path="release",
        right="let a co-handler or a delegate go",
        summary="Release a co-handler or a delegate",
        near=NEAR,
        example={"assignment": 2, "reason": "经现场核实，不涉及绿化，无需配合。"},
        refusals=("not_your_unit", "unknown_assignment", "not_a_helper", "assignment_ended"),
        form=forms.CommandForm(
            group=forms.Group.JOINT,
            label=N_("Release a helper"),
            done=N_("Released."),
            fields=(
                forms.Field(
                    "assignment",
                    forms.FieldKind.CHOICE,
                    N_("Whom to release"),
                    required=True,
                    choices=forms.Choices.HELPERS,
                ),
                forms.reason(),
            ),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        caller = _caller(ticket, self.assignment).unit
        if actor.role is Role.OFFICER and actor.unit != caller:
            raise Refused("not_your_unit", "This is another unit's to do.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [released(ticket, self.assignment, self.reason)]


def _caller(ticket: Ticket, n: int) -> Assignment:
    """Return the assignment that a co-handler's or a delegate's was given from."""
    assignment = ticket.assignment(n)
    if assignment.of is None:
        raise Refused("not_a_helper", "Only co-handlers and delegates can be released.")
    if not assignment.open:
        raise Refused("assignment_ended", "This assignment has ended.")
    return ticket.assignment(assignment.of)


def released(ticket: Ticket, n: int, reason: str) -> Fact:
    """Return a helper's release; an override if the answer waited for it alone."""
    lead = ticket.lead
    others = [a for a in ticket.opened if a.n != n and a.share is Share.CO]
    last = ticket.assignment(n).share is Share.CO and not others
    if last and lead is not None and lead.ending is Ending.DONE:
        return joint.Overridden(reason=reason, released=[n])
    return joint.Released(assignment=n, unit=ticket.assignment(n).unit, reason=reason)
