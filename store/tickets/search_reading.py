"""The reading of the index: the tickets that have the words, and may be known to who asks.

The database names candidates by their terms, the newest first; each is then compared with the words
themselves and with the filters of the list. How many candidates one question looks at is bounded:
where the bound is reached, the answer says so, and its cursor goes on from there.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Select,
    any_,
    exists,
    func,
    literal,
    or_,
    select,
    text,
)

from domain.search.query import Sought
from domain.search.terms import CATEGORY, CITY, KIND, UNIT, Term, code_term, sought_terms
from domain.search.texts import SearchField
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.search_tables import FIRST, document, progress

_TICKET, _DOCUMENT = tables.ticket.c, document.c

MOST_COUNTED = 1000
"""The tickets that are counted; of more it is said that there are more."""

MOST_LOOKED_AT = 5000
"""The candidates that one question compares."""

_TOP = 2 * FIRST - 1
_MOST_TERMS = 64
_CHUNKS = (100, 400, 1600, 3000)
_RARE = 20_000
"""The candidates up to which PostgreSQL sorts them; of more, the newest are found by walking."""

_SAID_IN_FULL = re.compile(r"[\u4e00-\u9fff]{1,2}")

_SQLITE = text(
    "SELECT rowid FROM search_index WHERE search_index MATCH :terms AND rowid < :before"
    " ORDER BY rowid DESC LIMIT :most"
)
_POSTGRES = (
    "SELECT id FROM search_index WHERE terms @@ CAST(CAST(:terms AS text) AS tsquery)"
    " AND id < :before"
)
_POSTGRES_COUNT = text(f"SELECT count(*) FROM ({_POSTGRES} LIMIT :rare) AS found")  # noqa: S608  # nosec B608
# Sorted apart: with a limit inside, the planner prices a walk through all rows as cheap.
_POSTGRES_SORTED = text(
    f"WITH found AS MATERIALIZED ({_POSTGRES}) SELECT id FROM found ORDER BY id DESC LIMIT :most"  # noqa: S608  # nosec B608
)
_POSTGRES_NEWEST = text(f"{_POSTGRES} ORDER BY id DESC LIMIT :most")


@dataclass(frozen=True)
class Question:
    """The words, the codes that the index knows, and the conditions of `ticket`.

    `number_only`: words of so many digits are compared with numbers of tickets alone.
    """

    words: Sequence[Sought]
    city: str | None = None
    unit: str | None = None
    category: str | None = None
    kind: str | None = None
    conditions: Sequence[ColumnElement[bool]] = ()
    number_only: int | None = None

    def terms(self) -> list[Term]:
        """Return the terms of the index that every ticket has which answers the question.

        A single character is in very many tickets, and is left to the comparison where there is
        anything else to look for.
        """
        codes = zip((CITY, UNIT, CATEGORY, KIND), (self.city, self.unit, self.category, self.kind),
                    strict=True)  # fmt: skip
        known = [Term(code_term(mark, code)) for mark, code in codes if code]
        found = list(dict.fromkeys(chain(*(sought_terms(word.text) for word in self.words))))
        telling = [one for one in found if len(one.text) > 1] or found
        return [*telling[:_MOST_TERMS], *known] if found else []


@dataclass
class Matches:
    """The tickets that were found, as ids of the index, the newest first, at most as many as asked.

    `last`: the id after which the search goes on; None: there is nothing more. `count`: of all that
    match, as far as looked; `more`: there are, or may be, others.
    """

    ids: list[int] = field(default_factory=list)
    last: int | None = None
    count: int = 0
    more: bool = False


async def matches(store: Store, question: Question, after: int | None, most: int) -> Matches:
    """Return the tickets that answer the question, the newest first.

    Cancelled in the database when nobody waits any more.
    """
    terms = question.terms()
    if not terms:
        return Matches()
    before = _TOP if after is None else after
    if store.dialect == "sqlite":
        return await store.read(
            lambda connection: _collected(
                connection, question, _sqlite(connection, terms, before), most
            )
        )
    # A transaction: how PostgreSQL plans is set for it alone.
    return await store.write(
        lambda connection: _collected(
            connection, question, _postgres(connection, terms, before), most
        )
    )


async def documents(store: Store, ids: Sequence[int]) -> list[ResultRow]:
    """Return the texts of these tickets, in this order."""
    rows = await store.rows(select(document).where(_DOCUMENT.id.in_(ids)))
    found = {row.id: row for row in rows}
    return [found[id] for id in ids if id in found]


async def is_complete(store: Store) -> bool:
    """Return whether every ticket of before the index is in it."""
    row = await store.first(select(progress.c.done_at))
    return row is not None and row.done_at is not None


def _collected(
    connection: Connection, question: Question, candidates: Iterator[list[int]], most: int
) -> Matches:
    found, looked, last = Matches(), 0, None
    for chunk in candidates:
        for id in connection.execute(_matching(connection, question, chunk)).scalars():
            found.count += 1
            if len(found.ids) < most:
                found.ids.append(id)
        looked, last = looked + len(chunk), chunk[-1]
        if found.count > MOST_COUNTED or looked >= MOST_LOOKED_AT:
            found.more = True
            break
    if found.count > len(found.ids):
        found.last = found.ids[-1]
    elif found.more:
        found.last = last
    found.count = min(found.count, MOST_COUNTED)
    return found


def _matching(connection: Connection, question: Question, ids: Sequence[int]) -> Select[Any]:
    said = [_says(connection, question, word) for word in question.words]
    # Not joined: SQLite would begin with the tickets of the city, which are all.
    of_ticket = select(_TICKET.number).where(_TICKET.number == _DOCUMENT.number)
    permitted = exists(of_ticket.where(*question.conditions))
    return (
        select(_DOCUMENT.id)
        .where(_among(connection, ids), *(one for one in said if one is not None), permitted)
        .order_by(_DOCUMENT.id.desc())
    )


def _among(connection: Connection, ids: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a document is one of these: one value, however many they are."""
    if connection.dialect.name == "sqlite":
        values = func.json_each(json.dumps(list(ids))).table_valued("value")
        return _DOCUMENT.id.in_(select(values.c.value))
    return _DOCUMENT.id == any_(literal(list(ids), ARRAY(Integer)))


