"""The search of tickets by all their texts, for staff, as far as each may know of them.

Phones and other personal numbers in texts are found by those alone who may find a caller's tickets
by phone, and it is logged as a view of each ticket found. Others find tickets by such a word only
where a ticket's number begins so.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from app.access.caller import Caller
from app.tickets.excerpts import Excerpt, excerpts, relevance
from app.tickets.redaction import redacted
from domain.actors import Actor
from domain.canonical import folded, typed_code
from domain.model import Recorded
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.search.query import Restriction, SearchQuery, Sought, parsed
from domain.ticket.complaint import Kind
from domain.ticket.stages import Stage
from packs.registry import PackRegistry
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.db.engine import ResultRow, Store
from store.tickets import search_reading, tickets, view_log
from store.tickets.search_reading import MOST_COUNTED, Matches, Question
from store.tickets.tickets import Filters, TicketRow

_PERSONAL = re.compile(r"\d{7}")
_PERSONAL_DIGITS = 7
"""The digits in a row that may be somebody's number."""

_TICKET_NUMBER = re.compile(r"[2-9][0-9]{6,12}")
"""Of years from 2020 on: mobile phones begin with 1."""

_RANKED = 300
"""The newest tickets found that are put in order of relevance."""

_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_PURPOSE = "工单检索"
_CHINA = ZoneInfo("Asia/Shanghai")


class SearchOrder(StrEnum):
    """The order of tickets found by their texts."""

    NEWEST = "newest"  # the last filed first
    RELEVANCE = "relevance"  # among the newest found, those that say it most


class FoundTexts(Recorded):
    """The findings of a search of texts, beside the tickets."""

    count: int = Field(description=f"The tickets found; at most {MOST_COUNTED} are counted.")
    more: bool = Field(description="There are, or may be, more than were counted.")
    complete: bool = Field(
        description="False while tickets of before the upgrade are still to be indexed."
    )
    withheld: bool = Field(
        description="A phone or another personal number was asked for, which this caller may find "
        "in no text."
    )
    excerpts: dict[str, list[Excerpt]] = Field(description="Of each ticket, where the words are.")


class FoundPage(Recorded):
    """The tickets of one page that were found. `texts`: None where no word was asked for."""

    rows: list[TicketRow]
    next_cursor: str | None
    texts: FoundTexts | None


class TextSearch(NamedTuple):
    """A search of texts. `filters`: with what its reader may know.

    `reader`: who may find phones in texts, and is logged for it; None: nobody.
    """

    text: str
    filters: Filters
    order: SearchOrder = SearchOrder.NEWEST
    cursor: str | None = None
    limit: int = 50
    reader: Actor | None = None


def reader_of(caller: Caller) -> Actor | None:
    """Return the caller, if they may find phones in texts: who may find callers by their phones."""
    return caller.actor if caller.may(RIGHTS["search_people"]) else None


async def found(store: Store, packs: PackRegistry, asked: TextSearch, now: datetime) -> FoundPage:
    """Return the tickets whose texts say it.

    The right to list tickets was asked before.

    Raises:
        BadCursor, StoreUnavailable
    """
    query, filters = _restricted(packs, parsed(asked.text), asked.filters)
    if query.restrictions and not query.words:
        page = await tickets.page(store, filters, asked.cursor, asked.limit, now)
        return FoundPage(rows=page.rows, next_cursor=page.next_cursor, texts=None)
    numbers_only = _begins_a_number(query.words)
    personal = not numbers_only and _is_personal(asked.text)
    withheld = personal and asked.reader is None
    if withheld and (len(query.words) != 1 or not query.words[0].text.isdecimal()):
        query = SearchQuery(())
    question = Question(
        query.words,
        filters.city,
        filters.unit,
        filters.category,
        filters.kind.value if filters.kind else None,
        tickets.conditions_of(filters, now),
        _PERSONAL_DIGITS if withheld or numbers_only else None,
    )
    after = None if asked.cursor is None else int(key_of(asked.cursor, int)[0])
    by_relevance = asked.order is SearchOrder.RELEVANCE
    page_of = _relevant if by_relevance else _newest
    matches, read, following = await page_of(store, question, asked.limit, after)
    numbers = [row.number for row in read]
    if personal and asked.reader is not None:
        await view_log.note_search(store, numbers, asked.reader, now, _PURPOSE)
    shown = {row.number: [] if withheld else excerpts(row, query.words) for row in read}
    return FoundPage(
        rows=await tickets.rows_of(store, numbers),
        next_cursor=None if following is None else cursor_of(following),
        texts=FoundTexts(
            count=matches.count,
            more=matches.more,
            complete=await search_reading.is_complete(store),
            withheld=withheld,
            excerpts=shown,
        ),
    )


