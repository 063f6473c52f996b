"""Appointments: booked, moved, cancelled, kept and missed.

Whatever takes a seat waits for whoever else takes one in the city, then takes the time, then asks
the rules: of two who want the last seat one gets it. The index of seats refuses two in one seat
should a future program forget to wait.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from domain.actors import CITIZEN, Actor, Role
from domain.booking.booking import (
    Booking,
    BookingAct,
    BookingState,
    Visit,
    check_ahead,
    check_move,
    check_start,
    recorded,
)
from domain.pack.services import Service, Services
from domain.refusals import Refused
from store.db.booking_tables import booking, booking_entry
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.errors import KeyReused
from store.db.locks import lock
from store.db.tables import Row

_BOOKING, _ENTRY = booking.c, booking_entry.c
_TAKEN = _BOOKING.state != BookingState.CANCELLED


@dataclass(frozen=True)
class BookingEntry:
    """An entry of a booking's record."""

    at: datetime
    act: BookingAct
    role: Role
    unit: str | None
    place: str
    starts_at: datetime
    reason: str


@dataclass(frozen=True)
class NewTime:
    """The place and the times that an appointment is moved to."""

    place: str
    starts_at: datetime
    ends_at: datetime
    remind_at: datetime
    missed_at: datetime


# --- residents --------------------------------------------------------------------------------


async def book(
    store: Store, new: Booking, service: Service, rules: Services, clock: Clock = written_at
) -> Booking:
    """Take a seat; the same id again is the same appointment.

    Raises:
        Refused: in_the_past, too_soon, too_far, appointment_cap, appointments_paused,
            appointment_clash, appointment_taken
        KeyReused: the id stands for another appointment.
    """

    def work(connection: Connection) -> Booking:
        lock(store, connection, _seats(new.city))
        known = connection.execute(select(booking).where(_BOOKING.id == new.id)).first()
        if known is not None:
            if known.content != new.content:
                raise KeyReused("this key was used for another appointment")
            return _booking(known)
        now = clock(connection)
        check_start(new.starts_at, service, now)
        _check_phone(connection, new, rules, now)
        _check_clash(connection, new, new.starts_at, new.ends_at)
        seat = _free_seat(connection, new, service, new.place, new.starts_at)
        made = new.model_copy(update={"seat": seat, "made_at": now})
        connection.execute(insert(booking), _row(made))
        _note(connection, made, BookingAct.BOOKED, CITIZEN, now)
        return made

    return await store.write(work)


async def move(
    store: Store,
    booking_id: str,
    service: Service,
    to: NewTime,
    by: Actor = CITIZEN,
    reason: str = "",
    clock: Clock = written_at,
) -> Booking:
    """Move an appointment. A resident's moves are counted; those of staff are not.

    Moved to where it is already, it stays as it is.

    Raises:
        Refused: as `book`, and appointment_over, move_cap
    """

    def work(connection: Connection) -> Booking:
        found = _locked(store, connection, booking_id)
        now = clock(connection)
        if (found.place, found.starts_at) == (to.place, to.starts_at):
            return found
        by_citizen = by.role is Role.CITIZEN
        if by_citizen:
            check_move(found, service, now)
            check_start(to.starts_at, service, now)
            _check_clash(connection, found, to.starts_at, to.ends_at)
        else:
            check_ahead(found, now)
            if to.starts_at <= now:
                raise Refused("in_the_past", "An appointment is in the future.")
        seat = _free_seat(connection, found, service, to.place, to.starts_at)
        moved = _changed(
            connection,
            found,
            seat=seat,
            moves=found.moves + by_citizen,
            place=to.place,
            starts_at=to.starts_at,
            ends_at=to.ends_at,
            remind_at=to.remind_at,
            missed_at=to.missed_at,
        )
        act = BookingAct.MOVED if by_citizen else BookingAct.MOVED_BY_STAFF
        _note(connection, moved, act, by, now, reason)
        return moved

    return await store.write(work)


async def cancel(store: Store, booking_id: str, clock: Clock = written_at) -> Booking:
    """Cancel an appointment; one that is cancelled already stays as it is.

    Raises:
        Refused: appointment_over
    """

    def work(connection: Connection) -> Booking:
        found = _locked(store, connection, booking_id)
        now = clock(connection)
        if found.state is BookingState.CANCELLED:
            return found
        check_ahead(found, now)
        gone = _changed(connection, found, state=BookingState.CANCELLED)
        _note(connection, gone, BookingAct.CANCELLED, CITIZEN, now)
        return gone

    return await store.write(work)


