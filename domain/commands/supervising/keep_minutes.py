"""The command `keep_minutes`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.relations import NEAR
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import anytime
from domain.ticket.minutes import Minutes
from domain.ticket.ticket import Ticket
from domain.words import N_


class KeepMinutes(CommandBase):
    """Write down a meeting: on the spot, a mediation, a deliberation with residents."""

    do: Literal["keep_minutes"] = "keep_minutes"
    minutes: Minutes

    leads_to = anytime.MinutesRecorded
    spec = CommandSpec(
        path="minutes",
        right="keep minutes",
        summary="Keep the minutes of a meeting: on the spot, a mediation, a deliberation",
        near=NEAR,
        example={
            "minutes": {
                "what": "deliberation",
                "text": "居民代表、物业和社区就停车改造三个方案逐一讨论并表决。",
                "units": ["110112003"],
                "residents": 21,
                "options": [
                    {
                        "title": "增划路侧车位",
                        "pros": ["当月可完成"],
                        "cons": ["占用部分绿化带"],
                        "votes": 15,
                    },
                    {"title": "错时共享单位停车场", "pros": ["不占绿地"], "votes": 6},
                ],
                "decision": "采用增划车位方案，补种等面积绿地。",
                "agreed": True,
            }
        },
        refusals=("not_your_unit", "accused_unit"),
        form=forms.CommandForm(
            group=forms.Group.RECORD,
            label=N_("Keep minutes"),
            done=N_("The minutes are kept."),
            fields=(
                forms.Field(
                    "what",
                    forms.FieldKind.CHOICE,
                    N_("Meeting"),
                    required=True,
                    choices=forms.Choices.MEETINGS,
                    into="minutes.what",
                ),
                forms.required_text("text", N_("Minutes of the meeting"))._replace(
                    into="minutes.text"
                ),
                forms.Field(
                    "units",
                    forms.FieldKind.UNITS,
                    N_("Who was there"),
                    choices=forms.Choices.INVOLVED_UNITS,
                    into="minutes.units",
                ),
                forms.Field(
                    "residents",
                    forms.FieldKind.COUNT,
                    N_("How many residents"),
                    into="minutes.residents",
                ),
                forms.Field(
                    "options",
                    forms.FieldKind.PLANS,
                    N_("What was deliberated"),
                    N_("One reason a line."),
                    into="minutes.options",
                ),
                forms.note("decision", N_("What was decided"))._replace(into="minutes.decision"),
                forms.Field(
                    "agreed",
                    forms.FieldKind.YES_NO,
                    N_("Did they agree?"),
                    yes=N_("Agreed"),
                    no=N_("Not agreed"),
                    into="minutes.agreed",
                ),
            ),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept: stage, role, unit and the city's switches decide alone."""

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [anytime.MinutesRecorded(minutes=self.minutes)]
