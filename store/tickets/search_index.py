"""The writing of the index that tickets are found in, with the ticket and in its transaction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from domain.actors import Role
from domain.search.terms import CATEGORY, CITY, KIND, UNIT, code_term, terms_of
from domain.search.texts import SEARCHED, RecordedFact, Texts, folded_texts, texts_of
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import ResultRow
from store.db.search_tables import FIRST, document, progress
from store.db.tables import Row

_TICKET, _EVENT, _DOCUMENT = tables.ticket.c, tables.event.c, document.c
_ABOUT = ("city", "unit", "category", "kind")
_FIELDS = ("said", "place", "reply", "note")

_NOW = select(
    _TICKET.number, _TICKET.version, _TICKET.projection_number, *(_TICKET[name] for name in _ABOUT)
).where(_TICKET.number.in_(bindparam("numbers", expanding=True)))
_STATES = select(_TICKET.number, _TICKET.state).where(
    _TICKET.number.in_(bindparam("numbers", expanding=True))
)
_FACTS = (
    select(_EVENT.number, _EVENT.kind, _EVENT.role, _EVENT.fact)
    .where(
        _EVENT.number.in_(bindparam("numbers", expanding=True)),
        _EVENT.kind.in_(sorted(SEARCHED)),
    )
    .order_by(_EVENT.number, _EVENT.version)
)
_KNOWN = select(_DOCUMENT.number, _DOCUMENT.id, _DOCUMENT.mark).where(
    _DOCUMENT.number.in_(bindparam("numbers", expanding=True))
)
_INDEXED = select(document).where(_DOCUMENT.id.in_(bindparam("ids", expanding=True)))
_INSERT = insert(document)
_UPDATE = (
    update(document)
    .where(_DOCUMENT.id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in (*_ABOUT, *_FIELDS, "mark")})
)
_DELETE = delete(document).where(_DOCUMENT.id == bindparam("of"))
_NEXT_ID = text("SELECT nextval('search_document_id') FROM generate_series(1, :count)")
_FREE = select(func.max(_DOCUMENT.id))
_WORN = update(progress).values(worn=True)


class _Written(NamedTuple):
    """The statements of one database that write the rows of the index."""

    add: Any
    change: Any
    remove: Any


_SQLITE = _Written(
    text("INSERT INTO search_index (rowid, terms) VALUES (:id, :terms)"),
    None,
    text("INSERT INTO search_index (search_index, rowid, terms) VALUES ('delete', :id, :terms)"),
)
_POSTGRES = _Written(
    text(
        "INSERT INTO search_index (id, terms)"
        " VALUES (:id, array_to_tsvector(string_to_array(CAST(:terms AS text), ' ')))"
    ),
    text(
        "UPDATE search_index"
        " SET terms = array_to_tsvector(string_to_array(CAST(:terms AS text), ' ')) WHERE id = :id"
    ),
    text("DELETE FROM search_index WHERE id = :id"),
)


class Indexed(NamedTuple):
    """A ticket as its projection has it, to spare the reading of its state."""

    ticket: Ticket
    projection_number: int


def follow(connection: Connection, written: Mapping[str, Indexed]) -> None:
    """Bring the index up to date with tickets that were just written in this transaction.

    What counts is what is stored now: a projection that comes late may have changed nothing but
    added an event.
    """
    numbers = sorted(written)
    rows = connection.execute(_NOW, {"numbers": numbers}).all()
    complaints = {
        row.number: _complaint_of(written[row.number].ticket)
        for row in rows
        if (row.version, row.projection_number) == _version(written[row.number])
    }
    _bring(connection, rows, complaints, lambda count: _new_ids(connection, count))


def fill(connection: Connection, numbers: Sequence[str]) -> int:
    """Index tickets of before the index, the last filed first; return how many it had not yet."""
    found = {row.number: row for row in connection.execute(_NOW, {"numbers": list(numbers)})}
    lowest = connection.execute(select(func.min(_DOCUMENT.id))).scalar()
    first = min(FIRST, FIRST if lowest is None else lowest) - 1
    rows = [found[number] for number in numbers if number in found]
    return _bring(connection, rows, {}, lambda count: [first - n for n in range(count)])


def forget(connection: Connection, number: str) -> None:
    """Delete the texts and terms of a ticket that is erased."""
    for row in connection.execute(_KNOWN, {"numbers": [number]}).all():
        remove(connection, [row.id])
        if connection.dialect.name == "sqlite":
            connection.execute(_WORN)


def remove(connection: Connection, ids: Sequence[int]) -> None:
    """Delete rows of the index with their texts."""
    rows = connection.execute(_INDEXED, {"ids": list(ids)}).all()
    if not rows:
        return
    connection.execute(
        _of(connection).remove, [{"id": row.id, "terms": _terms(row._asdict())} for row in rows]
    )
    connection.execute(_DELETE, [{"of": row.id} for row in rows])


def _bring(
    connection: Connection,
    rows: Sequence[ResultRow],
    complaints: Mapping[str, Mapping[str, Any]],
    ids: Any,
) -> int:
    """Write what differs of these tickets; return how many were not in the index."""
    numbers = [row.number for row in rows]
    if not numbers:
        return 0
    missing = [number for number in numbers if number not in complaints]
    read = connection.execute(_STATES, {"numbers": missing}) if missing else ()
    complaints = {row.number: json.loads(row.state)["complaint"] for row in read} | dict(complaints)
    facts = _facts(connection, numbers)
    known = {row.number: row for row in connection.execute(_KNOWN, {"numbers": numbers})}
    new, changed = [], []
    for row in rows:
        about = {name: getattr(row, name) for name in _ABOUT}
        texts = texts_of(complaints[row.number], facts.get(row.number, []))
        mark, before = _mark(about, texts), known.get(row.number)
        if before is None or before.mark != mark:
            fields = {field.value: value for field, value in folded_texts(texts).items()}
            document_row = {"number": row.number, **about, **fields, "mark": mark}
            if before is None:
                new.append(document_row)
            else:
                changed.append(document_row | {"id": before.id})
    if new:
        _add(connection, [row | {"id": id} for row, id in zip(new, ids(len(new)), strict=True)])
    if changed:
        _change(connection, changed)
    return len(new)


def _add(connection: Connection, rows: Sequence[Row]) -> None:
    connection.execute(_INSERT, rows)
    connection.execute(
        _of(connection).add, [{"id": row["id"], "terms": _terms(row)} for row in rows]
    )


def _change(connection: Connection, rows: Sequence[Row]) -> None:
    statements = _of(connection)
    terms = [{"id": row["id"], "terms": _terms(row)} for row in rows]
    if statements.change is not None:
        connection.execute(statements.change, terms)
    else:
        old = connection.execute(_INDEXED, {"ids": [row["id"] for row in rows]}).all()
        gone = [{"id": row.id, "terms": _terms(row._asdict())} for row in old]
        connection.execute(statements.remove, gone)
        connection.execute(statements.add, terms)
    written = (*_ABOUT, *_FIELDS, "mark")
    connection.execute(
        _UPDATE,
        [{"of": row["id"], **{f"new_{name}": row[name] for name in written}} for row in rows],
    )


def _facts(connection: Connection, numbers: Sequence[str]) -> dict[str, list[RecordedFact]]:
    facts: dict[str, list[RecordedFact]] = {}
    for row in connection.execute(_FACTS, {"numbers": list(numbers)}):
        by_system = row.role == Role.SYSTEM
        fact = RecordedFact(row.kind, by_system, json.loads(row.fact))
        facts.setdefault(row.number, []).append(fact)
    return facts


def _terms(row: Mapping[str, Any]) -> str:
    """Return the terms of a document, in a stable order, with blanks between them."""
    about = zip((CITY, UNIT, CATEGORY, KIND), _ABOUT, strict=True)
    terms = {code_term(mark, row[name]) for mark, name in about if row[name]}
    terms |= {str(row["number"]), *_lines(row[name] for name in _FIELDS)}
    return " ".join(sorted(terms))


def _lines(texts: Iterable[str]) -> Iterable[str]:
    return (term for each in texts for term in terms_of(each))


def _mark(about: Mapping[str, Any], texts: Texts) -> str:
    content = json.dumps([*about.values(), *texts.values()], ensure_ascii=False)
    return blake2b(content.encode(), digest_size=12).hexdigest()


def _complaint_of(ticket: Ticket) -> Mapping[str, Any]:
    complaint = ticket.complaint
    return {
        "title": complaint.title,
        "text": complaint.text,
        "place": {"address": complaint.place.address},
    }


def _version(indexed: Indexed) -> tuple[int, int]:
    return indexed.ticket.version, indexed.projection_number


def _new_ids(connection: Connection, count: int) -> list[int]:
    if connection.dialect.name != "sqlite":
        return [row[0] for row in connection.execute(_NEXT_ID, {"count": count})]
    # SQLite has one writer at a time.
    last = connection.execute(_FREE).scalar()
    first = max(FIRST, 0 if last is None else last + 1)
    return [first + n for n in range(count)]


def _of(connection: Connection) -> _Written:
    return _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES
