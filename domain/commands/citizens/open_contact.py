"""The command `open_contact`."""

from datetime import datetime
from typing import Literal

from domain.actors import Actor
from domain.commands import forms
from domain.commands.base import ClockNeed, CommandBase
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts import anytime
from domain.refusals import Refused
from domain.ticket.ticket import Ticket
from domain.words import N_


def first_contact(ticket: Ticket) -> ClockNeed | None:
    """Return the clock of the first contact, if it still waits, and does not run already."""
    lead = ticket.lead
    if lead is None or not lead.open or lead.contacted_at is not None:
        return None
    going = (c for c in ticket.clocks if c.running and c.name is ClockName.CONTACT)
    runs = any(clock.assignment == lead.n for clock in going)
    return None if runs else ClockNeed(ClockName.CONTACT, lead.n)


class OpenContact(CommandBase):
    """Let the unit know the contact that the citizen had hidden; it has to call them from now."""

    do: Literal["open_contact"] = "open_contact"

    leads_to = anytime.ContactOpened
    spec = CommandSpec(
        path="open-contact",
        right="let the unit that leads know the citizen's hidden contact",
        summary="Let the unit that leads know the contact that was hidden",
        example={},
        refusals=("contact_open", "identity_protected", "person_unknown"),
        form=forms.CommandForm(
            group=forms.Group.CITIZEN,
            label=N_("Let the unit call the citizen"),
            done=N_("The unit that leads may see how to reach the citizen."),
            help=N_("Only if the citizen says so: they had asked not to be named to the unit."),
            shortcut="k",
        ),
    )

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        if ticket.of_wrongdoing:
            raise Refused("identity_protected", "No unit is told who reported.")
        if not ticket.contact_hidden:
            raise Refused("contact_open", "The unit that leads may know it already.")
        if not ticket.contact_left:
            raise Refused("person_unknown", "No phone and no e-mail address was left.")

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed | None:
        return first_contact(ticket)

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return [anytime.ContactOpened(clocks=clocks)]
