"""The mails that were taken, each once; the mail itself is kept nowhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from store.db.engine import Store
from store.db.import_tables import mail

_MAIL = mail.c


async def outcome(store: Store, mail_id: str) -> str | None:
    """Return what became of a mail; None if it is not known."""
    row = await store.first(select(_MAIL.outcome).where(_MAIL.id == mail_id))
    return None if row is None else str(row.outcome)


async def ticket_of(store: Store, mail_ids: Sequence[str]) -> str | None:
    """Return the ticket of the first of these mails that is known."""
    rows = await store.rows(select(_MAIL.id, _MAIL.number).where(_MAIL.id.in_(mail_ids)))
    numbers = {row.id: row.number for row in rows}
    return next((numbers[one] for one in mail_ids if numbers.get(one)), None)


async def keep(
    store: Store,
    mail_ids: Sequence[str],
    city: str,
    number: str | None,
    outcome: str,
    now: datetime,
    lasts: timedelta,
) -> None:
    """Note what became of a mail, by each of its ids; forget those that are older than `lasts`."""
    entry = store.insert(mail).on_conflict_do_nothing()
    noted = {"city": city, "number": number, "outcome": outcome, "received_at": now}
    rows = [noted | {"id": one} for one in mail_ids]

    def work(connection: Connection) -> None:
        connection.execute(entry, rows)
        connection.execute(delete(mail).where(_MAIL.received_at < now - lasts))

    await store.write(work)
