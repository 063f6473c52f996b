"""The command `leave_contact`."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.citizens.open_contact import first_contact
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.events import Fact
from domain.facts import anytime
from domain.facts.transitions import transition
from domain.refusals import Refused
from domain.ticket.ticket import Ticket
from domain.words import N_


def _bar(context: forms.FormContext) -> Refused | None:
    """Return why nobody may leave one now: the form's fields are not those of the command."""
    try:
        transition(context.ticket.stage, anytime.ContactLeft).permit(context.actor)
        refuse_second_contact(context.ticket)
    except Refused as refused:
        return refused
    return None


def refuse_second_contact(ticket: Ticket) -> None:
    """Refuse to leave a contact where there is one: it is not replaced by whoever has the code.

    Raises:
        Refused: contact_known
    """
    if ticket.contact_left:
        raise Refused("contact_known", "A phone or an e-mail address was left already.")


class LeaveContact(CommandBase):
    """Leave a phone or an e-mail address later. `person`: its id in the vault, which has the data.

    Only the application gives it, when the data is in the vault.
    """

    do: Literal["leave_contact"] = "leave_contact"
    person: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]

    leads_to = anytime.ContactLeft
    spec = CommandSpec(
        path="leave-contact",
        right="leave a phone or an e-mail address later",
        summary="Leave a phone or an e-mail address where none was left",
        own_route=True,
        example={"person": "0" * 32},
        refusals=("contact_known",),
        form=forms.CommandForm(
            group=forms.Group.CITIZEN,
            label=N_("Write down how to reach the citizen"),
            done=N_("Kept encrypted. The citizen can be called from now on."),
            help=N_("A phone or an e-mail address; only where none was left."),
            fields=(
                forms.Field("phone", forms.FieldKind.LINE, N_("Phone"), most=40),
                forms.Field("email", forms.FieldKind.LINE, N_("E-mail"), most=254),
                forms.Field("name", forms.FieldKind.LINE, N_("Name"), most=100),
            ),
            bar=_bar,
            instead=True,
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        refuse_second_contact(ticket)

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed | None:
        return None if ticket.contact_hidden else first_contact(ticket)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [anytime.ContactLeft(person=self.person, clocks=clocks)]
