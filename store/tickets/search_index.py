"""The writing of the index that tickets are found in, with the ticket and in its transaction."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

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

_OF_THEM: BindParameter[list[str]] = bindparam("numbers", expanding=True)
_KINDS = text(f"kind IN ({', '.join(repr(kind) for kind in sorted(SEARCHED))})")
_NOW = select(
    _TICKET.number, _TICKET.version, _TICKET.projection_number, *(_TICKET[name] for name in _ABOUT)
).where(_TICKET.number.in_(_OF_THEM))
_STATES = select(_TICKET.number, _TICKET.state).where(_TICKET.number.in_(_OF_THEM))
_FACTS = (
    select(_EVENT.number, _EVENT.kind, _EVENT.role, _EVENT.fact)
    .where(_EVENT.number.in_(_OF_THEM), _KINDS)
    .order_by(_EVENT.number, _EVENT.version)
)
_KNOWN = select(
    _DOCUMENT.number, _DOCUMENT.id, _DOCUMENT.mark, *(_DOCUMENT[name] for name in _ABOUT)
).where(_DOCUMENT.number.in_(_OF_THEM))
_INDEXED = select(document).where(_DOCUMENT.id.in_(bindparam("ids", expanding=True)))
_INSERT = insert(document)
_DELETE = delete(document).where(_DOCUMENT.id == bindparam("of"))
_NEXT_ID = text("SELECT nextval('search_document_id') FROM generate_series(1, :count)")
_LAST_ID = select(func.max(_DOCUMENT.id))
_WORN = update(progress).values(worn=True)


def _changing(names: Iterable[str]) -> Update:
    values: dict[str, BindParameter[object]] = {name: bindparam(f"new_{name}") for name in names}
    return update(document).where(_DOCUMENT.id == bindparam("of")).values(values)


_CHANGE_CODES = _changing(_ABOUT)
_CHANGE_ALL = _changing((*_ABOUT, *_FIELDS, "mark"))

_SQLITE_ADD = text("INSERT INTO search_index (rowid, terms) VALUES (:id, :terms)")
_SQLITE_REMOVE = text(
    "INSERT INTO search_index (search_index, rowid, terms) VALUES ('delete', :id, :terms)"
)
_POSTGRES_ADD = text(
    "INSERT INTO search_index (id, terms)"
    " VALUES (:id, array_to_tsvector(string_to_array(CAST(:terms AS text), ' ')))"
)
_POSTGRES_CHANGE = text(
    "UPDATE search_index"
    " SET terms = ts_delete(terms, string_to_array(CAST(:gone AS text), ' '))"
    " || array_to_tsvector(string_to_array(CAST(:new AS text), ' ')) WHERE id = :id"
)
_POSTGRES_REMOVE = text("DELETE FROM search_index WHERE id = :id")


class Indexed(NamedTuple):
    """A ticket as its projection has it, to spare the reading of its state.

    `said`: the projection has events with texts.
    """

    ticket: Ticket
    projection_number: int
    said: bool = True


def follow(connection: Connection, written: Mapping[str, Indexed]) -> None:
    """Bring the index up to date with tickets that were just written in this transaction.

    What counts is what is stored now: a projection that comes late may have changed nothing but
    added an event.
    """
    rows = connection.execute(_NOW, {"numbers": sorted(written)}).all()
    known = _known(connection, [row.number for row in rows])
    complaints, due = {}, []
    for row in rows:
        own, before = written[row.number], known.get(row.number)
        if (row.version, row.projection_number) == (own.ticket.version, own.projection_number):
            complaints[row.number] = _complaint_of(own.ticket)
        if before is None or own.said or row.number not in complaints:
            due.append(row)
        elif _codes(before) != _codes(row):
            _change(connection, before.id, _codes(before), _codes(row))
    _bring(connection, due, known, complaints, lambda count: _new_ids(connection, count))


def fill(connection: Connection, numbers: Sequence[str]) -> int:
    """Index tickets of before the index, the last filed first; return how many it had not yet."""
    found = {row.number: row for row in connection.execute(_NOW, {"numbers": list(numbers)})}
    lowest = connection.execute(select(func.min(_DOCUMENT.id))).scalar()
    first = min(FIRST, FIRST if lowest is None else lowest) - 1
    rows = [found[number] for number in numbers if number in found]
    known = _known(connection, numbers)
    return _bring(connection, rows, known, {}, lambda count: [first - n for n in range(count)])


def forget(connection: Connection, number: str) -> None:
    """Delete the texts and terms of a ticket that is erased."""
    for known in _known(connection, [number]).values():
        row = connection.execute(_INDEXED, {"ids": [known.id]}).one()
        if connection.dialect.name == "sqlite":
            terms = _joined(_terms(row._asdict()))
            connection.execute(_SQLITE_REMOVE, {"id": row.id, "terms": terms})
            connection.execute(_WORN)
        else:
            connection.execute(_POSTGRES_REMOVE, {"id": row.id})
        connection.execute(_DELETE, {"of": row.id})


def _bring(
    connection: Connection,
    rows: Sequence[ResultRow],
    known: Mapping[str, ResultRow],
    complaints: Mapping[str, Mapping[str, Any]],
    ids: Callable[[int], list[int]],
) -> int:
    """Write what differs of these tickets; return how many were not in the index."""
    numbers = [row.number for row in rows]
    if not numbers:
        return 0
    missing = [number for number in numbers if number not in complaints]
    read = connection.execute(_STATES, {"numbers": missing}) if missing else ()
    complaints = {row.number: json.loads(row.state)["complaint"] for row in read} | dict(complaints)
    facts = _facts(connection, numbers)
    new, changed = [], []
    for row in rows:
        texts = texts_of(complaints[row.number], facts.get(row.number, []))
        mark, before = _mark(texts), known.get(row.number)
        if before is not None and before.mark == mark:
            if _codes(before) != _codes(row):
                _change(connection, before.id, _codes(before), _codes(row))
            continue
        fields = {field.value: value for field, value in folded_texts(texts).items()}
        made = {"number": row.number, **_codes(row), **fields, "mark": mark}
        if before is None:
            new.append(made)
        else:
            changed.append(made | {"id": before.id})
    _change_texts(connection, changed)
    if new:
        _add(connection, [row | {"id": id} for row, id in zip(new, ids(len(new)), strict=True)])
    return len(new)


def _add(connection: Connection, rows: Sequence[Row]) -> None:
    _add_with_terms(connection, [(row, _joined(_terms(row))) for row in rows])


def _add_with_terms(connection: Connection, rows: Sequence[tuple[Row, str]]) -> None:
    connection.execute(_INSERT, [row for row, _ in rows])
    add = _SQLITE_ADD if connection.dialect.name == "sqlite" else _POSTGRES_ADD
    connection.execute(add, [{"id": row["id"], "terms": terms} for row, terms in rows])


def document_of(row: Row, complaint: Mapping[str, Any], facts: Sequence[RecordedFact]) -> Row:
    """Return the document of a ticket that is not indexed yet; `row`: that of the ticket."""
    texts = texts_of(complaint, facts)
    fields = {field.value: value for field, value in folded_texts(texts).items()}
    about = {name: row[name] for name in _ABOUT}
    return {"number": row["number"], **about, **fields, "mark": _mark(texts)}


def terms_in(document: Row) -> str:
    """Return the terms of a document, as the index takes them."""
    return _joined(_terms(document))


def add_new(connection: Connection, documents: Sequence[tuple[Row, str]]) -> None:
    """Index tickets that are in no index yet: documents with their terms, in order of filing."""
    ids = _new_ids(connection, len(documents))
    rows = [(row | {"id": id}, terms) for (row, terms), id in zip(documents, ids, strict=True)]
    _add_with_terms(connection, rows)


def _change_texts(connection: Connection, rows: Sequence[Row]) -> None:
    ids = [row["id"] for row in rows]
    old = {row.id: row for row in connection.execute(_INDEXED, {"ids": ids})} if ids else {}
    for row in sorted(rows, key=lambda row: int(row["id"])):
        _change(connection, row["id"], old[row["id"]]._asdict(), row)


def _change(connection: Connection, id: int, before: Row, after: Row) -> None:
    """Write a document and the terms that differ: of a change of unit they are two.

    Both rows have the same columns; those of texts may be left out where they stay as they are.
    """
    was, are = _terms(before), _terms(after)
    if connection.dialect.name == "sqlite":
        # A row of FTS5 that has no content is nothing but its terms.
        connection.execute(_SQLITE_REMOVE, {"id": id, "terms": _joined(was - are)})
        connection.execute(_SQLITE_ADD, {"id": id, "terms": _joined(are - was)})
    else:
        differing = {"gone": _joined(was - are), "new": _joined(are - was)}
        connection.execute(_POSTGRES_CHANGE, {"id": id, **differing})
    statement = _CHANGE_ALL if "mark" in after else _CHANGE_CODES
    names = (*_ABOUT, *_FIELDS, "mark") if "mark" in after else _ABOUT
    connection.execute(statement, {"of": id, **{f"new_{name}": after[name] for name in names}})


def _known(connection: Connection, numbers: Sequence[str]) -> dict[str, ResultRow]:
    return {row.number: row for row in connection.execute(_KNOWN, {"numbers": list(numbers)})}


def _codes(row: ResultRow) -> Row:
    return {name: getattr(row, name) for name in _ABOUT}


def _facts(connection: Connection, numbers: Sequence[str]) -> dict[str, list[RecordedFact]]:
    facts: dict[str, list[RecordedFact]] = {}
    for row in connection.execute(_FACTS, {"numbers": list(numbers)}):
        by_system = row.role == Role.SYSTEM
        fact = RecordedFact(row.kind, by_system, json.loads(row.fact))
        facts.setdefault(row.number, []).append(fact)
    return facts


def _joined(terms: Iterable[str]) -> str:
    return " ".join(sorted(terms))


def _terms(row: Row) -> set[str]:
    """Return the terms of a document; without its texts those of its codes."""
    about = zip((CITY, UNIT, CATEGORY, KIND), _ABOUT, strict=True)
    terms = {code_term(mark, str(row[name])) for mark, name in about if row[name]}
    if "number" in row:
        terms.add(str(row["number"]))
        for name in _FIELDS:
            terms.update(terms_of(str(row[name])))
    return terms


def _mark(texts: Texts) -> str:
    content = json.dumps(list(texts.values()), ensure_ascii=False)
    return blake2b(content.encode(), digest_size=12).hexdigest()


def _complaint_of(ticket: Ticket) -> Mapping[str, Any]:
    complaint = ticket.complaint
    return {
        "title": complaint.title,
        "text": complaint.text,
        "place": {"address": complaint.place.address},
    }


def _new_ids(connection: Connection, count: int) -> list[int]:
    if connection.dialect.name != "sqlite":
        return [row[0] for row in connection.execute(_NEXT_ID, {"count": count})]
    # SQLite has one writer at a time.
    last = connection.execute(_LAST_ID).scalar()
    first = max(FIRST, 0 if last is None else last + 1)
    return [first + n for n in range(count)]
