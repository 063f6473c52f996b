"""The sketches of tickets, and the tickets that share telling terms with one."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, literal, or_, select, union_all

from domain.ticket.complaint import Channel
from domain.ticket.erasure import GONE
from domain.ticket.ticket import Ticket
from domain.topics.likeness import Sketch
from domain.topics.lists import NEAR, posted
from domain.topics.terms import Weights, counted_terms, weighed
from store.db import tables, topic_tables
from store.db.engine import ResultRow, Store
from store.topics.knowledge import Knowledge

_TICKET, _PERSON = tables.ticket.c, tables.person.c
_SKETCH, _POSTING = topic_tables.sketch.c, topic_tables.posting.c

_PER_TERM = 300
"""The newest tickets that are looked at for each telling term."""

_FAINT = 0.06


class ChangedTicket(NamedTuple):
    """A ticket whose sketch is missing or older than it. `person`: a mark of its citizen."""

    ticket: Ticket
    updated_at: datetime
    person: str | None
    known: bool


async def unsketched(store: Store, city: str, since: datetime, limit: int) -> list[ChangedTicket]:
    """Return tickets that changed since then and are not sketched as they are, in that order."""
    query = (
        select(
            _TICKET.state,
            _TICKET.updated_at,
            func.coalesce(_PERSON.phone_hash, _TICKET.person).label("mark"),
            _SKETCH.number.label("sketched"),
        )
        .select_from(
            tables.ticket.outerjoin(
                topic_tables.sketch, _SKETCH.number == _TICKET.number
            ).outerjoin(tables.person, _PERSON.id == _TICKET.person)
        )
        .where(
            _TICKET.city == city,
            _TICKET.updated_at >= since,
            or_(_SKETCH.version.is_(None), _SKETCH.version < _TICKET.version),
        )
        .order_by(_TICKET.updated_at, _TICKET.number)
        .limit(limit)
    )
    return [
        ChangedTicket(
            Ticket.model_validate_json(row.state),
            row.updated_at,
            row.mark,
            row.sketched is not None,
        )
        for row in await store.rows(query)
    ]


def counts(ticket: Ticket) -> bool:
    """Return whether a ticket is of a topic: no report of wrongdoing, none by the city itself."""
    own = (Channel.PROACTIVE, Channel.INSPECTION)
    complaint = ticket.complaint
    return not ticket.of_wrongdoing and complaint.channel not in own and complaint.text != GONE


def sketch_of(ticket: Ticket, person: str | None, known: Knowledge) -> Sketch:
    """Return the sketch of a ticket by what is usual in its city; empty if it is of no topic."""
    complaint = ticket.complaint
    weights: Weights = {}
    if counts(ticket):
        terms = counted_terms(complaint.title, f"{complaint.text}\n{complaint.place.address}")
        weights = weighed(terms, known.terms, known.tickets)
    return Sketch(
        number=complaint.number,
        person=person,
        filed_at=complaint.filed_at,
        weights=weights,
        area=ticket.area or complaint.place.area,
        unit=ticket.unit,
        category=ticket.category,
    )


def write(store: Store, connection: Connection, city: str, sketch: Sketch, version: int) -> None:
    """Write a new sketch, and the terms by which it is found."""
    values = {
        **_facts(sketch),
        "number": sketch.number,
        "city": city,
        "version": version,
        "filed_at": sketch.filed_at,
        "terms": packed(sketch.weights),
        "by_hand": False,
    }
    adding = store.insert(topic_tables.sketch).values(values)
    connection.execute(adding.on_conflict_do_nothing())
    rows = [
        {"city": city, "term": term, "number": sketch.number, "weight": sketch.weights[term]}
        for term in posted(sketch.weights)
    ]
    if rows:
        connection.execute(insert(topic_tables.posting), rows)


def note_facts(connection: Connection, sketch: Sketch, version: int) -> None:
    """Note where a sketched ticket is by now; what it says does not change."""
    connection.execute(
        topic_tables.sketch.update()
        .where(_SKETCH.number == sketch.number)
        .values(version=version, **_facts(sketch))
    )


def remove(connection: Connection, number: str) -> None:
    """Delete what is kept of what a ticket says; the row stays, so that it is not read again."""
    connection.execute(delete(topic_tables.posting).where(_POSTING.number == number))
    connection.execute(
        topic_tables.sketch.update()
        .where(_SKETCH.number == number)
        .values(terms="{}", topic=None, person=None, by_hand=False)
    )


def near(
    connection: Connection, city: str, weights: Weights, but: str, most: int = NEAR
) -> list[ResultRow]:
    """Return the rows of the sketches that share most telling terms, the nearest first."""
    terms = posted(weights)
    if not terms:
        return []
    parts = [
        select(
            select(literal(term).label("term"), _POSTING.number, _POSTING.weight)
            .where(_POSTING.city == city, _POSTING.term == term)
            .order_by(_POSTING.number.desc())
            .limit(_PER_TERM)
            .subquery()
        )
        for term in terms
    ]
    scores: dict[str, float] = defaultdict(float)
    for row in connection.execute(union_all(*parts)):
        scores[row.number] += row.weight * weights[row.term]
    scores.pop(but, None)
    best = sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:most]
    order = {number: at for at, (number, score) in enumerate(best) if score >= _FAINT}
    return sorted(rows_of(connection, order.keys()), key=lambda row: order[row.number])


def rows_of(connection: Connection, numbers: Collection[str]) -> Sequence[ResultRow]:
    """Return the rows of the sketches with these numbers."""
    if not numbers:
        return []
    which = select(topic_tables.sketch).where(_SKETCH.number.in_(list(numbers)))
    return connection.execute(which).all()


def read(row: ResultRow) -> Sketch:
    """Return the sketch in a row."""
    return Sketch(
        number=row.number,
        person=row.person,
        filed_at=row.filed_at,
        weights=json.loads(row.terms),
        area=row.area,
        unit=row.unit,
        category=row.category,
    )


def packed(weights: Weights) -> str:
    """Return weights as text, with as many digits as matter."""
    return json.dumps({term: round(weight, 5) for term, weight in weights.items()},
                      ensure_ascii=False, separators=(",", ":"))  # fmt: skip


def _facts(sketch: Sketch) -> dict[str, Any]:
    return {
        "person": sketch.person,
        "area": sketch.area,
        "unit": sketch.unit,
        "category": sketch.category,
    }
