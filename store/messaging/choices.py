"""The choices of recipients: channels that are not used, and the language of text messages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from domain.messaging.states import WayOut
from store.db.engine import Insert, Store
from store.db.message_tables import choice

_CHOICE = choice.c


@dataclass(frozen=True)
class ContactChoice:
    """The choice of one recipient. `language`: "" for what the city has."""

    without: frozenset[WayOut] = frozenset()
    language: str = ""


def read(connection: Connection, recipient: str) -> ContactChoice:
    """Return the choice of a recipient, in a transaction."""
    row = connection.execute(
        select(_CHOICE.without, _CHOICE.language).where(_CHOICE.recipient == recipient)
    ).first()
    if row is None:
        return ContactChoice()
    return ContactChoice(frozenset(WayOut(word) for word in row.without.split()), row.language)


async def of(store: Store, recipient: str) -> ContactChoice:
    """Return the choice of a recipient."""
    return await store.read(lambda connection: read(connection, recipient))


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
