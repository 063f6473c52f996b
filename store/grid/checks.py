"""Checks: somebody is asked to look at a ticket's place, and answers from the spot."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, or_, select, update

from domain.grid.entries import CheckMoment, Seen
from domain.refusals import Refused
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.errors import KeyReused
from store.db.grid_tables import check, entry
from store.files.files import Attaching, attach

_CHECK, _TICKET = check.c, tables.ticket.c


@dataclass(frozen=True)
class Check:
    """A check. `metres`: from the place to where the worker stood; None: nobody knows."""

    id: str
    number: str
    city: str
    cell: str
    moment: CheckMoment
    question: str
    address: str
    lat: float | None
    lon: float | None
    asked_by: str
    asked_at: datetime
    worker: str | None = None
    seen: Seen | None = None
    note: str = ""
    metres: int | None = None
    photos: tuple[str, ...] = ()
    answered_at: datetime | None = None


@dataclass(frozen=True)
class CheckAnswer:
    """The answer of a grid worker from the spot."""

    worker: str
    seen: Seen
    note: str
    metres: int | None
    photos: tuple[str, ...]
    at: datetime


_ROW = tuple(_CHECK[field.name] for field in fields(Check))
_NO_PHOTOS = Attaching((), {}, datetime.min.replace(tzinfo=UTC))
_OF_REPORT = Refused("check_of_report", "Nobody is sent to look at a report of wrongdoing.")


def _check(row: ResultRow) -> Check:
    values = dict(row._mapping)
    values["moment"] = CheckMoment(row.moment)
    values["seen"] = Seen(row.seen) if row.seen else None
    values["photos"] = tuple(row.photos.split())
    return Check(**values)


async def ask(store: Store, new: Check, most: int) -> Check:
    """Record a check; the one of the same id, if there is one.

    Raises:
        Refused: check_of_report; checks_enough: `most` of the ticket wait for an answer.
        KeyReused: the one of the same id asks something else.
    """
    values = {field.name: getattr(new, field.name) for field in fields(Check)}
    values |= {"moment": new.moment.value, "seen": None, "photos": ""}
    waiting = _CHECK.answered_at.is_(None) & (_CHECK.number == new.number)

    def work(connection: Connection) -> Check:
        reports = select(_TICKET.of_wrongdoing).where(_TICKET.number == new.number)
        if connection.execute(reports.with_for_update()).scalar():
            raise _OF_REPORT
        known = connection.execute(select(*_ROW).where(_CHECK.id == new.id)).first()
        if known is not None:
            same = (known.moment, known.question, known.cell) == (
                new.moment,
                new.question,
                new.cell,
            )
            if not same:
                raise KeyReused("this idempotency key was used for another check")
            return _check(known)
        if len(connection.execute(select(_CHECK.id).where(waiting)).all()) >= most:
            raise Refused("checks_enough", "As many checks wait as a ticket may have.")
        connection.execute(check.insert(), values)
        return new

    return await store.write(work)


async def get(store: Store, check_id: str) -> Check | None:
    """Return the check of this id."""
    row = await store.first(select(*_ROW).where(_CHECK.id == check_id))
    return None if row is None else _check(row)


async def answer(
    store: Store, check_id: str, given: CheckAnswer, photos: Attaching = _NO_PHOTOS
) -> Check:
    """Record the answer, and attach its photos to the ticket: both, or neither.

    The first one stays; the same worker's again is the same.

    Raises:
        Refused: check_not_found, check_answered, check_of_report
        UnknownFile, TooManyFiles
    """
    values = {
        "worker": given.worker,
        "seen": given.seen.value,
        "note": given.note,
        "metres": given.metres,
        "photos": " ".join(given.photos),
        "answered_at": given.at,
    }
    which = _CHECK.id == check_id

    def work(connection: Connection) -> Check:
        row = connection.execute(select(*_ROW).where(which).with_for_update()).first()
        if row is None:
            raise Refused("check_not_found", "There is no such check.")
        reports = select(_TICKET.of_wrongdoing).where(_TICKET.number == row.number)
        if connection.execute(reports).scalar():
            raise _OF_REPORT
        if row.answered_at is not None and row.worker != given.worker:
            raise Refused("check_answered", "Somebody has answered already.")
        if row.answered_at is None:
            attach(connection, row.number, photos)
            connection.execute(update(check).where(which).values(**values))
        return _check(connection.execute(select(*_ROW).where(which)).one())

    return await store.write(work)


async def open_within(store: Store, city: str, area: str, limit: int, own: str = "") -> list[Check]:
    """Return the checks of an area that wait for an answer, the oldest first.

    Those of the area `own` come before all others, however many these are. Once the ticket has
    ended, what was asked before is not asked any more.
    """
    rows = await store.rows(
        select(*_ROW)
        .join(tables.ticket, _TICKET.number == _CHECK.number)
        .where(
            _CHECK.city == city,
            _CHECK.cell.startswith(area, autoescape=True),
            _CHECK.answered_at.is_(None),
            _TICKET.of_wrongdoing.is_(False),
            or_(_TICKET.ended_at.is_(None), _CHECK.asked_at >= _TICKET.ended_at),
        )
        .order_by(_CHECK.cell.startswith(own, autoescape=True).desc(), _CHECK.asked_at, _CHECK.id)
        .limit(limit)
    )
    return [_check(row) for row in rows]


async def of_ticket(store: Store, number: str) -> list[Check]:
    """Return the checks of a ticket, the first one first."""
    rows = await store.rows(
        select(*_ROW).where(_CHECK.number == number).order_by(_CHECK.asked_at, _CHECK.id)
    )
    return [_check(row) for row in rows]


def forget(connection: Connection, number: str) -> None:
    """Delete the checks of a ticket that is erased, and which entry it was filed from."""
    connection.execute(delete(check).where(_CHECK.number == number))
    connection.execute(update(entry).where(entry.c.number == number).values(number=None))