def _check_phone(connection: Connection, new: Booking, rules: Services, now: datetime) -> None:
    """Refuse a phone with too many appointments ahead, or too many that were missed."""
    own = and_(_BOOKING.city == new.city, _BOOKING.phone == new.phone)
    ahead = select(func.count()).where(
        own, _BOOKING.state == BookingState.BOOKED, _BOOKING.starts_at > now
    )
    if int(connection.execute(ahead).scalar_one()) >= rules.per_phone:
        raise Refused("appointment_cap", "This phone has as many appointments as the city allows.")
    since = now - rules.no_shows_within.length
    missed = select(func.count(), func.max(_BOOKING.missed_at)).where(
        own, _missed(now), _BOOKING.starts_at > since
    )
    times, last = connection.execute(missed).one()
    if times >= rules.no_shows and last + rules.pause.length > now:
        raise Refused("appointments_paused", "Too many appointments of this phone were missed.")


def _check_clash(
    connection: Connection, of: Booking, starts_at: datetime, ends_at: datetime
) -> None:
    """Refuse a phone that has another appointment at that time, wherever it is.

    Nobody is at two windows at once; a page that is loaded and sent again would take a seat twice.
    """
    clashing = select(_BOOKING.id).where(
        _BOOKING.city == of.city,
        _BOOKING.phone == of.phone,
        _BOOKING.id != of.id,
        _BOOKING.state == BookingState.BOOKED,
        _BOOKING.starts_at < ends_at,
        _BOOKING.ends_at > starts_at,
    )
    if of.phone and connection.execute(clashing.limit(1)).first() is not None:
        raise Refused("appointment_clash", "This phone has another appointment at that time.")


def _missed(now: datetime) -> ColumnElement[bool]:
    silent = and_(_BOOKING.state == BookingState.BOOKED, _BOOKING.missed_at <= now)
    return or_(_BOOKING.state == BookingState.MISSED, silent)


def _free_seat(
    connection: Connection, of: Booking, service: Service, place: str, starts_at: datetime
) -> int:
    """Return the lowest free seat. Appointments that overlap are of an earlier pack: they count.

    Raises:
        Refused: appointment_taken
    """
    ends_at = starts_at + timedelta(minutes=service.minutes)
    rows = connection.execute(
        select(_BOOKING.seat).where(
            _BOOKING.city == of.city,
            _BOOKING.place == place,
            _BOOKING.service == of.service,
            _BOOKING.starts_at < ends_at,
            _BOOKING.ends_at > starts_at,
            _BOOKING.id != of.id,
            _TAKEN,
        )
    ).all()
    free = set(range(1, service.at_once + 1)) - {int(row.seat) for row in rows}
    if not free or len(rows) >= service.at_once:
        raise Refused("appointment_taken", "All appointments of that time are taken.")
    return min(free)


# --- staff ------------------------------------------------------------------------------------


async def record_visit(
    store: Store, booking_id: str, visit: Visit, by: Actor, clock: Clock = written_at
) -> Booking:
    """Record whether somebody came. The same again is not recorded twice.

    Raises:
        Refused: appointment_over, appointment_not_yet, not_missed
    """

    def work(connection: Connection) -> Booking:
        found = _locked(store, connection, booking_id)
        now = clock(connection)
        state = recorded(found, visit, now)
        if state is found.state:
            return found
        changed = _changed(connection, found, state=state)
        _note(connection, changed, BookingAct(visit), by, now)
        return changed

    return await store.write(work)


# --- reading ----------------------------------------------------------------------------------


async def by_number(store: Store, number: str) -> Booking | None:
    row = await store.first(select(booking).where(_BOOKING.number == number))
    return None if row is None else _booking(row)


async def taken(
    store: Store, city: str, service: str, places: Sequence[str], since: datetime, until: datetime
) -> list[tuple[str, datetime, datetime]]:
    """Return the appointments of a service that are taken: place, beginning and end."""
    rows = await store.rows(
        select(_BOOKING.place, _BOOKING.starts_at, _BOOKING.ends_at).where(
            _BOOKING.city == city,
            _BOOKING.service == service,
            _BOOKING.place.in_(places),
            _BOOKING.starts_at < until,
            _BOOKING.ends_at > since,
            _TAKEN,
        )
    )
    return [(row.place, row.starts_at, row.ends_at) for row in rows]