_Ranked = tuple[Matches, Sequence[ResultRow], int | None]


async def _newest(store: Store, question: Question, limit: int, after: int | None) -> _Ranked:
    found = await search_reading.matches(store, question, after, limit)
    return found, await search_reading.documents(store, found.ids), found.last


async def _relevant(store: Store, question: Question, limit: int, after: int | None) -> _Ranked:
    """Put the newest tickets found in order of relevance; the cursor is a place in that order."""
    found = await search_reading.matches(store, question, None, _RANKED)
    read = await search_reading.documents(store, found.ids)
    ranked = sorted(read, key=lambda row: (-relevance(row, question.words), -row.id))
    end = (after or 0) + limit
    return found, ranked[end - limit : end], end if end < len(ranked) else None


# --- what was asked for ---------------------------------------------------------------------------


def _is_personal(text: str) -> bool:
    return redacted(text) != text or _PERSONAL.search(folded(text)) is not None


def _begins_a_number(words: Sequence[Sought]) -> bool:
    """Return whether the only word is the beginning of a ticket's number: its day, and more."""
    if len(words) != 1 or _TICKET_NUMBER.fullmatch(words[0].text) is None:
        return False
    digits = words[0].text
    return _span(f"20{digits[:2]}-{digits[2:4]}-{digits[4:6]}", _CHINA) is not None


def _restricted(
    known: PackRegistry, query: SearchQuery, filters: Filters
) -> tuple[SearchQuery, Filters]:
    """Put the restrictions of the query into the filters; one that says nothing is text."""
    packs = [known.get(id) for id in known.ids() if filters.city in (None, id)]
    for name, value in query.restrictions:
        changes = _change(packs, name, typed_code(value))
        if changes is None:
            query = query.as_text(name)
        elif any(getattr(filters, key) not in (None, one) for key, one in changes.items()):
            filters = replace(filters, none=True)  # two values at once: no ticket has them
        else:
            filters = replace(filters, **changes)  # type: ignore[arg-type]
    return query, filters


def _change(packs: Sequence[Pack], name: Restriction, value: str) -> dict[str, object] | None:
    """Return the filter of a restriction; None where its value says nothing."""
    match name:
        case Restriction.NUMBER:
            return {"number_begins": value} if value.isdecimal() else None
        case Restriction.UNIT:
            return _code("unit", value, [unit for pack in packs for unit in pack.units])
        case Restriction.CATEGORY:
            return _code("category", value, [one for pack in packs for one in pack.categories])
        case Restriction.STAGE:
            return {"stage": Stage(value)} if value in list(Stage) else None
        case Restriction.KIND:
            return {"kind": Kind(value)} if value in list(Kind) else None
        case Restriction.FROM | Restriction.TO:
            zone = packs[0].calendar.tz if packs else _CHINA
            span = _span(value, zone)
            if span is None:
                return None
            begins, ends = span
            return {"filed_since": begins} if name is Restriction.FROM else {"filed_until": ends}


def _code(field: str, value: str, things: Sequence[object]) -> dict[str, object] | None:
    for one in things:
        names = (getattr(one, "name", ""), getattr(one, "name_en", ""))
        code = getattr(one, "code", "")
        if value == code or folded(value) in map(folded, names):
            return {field: code}
    return None


def _span(value: str, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """Return when a day, month or year begins and ends; None if it is none."""
    match = _DAY.fullmatch(value)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        begins = datetime(year or 0, month or 1, day or 1, tzinfo=zone)
        if day:
            return begins, begins + timedelta(days=1)
        if month:
            return begins, (begins + timedelta(days=32)).replace(day=1)
        return begins, begins.replace(year=begins.year + 1)
    except (ValueError, OverflowError):
        return None
