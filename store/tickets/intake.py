"""The intake register: a complaint is registered here before anything else happens to it.

It assigns the number, makes registration idempotent, and is the intake backlog: complaints that
are registered and not started are started later.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, text, update

from domain.ticket.complaint import Complaint
from store.db import tables
from store.db.engine import Insert, ResultRow, Store
from store.db.errors import KeyReused, StoreError
from store.db.tables import Row
from store.files.files import Attaching, attach
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Person, Vault

# Six random digits a day: even with half of them taken, one of so many draws finds a free number.
_DRAWS = 50
_ERROR_LENGTH = 200

_BY_KEY = select(tables.intake).where(tables.intake.c.idempotency_key == bindparam("key"))
_BY_NUMBER = select(tables.intake).where(tables.intake.c.number == bindparam("number"))
_STARTED = (
    update(tables.intake)
    .where(tables.intake.c.number == bindparam("which"), tables.intake.c.started_at.is_(None))
    .values(started_at=bindparam("at"))
)
_LOST = (
    update(tables.intake)
    .where(tables.intake.c.number == bindparam("which"), tables.intake.c.recorded_at.is_(None))
    .values(started_at=None)
)
_FAILED = (
    update(tables.intake)
    .where(tables.intake.c.number == bindparam("which"))
    .values(attempts=tables.intake.c.attempts + 1, last_error=bindparam("error"))
)


Entry = Callable[[Connection, Complaint], None]
"""The rows entered elsewhere in the transaction that registers a complaint."""


@dataclass(frozen=True)
class Registered:
    """A registered complaint. `new`: registered by this very call.

    `code_generation`: how often its access code was replaced. `incident`: the one of which it is a
    member. `simulated`: it is invented, and has no workflow.
    """

    number: str
    complaint: Complaint
    new: bool
    started: bool
    code_generation: int = 0
    incident: str | None = None
    simulated: bool = False


def _insert_intake(store: Store) -> Insert:
    return store.insert(tables.intake).on_conflict_do_nothing()


def _insert_person(store: Store) -> Insert:
    return store.insert(tables.person)


async def register(
    store: Store,
    complaint: Complaint,
    person: Person | None,
    vault: Vault | None,
    idempotency_key: str | None,
    fingerprint: str,
    new_number: Callable[[], str],
    keys: TicketKeys | None = None,
    attaching: Attaching | None = None,
    entries: Sequence[Entry] = (),
) -> Registered:
    """Register `complaint`, put `person` into the vault, and attach the files.

    All in one transaction, in which the ticket's key is made, too; without `keys` it is made when
    it is first needed. `entries`: what is entered with it, the first time.

    The number of `complaint` is assigned here, and so is its `person`, unless it follows a ticket
    of a person who is in the vault already. The same idempotency key always returns the first
    registration; a caller that serves several clients adds a prefix per client to it. Without a
    person no vault is needed.

    Raises:
        KeyReused: the key was used with another fingerprint.
        UnknownFile, TooManyFiles: nothing is registered.
        StoreUnavailable: try again, with the same key.
    """
    if vault is None and person is not None and person.has_values:
        raise ValueError("a person is kept in the vault, and there is none")
    person_id = secrets.token_hex(16) if person is not None and person.has_values else None
    insert_intake, insert_person = store.once(_insert_intake), store.once(_insert_person)
    made: dict[str, bytes] = {}

    def work(connection: Connection) -> Registered:
        for _ in range(_DRAWS):
            new_complaint = complaint.model_copy(
                update={"number": new_number(), "person": person_id or complaint.person}
            )
            entry = _entry(new_complaint, idempotency_key, fingerprint)
            # Nothing is entered if the number, or the key, is taken already.
            if connection.execute(insert_intake, entry).rowcount == 1:
                if person is not None and person_id is not None and vault is not None:
                    connection.execute(insert_person, _encrypted(vault, person_id, person))
                if keys is not None:
                    made[new_complaint.number] = keys.make(connection, new_complaint.number)
                if attaching is not None:
                    attach(connection, new_complaint.number, attaching)
                for enter in entries:
                    enter(connection, new_complaint)
                return Registered(new_complaint.number, new_complaint, new=True, started=False)
            if idempotency_key is not None:
                row = connection.execute(_BY_KEY, {"key": idempotency_key}).first()
                if row is not None:
                    return _again(row, fingerprint)
        raise StoreError("no number is free")

    registered = await store.write(work)
    if keys is not None and registered.number in made:
        keys.remember(registered.number, made[registered.number])
    return registered


def entry_of_simulated(complaint: Complaint) -> Row:
    """Return the row of a complaint that is simulated: it is never started."""
    at = complaint.filed_at
    row = _entry(complaint, None, "")
    return row | {"started_at": at, "recorded_at": at, "simulated": True}


def _entry(complaint: Complaint, key: str | None, mark: str) -> Row:
    return {
        "number": complaint.number,
        "city": complaint.city,
        "idempotency_key": key,
        "fingerprint": mark,
        "complaint": complaint.model_dump_json(),
        "filed_at": complaint.filed_at,
        "started_at": None,
        "recorded_at": None,
        "attempts": 0,
        "last_error": None,
        "code_generation": 0,
        "incident": None,
        "simulated": False,
    }


async def keep_person(
    store: Store, vault: Vault, person_id: str, person: Person, now: datetime
) -> bool:
    """Put a person into the vault under this id; return False if there was one already."""
    row = _encrypted(vault, person_id, person) | {"created_at": now}
    insert = store.insert(tables.person).on_conflict_do_nothing()

    def work(connection: Connection) -> bool:
        return connection.execute(insert, row).rowcount == 1

    return await store.write(work)


async def drop_person(store: Store, person_id: str) -> None:
    """Delete a person whom no ticket has."""
    await store.change(delete(tables.person).where(tables.person.c.id == person_id), {})


def _encrypted(vault: Vault, person_id: str, person: Person) -> Row:
    return {
        "id": person_id,
        "sealed": vault.encrypt(person_id, person),
        "key_id": vault.ring.current,
        "phone_hash": vault.phone_hash(person.phone) if person.phone else None,
        "created_at": datetime.now(UTC),
    }


def _again(row: ResultRow, fingerprint: str) -> Registered:
    if row.fingerprint != fingerprint:
        raise KeyReused("this idempotency key was used for another complaint")
    return _registered(row)


def _registered(row: ResultRow) -> Registered:
    complaint = Complaint.model_validate_json(row.complaint)
    return Registered(
        row.number,
        complaint,
        new=False,
        started=row.started_at is not None,
        code_generation=row.code_generation,
        incident=row.incident,
        simulated=row.simulated,
    )


async def get(store: Store, number: str) -> Registered | None:
    """Return the registration of this number."""
    row = await store.first(_BY_NUMBER, {"number": number})
    return None if row is None else _registered(row)


async def code_generations(store: Store, numbers: Sequence[str]) -> dict[str, int]:
    """Return how often the access code of each ticket was replaced; 0 for an unknown number."""
    columns = tables.intake.c
    which = select(columns.number, columns.code_generation).where(columns.number.in_(numbers))
    known = {row.number: row.code_generation for row in await store.rows(which)}
    return {number: known.get(number, 0) for number in numbers}


async def by_key(store: Store, key: str) -> Registered | None:
    """Return the registration with this idempotency key."""
    row = await store.first(_BY_KEY, {"key": key})
    return None if row is None else _registered(row)


async def person_of(store: Store, vault: Vault, person_id: str) -> Person | None:
    """Return the person with this id; None if never stored or erased.

    Raises:
        BadKey: the vault's key is not the one that the person was encrypted with.
    """
    which = select(tables.person.c.sealed).where(tables.person.c.id == person_id)
    row = await store.first(which)
    return None if row is None else vault.decrypt(person_id, row.sealed)


async def persons_of(store: Store, vault: Vault, persons: Sequence[str]) -> list[Person]:
    """Return these persons, in this order, without those erased. See `person_of`."""
    columns = tables.person.c
    rows = await store.rows(select(columns.id, columns.sealed).where(columns.id.in_(persons)))
    decrypted = {row.id: vault.decrypt(row.id, row.sealed) for row in rows}
    return [decrypted[one] for one in persons if one in decrypted]


async def pending(
    store: Store, older_than: timedelta, limit: int, now: datetime
) -> list[Complaint]:
    """Return complaints registered but not started, filed at least `older_than` ago.

    Those that failed least often come first: one that always fails must not hold up the rest.
    Members of incidents are started by the job of these.
    """
    columns = tables.intake.c
    spool = (
        select(columns.complaint)
        .where(
            columns.started_at.is_(None),
            columns.incident.is_(None),
            columns.filed_at <= now - older_than,
        )
        .order_by(columns.attempts, columns.filed_at, columns.number)
        .limit(limit)
    )
    return [Complaint.model_validate_json(row.complaint) for row in await store.rows(spool)]


async def mark_started(store: Store, number: str, at: datetime) -> None:
    """Record that the ticket's workflow runs. The first time recorded stays."""
    await store.change(_STARTED, {"which": number, "at": at})


async def unrecorded(store: Store, older_than: timedelta, limit: int, now: datetime) -> list[str]:
    """Return complaints that were started, at least `older_than` ago, and have no record."""
    columns = tables.intake.c
    statement = (
        select(columns.number)
        .where(text(tables.UNRECORDED), columns.started_at <= now - older_than)
        .order_by(columns.filed_at)
        .limit(limit)
    )
    return [row.number for row in await store.rows(statement)]


async def mark_lost(store: Store, number: str) -> None:
    """Put a complaint back into the backlog whose workflow the engine does not know any more."""
    await store.change(_LOST, {"which": number})


async def mark_failed(store: Store, number: str, error: str) -> None:
    """Record a failed start; `error` is a code or another text without personal data."""
    await store.change(_FAILED, {"which": number, "error": error[:_ERROR_LENGTH]})
