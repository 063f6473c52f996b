"""The check of a command: transition table, role and unit, the city's switches, its own guard."""

from datetime import datetime

from domain.actors import Actor, Role
from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.lookups import pending_request, rules_of
from domain.commands.relations import NEAR, relation
from domain.commands.supervising.decide import Decide
from domain.commands.unit_command import UnitCommand
from domain.facts.transitions import may_cause, transition
from domain.messages import Command
from domain.policy.permissions import right_to
from domain.refusals import Refused
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
    if ticket.contest is not None and command.spec.uncontested:
        raise Refused("already_asked", "An exclusion is waiting: decide that first.")
    command.guard(ticket, actor, at)


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
