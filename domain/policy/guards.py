"""The check of a command: transition table, role and unit, the city's switches, its own guard."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.actors import Actor, Role
from domain.commands.intake.accuse import UNSAID, Accuse, accusation
from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.triage import Triage
from domain.commands.lookups import pending_request, rules_of
from domain.commands.may_have import refuse_accused
from domain.commands.relations import NEAR, relation
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.keep_minutes import KeepMinutes
from domain.commands.unit_command import UnitCommand
from domain.facts.transitions import may_cause, transition
from domain.messages import Command
from domain.policy.permissions import right_to
from domain.refusals import Refused
from domain.ticket.complaint import of_wrongdoing
from domain.ticket.ticket import Ticket


def check(ticket: Ticket, command: Command, actor: Actor, at: datetime) -> None:
    """Refuse a command that is not allowed.

    Raises:
        Refused: with the reason's code; nothing has changed.
    """
    transition(ticket.stage, command.fact_of(ticket)).permit(actor)
    switch = command.spec.switch
    if switch is not None and not getattr(rules_of(ticket), switch):
        raise Refused("not_in_this_city", f"This city does not work that way: {command.do}.")
    _check_near(ticket, command, actor)
    refuse_accused(ticket, units_named(command))
    if ticket.contest is not None and command.spec.uncontested:
        raise Refused("already_asked", "An exclusion is waiting: decide that first.")
    command.guard(ticket, actor, at)


def check_received(ticket: Ticket, command: Command, actor: Actor, at: datetime) -> None:
    """Refuse a command that is not allowed, when it is received.

    A report of wrongdoing waits for a person to say whom it accuses, before anybody gives it away.
    Older histories do not know that, so it is not asked again when one is replayed.

    Raises:
        Refused: with the reason's code; nothing has changed.
    """
    check(ticket, command, actor, at)
    if _unsaid(ticket, command) and not _says(command):
        raise Refused(UNSAID, "Say first which of our units it accuses, or that it accuses none.")


_GIVES_NOTHING = (Accuse, Conclude, KeepMinutes)
"""Commands that name units and give the ticket to none."""


def _unsaid(ticket: Ticket, command: Command) -> bool:
    kinds = (ticket.kind, ticket.complaint.kind, getattr(command, "kind", None) or ticket.kind)
    return ticket.accused is None and of_wrongdoing(*kinds)


def _says(command: Command) -> bool:
    """Return whether it need not wait: it says whom the ticket accuses, or names no unit."""
    if isinstance(command, Triage):
        return accusation(command.accused, command.nobody) is not None
    return isinstance(command, _GIVES_NOTHING) or not any(units_named(command))


def units_named(command: Command) -> Iterator[str]:
    """Yield the units that a command names, apart from those that it accuses.

    All of them learn of the ticket, also those that were only present at a meeting.
    """
    if not isinstance(command, Accuse):
        yield from _units_in(command)


def _units_in(value: BaseModel) -> Iterator[str]:
    for name, part in value:
        if name != "accused":
            for one in part if isinstance(part, list) else [part]:
                yield from _unit_of(name, one)


def _unit_of(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from _units_in(value)
    elif name in ("unit", "units") and isinstance(value, str):
        yield value


def _check_near(ticket: Ticket, command: Command, actor: Actor) -> None:
    """Require that an officer's unit is as near to the ticket as the permission table says."""
    near = relation(ticket, actor.unit)
    if actor.role is not Role.OFFICER or right_to(command).allows(actor.role, near):
        return
    # The check of the share that is meant follows, and refuses with the exact reason.
    if isinstance(command, UnitCommand) and near in NEAR:
        return
    raise Refused("not_your_unit", "This is another unit's to do.")


def may_decide(role: Role, ticket: Ticket) -> bool:
    """Return whether `role` may decide the request of the ticket, or name a unit at arbitration."""
    request = pending_request(ticket)
    fact = Decide.ends[request.what] if request else Arbitrate.leads_to
    return may_cause(role, ticket.stage, str(fact.model_fields["kind"].default))
