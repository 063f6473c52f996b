"""The files of a ticket that a caller may see."""

from app.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.permission import permit
from app.visibility import visible
from domain.ticket.assignment import Ending, Share
from domain.ticket.files import Purpose
from domain.ticket.ticket import Ticket
from store.files import files
from store.files.files import FileRow
from store.tickets import intake, tickets


async def seen_by_citizen(context: AppContext, number: str) -> list[FileRow]:
    """Return the files of the complaint, and the evidence of the answers given."""
    rows = await files.of_ticket(context.store, number)
    ticket = await tickets.state(context.store, number)
    shown = _shown_to_citizen(ticket) if ticket is not None else frozenset()
    return [row for row in rows if row.purpose is Purpose.COMPLAINT or row.id in shown]


async def visible_files(context: AppContext, caller: Caller, number: str) -> list[FileRow]:
    await permit(context, caller, "list_files", number)
    if caller.citizen:
        return await seen_by_citizen(context, number)
    if await visible(context, caller, number) is None:
        waiting = caller.unit is None and await intake.get(context.store, number)
        if not waiting:
            raise Problem("ticket_not_found")
    return await files.of_ticket(context.store, number)


def _shown_to_citizen(ticket: Ticket) -> frozenset[str]:
    """Return the evidence of answers that were given: not what units show to each other."""
    if ticket.reply is None:
        return frozenset()
    leads = (given for given in ticket.assignments if given.share is Share.LEAD)
    done = (given.result for given in leads if given.ending is Ending.DONE and given.result)
    return frozenset(shown for result in done for shown in result.evidence)
