"""The command `triage`."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase, Note
from domain.commands.intake.accuse import UNSAID, accusation
from domain.commands.spec import CommandSpec
from domain.facts import intake
from domain.ticket.complaint import Code, Kind
from domain.ticket.ticket import Ticket
from domain.words import N_


def _listed(accused: object) -> object:
    # Earlier versions took one unit, or none.
    if accused is None:
        return []
    return [accused] if isinstance(accused, str) else accused


_Accused = Annotated[list[Code], BeforeValidator(_listed)]


class Triage(CommandBase):
    """分类: say what it is about, and if need be whose."""

    do: Literal["triage"] = "triage"
    category: Code
    kind: Kind | None = None
    area: Code | None = None
    unit: Code | None = Field(None, description="Leave out to let the responsibilities decide.")
    accused: _Accused = Field(
        default_factory=list,
        max_length=20,
        description="The units that a report accuses: they never get the ticket. One may be given "
        "without a list.",
    )
    nobody: bool = Field(False, description="It accuses no unit of the city.")
    note: Note = ""

    planned = True
    leads_to = intake.Classified
    spec = CommandSpec(
        path="triage",
        right="classify (分类)",
        summary="Classify the ticket, and name the unit if need be",
        example={"category": "0204", "area": "110112003", "note": "市民来电确认位置"},
        refusals=("unknown_category", "unknown_unit", UNSAID, "accused_unit"),
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
                forms.Field(
                    "accused",
                    forms.FieldKind.UNITS,
                    N_("The units it accuses"),
                    N_("Of a report of wrongdoing: these units and those under them never get it."),
                    choices=forms.Choices.UNITS_TO_ACCUSE,
                ),
                forms.NOBODY,
                forms.note(),
            ),
            shortcut="t",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        accusation(self.accused, self.nobody)
