"""The command `decide`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase
from domain.commands.lookups import pending_request, rules_of
from domain.commands.spec import CommandSpec
from domain.facts import aftercare, handling, intake, returning, waiting
from domain.facts.base import FactBase
from domain.refusals import Refused
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


def _last_return(ticket: Ticket) -> bool:
    """Return whether a granted return is followed by arbitration."""
    rules = rules_of(ticket)
    return rules.arbitration and ticket.returns + 1 >= rules.returns


def _names_next(context: forms.FormContext) -> bool:
    """Return whether a granted return may name the next unit: not before arbitration."""
    request = pending_request(context.ticket)
    return request is not None and request.what == "return" and not _last_return(context.ticket)


class Decide(CommandBase):
    """Grant or refuse what the unit asked for. `unit`: whom to send a returned ticket to."""

    do: Literal["decide"] = "decide"
    approve: bool
    reason: Text
    unit: Code | None = None

    planned = True
    leads_to = intake.Reassigned  # while no request is pending; see `domain.policy.guards.leads_to`
    ends = {  # noqa: RUF012 - declared a ClassVar in the base
        "return": returning.Returned,
        "extension": handling.ExtensionGranted,
        "hold": waiting.Held,
        "exclusion": aftercare.ExclusionGranted,
    }
    spec = CommandSpec(
        path="decide",
        right="grant or refuse what a unit asked for",
        summary="Grant or refuse what the unit asked for",
        example={"approve": True, "reason": "情况属实，同意。"},
        refusals=(
            "nothing_asked",
            "own_request",
            "arbitration_due",
            "unknown_unit",
            "accused_unit",
            "accused_unsaid",
            "bad_length",
            "too_far",
            "clock_not_running",
            "overtaken",
        ),
        form=forms.CommandForm(
            group=forms.Group.DECIDE,
            label=N_("Decide what was asked"),
            done=N_("Decided."),
            fields=(
                forms.Field(
                    "approve",
                    forms.FieldKind.YES_NO,
                    N_("Decision"),
                    required=True,
                    yes=N_("Grant"),
                    no=N_("Refuse"),
                ),
                forms.reason(),
                forms.Field(
                    "unit",
                    forms.FieldKind.PICK,
                    N_("Whom to send it to next"),
                    N_("Only where the return is granted; it may be chosen later."),
                    choices=forms.Choices.OTHER_UNITS,
                    when=_names_next,
                ),
            ),
            shortcut="y",
        ),
    )

    def fact_of(self, ticket: Ticket) -> type[FactBase]:
        request = pending_request(ticket)
        return self.ends[request.what] if request else self.leads_to

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        request = pending_request(ticket)
        if request is None:
            raise Refused("nothing_asked", "Nothing is waiting for a decision.")
        if request.what == "return" and self.approve and self.unit and _last_return(ticket):
            raise Refused(
                "arbitration_due",
                "A meeting decides which unit is responsible: leave the unit out.",
            )
        if actor.unit is not None and actor.unit == ticket.unit:
            raise Refused("own_request", "You cannot decide your own request.")
