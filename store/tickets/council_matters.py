"""Tickets and topics that councils hang on, and the topics with their linked tickets."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from domain.council.topic import CouncilTopic, is_topic
from domain.refusals import Refused
from domain.ticket.stages import Stage
from store.db import tables
from store.db.council_tables import council, council_topic, topic_ticket
from store.db.engine import ResultRow, Store
from store.db.locks import lock

_TICKET, _TOPIC, _LINK = tables.ticket.c, council_topic.c, topic_ticket.c


def is_open(connection: Connection, number: str) -> bool:
    """Lock what a council is to hang on; return whether it may still have a new one.

    Raises:
        Refused: council_topic_not_found, not_started_yet, council_of_report
    """
    if is_topic(number):
        topic = select(_TOPIC.number).where(_TOPIC.number == number).with_for_update()
        if connection.execute(topic).first() is None:
            raise Refused("council_topic_not_found", "There is no such topic.")
        return True
    row = connection.execute(
        select(_TICKET.of_wrongdoing, _TICKET.stage)
        .where(_TICKET.number == number)
        .with_for_update()
    ).first()
    if row is None:
        raise Refused("not_started_yet", "The complaint is not started yet.")
    if row.of_wrongdoing:
        raise of_report()
    return bool(row.stage != Stage.ENDED)


def check_no_report(connection: Connection, number: str) -> None:
    """Check that a council does not hang on a report of wrongdoing: a ticket may become one.

    Raises:
        Refused: council_of_report
    """
    reports = select(_TICKET.of_wrongdoing).where(_TICKET.number == number)
    if connection.execute(reports).scalar():
        raise of_report()


def of_report() -> Refused:
    return Refused("council_of_report", "A report of wrongdoing has no council.")


# --- topics -----------------------------------------------------------------------------------


async def open_topic(store: Store, new: CouncilTopic) -> CouncilTopic:
    """Record a topic; its number is given here.

    One of the same id is there already: it is returned, and nothing is recorded.
    """

    def work(connection: Connection) -> CouncilTopic:
        lock(store, connection, f"council topics/{new.city}")
        known = connection.execute(select(council_topic).where(_TOPIC.id == new.id)).first()
        if known is not None:
            return _topic(known)
        last = select(func.max(_TOPIC.n)).where(_TOPIC.city == new.city)
        n = (connection.execute(last).scalar() or 0) + 1
        made = new.model_copy(update={"n": n, "number": f"{new.city}-{n}"})
        connection.execute(insert(council_topic), made.model_dump())
        return made

    return await store.write(work)


async def topic(store: Store, number: str) -> CouncilTopic | None:
    row = await store.first(select(council_topic).where(_TOPIC.number == number))
    return None if row is None else _topic(row)


async def topics(store: Store, city: str, limit: int, *, opened: bool) -> list[CouncilTopic]:
    """Return the newest topics of a city; `opened`: only those with a council that was opened."""
    statement = select(council_topic).where(_TOPIC.city == city)
    if opened:
        held = select(council.c.number).where(council.c.opened_at.is_not(None))
        statement = statement.where(_TOPIC.number.in_(held))
    rows = await store.rows(statement.order_by(_TOPIC.n.desc()).limit(limit))
    return [_topic(row) for row in rows]


async def link(store: Store, number: str, ticket: str, at: datetime) -> None:
    """Link a ticket to a topic; a second time it stays as it is.

    Raises:
        Refused: council_of_report
    """
    adding = store.insert(topic_ticket).on_conflict_do_nothing(index_elements=["topic", "number"])

    def work(connection: Connection) -> None:
        check_no_report(connection, ticket)
        connection.execute(adding, {"topic": number, "number": ticket, "linked_at": at})

    await store.write(work)


async def linked(store: Store, number: str, limit: int) -> Sequence[str]:
    """Return the tickets linked to a topic, the newest link first; reports are left out."""
    rows = await store.rows(
        select(_LINK.number)
        .join(tables.ticket, _TICKET.number == _LINK.number)
        .where(_LINK.topic == number, _TICKET.of_wrongdoing.is_(False))
        .order_by(_LINK.linked_at.desc(), _LINK.number)
        .limit(limit)
    )
    return [row.number for row in rows]


async def topics_of(store: Store, ticket: str) -> list[str]:
    """Return the topics that a ticket is linked to."""
    rows = await store.rows(select(_LINK.topic).where(_LINK.number == ticket))
    return [row.topic for row in rows]


def forget_links(connection: Connection, number: str) -> None:
    """Delete the links of a ticket that is erased; what a council decided is not its citizen's."""
    connection.execute(delete(topic_ticket).where(_LINK.number == number))


def _topic(row: ResultRow) -> CouncilTopic:
    return CouncilTopic.model_validate(dict(row._mapping))
