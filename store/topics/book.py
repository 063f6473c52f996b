"""The topics of a city: which complaints they have, and what people did with them."""

import json
from datetime import datetime

from sqlalchemy import Connection, func, insert, or_, select, update

from domain.topics.growing import GrowingTopic
from domain.topics.matter import READ, matter_of
from domain.topics.terms import Weights
from domain.topics.topic import TopicAct, TopicMember, TopicRow
from store.db import topic_tables
from store.db.engine import ResultRow, Store
from store.db.locks import lock
from store.topics.sketches import packed

_TOPIC, _SKETCH, _ACT = (
    topic_tables.growing_topic.c,
    topic_tables.sketch.c,
    topic_tables.topic_act.c,
)

MEMBERS = 5000
"""The most tickets of a topic that are read for its page."""


# --- reading ------------------------------------------------------------------------------------


async def topics(
    store: Store, city: str, least: int, since: datetime | None, most: int
) -> list[TopicRow]:
    """Return the topics of a city with at least so many citizens, most citizens first.

    Complaints that share the name of a place alone are none, unless a person has made them one.

    `since`: only those with a complaint since then.
    """
    query = select(topic_tables.growing_topic).where(
        _TOPIC.city == city,
        _TOPIC.people >= least,
        or_(_TOPIC.one_matter.is_(True), _TOPIC.fixed.is_(True)),
    )
    if since is not None:
        query = query.where(_TOPIC.last_at >= since)
    query = query.order_by(_TOPIC.people.desc(), _TOPIC.tickets.desc(), _TOPIC.n).limit(most)
    return [row_out(row) for row in await store.rows(query)]


async def topic(store: Store, number: str) -> TopicRow | None:
    row = await store.first(select(topic_tables.growing_topic).where(_TOPIC.number == number))
    return None if row is None else row_out(row)


async def subjects(store: Store, city: str, most: int) -> list[TopicRow]:
    """Return the monthly subjects (每月一题) of a city, the newest month first."""
    query = (
        select(topic_tables.growing_topic)
        .where(_TOPIC.city == city, _TOPIC.month.is_not(None))
        .order_by(_TOPIC.month.desc(), _TOPIC.n)
        .limit(most)
    )
    return [row_out(row) for row in await store.rows(query)]


async def members(store: Store, number: str) -> list[TopicMember]:
    """Return the tickets of a topic, the newest first."""
    query = (
        select(_SKETCH.number, _SKETCH.filed_at, _SKETCH.area, _SKETCH.unit, _SKETCH.category)
        .where(_SKETCH.topic == number)
        .order_by(_SKETCH.filed_at.desc(), _SKETCH.number)
        .limit(MEMBERS)
    )
    return [TopicMember.model_validate(dict(row._mapping)) for row in await store.rows(query)]


async def acts(store: Store, number: str) -> list[TopicAct]:
    """Return what people did with a topic, the first act first."""
    rows = await store.rows(
        select(topic_tables.topic_act).where(_ACT.topic == number).order_by(_ACT.n)
    )
    return [TopicAct.model_validate({n: getattr(row, n) for n in _OF_ACT}) for row in rows]


_OF_ACT = tuple(TopicAct.model_fields)


async def topic_of(store: Store, ticket: str) -> str | None:
    """Return the topic that a ticket is of."""
    row = await store.first(select(_SKETCH.topic).where(_SKETCH.number == ticket))
    return None if row is None else row.topic


def row_out(row: ResultRow) -> TopicRow:
    values = {name: getattr(row, name) for name in TopicRow.model_fields if name != "words"}
    return TopicRow(**values, words=json.loads(row.words))


# --- writing ------------------------------------------------------------------------------------


def lock_topics(store: Store, connection: Connection, city: str) -> None:
    """Let one transaction at a time change the topics of a city."""
    lock(store, connection, f"growing topics/{city}")


def growing(row: ResultRow) -> GrowingTopic:
    """Return a topic to place complaints in."""
    return GrowingTopic(row.number, json.loads(row.sums), row.tickets)


def begin(connection: Connection, city: str, at: datetime, fixed: bool = False) -> str:
    """Begin an empty topic; return its number. Its city is locked before."""
    last = select(func.max(_TOPIC.n)).where(_TOPIC.city == city)
    n = (connection.execute(last).scalar() or 0) + 1
    values = {
        "number": f"{city}-g{n}",
        "city": city,
        "n": n,
        "sums": "{}",
        "words": "[]",
        "tickets": 0,
        "people": 0,
        "first_at": at,
        "last_at": at,
        "fixed": fixed,
        "one_matter": fixed,
    }
    connection.execute(insert(topic_tables.growing_topic), values)
    return f"{city}-g{n}"


def keep(connection: Connection, number: str, sums: Weights) -> None:
    """Write what a topic is known by, and count its tickets and citizens anew.

    Those who gave no name count as one citizen: they may be.
    """
    count = select(
        func.count().label("tickets"),
        func.count(func.distinct(func.coalesce(_SKETCH.person, ""))).label("people"),
        func.min(_SKETCH.filed_at).label("first_at"),
        func.max(_SKETCH.filed_at).label("last_at"),
    ).where(_SKETCH.topic == number)
    found = connection.execute(count).one()
    spans = {"first_at": found.first_at, "last_at": found.last_at} if found.tickets else {}
    newest = connection.execute(
        select(_SKETCH.terms)
        .where(_SKETCH.topic == number)
        .order_by(_SKETCH.filed_at.desc(), _SKETCH.number)
        .limit(READ)
    )
    matter = matter_of([json.loads(row.terms) for row in newest])
    connection.execute(
        update(topic_tables.growing_topic)
        .where(_TOPIC.number == number)
        .values(
            sums=packed(sums),
            words=json.dumps(matter.words, ensure_ascii=False),
            one_matter=matter.one,
            tickets=found.tickets,
            people=found.people,
            **spans,
        )
    )


def summed(connection: Connection, number: str) -> GrowingTopic:
    """Return a topic with the sum of what its tickets say, counted anew."""
    topic = GrowingTopic(number)
    rows = connection.execute(
        select(_SKETCH.terms).where(_SKETCH.topic == number).order_by(_SKETCH.number).limit(MEMBERS)
    )
    for row in rows:
        topic.add(json.loads(row.terms))
    return topic


def move_all(connection: Connection, source: str, into: str) -> None:
    """Move all tickets of a topic into another, of which it is a part from then on."""
    connection.execute(
        update(topic_tables.sketch).where(_SKETCH.topic == source).values(topic=into)
    )
    connection.execute(
        update(topic_tables.growing_topic)
        .where(_TOPIC.number == source)
        .values(merged_into=into, tickets=0, people=0)
    )


def note(connection: Connection, number: str, new: TopicAct) -> None:
    """Record an act; its place in the list is given here. The topic's city is locked before."""
    last = select(func.max(_ACT.n)).where(_ACT.topic == number)
    n = (connection.execute(last).scalar() or 0) + 1
    given = {"kind": new.kind.value, "n": n, "id": f"{number}/{n}", "topic": number}
    values = new.model_dump() | given
    connection.execute(insert(topic_tables.topic_act), values)


def noted(connection: Connection, number: str, act: TopicAct) -> bool:
    """Return whether the same was opened from a topic before: the same request came again."""
    same = select(_ACT.id).where(
        _ACT.topic == number, _ACT.kind == act.kind.value, _ACT.about == act.about,
        _ACT.text == act.text,
    )  # fmt: skip
    return connection.execute(same).first() is not None
