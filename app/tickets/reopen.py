"""Reopening: a watched ticket is handled again; one that has ended is followed by another."""

from dataclasses import replace
from itertools import count
from typing import Any

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from app.filing import filing
from app.filing.filing import Filed
from app.sending.commands import execute
from app.sending.used_keys import reserved
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.recur import Recur, refuse_reopening
from domain.commands.may_have import covered, kept_from
from domain.pack.pack import Pack
from domain.policy.permissions import COMMANDS
from domain.refusals import Refused
from domain.ticket.complaint import Complaint, followed_as
from domain.ticket.stages import Stage
from domain.ticket.state import Snapshot
from domain.ticket.ticket import Ticket
from store.tickets import intake, tickets


async def reopen(
    context: AppContext, caller: Caller, number: str, command: Recur, key: str | None
) -> Snapshot | Filed:
    """Reopen a watched ticket, or file the one that follows an ended ticket.

    One open ticket follows another. What is said meanwhile is added to it, and its receipt is
    returned again.

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
        **before.model_dump(include={"channel", "title", "anonymous", "person", "reachable"}),
        **_carried(ended, pack),
        text=command.text,
        follows=number,
        filed_by=caller.filer,
    )
    async with reserved(context, caller, number, key, command.text):
        registered = await _open_follower(context, pack, follower)
        state = await filing.start(context, registered)
        if not registered.new and registered.complaint.text != command.text:
            await _add(context, caller, registered.number, command, key)
    return filing.filed(context, caller, registered, state, known=caller.citizen)


async def _open_follower(context: AppContext, pack: Pack, follower: Complaint) -> intake.Registered:
    """Register the ticket that follows, unless there is one that has not ended: return that.

    Each has a place in the row of those that follow the same ticket, so that of two requests at
    once only one opens it.
    """
    for place in count(1):
        once = f"follows/{follower.follows}/{place}"
        known = await intake.by_key(context.store, once)
        if known is not None:
            row = await tickets.get(context.store, known.number)
            if row is not None and row.ended_at is not None:
                continue
        return await filing.register(context, pack, follower, None, once, once)
    raise AssertionError("an unlimited count has ended")


async def _add(
    context: AppContext, caller: Caller, number: str, command: Recur, key: str | None
) -> None:
    """Add what is said again to the ticket that follows already: its unit has to read it.

    Raises:
        Problem, Refused: `not_now` for an officer, who adds nothing to a ticket of others.
    """
    if not COMMANDS[AddFacts].allows(caller.actor.role):
        raise Refused("not_now", "Another ticket follows it already.")
    by = replace(caller, ticket=number, granted=set()) if caller.citizen else caller
    once = f"follows/{key or context.mark(command.text)}"
    await execute(context, by, number, AddFacts(text=command.text), once)


def _carried(ended: Ticket, pack: Pack) -> dict[str, Any]:
    """Return what was decided of the ended ticket, as its follow-up begins with it."""
    own = None if ended.borrowed or not pack.knows(ended.category) else ended.category
    place = ended.complaint.place
    return {
        # A report is followed by a report.
        "kind": followed_as(ended.kind, ended.of_wrongdoing),
        "accused": ended.accused,
        # Earlier versions recorded only the accused unit itself.
        "kept_from": list(dict.fromkeys([*kept_from(ended), *covered(pack, ended.accused or [])])),
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
