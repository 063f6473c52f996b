"""The mails that were taken, each once; the mail itself is kept nowhere."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from store.db.engine import Store
from store.db.import_tables import mail

_MAIL = mail.c


async def outcome(store: Store, mail_id: str) -> str | None:
    """Return what became of a mail; None if it is not known."""
    row = await store.first(select(_MAIL.outcome).where(_MAIL.id == mail_id))
    return None if row is None else str(row.outcome)


async def keep(
    store: Store,
    mail_id: str,
    city: str,
    number: str | None,
    outcome: str,
    now: datetime,
    lasts: timedelta,
) -> None:
    """Note what became of a mail, and forget those that are older than `lasts`."""
    entry = store.insert(mail).on_conflict_do_nothing()
    row = {
        "id": mail_id,
        "city": city,
        "number": number,
        "outcome": outcome,
        "received_at": now,
    }

    def work(connection: Connection) -> None:
        connection.execute(entry, row)
        connection.execute(delete(mail).where(_MAIL.received_at < now - lasts))

    await store.write(work)