async def of_day(
    store: Store, city: str, places: Sequence[str], since: datetime, until: datetime
) -> list[Booking]:
    """Return the appointments at these places from `since` to `until`, in order."""
    rows = await store.rows(
        select(booking)
        .where(
            _BOOKING.city == city,
            _BOOKING.place.in_(places),
            _BOOKING.starts_at >= since,
            _BOOKING.starts_at < until,
        )
        .order_by(_BOOKING.starts_at, _BOOKING.place, _BOOKING.service, _BOOKING.seat, _BOOKING.id)
    )
    return list(map(_booking, rows))


async def of_ticket(store: Store, number: str) -> list[Booking]:
    """Return the appointments that belong to a ticket, the first one first."""
    rows = await store.rows(
        select(booking).where(_BOOKING.ticket == number).order_by(_BOOKING.made_at, _BOOKING.id)
    )
    return list(map(_booking, rows))


async def record_of(store: Store, booking_id: str) -> list[BookingEntry]:
    """Return what happened to an appointment, in order."""
    return (await records_of(store, [booking_id])).get(booking_id, [])


async def records_of(store: Store, ids: Collection[str]) -> dict[str, list[BookingEntry]]:
    """Return what happened to appointments, each in order, by their ids."""
    if not ids:
        return {}
    rows = await store.rows(
        select(
            _ENTRY.booking,
            _ENTRY.at,
            _ENTRY.act,
            _ENTRY.role,
            _ENTRY.unit,
            _ENTRY.place,
            _ENTRY.starts_at,
            _ENTRY.reason,
        )
        .where(_ENTRY.booking.in_(ids))
        .order_by(_ENTRY.booking, _ENTRY.n)
    )
    found: dict[str, list[BookingEntry]] = {}
    for row in rows:
        entry = BookingEntry(
            row.at,
            BookingAct(row.act),
            Role(row.role),
            row.unit,
            row.place,
            row.starts_at,
            row.reason,
        )
        found.setdefault(row.booking, []).append(entry)
    return found


# --- erasing ----------------------------------------------------------------------------------


async def forget_people(store: Store, city: str, ended_before: datetime) -> int:
    """Erase names and phones of appointments that ended before then; return of how many."""
    due = and_(_BOOKING.city == city, _BOOKING.ends_at < ended_before, _BOOKING.phone != "")

    def work(connection: Connection) -> int:
        return _forget(connection, due)

    return await store.write(work)


def forget(connection: Connection, number: str) -> None:
    """Erase the people of a ticket's appointments, and what was said when they were moved."""
    _forget(connection, _BOOKING.ticket == number)


def _forget(connection: Connection, which: ColumnElement[bool]) -> int:
    of = select(_BOOKING.id).where(which)
    connection.execute(update(booking_entry).where(_ENTRY.booking.in_(of)).values(reason=""))
    gone = {"sealed": None, "phone": "", "content": ""}
    return connection.execute(update(booking).where(which).values(**gone)).rowcount


# --- rows -------------------------------------------------------------------------------------


def _seats(city: str) -> str:
    """Return the key under which those who take seats in a city wait for each other."""
    return f"appointments/{city}"


def _locked(store: Store, connection: Connection, booking_id: str) -> Booking:
    which = select(booking).where(_BOOKING.id == booking_id)
    city = connection.execute(select(_BOOKING.city).where(_BOOKING.id == booking_id)).scalar()
    if city is None:
        raise Refused("appointment_not_found", "There is no such appointment.")
    lock(store, connection, _seats(city))
    return _booking(connection.execute(which).one())


def _changed(connection: Connection, of: Booking, **values: object) -> Booking:
    changed = of.model_copy(update=values)
    connection.execute(update(booking).where(_BOOKING.id == of.id).values(_row(changed)))
    return changed


def _note(
    connection: Connection,
    of: Booking,
    act: BookingAct,
    by: Actor,
    at: datetime,
    reason: str = "",
) -> None:
    last = select(func.max(_ENTRY.n)).where(_ENTRY.booking == of.id)
    n = (connection.execute(last).scalar() or 0) + 1
    row = {
        "booking": of.id,
        "n": n,
        "at": at,
        "act": act.value,
        "role": by.role.value,
        "unit": by.unit,
        "place": of.place,
        "starts_at": of.starts_at,
        "reason": reason,
    }
    connection.execute(insert(booking_entry), row)


def _row(of: Booking) -> Row:
    return {name: getattr(of, name) for name in Booking.model_fields} | {"state": of.state.value}


def _booking(row: ResultRow) -> Booking:
    return Booking.model_validate(dict(row._mapping))
