"""The command `appoint`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase, Note
from domain.commands.relations import NEAR
from domain.commands.spec import CommandSpec
from domain.facts import anytime
from domain.model import Instant
from domain.refusals import Refused
from domain.ticket.ticket import Ticket
from domain.words import N_


class Appoint(CommandBase):
    """预约: promise the service for a certain time; a later promise replaces it."""

    do: Literal["appoint"] = "appoint"
    starts_at: Instant
    text: Note = ""

    planned = True
    leads_to = anytime.Appointed
    spec = CommandSpec(
        path="appoint",
        right="promise a time (预约)",
        summary="Promise the service for a certain time",
        near=NEAR,
        switch="appoint",
        example={"starts_at": "2026-03-05T09:30:00+08:00", "text": "请带身份证，到二楼三号窗口。"},
        refusals=("not_in_this_city", "not_your_unit", "in_the_past", "too_far"),
        form=forms.CommandForm(
            group=forms.Group.RECORD,
            label=N_("Make an appointment"),
            done=N_("The appointment is made; the citizen is told."),
            fields=(
                forms.Field("starts_at", forms.FieldKind.MOMENT, N_("When"), required=True),
                forms.note("text", N_("What the citizen has to know")),
            ),
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if self.starts_at <= at:
            raise Refused("in_the_past", "An appointment is in the future.")
