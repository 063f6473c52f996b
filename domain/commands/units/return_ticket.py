"""The command `return`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, ReasonCode
from domain.commands.lookups import rules_of
from domain.commands.relations import LEAD
from domain.commands.spec import OF_A_SHARE, CommandSpec
from domain.commands.unit_command import UnitCommand, refuse_second_request
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import returning
from domain.refusals import Refused
from domain.ticket.assignment import Assignment
from domain.ticket.complaint import Code, Text
from domain.ticket.ticket import Ticket
from domain.words import N_


def return_bar(ticket: Ticket, assignment: Assignment) -> Refused | None:
    """Return why this assignment cannot be returned; None: a return can be requested."""
    rules = rules_of(ticket)
    if rules.returns == 0:
        return Refused("returns_not_allowed", "In this city units do not return tickets.")
    if assignment.barred == "return_window":
        return Refused("return_window", "The time to return it is over: it is your unit's.")
    if assignment.barred is not None:
        return Refused("arbitrated", "Whose it is has been decided: it cannot be returned.")
    if ticket.returns >= rules.returns:
        return Refused("return_cap", f"Returned {ticket.returns} times already: no more.")
    return None


def _bar(context: forms.FormContext) -> Refused | None:
    """Return why a return is barred, so that no futile attempt is recorded."""
    ticket = context.ticket
    if ticket.rules is None or ticket.current is None:
        return Refused("not_now", "No unit has this ticket now.")
    return return_bar(ticket, ticket.current)


class Return(UnitCommand):
    """退单: ask to give it back, on one of the pack's grounds."""

    do: Literal["return"] = "return"
    ground: Code
    reason: Text

    leads_to = returning.ReturnRequested
    spec = CommandSpec(
        path="return",
        right="ask to give it back (退单)",
        summary="Ask to give the ticket back",
        near=LEAD,
        example={"ground": "not_ours", "reason": "该路段路灯由区城市管理委负责。"},
        refusals=(
            *OF_A_SHARE,
            "not_the_lead",
            "already_asked",
            "return_cap",
            "return_window",
            "returns_not_allowed",
            "arbitrated",
            "unknown_reason",
        ),
        form=forms.CommandForm(
            group=forms.Group.ASK,
            label=N_("Ask to return it"),
            done=N_("The return is asked for. Until it is decided, the ticket stays with you."),
            fields=(
                forms.ground(N_("Ground"), forms.Choices.RETURN_GROUNDS),
                forms.reason(),
                forms.SHARE,
            ),
            shortcut="r",
            bar=_bar,
        ),
    )

    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        refuse_second_request(assignment)

    def reason_code(self) -> ReasonCode:
        return "return", self.ground

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed:
        return ClockNeed(ClockName.DECIDE, self.share_in(ticket, actor).n)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        """Return the request; of a return that is barred, the attempt."""
        share = self.share_in(ticket, actor)
        barred = return_bar(ticket, share)
        if barred is not None:
            return [
                returning.ReturnBarred(assignment=share.n, code=barred.code, reason=self.reason)
            ]
        return [
            returning.ReturnRequested(
                assignment=share.n, ground=self.ground, reason=self.reason, clocks=clocks
            )
        ]
