"""The batch of a grid worker's phone: each entry is carried out once, and answered by its id.

One that is refused keeps no other from being taken, and is not remembered here: corrected, it may
come again. One that is not settled, since the engine could not be asked, is to be sent again.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field, ValidationError

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import CODES, Problem
from app.filing import attachments
from app.filing.intake import ComplaintIn, take
from app.grid.cells import Post, area_of, is_outside, post_of
from app.grid.names import names_somebody
from app.sending.call_errors import EngineUnavailable, NotRunning
from domain.commands.intake.conclude import Conclude
from domain.grid.entries import (
    ENTRY,
    MOST,
    CheckEntry,
    DiaryEntry,
    ReportEntry,
    content,
    references,
    written_at,
)
from domain.messages import Act
from domain.model import Incoming, Instant, Recorded
from domain.pack.coordinates import in_wgs84
from domain.pack.directory import metres_between
from domain.pack.pack import UnknownInPack
from domain.refusals import Refused
from domain.ticket.complaint import Channel
from domain.ticket.files import MOST_FILES, Purpose, file_id
from store.db.errors import KeyReused, TooManyFiles, UnknownFile
from store.files import files
from store.grid import checks, diaries, entries
from store.grid.checks import CheckAnswer
from store.grid.diaries import DiaryRow
from store.grid.entries import EntryRow

_REFUSALS = (Problem, Refused, UnknownInPack, UnknownFile, TooManyFiles, KeyReused)
_LATER = frozenset({"engine_unavailable", "gave_up", "too_late", "not_started_yet"})
"""Refusals that say nothing against the entry."""

Entry = ReportEntry | DiaryEntry | CheckEntry


class EntryOutcome(StrEnum):
    KEPT = "kept"
    REFUSED = "refused"


class BatchIn(Incoming):
    """Entries of a phone, in the order in which they were written."""

    sent_at: Instant | None = Field(
        None,
        description="When they are sent, by the phone's clock: corrects `at` where that is off.",
    )
    entries: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=MOST,
        description="Each a `report`, a `diary` or a `check`, by its `kind`; see the reference.",
    )


class EntryOut(Recorded):
    """The answer to an entry. `settled` false: send it again later, it is not finished."""

    id: str = Field(description="As it was sent; empty if it was not readable.")
    outcome: EntryOutcome
    code: str | None = Field(None, description="Why it was refused.")
    message: str = Field("", description="The same in words.")
    number: str | None = Field(None, description="The ticket that a report became.")
    outside: bool = Field(False, description="It is not in the worker's own cell.")
    settled: bool = True


class BatchOut(Recorded):
    """The answers, one for each entry, in the same order."""

    items: list[EntryOut]


class _Done(Recorded):
    """The result of carrying out an entry."""

    number: str | None = None
    settled: bool = True


async def synchronise(context: AppContext, caller: Caller, body: BatchIn) -> BatchOut:
    """Take the entries of a phone, one after the other.

    Raises:
        Problem: not_in_this_city, grid_worker_unconfirmed
        StoreUnavailable: send all of it again.
    """
    await permit(context, caller, "sync_grid")
    post = await post_of(context, caller)
    items = [await _one(context, caller, post, raw, body.sent_at) for raw in body.entries]
    return BatchOut(items=items)


async def _one(
    context: AppContext,
    caller: Caller,
    post: Post,
    raw: Mapping[str, Any],
    sent_at: datetime | None,
) -> EntryOut:
    named = raw.get("id")
    name = named[:64] if isinstance(named, str) else ""
    try:
        entry = ENTRY.validate_python(raw)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"][1:])
        return _refused(name, "invalid_request", field)
    try:
        return await _taken(context, caller, post, entry, sent_at)
    except _REFUSALS as refusal:
        code = str(getattr(refusal, "code", "internal_error"))
        return _refused(name, code, settled=code not in _LATER)


def _refused(name: str, code: str, field: str = "", *, settled: bool = True) -> EntryOut:
    title = CODES[code].title if code in CODES else code
    message = f"{title} ({field})" if field else title
    return EntryOut(
        id=name, outcome=EntryOutcome.REFUSED, code=code, message=message, settled=settled
    )


async def _taken(
    context: AppContext, caller: Caller, post: Post, entry: Entry, sent_at: datetime | None
) -> EntryOut:
    now = context.now()
    cell = await _cell(context, post, entry)
    new = EntryRow(
        account=caller.id,
        id=entry.id,
        digest=context.mark(f"grid entry/{content(entry)}"),
        kind=entry.kind,
        city=post.pack.city.id,
        cell=cell,
        day=now.astimezone(post.pack.calendar.tz).date(),
        at=written_at(entry.at, sent_at, now),
        received_at=now,
        outside=is_outside(cell, post.worker.cell),
    )
    full = post.worker.full_time
    most = post.policy.entries if full else post.policy.part_time_entries
    known = await entries.take(context.store, new, most)
    done = _Done(number=known.number)
    if not known.settled:
        try:
            done = await _carried_out(context, caller, post, entry, known)
        except _REFUSALS:
            await entries.drop(context.store, caller.id, entry.id)
            raise
        if done.settled:
            await entries.settle(context.store, caller.id, entry.id, done.number)
    return EntryOut(
        id=entry.id,
        outcome=EntryOutcome.KEPT,
        number=done.number,
        outside=known.outside,
        settled=done.settled,
    )


async def _carried_out(
    context: AppContext, caller: Caller, post: Post, entry: Entry, row: EntryRow
) -> _Done:
    match entry:
        case ReportEntry():
            return await _report(context, caller, post, entry, row)
        case DiaryEntry():
            return await _diary(context, caller, entry, row)
        case CheckEntry():
            return await _answer(context, caller, post, entry, row)


async def _cell(context: AppContext, post: Post, entry: Entry) -> str:
    """Return where an entry belongs; a diary entry without a place to the worker's cell."""
    match entry:
        case ReportEntry():
            return area_of(context, post.pack, entry.place)
        case DiaryEntry() if entry.place.area is None and entry.place.lat is None:
            return post.worker.cell
        case DiaryEntry():
            return area_of(context, post.pack, entry.place)
        case CheckEntry():
            asked = await checks.get(context.store, entry.check)
            if asked is None or asked.city != post.pack.city.id:
                raise Problem("check_not_found")
            return asked.cell


