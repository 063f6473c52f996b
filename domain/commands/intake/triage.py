"""The command `triage`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase, Note
from domain.commands.spec import CommandSpec
from domain.facts import intake
from domain.ticket.complaint import Code, Kind
from domain.ticket.ticket import Ticket
from domain.words import N_


class Triage(CommandBase):
    """分类: say what it is about, and if need be whose."""

    do: Literal["triage"] = "triage"
    category: Code
    kind: Kind | None = None
    area: Code | None = None
    unit: Code | None = Field(None, description="Leave out to let the responsibilities decide.")
    accused: Code | None = Field(
        None, description="The unit that a report is about: it will not get the ticket."
    )
    note: Note = ""

    planned = True
    leads_to = intake.Classified
    spec = CommandSpec(
        path="triage",
        right="classify (分类)",
        summary="Classify the ticket, and name the unit if need be",
        example={"category": "0204", "area": "110112003", "note": "市民来电确认位置"},
        refusals=("unknown_category", "unknown_unit"),
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Classify"),
            done=N_("Classified."),
            help=N_("The subject decides the limits and the responsible unit."),
            fields=(
                forms.Field(
                    "category",
                    forms.FieldKind.PICK,
                    N_("Category"),
                    required=True,
                    choices=forms.Choices.CATEGORIES,
                ),
                forms.Field(
                    "kind", forms.FieldKind.CHOICE, N_("Kind"), choices=forms.Choices.KINDS
                ),
                forms.Field(
                    "area",
                    forms.FieldKind.PICK,
                    N_("Street or community"),
                    choices=forms.Choices.AREAS,
                ),
                forms.unit(
                    N_("Unit"),
                    forms.Choices.EVERY_UNIT,
                    N_("Left empty, the responsibilities decide."),
                    required=False,
                ),
                forms.unit(
                    N_("The unit it is about"),
                    forms.Choices.UNITS_TO_ACCUSE,
                    N_("Of a report of wrongdoing: this unit and those under it never get it."),
                    required=False,
                    name="accused",
                ),
                forms.note(),
            ),
            shortcut="t",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""
