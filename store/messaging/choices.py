"""The choices of recipients: channels that are not used, and the language of text messages.

A choice is of a recipient, whose phone or mailbox was proved, or of one ticket, whose access code
was known. Of a ticket both hold: a channel that either does not want is not used.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from domain.messaging.states import WayOut
from store.db.engine import Insert, Store
from store.db.message_tables import choice

_CHOICE = choice.c


@dataclass(frozen=True)
class ContactChoice:
    """The choice of one recipient. `language`: "" for what the city has."""

    without: frozenset[WayOut] = frozenset()
    language: str = ""


def of_ticket(number: str) -> str:
    """Return the recipient that is one ticket: who knows its access code has proved no more."""
    return f"ticket/{number}"


def read(connection: Connection, recipient: str, number: str = "") -> ContactChoice:
    """Return the choice that holds for a ticket of a recipient, in a transaction.

    `number`: "" for what is told of no one ticket.
    """
    whole = _read(connection, recipient)
    if not number or recipient == of_ticket(number):
        return whole
    own = _read(connection, of_ticket(number))
    return ContactChoice(whole.without | own.without, own.language or whole.language)


def _read(connection: Connection, recipient: str) -> ContactChoice:
    row = connection.execute(
        select(_CHOICE.without, _CHOICE.language).where(_CHOICE.recipient == recipient)
    ).first()
    if row is None:
        return ContactChoice()
    return ContactChoice(frozenset(WayOut(word) for word in row.without.split()), row.language)


async def of(store: Store, recipient: str, number: str = "") -> ContactChoice:
    """Return the choice that holds for a ticket of a recipient."""
    return await store.read(lambda connection: read(connection, recipient, number))


def _insert(store: Store) -> Insert:
    return store.insert(choice)


async def keep(
    store: Store, recipient: str, without: Collection[WayOut], language: str, at: datetime
) -> None:
    """Keep a choice in place of the one before."""
    values = {
        "without": " ".join(sorted(without)),
        "language": language,
        "changed_at": at,
    }
    statement = store.once(_insert).values(recipient=recipient, **values)
    await store.change(statement.on_conflict_do_update(index_elements=["recipient"], set_=values))


async def without(store: Store, recipient: str, channel: WayOut, at: datetime) -> None:
    """Use a channel no more for a recipient; the rest of their choice stays."""
    insert = store.once(_insert)

    def work(connection: Connection) -> None:
        known = read(connection, recipient)
        words = " ".join(sorted(known.without | {channel}))
        values = {"without": words, "language": known.language, "changed_at": at}
        connection.execute(
            insert.values(recipient=recipient, **values).on_conflict_do_update(
                index_elements=["recipient"], set_=values
            )
        )

    await store.write(work)


async def wanted(store: Store, recipient: str, channel: WayOut, at: datetime) -> None:
    """Use a channel again for a recipient; the rest of their choice stays."""
    known = await of(store, recipient)
    await keep(store, recipient, known.without - {channel}, known.language, at)


async def end(store: Store, recipient: str) -> None:
    """Forget a choice."""
    await store.change(delete(choice).where(_CHOICE.recipient == recipient))
