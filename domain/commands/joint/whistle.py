"""The command `whistle`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.commands import forms
from domain.commands.base import Length, ReasonCode
from domain.commands.lookups import rules_of
from domain.commands.relations import LEAD
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand
from domain.facts import joint
from domain.model import Incoming
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Share
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


class Call(Incoming):
    """A unit that is called in, its task, and its own limit if it has one."""

    unit: Code
    task: Text
    limit: Length | None = None


class Whistle(UnitCommand):
    """吹哨: call other units in, or one more of them. The answer waits for all."""

    do: Literal["whistle"] = "whistle"
    ground: Code
    reason: Text
    units: list[Call] = Field(min_length=1, max_length=20)

    planned = True
    leads_to = joint.Whistled
    spec = CommandSpec(
        path="whistle",
        right="call other units in (吹哨)",
        summary="Blow the whistle: call other units in; the answer waits for all",
        near=LEAD,
        switch="co_handlers",
        example={
            "ground": "beyond_street",
            "reason": "拆除地锁涉及规划、绿化和交通，街道单独无法解决。",
            "units": [
                {"unit": "planning", "task": "核实车位权属。"},
                {"unit": "landscaping", "task": "移植占用车位的绿篱。", "limit": "3d"},
            ],
        },
        refusals=(
            *OF_A_SHARE,
            "not_in_this_city",
            "not_the_lead",
            "same_unit",
            "co_handler_cap",
            "unknown_reason",
            "unknown_unit",
            "accused_unit",
            "accused_unsaid",
            "too_far",
            "overtaken",
        ),
        form=forms.CommandForm(
            group=forms.Group.JOINT,
            label=N_("Whistle: call units in"),
            done=N_("The units are called in. The answer waits for all."),
            help=N_("Each gets a task of its own; the answer waits for all."),
            fields=(
                forms.ground(N_("Ground"), forms.Choices.WHISTLE_GROUNDS),
                forms.reason(),
                forms.Field(
                    "units",
                    forms.FieldKind.CALLS,
                    N_("Units and their tasks"),
                    required=True,
                    choices=forms.Choices.UNITS_TO_CALL,
                ),
                forms.SHARE,
            ),
            shortcut="w",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        called, rules = [call.unit for call in self.units], rules_of(ticket)
        having = [a.unit for a in ticket.opened]
        twice = [unit for unit in called if unit in having or called.count(unit) > 1]
        if twice:
            raise Refused("same_unit", f"Unit {twice[0]} has a share of the ticket already.")
        helping = sum(a.share is Share.CO for a in ticket.opened)
        if helping + len(called) > rules.co_handlers:
            raise Refused("co_handler_cap", f"At most {rules.co_handlers} units may be called in.")

    def reason_code(self) -> ReasonCode:
        return "whistle", self.ground
