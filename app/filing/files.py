"""The files of a ticket that a caller may see."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import discreet_events, visible
from app.context import AppContext
from app.errors import Problem
from domain.events import Event
from domain.facts.merging import ComplainantAdded, ComplainantJoined
from domain.policy.answers import answers_given
from domain.ticket.files import Purpose, file_id
from media.signed_links import Part
from store.files import files
from store.files.files import FileRow
from store.tickets import intake, tickets


async def _seen_by_citizen(context: AppContext, number: str) -> list[FileRow]:
    """Return the files of the complaint, and the evidence of the answers given so far.

    Evidence of a result that was not sent as an answer yet, or never, is the units' own.
    """
    rows = await files.of_ticket(context.store, number)
    events = await tickets.events(context.store, number)
    shown = {one for answer in answers_given(events) for one in answer.evidence}
    own = [row for row in rows if row.purpose is Purpose.COMPLAINT or row.id in shown]
    return own + await _of_answers_elsewhere(context, events)


async def visible_files(context: AppContext, caller: Caller, number: str) -> list[FileRow]:
    """Return the files of the ticket; for its citizen those of the complaint and the answers.

    For staff also those of the citizens of merged tickets.
    """
    await permit(context, caller, "list_files", number)
    if caller.citizen:
        return await _seen_by_citizen(context, number)
    if await visible(context, caller, number) is None:
        waiting = caller.unit is None and await intake.get(context.store, number)
        if not waiting:
            raise Problem("ticket_not_found")
    own = await files.of_ticket(context.store, number)
    events = await tickets.events(context.store, number)
    events = await discreet_events(context, caller, events)
    return own + await _of_merged(context, events) + await _of_answers_elsewhere(context, events)


async def _of_merged(context: AppContext, events: Sequence[Event]) -> list[FileRow]:
    """Return the files of citizens of merged tickets, unless they were erased since."""
    facts = [
        event.fact
        for event in events
        if isinstance(event.fact, ComplainantAdded | ComplainantJoined)
    ]
    return await _still_of(context, [(fact.number, one) for fact in facts for one in fact.files])


async def _of_answers_elsewhere(context: AppContext, events: Sequence[Event]) -> list[FileRow]:
    """Return the evidence of answers that were given to a ticket this one was merged into."""
    given = [answer for answer in answers_given(events) if answer.parent is not None]
    return await _still_of(
        context, [(answer.parent or "", one) for answer in given for one in answer.evidence]
    )


async def _still_of(context: AppContext, named: Sequence[tuple[str, str]]) -> list[FileRow]:
    """Return the files with these numbers of tickets and ids, each once, if they still exist."""
    rows = [(number, await files.get(context.store, one)) for number, one in dict.fromkeys(named)]
    return [row for number, row in rows if row is not None and row.number == number]


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