# --- reports ----------------------------------------------------------------------------------


async def _report(
    context: AppContext, caller: Caller, post: Post, entry: ReportEntry, row: EntryRow
) -> _Done:
    """File a report; one of what is done already is closed in the same step."""
    if entry.done:
        await _check_pair(context, entry)
    named = references(entry)
    if len(named) > MOST_FILES:
        raise TooManyFiles(f"at most {MOST_FILES} files in one report")
    where = entry.place
    if where.area is None:
        where = where.model_copy(update={"area": row.cell})
    body = ComplaintIn(
        city=post.pack.city.id,
        channel=Channel.GRID if post.worker.full_time else Channel.PART_TIME_GRID,
        text=entry.text,
        category=entry.category,
        place=where,
        files=named,
    )
    key, by_hand = f"grid/{caller.id}/{entry.id}", bool(entry.done)
    filed = await take(context, caller, body, key, [row.digest], right="sync_grid", by_hand=by_hand)
    number = filed.receipt.number
    return _Done(
        number=number,
        settled=not entry.done or await _closed(context, caller, number, entry),
    )


async def _check_pair(context: AppContext, entry: ReportEntry) -> None:
    """Refuse what is done already without a photo of before and one of after."""
    for named, purpose in ((entry.before, Purpose.BEFORE), (entry.after, Purpose.AFTER)):
        rows = [await files.get(context.store, file_id(one) or one) for one in named]
        if not any(row is not None and row.purpose is purpose for row in rows):
            raise Problem("before_after_missing")


async def _closed(context: AppContext, caller: Caller, number: str, entry: ReportEntry) -> bool:
    """Close the ticket with what was done; return False if the engine could not be asked.

    Where somebody at the centre was quicker the ticket goes on as they decided.
    """
    command = Conclude(outcome="answered", text=entry.done)
    act = Act(actor=caller.actor, command=command)
    try:
        await context.engine.act(number, act, f"{caller.id}:grid/{entry.id}/done")
    except (EngineUnavailable, NotRunning) as error:
        return isinstance(error, NotRunning) and error.ended
    except Problem as problem:
        if problem.code in _LATER:
            return False
        raise
    except Refused:
        return True
    return True


# --- diaries and checks -----------------------------------------------------------------------


async def _diary(context: AppContext, caller: Caller, entry: DiaryEntry, row: EntryRow) -> _Done:
    """Keep a diary entry, encrypted; marked as private where it names somebody."""
    new = DiaryRow(
        id=context.mark(f"grid diary/{caller.id}/{entry.id}")[:32],
        city=row.city,
        cell=row.cell,
        account=caller.id,
        at=row.at,
        text=entry.text,
        private=entry.private or names_somebody(entry.text),
    )
    await diaries.keep(context.store, context.vault.ring, new)
    return _Done()


async def _answer(
    context: AppContext, caller: Caller, post: Post, entry: CheckEntry, row: EntryRow
) -> _Done:
    """Record what was found at a ticket's place, with the photos and the distance."""
    asked = await checks.get(context.store, entry.check)
    if asked is None:
        raise Problem("check_not_found")
    if asked.answered_at is not None and asked.worker == caller.id:
        return _Done()
    mine = asked.city == post.pack.city.id and asked.cell.startswith(post.street)
    if not mine:  # it is on the list of another street, or of another city
        raise Problem("check_not_found")
    metres = None
    if asked.lat is not None and asked.lon is not None:
        here = in_wgs84(entry.lat, entry.lon, entry.crs)
        metres = round(metres_between((asked.lat, asked.lon), here))
        if metres > post.policy.radius:
            raise Problem("not_on_the_spot", f"{metres} m away; {post.policy.radius} m count.")
    if asked.answered_at is not None:
        raise Problem("check_answered")
    photos = attachments.wanted(context, entry.photos, caller.id)
    ids = tuple(attachments.ids(entry.photos))
    given = CheckAnswer(caller.id, entry.seen, entry.note, metres, ids, row.at)
    await checks.answer(context.store, asked.id, given, photos)
    return _Done()
