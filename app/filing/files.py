"""The files of a ticket that a caller may see."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from domain.facts.merging import ComplainantAdded
from domain.ticket.assignment import Ending, Share
from domain.ticket.files import Purpose, file_id
from domain.ticket.ticket import Ticket
from media.signed_links import Part
from store.files import files
from store.files.files import FileRow
from store.tickets import intake, tickets


async def _seen_by_citizen(context: AppContext, number: str) -> list[FileRow]:
    """Return the files of the complaint, and the evidence of the answers given."""
    rows = await files.of_ticket(context.store, number)
    ticket = await tickets.state(context.store, number)
    shown = _shown_to_citizen(ticket) if ticket is not None else frozenset()
    return [row for row in rows if row.purpose is Purpose.COMPLAINT or row.id in shown]


async def visible_files(context: AppContext, caller: Caller, number: str) -> list[FileRow]:
    """Return the files of the ticket; for its citizen those of the complaint and the answers.

    For staff also those that citizens of merged tickets added since.
    """
    await permit(context, caller, "list_files", number)
    if caller.citizen:
        return await _seen_by_citizen(context, number)
    if await visible(context, caller, number) is None:
        waiting = caller.unit is None and await intake.get(context.store, number)
        if not waiting:
            raise Problem("ticket_not_found")
    own = await files.of_ticket(context.store, number)
    return own + await _of_merged(context, number)


async def _of_merged(context: AppContext, number: str) -> list[FileRow]:
    """Return the files that citizens of merged tickets added, unless they were erased since."""
    added = [
        event.fact
        for event in await tickets.events(context.store, number)
        if isinstance(event.fact, ComplainantAdded)
    ]
    rows = [
        (fact.number, await files.get(context.store, id_)) for fact in added for id_ in fact.files
    ]
    return [row for merged, row in rows if row is not None and row.number == merged]


async def own_files(context: AppContext, caller: Caller, ids: Sequence[str]) -> list[FileRow]:
    """Return those of the files that the caller uploaded."""
    await permit(context, caller, "upload_file")
    rows = [await files.get(context.store, one) for one in ids if file_id(one) == one]
    return [row for row in rows if row is not None and row.uploader == caller.id]


async def same_file(context: AppContext, caller: Caller, number: str, digest: str) -> str | None:
    """Return the id of the caller's own file of the ticket that has this content."""
    await permit(context, caller, "upload_file", number)
    rows = await files.of_ticket(context.store, number)
    mine = (row.id for row in rows if (row.sha256, row.uploader) == (digest, caller.id))
    return next(mine, None)


class LinkedFile(NamedTuple):
    """The address of a file or of its thumbnail that was given out, as its parts."""

    file: str
    part: Part
    ends: int
    signature: str


async def opened(context: AppContext, link: LinkedFile) -> FileRow:
    """Return the file of the link, if the link was signed here and has not expired.

    Raises:
        Problem: file_not_found, link_expired
    """
    await permit(context, None, "get_file" if link.part == "content" else "get_thumbnail")
    if not context.uploads.signer.opens(link.file, link.part, link.ends, link.signature):
        raise Problem("file_not_found")
    now = datetime.now(UTC)
    if now.timestamp() > link.ends:
        raise Problem("link_expired")
    row = await files.get(context.store, link.file)
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise Problem("file_not_found")
    return row


def _shown_to_citizen(ticket: Ticket) -> frozenset[str]:
    """Return the evidence of answers that were given: not what units show to each other."""
    if ticket.reply is None:
        return frozenset()
    leads = (assignment for assignment in ticket.assignments if assignment.share is Share.LEAD)
    done = (
        assignment.result
        for assignment in leads
        if assignment.ending is Ending.DONE and assignment.result
    )
    return frozenset(shown for result in done for shown in result.evidence)
