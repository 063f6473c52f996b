"""The readings of devices, and the causes of tickets that they are.

Whoever takes a reading locks the row of its device: of two at once the second sees what the first
one said. A cause is entered before its ticket is filed, and once while it is open.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Delete, bindparam, delete, insert, select, update

from domain.pack.sensors import SensorKind
from domain.sensors.readings import (
    DeviceReading,
    DeviceState,
    goes_on,
    gone_on,
    judged,
    settled_at,
)
from store.db import tables
from store.db.engine import Insert, Store
from store.db.errors import KeyReused
from store.db.sensor_tables import cause, reading, state
from store.sensors.causes import (
    At,
    Cause,
    Judged,
    cause_of,
    follow_tickets,
    of_lead,
    open_of,
    settle,
)

_DEVICES_AT_ONCE = 200
"""The devices whose old readings are deleted in one transaction."""

_CAUSE, _READING, _STATE, _TICKET = cause.c, reading.c, state.c, tables.ticket.c
_OF_DEVICE = select(_READING.id, _READING.at, _READING.value).where(
    _READING.city == bindparam("of_city"), _READING.device == bindparam("of_device")
)
# Built once: it is asked for every device that reports.
_SETTLING = _OF_DEVICE.where(_READING.at > bindparam("after"), _READING.at <= bindparam("until"))
_SAVE = (
    update(state)
    .where(_STATE.city == bindparam("of_city"), _STATE.device == bindparam("of_device"))
    .values(state=bindparam("new_state"), latest_at=bindparam("new_at"))
)


@dataclass(frozen=True)
class TakenReading:
    """A reading as it was taken. `again`: it was there already. `judged`: not too late for that.

    `open`: the causes that are open after it; `own`: of a lead, its own.
    """

    again: bool
    judged: bool
    state: DeviceState
    open: tuple[Cause, ...]
    own: Cause | None = None


@dataclass(frozen=True)
class LastHeard:
    """The last that was heard of a device."""

    device: str
    state: DeviceState
    latest_at: datetime | None


@dataclass(frozen=True)
class ReadingRow:
    """A reading as it is shown."""

    id: str
    at: datetime
    taken_at: datetime
    value: float
    lat: float | None
    lon: float | None


async def take(
    store: Store,
    city: str,
    device: str,
    kind: SensorKind,
    new: DeviceReading,
    now: datetime,
    where: At | None = None,
) -> TakenReading:
    """Record a reading once, judge the device by all that are known, and open its causes.

    Raises:
        KeyReused: the device has used this id for another reading.
    """

    def work(connection: Connection) -> TakenReading:
        before = locked(store, connection, city, [device])[device]
        again = _is_known(connection, city, device, new, where)
        judges = before.judges(new.at)
        if not again:
            connection.execute(insert(reading), reading_row(city, device, new, now, where))
        follow_tickets(connection, city, [device])
        if where is not None:
            own = of_lead(connection, city, device, kind, new, where, now)
            after = heard_lead(before, new)
            save(connection, city, {device: after})
            return TakenReading(again, True, after, open_of(connection, city, [device]), own)
        after = after_new(connection, city, device, kind, before, [new])
        save(connection, city, {device: after})
        opened = settle(connection, city, {device: Judged(kind, after)}, now)
        return TakenReading(again, judges, after, tuple(opened))

    return await store.write(work)


async def name_ticket(store: Store, cause_id: str, number: str) -> None:
    """Record the ticket of a cause."""
    await store.change(
        update(cause).where(_CAUSE.id == cause_id, _CAUSE.number.is_(None)).values(number=number)
    )


async def heard(store: Store, city: str) -> dict[str, LastHeard]:
    """Return what was heard of each device of a city that has ever reported."""
    rows = await store.rows(select(state).where(_STATE.city == city))
    return {
        row.device: LastHeard(row.device, DeviceState.model_validate_json(row.state), row.latest_at)
        for row in rows
    }


async def open_causes(store: Store, city: str) -> list[Cause]:
    """Return the causes of a city whose tickets have not ended, the newest first."""
    rows = await store.rows(
        select(cause)
        .outerjoin(tables.ticket, _TICKET.number == _CAUSE.number)
        .where(_CAUSE.city == city, _CAUSE.closed_at.is_(None), _TICKET.ended_at.is_(None))
        .order_by(_CAUSE.opened_at.desc(), _CAUSE.id)
    )
    return [cause_of(row) for row in rows]


async def forget(store: Store, city: str, before: datetime) -> AsyncIterator[int]:
    """Delete the readings of a city from before then; yield how many, some devices at a time.

    Those that a device's state is still computed of stay, however long it has been silent.
    """
    known = list((await heard(store, city)).values())
    for begin in range(0, len(known), _DEVICES_AT_ONCE):
        some = known[begin : begin + _DEVICES_AT_ONCE]
        # The index of readings begins with the device.
        old = [
            delete(reading).where(
                _READING.city == city,
                _READING.device == one.device,
                _READING.at < min(before, one.state.base_at or before),
            )
            for one in some
        ]
        yield await store.write(partial(_executed, old))


def _executed(statements: Sequence[Delete], connection: Connection) -> int:
    return sum(connection.execute(one).rowcount for one in statements)


async def of_ticket(store: Store, number: str) -> Cause | None:
    """Return the cause of a ticket, if a sensor is its cause."""
    row = await store.first(select(cause).where(_CAUSE.number == number))
    return cause_of(row) if row is not None else None


async def of_cause(store: Store, found: Cause, since: datetime, most: int) -> list[ReadingRow]:
    """Return the readings of a cause by their time, the newest `most` of them.

    Of a lead those attached to it; of an alarm all of its device since then, until it was closed.
    """
    which = [_READING.city == found.city, _READING.device == found.device]
    if found.lat is not None:
        which = [_READING.cause == found.id]
    else:
        which.append(_READING.at >= since)
        if found.closed_at is not None:
            which.append(_READING.at <= found.closed_at)
    rows = await store.rows(
        select(reading).where(*which).order_by(_READING.at.desc(), _READING.id.desc()).limit(most)
    )
    shown = [ReadingRow(row.id, row.at, row.taken_at, row.value, row.lat, row.lon) for row in rows]
    return shown[::-1]


# --- inside the transaction -------------------------------------------------------------------


def locked(
    store: Store, connection: Connection, city: str, devices: Sequence[str]
) -> dict[str, DeviceState]:
    """Lock the states of devices, in one order everywhere, and return them."""
    codes = sorted(set(devices))
    first = [{"city": city, "device": one, "state": "{}", "latest_at": None} for one in codes]
    connection.execute(store.once(_insert_state), first)
    rows = connection.execute(
        select(_STATE.device, _STATE.state)
        .where(_STATE.city == city, _STATE.device.in_(codes))
        .order_by(_STATE.device)
        .with_for_update()
    )
    return {row.device: DeviceState.model_validate_json(row.state) for row in rows}


def _insert_state(store: Store) -> Insert:
    return store.insert(state).on_conflict_do_nothing()


def _is_known(
    connection: Connection, city: str, device: str, new: DeviceReading, where: At | None
) -> bool:
    row = connection.execute(
        select(reading).where(
            _READING.city == city, _READING.device == device, _READING.id == new.id
        )
    ).first()
    if row is None:
        return False
    place = (where.lat, where.lon) if where else (None, None)
    if (row.at, row.value, row.lat, row.lon) != (new.at, new.value, *place):
        raise KeyReused(new.id)
    return True


def reading_row(
    city: str, device: str, new: DeviceReading, now: datetime, where: At | None
) -> dict[str, object]:
    """Return the row of a reading."""
    return {
        "id": new.id,
        "at": new.at,
        "value": new.value,
        "city": city,
        "device": device,
        "taken_at": now,
        "lat": where.lat if where else None,
        "lon": where.lon if where else None,
        "shape": where.shape if where else "",
        "cause": None,
    }


def after_new(
    connection: Connection,
    city: str,
    device: str,
    kind: SensorKind,
    before: DeviceState,
    new: Sequence[DeviceReading],
) -> DeviceState:
    """Return the state of a device after readings that were entered just now.

    Where they are later than all before, no other is read but those that are settled by them.
    """
    if not goes_on(kind, before, new):
        return judged(kind, before, _since(connection, city, device, before.base_at))
    until = settled_at(kind, before, new)
    old = _since(connection, city, device, before.base_at, until)
    return gone_on(kind, before, new, old)


def heard_lead(before: DeviceState, new: DeviceReading) -> DeviceState:
    """Return the state of what sends leads: nothing but the latest one."""
    latest = max(filter(None, (new, before.latest)), key=lambda one: (one.at, one.id))
    return before.model_copy(update={"latest": latest})


def _since(
    connection: Connection,
    city: str,
    device: str,
    base_at: datetime | None,
    until: datetime | None = None,
) -> list[DeviceReading]:
    which = {"of_city": city, "of_device": device}
    if base_at is None or until is None:
        later = [_READING.at > base_at] if base_at is not None else []
        rows = connection.execute(_OF_DEVICE.where(*later), which)
    else:
        rows = connection.execute(_SETTLING, which | {"after": base_at, "until": until})
    return [DeviceReading.model_construct(id=row.id, at=row.at, value=row.value) for row in rows]


def save(connection: Connection, city: str, states: Mapping[str, DeviceState]) -> None:
    """Write the states of devices that are locked."""
    rows = [
        {
            "of_city": city,
            "of_device": device,
            "new_state": after.model_dump_json(),
            "new_at": after.latest.at if after.latest else None,
        }
        for device, after in states.items()
    ]
    if rows:
        connection.execute(_SAVE, rows)
