"""The command `reclassify`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.intake.reassign import Reassign
from domain.commands.spec import CommandSpec
from domain.facts import intake
from domain.facts.transitions import may_cause, transition
from domain.refusals import Refused
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


def _may_reassign(context: forms.FormContext) -> bool:
    return may_cause(context.actor.role, context.ticket.stage, "reassigned")


class Reclassify(CommandBase):
    """更正分类: another category, with its limits. The unit keeps the ticket unless another is
    named.
    """

    do: Literal["reclassify"] = "reclassify"
    category: Code
    tier: Code | None = Field(
        None, description="The tier of the limits. Leave out for that of the category."
    )
    reason: Text
    unit: Code | None = Field(
        None, description="The unit that gets it instead. Leave out to change only the category."
    )
    longer: bool = Field(
        False,
        description="If the new limit is longer: promise the citizen the later day. Otherwise the "
        "day that was promised stays.",
    )

    planned = True
    leads_to = intake.Reclassified
    spec = CommandSpec(
        path="reclassify",
        right="correct the classification (更正分类)",
        summary="Correct the classification, and with it the limits",
        example={"category": "0204", "reason": "经核实为路灯问题，原分类有误。"},
        refusals=(
            "same_category",
            "unknown_category",
            "unknown_tier",
            "unknown_unit",
            "same_unit",
            "accused_unit",
        ),
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Correct the classification"),
            done=N_("Corrected. The citizen is told."),
            help=N_(
                "The unit's limits begin anew by the new category. The day that the citizen was "
                "promised may only come earlier, unless you confirm a later one."
            ),
            fields=(
                forms.Field(
                    "category",
                    forms.FieldKind.PICK,
                    N_("Category"),
                    required=True,
                    choices=forms.Choices.CATEGORIES,
                ),
                forms.Field(
                    "tier",
                    forms.FieldKind.CHOICE,
                    N_("Limits as for"),
                    N_("Left empty, the category decides."),
                    choices=forms.Choices.TIERS,
                ),
                forms.reason(),
                forms.Field(
                    "longer",
                    forms.FieldKind.YES_NO,
                    N_("Promise a later day, if the new limit is longer?"),
                    N_(
                        "The citizen is told the later day. Without it the day that was said stays."
                    ),
                    preset="no",
                    yes=N_("Promise the later day"),
                    no=N_("Keep the day"),
                ),
                forms.unit(
                    N_("Send it to another unit"),
                    forms.Choices.OTHER_UNITS,
                    N_("Left empty, the unit that has it keeps it."),
                    required=False,
                )._replace(when=_may_reassign),
            ),
            shortcut="j",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        self.refuse_unchanged(ticket, self.tier)
        if self.unit is not None:
            transition(ticket.stage, intake.Reassigned).permit(actor)
            Reassign(unit=self.unit, reason=self.reason).guard(ticket, actor, at)

    def refuse_unchanged(self, ticket: Ticket, tier: str | None) -> None:
        """Refuse the command if category and tier are the ticket's already."""
        if (self.category, tier) == (ticket.category, ticket.tier):
            raise Refused("same_category", "It is classified like that already.")
