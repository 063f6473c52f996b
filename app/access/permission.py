"""Permission, asked where the act is done: by role, scope, city, and what a caller may know."""

import structlog

from app.access.caller import Caller
from app.access.machines import check_machine
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from domain.policy.permissions import ONES_OWN, RIGHTS, Right
from store.tickets import intake, tickets

logger = structlog.stdlib.get_logger("jiesu.api")


async def permit(
    context: AppContext,
    caller: Caller | None,
    key: str,
    number: str | None = None,
    *,
    unknown: str = "ticket_not_found",
) -> None:
    """Refuse what the permission table does not allow this caller.

    `caller`: None for one who shows nothing, and may do what is everybody's. `number`: the ticket
    that is acted on, wherever its number came from: a path, a form, a body. `unknown`: the error if
    its very existence is confidential. Asked a second time in a request (by the route, then by the
    act) it costs nothing.

    Raises:
        Problem: unauthenticated, password_change_needed, city_unclear, `unknown`, scope_missing,
            forbidden; for machines not_for_machines, left_to_people
    """
    right = RIGHTS[key]
    if caller is None:
        if not right.everybody:
            raise Problem("unauthenticated")
        return
    if (key, number) in caller.granted:
        return
    if caller.first_password and key not in ONES_OWN:
        raise Problem("password_change_needed")
    if caller.city_unclear and key not in ONES_OWN:
        raise Problem("city_unclear", f"Unit: {caller.actor.unit}.")
    if number is not None and not await _may_know(context, caller, number, right):
        raise Problem(unknown)
    if caller.machine:
        await check_machine(context, caller, right, number)
    if not caller.may(right):
        logger.warning("refused", key=key, role=caller.actor.role.value, caller=caller.id)
        if caller.actor.role in right.roles:
            raise Problem("scope_missing", f"This token is not for this: {right.scope}.")
        raise Problem("forbidden", f"The role '{caller.actor.role}' may not do this: {key}.")
    caller.granted.add((key, number))


async def may_know(context: AppContext, caller: Caller, number: str) -> bool:
    """Return whether an answer to this caller may depend on another ticket that they name."""
    return not caller.confined or await _is_known(context, caller, number)


async def _may_know(context: AppContext, caller: Caller, number: str, right: Right) -> bool:
    """Return whether the answer may depend on the ticket.

    Checked here only where necessary: the workflow refuses commands of officers of other units, and
    a look into the store before every command would slow down all of them.
    """
    if caller.citizen:
        return caller.ticket == number
    if not caller.confined or (caller.city is None and caller.may(right)):
        return True
    return await _is_known(context, caller, number)


async def _is_known(context: AppContext, caller: Caller, number: str) -> bool:
    if await visible(context, caller, number) is not None:
        return True
    # A ticket that is registered but not started is known only to staff of its city, not to units.
    return caller.unit is None and await _waits_in(context, caller, number)


async def _waits_in(context: AppContext, caller: Caller, number: str) -> bool:
    registered = await intake.get(context.store, number)
    return (
        registered is not None
        and caller.serves(registered.complaint.city)
        and not (caller.machine and registered.complaint.of_wrongdoing)
        and await tickets.get(context.store, number) is None
    )
