"""Appointments of grid workers, and residents who ask for one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from domain.refusals import Refused
from store.db import identity_tables, tables
from store.db.engine import Store
from store.db.grid_tables import sign_up, worker
from store.secrets.vault import ContactDetails, Person, Vault

_WORKER, _SIGN_UP, _PERSON = worker.c, sign_up.c, tables.person.c
_ACCOUNT = identity_tables.account.c
_CONFIRMED = (
    _WORKER.account, _WORKER.city, _WORKER.cell, _WORKER.full_time, _WORKER.confirmed_at,
    _WORKER.ended_at,
)  # fmt: skip


@dataclass(frozen=True)
class Worker:
    """An appointment. `ended_at` None: it holds."""

    account: str
    city: str
    cell: str
    full_time: bool
    confirmed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class NamedWorker:
    """An appointment with the account's name, for the street."""

    worker: Worker
    name: str
    display: str


@dataclass(frozen=True)
class WaitingResident:
    """A resident who waits to be confirmed."""

    id: str
    cell: str
    asked_at: datetime
    contact: ContactDetails


async def get(store: Store, account: str) -> Worker | None:
    """Return the appointment of an account, also one that has ended."""
    row = await store.first(select(*_CONFIRMED).where(_WORKER.account == account))
    return None if row is None else Worker(*row)


async def appoint(store: Store, new: Worker, by: str) -> Worker:
    """Record an appointment; an account has one, and a new one replaces it."""
    values = {
        "city": new.city,
        "cell": new.cell,
        "full_time": new.full_time,
        "confirmed_at": new.confirmed_at,
        "confirmed_by": by,
        "ended_at": None,
    }
    put = store.insert(worker).on_conflict_do_update(index_elements=["account"], set_=values)
    await store.change(put, values | {"account": new.account})
    return new


async def end(store: Store, account: str, city: str, cell: str, at: datetime) -> bool:
    """End an appointment within the area `cell`, once; return whether there is one."""
    which = (_WORKER.account == account) & (_WORKER.city == city)
    which &= _WORKER.cell.startswith(cell, autoescape=True)
    stamp = update(worker).where(which).values(ended_at=func.coalesce(_WORKER.ended_at, at))
    return await store.change(stamp) == 1


async def listed(store: Store, city: str, cell: str, limit: int) -> list[NamedWorker]:
    """Return the appointments within an area, those that hold first."""
    rows = await store.rows(
        select(*_CONFIRMED, _ACCOUNT.name, _ACCOUNT.display)
        .join(identity_tables.account, _ACCOUNT.id == _WORKER.account)
        .where(_WORKER.city == city, _WORKER.cell.startswith(cell, autoescape=True))
        .order_by(_WORKER.ended_at.is_not(None), _WORKER.cell, _ACCOUNT.name)
        .limit(limit)
    )
    return [NamedWorker(Worker(*row[:6]), row.name, row.display) for row in rows]


# --- residents who ask ------------------------------------------------------------------------


async def ask(
    store: Store,
    vault: Vault,
    asked: WaitingResident,
    city: str,
    mark: str,
    most: int,
) -> None:
    """Keep a resident's request, with name and phone in the vault until it is decided.

    Who waits for the same area already is not kept twice.

    Raises:
        Refused: grid_waiting_full: more than `most` wait in the city.
    """
    person_id = f"grid{asked.id}"
    contact = Person(name=asked.contact.name, phone=asked.contact.phone)
    row = {
        "id": person_id,
        "sealed": vault.encrypt(person_id, contact),
        "key_id": vault.ring.current,
        "phone_hash": None,  # nobody's complaints are to be found by it
        "created_at": asked.asked_at,
    }
    values = {
        "id": asked.id,
        "city": city,
        "cell": asked.cell,
        "mark": mark,
        "person": person_id,
        "asked_at": asked.asked_at,
    }

    def work(connection: Connection) -> None:
        same = (_SIGN_UP.city == city) & (_SIGN_UP.mark == mark) & (_SIGN_UP.cell == asked.cell)
        if connection.execute(select(_SIGN_UP.id).where(same)).first() is not None:
            return
        waiting = select(func.count()).where(_SIGN_UP.city == city)
        if int(connection.execute(waiting).scalar_one()) >= most:
            raise Refused("grid_waiting_full", "Too many wait to be confirmed.")
        connection.execute(tables.person.insert(), row)
        connection.execute(sign_up.insert(), values)

    await store.write(work)


async def waiting(
    store: Store, vault: Vault, city: str, cell: str, limit: int
) -> list[WaitingResident]:
    """Return the residents who wait for an area, the first one first."""
    rows = await store.rows(
        select(_SIGN_UP.id, _SIGN_UP.cell, _SIGN_UP.asked_at, _PERSON.id, _PERSON.sealed)
        .join(tables.person, _PERSON.id == _SIGN_UP.person)
        .where(_SIGN_UP.city == city, _SIGN_UP.cell.startswith(cell, autoescape=True))
        .order_by(_SIGN_UP.asked_at, _SIGN_UP.id)
        .limit(limit)
    )
    return [WaitingResident(row[0], row[1], row[2], vault.decrypt(row[3], row[4])) for row in rows]


async def decided(store: Store, request: str, city: str, cell: str) -> str | None:
    """Take a request off the list, with name and phone; return the area that was asked for.

    None: there is none of this id within the area `cell`, or another one was quicker.
    """
    which = (_SIGN_UP.id == request) & (_SIGN_UP.city == city)
    which &= _SIGN_UP.cell.startswith(cell, autoescape=True)

    def work(connection: Connection) -> str | None:
        row = connection.execute(select(_SIGN_UP.cell, _SIGN_UP.person).where(which)).first()
        if row is None or connection.execute(delete(sign_up).where(which)).rowcount != 1:
            return None
        connection.execute(delete(tables.person).where(_PERSON.id == row.person))
        return str(row.cell)

    return await store.write(work)


async def cell_of(store: Store, request: str, city: str, area: str) -> str | None:
    """Return the area that a waiting request asks for; None if none waits within `area`."""
    which = (_SIGN_UP.id == request) & (_SIGN_UP.city == city)
    row = await store.first(select(_SIGN_UP.cell).where(which))
    return row.cell if row is not None and row.cell.startswith(area) else None
