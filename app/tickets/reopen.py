"""Reopening: a watched ticket is handled again; one that has ended is followed by another."""

from typing import Any

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from app.filing import filing
from app.filing.filing import Filed
from app.sending.commands import execute
from domain.commands.citizens.recur import Recur, refuse_reopening
from domain.commands.may_have import covered, kept_from
from domain.pack.pack import Pack
from domain.policy.permissions import COMMANDS
from domain.ticket.complaint import of_kind
from domain.ticket.stages import Stage
from domain.ticket.ticket import Snapshot, Ticket
from store.tickets import tickets


async def reopen(
    context: AppContext, caller: Caller, number: str, command: Recur, key: str | None
) -> Snapshot | Filed:
    """Reopen a watched ticket, or file the one that follows an ended ticket.

    Raises:
        Problem, Refused: also `final_reply_sealed`: the matter was concluded with a final reply.
    """
    await permit(context, caller, COMMANDS[Recur].key, number)
    ended = await _ended(context, caller, number)
    if ended is None:
        return await execute(context, caller, number, command, key)
    refuse_reopening(ended, caller.actor)
    before = ended.complaint
    pack = context.packs.get(before.city)
    follower = filing.unnumbered(
        pack,
        context.engine.clock.now(),
        **before.model_dump(include={"channel", "title", "place", "anonymous", "person"}),
        **_accusing(ended, pack),
        text=command.text,
        category=ended.category if pack.knows(ended.category) else None,
        follows=number,
    )
    # A repeated request opens one ticket, with a key or without.
    once = f"recur/{number}/{key or context.mark(command.text)}"
    registered = await filing.register(context, pack, follower, None, once, command.text)
    return filing.filed(context, registered, await filing.start(context, registered))


def _accusing(ended: Ticket, pack: Pack) -> dict[str, Any]:
    """Return kind and accused units of the follower: a report is followed by a report."""
    return {
        "kind": of_kind(ended.kind, ended.complaint.kind),
        "accused": ended.accused,
        # Earlier versions recorded only the accused unit itself.
        "kept_from": list(dict.fromkeys([*kept_from(ended), *covered(pack, ended.accused or [])])),
    }


async def _ended(context: AppContext, caller: Caller, number: str) -> Ticket | None:
    """Return the ticket, if it has ended."""
    ticket = await tickets.state(context.store, number)
    if ticket is None or ticket.stage is not Stage.ENDED:
        return None
    if await visible(context, caller, number) is None:
        raise Problem("ticket_not_found")
    return ticket
