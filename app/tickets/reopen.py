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
from domain.pack.pack import Pack
from domain.policy.permissions import COMMANDS
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
        **before.model_dump(include={"channel", "title", "anonymous", "person"}),
        **_carried(ended, pack),
        text=command.text,
        follows=number,
    )
    # A repeated request opens one ticket, with a key or without.
    once = f"recur/{number}/{key or context.mark(command.text)}"
    registered = await filing.register(context, pack, follower, None, once, command.text)
    return filing.filed(context, registered, await filing.start(context, registered))


def _carried(ended: Ticket, pack: Pack) -> dict[str, Any]:
    """Return what was decided of the ended ticket, as its follow-up begins with it."""
    own = None if ended.borrowed or not pack.knows(ended.category) else ended.category
    place = ended.complaint.place
    return {
        "kind": ended.kind,
        "category": own,
        "place": {**place.model_dump(), "area": ended.area or place.area},
    }


async def _ended(context: AppContext, caller: Caller, number: str) -> Ticket | None:
    """Return the ticket, if it has ended."""
    ticket = await tickets.state(context.store, number)
    if ticket is None or ticket.stage is not Stage.ENDED:
        return None
    if await visible(context, caller, number) is None:
        raise Problem("ticket_not_found")
    return ticket