def _says(connection: Connection, question: Question, word: Sought) -> ColumnElement[bool] | None:
    """Return the condition that a ticket says the word; None where its terms already say so."""
    if word.field is None and _SAID_IN_FULL.fullmatch(word.text):
        return None
    begins = _DOCUMENT.number.startswith(word.text) if word.text.isdecimal() else None
    least = question.number_only
    if begins is not None and least is not None and len(word.text) >= least:
        return begins
    fields = [word.field] if word.field else list(SearchField)
    find = func.instr if connection.dialect.name == "sqlite" else func.strpos
    parts = [find(_DOCUMENT[one.value], word.text) > 0 for one in fields]
    return or_(*parts, *([begins] if begins is not None and word.field is None else []))


# --- candidates -----------------------------------------------------------------------------------


def _sqlite(connection: Connection, terms: Sequence[Term], before: int) -> Iterator[list[int]]:
    # No term has a quote, a blank or a character of FTS5's own.
    wanted = " ".join(f'"{one.text}"*' if one.begins else f'"{one.text}"' for one in terms)
    for most in _CHUNKS:
        values = {"terms": wanted, "before": before, "most": most}
        ids = list(connection.execute(_SQLITE, values).scalars())
        if ids:
            yield ids
        if len(ids) < most:
            return
        before = ids[-1]


def _postgres(connection: Connection, terms: Sequence[Term], before: int) -> Iterator[list[int]]:
    wanted = " & ".join(f"'{one.text}':*" if one.begins else f"'{one.text}'" for one in terms)
    # The planner takes the terms of a text for independent of each other, which they are not.
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_indexscan = off"))
    values = {"terms": wanted, "before": before, "most": sum(_CHUNKS), "rare": _RARE}
    if connection.execute(_POSTGRES_COUNT, values).scalar_one() < _RARE:
        yield from _cut(list(connection.execute(_POSTGRES_SORTED, values).scalars()))
        return
    connection.execute(text("SET LOCAL enable_indexscan = on"))
    connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    for most in _CHUNKS:
        values = {"terms": wanted, "before": before, "most": most}
        ids = list(connection.execute(_POSTGRES_NEWEST, values).scalars())
        if ids:
            yield ids
        if len(ids) < most:
            return
        before = ids[-1]


def _cut(ids: list[int]) -> Iterator[list[int]]:
    begin = 0
    for size in _CHUNKS:
        if chunk := ids[begin : begin + size]:
            yield chunk
        begin += size
