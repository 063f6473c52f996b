"""The command `conclude`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor, Role
from domain.commands import forms
from domain.commands.base import CommandBase, ReasonCode
from domain.commands.lookups import rules_of
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import closing, intake
from domain.facts.base import FactBase
from domain.facts.transitions import may_cause
from domain.refusals import Refused
from domain.ticket.complaint import Code, Kind, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


def _needs_reason(context: forms.FormContext) -> bool:
    role, stage = context.actor.role, context.ticket.stage
    return may_cause(role, stage, "declined") or may_cause(role, stage, "referred")


def _is_praise(context: forms.FormContext) -> bool:
    return Kind.PRAISE in (context.ticket.kind, context.ticket.complaint.kind)


class Conclude(CommandBase):
    """End it without a unit, or with the last word. `reason`: the pack's code, where one is due.

    `unit`: the one that a praise is for.
    """

    do: Literal["conclude"] = "conclude"
    outcome: Literal["answered", "declined", "referred", "final_reply"]
    reason: Code | None = None
    text: Text = Field(description="What the citizen is told.")
    unit: Code | None = None

    leads_to = closing.FinalReplied
    ends = {  # noqa: RUF012 - declared a ClassVar in the base
        "answered": intake.Answered,
        "declined": intake.Declined,
        "referred": intake.Referred,
        "final_reply": closing.FinalReplied,
    }
    spec = CommandSpec(
        path="conclude",
        right="end it without a unit, or with the last word",
        summary="End the ticket without a unit, or with the last word",
        uncontested=True,
        example={"outcome": "answered", "text": "夜间照明时间为日落后至次日日出前。"},
        refusals=(
            "reason_missing",
            "unknown_reason",
            "not_for_desk",
            "already_asked",
            "accused_unit",
        ),
        form=forms.CommandForm(
            group=forms.Group.END,
            label=N_("Conclude"),
            done=N_("Concluded. The citizen is told."),
            help=N_("Without a unit, or with the last word."),
            fields=(
                forms.Field(
                    "outcome",
                    forms.FieldKind.CHOICE,
                    N_("How it ends"),
                    required=True,
                    choices=forms.Choices.OUTCOMES,
                ),
                forms.Field(
                    "reason",
                    forms.FieldKind.CHOICE,
                    N_("Reason"),
                    N_("Needed to decline or to refer."),
                    choices=forms.Choices.CONCLUDE_REASONS,
                    when=_needs_reason,
                ),
                forms.required_text("text", N_("What the citizen is told")),
                forms.Field(
                    "unit",
                    forms.FieldKind.PICK,
                    N_("The unit that is praised"),
                    choices=forms.Choices.EVERY_UNIT,
                    when=_is_praise,
                ),
            ),
            shortcut="n",
        ),
    )

    def fact_of(self, ticket: Ticket) -> type[FactBase]:
        return self.ends[self.outcome]

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if self.outcome in ("declined", "referred") and self.reason is None:
            raise Refused("reason_missing", "Declining or referring needs a reason code.")
        done = actor.role is Role.GRID_WORKER  # on the spot, whatever kind it is
        if self.outcome == "answered" and not (
            done or ticket.kind in rules_of(ticket).desk_answers
        ):
            raise Refused("not_for_desk", f"The desk does not answer this itself: {ticket.kind}.")

    def reason_code(self) -> ReasonCode | None:
        match self.outcome:
            case "declined":
                return "decline", self.reason or ""
            case "referred":
                return "refer", self.reason or ""
            case _:
                return None

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        match self.outcome:
            case "declined":
                return [intake.Declined(reason=self.reason or "", text=self.text)]
            case "referred":
                return [intake.Referred(reason=self.reason or "", text=self.text)]
            case "answered":
                return [intake.Answered(text=self.text, unit=self.unit)]
            case "final_reply":
                return [closing.FinalReplied(text=self.text)]
