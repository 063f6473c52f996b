"""The acts of people on topics: they merge, split and name them, and open others from them."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from domain.refusals import Refused
from domain.topics.topic import TopicAct, TopicActKind
from store.db import topic_tables
from store.db.engine import ResultRow, Store
from store.topics import book

_TOPIC, _SKETCH = topic_tables.growing_topic.c, topic_tables.sketch.c


async def merge(store: Store, city: str, number: str, into: str, act: TopicAct) -> None:
    """Make a topic part of another one; a person's merge is never undone by a rule.

    Raises:
        Refused: topic_not_found, topic_merged, same_topic
    """

    def work(connection: Connection) -> None:
        book.lock_topics(store, connection, city)
        _going(connection, city, number)
        _going(connection, city, into)
        if number == into:
            raise Refused("same_topic", "A topic cannot be merged into itself.")
        connection.execute(
            update(topic_tables.sketch)
            .where(_SKETCH.topic.in_([number, into]))
            .values(by_hand=True)
        )
        book.move_all(connection, number, into)
        _fix(connection, into)
        book.keep(connection, into, book.summed(connection, into).sums)
        book.note(connection, number, act.model_copy(update={"about": into}))
        book.note(connection, into, act.model_copy(update={"about": number}))

    await store.write(work)


async def split(store: Store, city: str, number: str, tickets: Sequence[str], act: TopicAct) -> str:
    """Give tickets of a topic a topic of their own; return its number.

    Raises:
        Refused: topic_not_found, topic_merged, not_of_topic, whole_topic
    """

    def work(connection: Connection) -> str:
        book.lock_topics(store, connection, city)
        known = _going(connection, city, number)
        chosen = sorted(set(tickets))
        found = connection.execute(
            select(_SKETCH.filed_at).where(_SKETCH.topic == number, _SKETCH.number.in_(chosen))
        ).all()
        if len(found) < len(chosen):
            raise Refused("not_of_topic", "A ticket is not of this topic.")
        if len(found) == known.tickets:
            raise Refused("whole_topic", "Some ticket has to stay in the topic.")
        made = book.begin(connection, city, found[0].filed_at, fixed=True)
        connection.execute(
            update(topic_tables.sketch)
            .where(_SKETCH.number.in_(chosen))
            .values(topic=made, by_hand=True)
        )
        _fix(connection, number)
        for one in (number, made):
            book.keep(connection, one, book.summed(connection, one).sums)
        book.note(connection, number, act.model_copy(update={"about": made}))
        book.note(connection, made, act.model_copy(update={"about": number}))
        return made

    return await store.write(work)


async def name(store: Store, city: str, number: str, title: str, act: TopicAct) -> None:
    """Give a topic the name by which people know it.

    Raises:
        Refused: topic_not_found, topic_merged
    """
    await _change(store, city, number, act.model_copy(update={"text": title}), title=title)


async def make_subject(
    store: Store, city: str, number: str, month: str, unit: str, act: TopicAct
) -> None:
    """Make a topic the subject of a month (每月一题), led by a unit.

    Raises:
        Refused: topic_not_found, topic_merged
    """
    await _change(store, city, number, act, month=month, unit=unit)


async def note(store: Store, city: str, number: str, act: TopicAct) -> None:
    """Record an act that changes nothing of the topic; what was opened once is noted once.

    Raises:
        Refused: topic_not_found, topic_merged, no_subject: progress of what is no monthly subject
    """

    def work(connection: Connection) -> None:
        book.lock_topics(store, connection, city)
        known = _going(connection, city, number)
        if act.kind is TopicActKind.PROGRESS and known.month is None:
            raise Refused("no_subject", "The topic is the subject of no month.")
        if act.about is None or not book.noted(connection, number, act):
            book.note(connection, number, act)

    await store.write(work)


async def _change(store: Store, city: str, number: str, act: TopicAct, **values: str) -> None:
    def work(connection: Connection) -> None:
        book.lock_topics(store, connection, city)
        _going(connection, city, number)
        connection.execute(
            update(topic_tables.growing_topic)
            .where(_TOPIC.number == number)
            .values(**values, fixed=True)
        )
        book.note(connection, number, act)

    await store.write(work)


def _fix(connection: Connection, number: str) -> None:
    connection.execute(
        update(topic_tables.growing_topic).where(_TOPIC.number == number).values(fixed=True)
    )


def _going(connection: Connection, city: str, number: str) -> ResultRow:
    row = connection.execute(
        select(topic_tables.growing_topic).where(_TOPIC.number == number, _TOPIC.city == city)
    ).first()
    if row is None:
        raise Refused("topic_not_found", "There is no such topic.")
    if row.merged_into is not None:
        raise Refused("topic_merged", f"It is part of {row.merged_into}.")
    return row
