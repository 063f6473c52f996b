"""The command `call_back`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import CommandBase, Note
from domain.commands.lookups import rules_of
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import closing
from domain.refusals import Refused
from domain.ticket.rating import Rating
from domain.ticket.ticket import Ticket
from domain.words import N_


class CallBack(CommandBase):
    """回访: one attempt; when the citizen was reached, with what they said."""

    do: Literal["call_back"] = "call_back"
    reached: bool
    rating: Rating | None = None
    note: Note = ""

    leads_to = closing.CalledBack
    spec = CommandSpec(
        path="call-back",
        right="record a call-back (回访)",
        summary="Record an attempt to call the citizen back",
        example={"reached": True, "rating": {"contacted": True, "resolved": True, "grade": 5}},
        refusals=("rating_without_contact", "already_rated", "overtaken"),
        form=forms.CommandForm(
            group=forms.Group.CITIZEN,
            label=N_("Record a call-back"),
            done=N_("The call-back is recorded."),
            fields=(
                forms.Field(
                    "reached",
                    forms.FieldKind.YES_NO,
                    N_("Was the citizen reached?"),
                    required=True,
                    yes=N_("Reached"),
                    no=N_("Not reached"),
                ),
                forms.Field(
                    "resolved",
                    forms.FieldKind.YES_NO,
                    N_("Is it solved?"),
                    N_("The rating: only of a citizen who was reached."),
                    yes=N_("Solved"),
                    no=N_("Not solved"),
                    into="rating.resolved",
                ),
                forms.Field(
                    "grade",
                    forms.FieldKind.CHOICE,
                    N_("How satisfied"),
                    choices=forms.Choices.GRADES,
                    into="rating.grade",
                ),
                forms.Field(
                    "contacted",
                    forms.FieldKind.YES_NO,
                    N_("Did the unit contact them?"),
                    yes=N_("They did"),
                    no=N_("They did not"),
                    into="rating.contacted",
                ),
                forms.note("words", N_("What the citizen said"))._replace(into="rating.words"),
                forms.note(),
            ),
            shortcut="b",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if ticket.rating is not None:
            raise Refused("already_rated", "This ticket is rated already.")
        if ticket.call_backs >= rules_of(ticket).call_backs:
            raise Refused("overtaken", "The last attempt was made: the ticket is being closed.")
        if not self.reached and self.rating is not None:
            raise Refused("rating_without_contact", "A rating needs a citizen who was reached.")

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        called = closing.CalledBack(reached=self.reached, note=self.note)
        rated = [closing.Rated(rating=self.rating)] if self.rating else []
        return [called, *rated]
