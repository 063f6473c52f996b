"""The placing of tickets in topics, one at a time, each in one transaction."""

import json

from sqlalchemy import Connection, select, update

from domain.topics import lists
from domain.topics.growing import GrowingTopic, place
from domain.topics.likeness import Likeness, Sketch, most_alike
from store.db import topic_tables
from store.db.engine import Store
from store.topics import book, sketches

_TOPIC, _SKETCH = topic_tables.growing_topic.c, topic_tables.sketch.c

_SINGLE = "ticket/"
"""The beginning of the id of a topic that would be of one ticket, and has no row."""


async def take(store: Store, city: str, sketch: Sketch, version: int, known: bool) -> None:
    """Write the sketch of a ticket and place it in a topic; of a known one only what changed.

    An empty sketch takes a known ticket out: it became a report of wrongdoing, or was erased.
    """

    def work(connection: Connection) -> None:
        book.lock_topics(store, connection, city)
        before = sketches.rows_of(connection, [sketch.number])
        if not before:
            sketches.write(store, connection, city, sketch, version)
            _place(connection, city, sketch)
            return
        if not sketch.weights and before[0].terms != "{}":
            drop(connection, sketch.number)
        moved = before[0].person != sketch.person and bool(sketch.weights)
        sketches.note_facts(connection, sketch, version)
        if moved and before[0].topic is not None:
            _recount(connection, before[0].topic)

    await store.write(work)


def drop(connection: Connection, number: str) -> None:
    """Delete what is kept of a ticket's text, also from the topic that it was of."""
    found = sketches.rows_of(connection, [number])
    sketches.remove(connection, number)
    if found and found[0].topic is not None:
        _recount(connection, found[0].topic)


def forget(connection: Connection, number: str) -> None:
    """Delete what is kept of a ticket that is erased."""
    drop(connection, number)


def _recount(connection: Connection, topic: str) -> None:
    book.keep(connection, topic, book.summed(connection, topic).sums)


def _place(connection: Connection, city: str, sketch: Sketch) -> None:
    if not sketch.weights:
        return
    rows = sketches.near(connection, city, sketch.weights, sketch.number)
    near, fixed = _topics_near(connection, [row.topic or f"{_SINGLE}{row.number}" for row in rows],
                               {row.number: json.loads(row.terms) for row in rows})  # fmt: skip
    placing = place(sketch.weights, near.values())
    if placing.joins is None:
        return
    topic = near[placing.joins]
    number = topic.id
    if number.startswith(_SINGLE):
        number = book.begin(connection, city, sketch.filed_at)
        _put(connection, topic.id.removeprefix(_SINGLE), number)
    _put(connection, sketch.number, number)
    topic.add(sketch.weights)
    for id in placing.merged:
        if id.startswith(_SINGLE):
            _put(connection, id.removeprefix(_SINGLE), number)
        elif id in fixed:
            continue
        else:
            book.move_all(connection, id, number)
        topic.take_in(near[id])
    book.keep(connection, number, topic.sums)


def _topics_near(
    connection: Connection, ids: list[str], terms: dict[str, dict[str, float]]
) -> tuple[dict[str, GrowingTopic], set[str]]:
    """Return the topics near a ticket, and which of them a person has set apart."""
    wanted = sorted({id for id in ids if not id.startswith(_SINGLE)})
    found = (
        connection.execute(
            select(topic_tables.growing_topic).where(_TOPIC.number.in_(wanted))
        ).all()
        if wanted
        else []
    )
    topics = {row.number: book.growing(row) for row in found}
    for id in ids:
        if id.startswith(_SINGLE):
            topics[id] = GrowingTopic(id, terms[id.removeprefix(_SINGLE)], 1)
    return topics, {row.number for row in found if row.fixed}


def _put(connection: Connection, number: str, topic: str) -> None:
    connection.execute(
        update(topic_tables.sketch).where(_SKETCH.number == number).values(topic=topic)
    )


# --- candidates ---------------------------------------------------------------------------------


async def alike(store: Store, number: str, most: int = 3) -> list[Likeness]:
    """Return the tickets most like this one, the most alike first; none while it has no sketch."""

    def work(connection: Connection) -> list[Likeness]:
        found = sketches.rows_of(connection, [number])
        if not found or found[0].terms == "{}":
            return []
        one = sketches.read(found[0])
        rows = sketches.near(connection, found[0].city, one.weights, number, lists.NEAR * 2)
        return most_alike(one, [sketches.read(row) for row in rows], most)

    return await store.read(work)
