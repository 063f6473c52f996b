"""The rebuilding of a city's topics from its tickets, with the numbers that they had."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.topics.growing import LEAST
from domain.topics.likeness import Sketch
from domain.topics.lists import TopicsInMemory, posted
from domain.topics.terms import Weights
from store.db import topic_tables
from store.db.engine import Store
from store.topics import book, knowledge, sketches

_SKETCH, _TOPIC, _POSTING = (
    topic_tables.sketch.c,
    topic_tables.growing_topic.c,
    topic_tables.posting.c,
)
_AT_ONCE = 500
_FROM = "0001-01-01T00:00:00+00:00"


class Rebuilt(NamedTuple):
    """The tickets that were compared, and the topics of several citizens that they make."""

    tickets: int
    topics: int


async def rebuild(store: Store, city: str, now: datetime, told: Callable[[int], None]) -> Rebuilt:
    """Learn anew what is usual in a city, sketch its tickets anew, and place all of them.

    A topic keeps the number under which most of its tickets were known. What a person has put
    somewhere stays there. `told` is called with the tickets sketched so far.
    """
    known = await knowledge.learn(store, city, now)
    before = await _topics_before(store, city)
    await store.change(delete(topic_tables.posting).where(_POSTING.city == city))
    await store.change(
        delete(topic_tables.sketch).where(_SKETCH.city == city, _SKETCH.by_hand.is_(False))
    )
    memory = TopicsInMemory()
    until = datetime.fromisoformat(_FROM)
    done, found = 0, await sketches.unsketched(store, city, until, _AT_ONCE)
    everything = []
    while found:
        made = [(sketches.sketch_of(one.ticket, one.person, known), one) for one in found]
        await store.write(_writing(store, city, made))
        everything += [sketch for sketch, _ in made if sketch.weights]
        done += len(found)
        told(done)
        until = found[-1].updated_at
        found = await sketches.unsketched(store, city, until, _AT_ONCE)
    stayed = await store.write(lambda connection: _find_again_by_hand(connection, city))
    memory.add_all([*everything, *stayed])
    await store.write(lambda connection: _write_topics(store, connection, city, memory, before))
    await knowledge.note_read(store, city, until, now)
    count = select(func.count()).where(_TOPIC.city == city, _TOPIC.people >= LEAST)
    row = await store.first(count)
    return Rebuilt(done, row[0] if row else 0)


async def _topics_before(store: Store, city: str) -> dict[str, str]:
    rows = await store.rows(
        select(_SKETCH.number, _SKETCH.topic).where(
            _SKETCH.city == city, _SKETCH.topic.is_not(None)
        )
    )
    return {row.number: row.topic for row in rows}


def _writing(
    store: Store, city: str, made: list[tuple[Sketch, sketches.ChangedTicket]]
) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        for sketch, one in made:
            sketches.write(store, connection, city, sketch, one.ticket.version)

    return work


def _write_topics(
    store: Store,
    connection: Connection,
    city: str,
    memory: TopicsInMemory,
    before: Mapping[str, str],
) -> None:
    book.lock_topics(store, connection, city)
    known = _numbers(memory, before)
    for id, members in memory.members.items():
        if len(members) < LEAST and id not in known:
            continue
        number = known.get(id) or book.begin(connection, city, members[0].filed_at)
        numbers = [one.number for one in members]
        for at in range(0, len(numbers), _AT_ONCE):
            connection.execute(
                update(topic_tables.sketch)
                .where(_SKETCH.number.in_(numbers[at : at + _AT_ONCE]), _SKETCH.by_hand.is_(False))
                .values(topic=number)
            )
    going = select(_TOPIC.number).where(_TOPIC.city == city, _TOPIC.merged_into.is_(None))
    for row in connection.execute(going).all():
        book.keep(connection, row.number, book.summed(connection, row.number).sums)


def _find_again_by_hand(connection: Connection, city: str) -> list[Sketch]:
    """Write the terms by which those are found again whose sketches stayed; return the sketches."""
    rows = connection.execute(
        select(topic_tables.sketch).where(_SKETCH.city == city, _SKETCH.by_hand.is_(True))
    ).all()
    for row in rows:
        weights: Weights = sketches.read(row).weights
        values = [
            {"city": city, "term": term, "number": row.number, "weight": weights[term]}
            for term in posted(weights)
        ]
        if values:
            connection.execute(insert(topic_tables.posting), values)
    return [sketches.read(row) for row in rows]


def _numbers(memory: TopicsInMemory, before: Mapping[str, str]) -> dict[str, str]:
    """Return the numbers that topics had, each given to the one that has most of its tickets."""
    shares: dict[str, Counter[str]] = defaultdict(Counter)
    for id, members in memory.members.items():
        for one in members:
            if one.number in before:
                shares[before[one.number]][id] += 1
    given: dict[str, str] = {}
    for number, count in sorted(shares.items(), key=lambda one: (-one[1].total(), one[0])):
        free = [id for id, _ in count.most_common() if id not in given]
        if free:
            given[free[0]] = number
    return given
