"""The command `merge`."""

from datetime import datetime
from typing import Literal

from pydantic.json_schema import SkipJsonSchema

from domain.actors import Actor, Role
from domain.commands import forms
from domain.commands.base import CommandBase, Number
from domain.commands.lookups import rules_of
from domain.commands.spec import CommandSpec
from domain.facts import merging
from domain.refusals import Refused
from domain.ticket.complaint import Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Merge(CommandBase):
    """并单: handle it with another ticket, whose answer this one's citizen gets, too.

    `incident`: the one of which it is a member; only the system says so. The other ticket is then
    not told: it could not take as many as an incident has, and its answer is passed on for it.
    """

    do: Literal["merge"] = "merge"
    into: Number
    reason: Text
    incident: SkipJsonSchema[str | None] = None

    planned = True
    leads_to = merging.Merged
    spec = CommandSpec(
        path="merge",
        right="handle it with another ticket (并单)",
        summary="Handle the ticket together with another one",
        switch="merge",
        example={"into": "2603021234560", "reason": "同一小区同一时段停水，并案办理。"},
        refusals=(
            "not_in_this_city",
            "merge_itself",
            "has_complainants",
            "merge_target_unknown",
            "merge_target_elsewhere",
            "merge_target_merged",
            "merge_target_unclassified",
            "merge_target_answered",
            "merge_target_ended",
            "report_not_merged",
        ),
        form=forms.CommandForm(
            group=forms.Group.JOINT,
            label=N_("Merge into another"),
            done=N_("Merged. Its citizen gets an answer of their own."),
            help=N_("Handled once; every citizen has an answer of their own, and rates it."),
            fields=(
                forms.Field(
                    "into", forms.FieldKind.LINE, N_("Number of the other ticket"), required=True
                ),
                forms.reason(),
            ),
            shortcut="m",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if self.incident is not None and not (
            actor.role is Role.SYSTEM and rules_of(ticket).incidents
        ):
            raise Refused("not_in_this_city", "Only the system merges members of an incident.")
        if self.into == ticket.complaint.number:
            raise Refused("merge_itself", "A ticket cannot be merged into itself.")
        if ticket.complainants:
            raise Refused("has_complainants", "Others are merged into this ticket already.")
