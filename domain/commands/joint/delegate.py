"""The command `delegate`."""

from datetime import datetime
from typing import Literal

from domain.commands import forms
from domain.commands.base import Length
from domain.commands.lookups import rules_of
from domain.commands.relations import NEAR
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand
from domain.facts import joint
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Share
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Delegate(UnitCommand):
    """转派: give the work to a unit below, and stay answerable."""

    do: Literal["delegate"] = "delegate"
    unit: Code
    task: Text
    limit: Length | None = None

    planned = True
    leads_to = joint.Delegated
    spec = CommandSpec(
        path="delegate",
        right="give the work to a unit below (转派)",
        summary="Give the work to a unit below, and stay answerable",
        near=NEAR,
        switch="delegations",
        example={"unit": "parking-office", "task": "今天内清理该点位单车，并回传照片。"},
        refusals=(
            *OF_A_SHARE,
            "not_in_this_city",
            "same_unit",
            "delegation_cap",
            "not_below",
            "unknown_unit",
            "accused_unit",
            "accused_unsaid",
            "too_far",
            "overtaken",
        ),
        form=forms.CommandForm(
            group=forms.Group.JOINT,
            label=N_("Delegate it"),
            done=N_("Delegated. Your unit stays answerable."),
            help=N_("A unit below does the work; yours stays answerable, and both clocks run."),
            fields=(
                forms.unit(N_("Unit below"), forms.Choices.UNITS_BELOW),
                forms.required_text("task", N_("Task")),
                forms.LIMIT,
                forms.SHARE,
            ),
            shortcut="g",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        if self.unit in (a.unit for a in ticket.opened):
            raise Refused("same_unit", f"Unit {self.unit} has a share of the ticket already.")
        cap, depth, above = rules_of(ticket).delegations, 1, assignment
        while above.share is Share.DELEGATE and above.of is not None:
            depth, above = depth + 1, ticket.assignment(above.of)
        if depth > cap:
            raise Refused("delegation_cap", f"Delegated {cap} levels down: no further.")
