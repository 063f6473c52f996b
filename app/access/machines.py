"""The limits of machines: they do what their city allows, and nothing where a person was asked for.

Asked by `app.access.permission.permit`, and so at every door.
"""

import structlog

from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from domain.commands.base import CommandBase
from domain.model import Incoming
from domain.pack.agents import AgentPolicy
from domain.policy.agents import ACTS, PROPOSING, allowed_by, open_to_machines
from domain.policy.permissions import Right
from domain.ticket.complaint import Kind, of_wrongdoing
from store.agents import requests

logger = structlog.stdlib.get_logger("jiesu.api")

STOPPED = ACTS | PROPOSING
"""The rights that rest on a ticket for which somebody asked for a person."""


async def check_machine(
    context: AppContext, caller: Caller, right: Right, number: str | None
) -> None:
    """Refuse a machine what it may not do.

    Raises:
        Problem: not_for_machines, left_to_people
    """
    allowed = open_to_machines(right.key, masked=caller.masked)
    if not allowed or not allowed_by(policy_of(context, caller), right.key):
        logger.warning("refused to a machine", key=right.key, caller=caller.id)
        raise Problem("not_for_machines", f"No machine may do this here: {right.key}.")
    if number is not None and right.key in STOPPED:
        await check_not_left_to_people(context, number)


async def check_not_left_to_people(context: AppContext, number: str) -> None:
    """Refuse what a machine does on a ticket that waits for a person.

    Raises:
        Problem: left_to_people
    """
    if await requests.is_open(context.store, number):
        raise Problem("left_to_people")


def check_content(caller: Caller, content: CommandBase | Incoming) -> None:
    """Refuse what a machine says of wrongdoing (举报): a person reports it, and whom it accuses.

    Raises:
        Problem: not_for_machines
    """
    if not caller.machine:
        return
    kind = getattr(content, "kind", None)
    reports = isinstance(kind, Kind) and of_wrongdoing(kind)
    if reports or getattr(content, "accused", None) or getattr(content, "nobody", False):
        raise Problem("not_for_machines", "A person reports wrongdoing, and says whom it accuses.")


def policy_of(context: AppContext, caller: Caller) -> AgentPolicy | None:
    """Return what the machine's city allows; None if that city serves no machines."""
    if caller.city is None or caller.city not in context.packs.ids():
        return None
    return context.packs.get(caller.city).agents
