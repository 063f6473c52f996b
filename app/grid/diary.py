"""Diaries (民情日记) as the street reads them, and the tickets that it makes of them (未诉先办).

Entries are encrypted, so that no database can search them: they are decrypted here, those of the
caller's own area and of a limited time. A ticket's text is written anew; what an entry says of
somebody is not taken over.
"""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.filing.filing import Receipt
from app.filing.intake import ComplaintIn, take
from app.grid.cells import area_of, ground_of, name_of
from app.grid.names import copies
from domain.canonical import folded
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Channel, Code, Kind, Place, Text, cleaned
from store.grid import diaries
from store.grid.diaries import DiaryRow
from store.tickets import view_log

LONGEST = 366
"""Days that are searched at once."""
_MOST_READ = 5000
_MOST_SHOWN = 200
_FOR = "民情日记检索"


class DiaryQuery(Incoming):
    """A search in the diaries of one's area."""

    words: Annotated[str, AfterValidator(cleaned)] = Field(
        "", max_length=100, description="All of them, apart by blanks, are in it."
    )
    days: int = Field(30, ge=1, le=LONGEST)
    fed: bool | None = Field(None, description="Only those of which a ticket was made, or was not.")


class DiaryOut(Recorded):
    """An entry. `private`: it names somebody. `number`: the ticket that was made of it."""

    id: str
    at: Instant
    cell: str
    cell_name: str
    text: str
    private: bool
    number: str | None


class DiaryPage(Recorded):
    """The newest entries that were found; `more`: there are others, or older ones that were not
    looked through."""

    area: str
    items: list[DiaryOut]
    more: bool


class ProactiveIn(Incoming):
    """A ticket of what residents say before anybody complains. Its text is written anew."""

    entries: list[Code] = Field(min_length=1, max_length=50, description="Ids of diary entries.")
    text: Text
    category: Code | None = None
    place: Place = Field(default_factory=Place)


async def search_diary(
    context: AppContext, caller: Caller, city: str | None, query: DiaryQuery
) -> DiaryPage:
    """Return the entries of the caller's area in which the words are. The search is logged.

    Raises:
        Problem: not_in_this_city, not_your_city, invalid_request, forbidden
    """
    await permit(context, caller, "search_diary")
    ground = ground_of(context, caller, city)
    await _log(context, caller)
    words = [folded(word) for word in query.words.split()]
    # Only words have to be looked for in the texts themselves.
    most = _MOST_READ + 1 if words else _MOST_SHOWN + 1
    since = context.now() - timedelta(days=query.days)
    here, ring = ground.pack.city.id, context.vault.ring
    read = await diaries.within(context.store, ring, here, ground.area, since, most, query.fed)
    found = [row for row in read if all(word in folded(row.text) for word in words)]
    shown = [
        DiaryOut(
            id=row.id,
            at=row.at,
            cell=row.cell,
            cell_name=name_of(ground.pack, row.cell),
            text=row.text,
            private=row.private,
            number=row.number,
        )
        for row in found[:_MOST_SHOWN]
    ]
    return DiaryPage(
        area=ground.area, items=shown, more=len(found) > len(shown) or len(read) > _MOST_READ
    )


async def file_from_diary(
    context: AppContext, caller: Caller, city: str | None, body: ProactiveIn, key: str | None
) -> Receipt:
    """File one ticket of one or several entries. The same `key` again gives the same ticket.

    Raises:
        Problem: as `search_diary`, and diary_entry_not_found, diary_copied, place_without_area
        UnknownCategory
    """
    await permit(context, caller, "file_from_diary")
    ground = ground_of(context, caller, city)
    here, ring = ground.pack.city.id, context.vault.ring
    rows = await diaries.named(context.store, ring, here, ground.area, body.entries)
    if not all(one in rows for one in body.entries):
        raise Problem("diary_entry_not_found")
    if any(copies(body.text, rows[one].text) for one in body.entries if rows[one].private):
        raise Problem("diary_copied")
    where = body.place
    if where.area is None and where.lat is None:
        where = where.model_copy(update={"area": _common(body.entries, rows)})
    cell = area_of(context, ground.pack, where)
    if not cell.startswith(ground.area):
        raise Problem("forbidden", "The place is not in the unit's area.")
    complaint = ComplaintIn(
        city=here,
        kind=Kind.COMPLAINT,
        channel=Channel.PROACTIVE,
        text=body.text,
        category=body.category,
        place=where,
    )
    filed = await take(context, caller, complaint, f"diary/{caller.id}/{key}" if key else None)
    await diaries.feed(context.store, body.entries, filed.receipt.number)
    return filed.receipt


def _common(chosen: list[str], rows: dict[str, DiaryRow]) -> str:
    """Return the finest area that all of the entries are in."""
    cells = [rows[one].cell for one in chosen]
    return next(
        area
        for size in (15, 12, 9, 6)
        if all(cell.startswith(area := cells[0][:size]) for cell in cells)
    )


async def _log(context: AppContext, caller: Caller) -> None:
    who = caller.actor.model_copy(update={"id": caller.id})
    await view_log.note_diaries(context.store, who, context.now(), _FOR)
