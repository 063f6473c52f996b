"""The command `step`."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import Note
from domain.commands.relations import LEAD
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import handling
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Evidence
from domain.ticket.complaint import Code
from domain.ticket.ticket import Ticket
from domain.words import N_


class Step(UnitCommand):
    """One stage of a category with staged limits is done."""

    do: Literal["step"] = "step"
    step: Code
    note: Note = ""
    evidence: Evidence = Field(default_factory=list)

    leads_to = handling.StepDone
    spec = CommandSpec(
        path="step",
        right="report a stage as done",
        summary="Report one stage of a matter with staged limits as done",
        near=LEAD,
        example={"step": "stop", "note": "已现场责令停工。", "evidence": ["photo/stop-1.jpg"]},
        refusals=(*OF_A_SHARE, "not_the_lead", "unknown_step"),
        form=forms.CommandForm(
            group=forms.Group.WORK,
            label=N_("Report a step"),
            done=N_("The step is reported as done."),
            fields=(
                forms.Field(
                    "step",
                    forms.FieldKind.CHOICE,
                    N_("Step"),
                    required=True,
                    choices=forms.Choices.STEPS,
                ),
                forms.note(),
                forms.files(N_("Photos and papers")),
                forms.RECORDS,
                forms.SHARE,
            ),
            shortcut="p",
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        steps = [
            clock.label
            for clock in ticket.clocks
            if clock.running and clock.name is ClockName.STEP and clock.assignment == assignment.n
        ]
        if self.step not in steps:
            left = ", ".join(filter(None, steps)) or "none"
            raise Refused("unknown_step", f"No step '{self.step}' is to be done; left: {left}.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        n = self.share_in(ticket, actor).n
        return [
            handling.StepDone(assignment=n, step=self.step, note=self.note, evidence=self.evidence)
        ]
