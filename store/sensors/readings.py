"""The readings of devices, and the causes of tickets that they are.

Whoever takes a reading locks the row of its device: of two at once the second sees what the first
one said. A cause is entered before its ticket is filed, and once while it is open.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Delete, delete, func, insert, select, update

from domain.pack.directory import metres_between
from domain.pack.sensors import AlarmRule, SensorKind
from domain.sensors.readings import (
    AlarmState,
    DeviceReading,
    DeviceState,
    judged,
    needs_ticket,
    recovered_since,
)
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.errors import KeyReused
from store.db.sensor_tables import cause, reading, state

_DEVICES_AT_ONCE = 200
"""The devices whose old readings are deleted in one transaction."""

_CAUSE, _READING, _STATE, _TICKET = cause.c, reading.c, state.c, tables.ticket.c


@dataclass(frozen=True)
class At:
    """The place of a lead; `shape`: its outline as GeoJSON, or empty."""

    lat: float
    lon: float
    shape: str = ""


@dataclass(frozen=True)
class Cause:
    """Why there is a ticket: an alarm of a device, or a lead. `number`: None until it is filed."""

    id: str
    city: str
    device: str
    alarm: str
    number: str | None
    opened_at: datetime
    recovered_at: datetime | None
    closed_at: datetime | None
    lat: float | None = None
    lon: float | None = None


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
        before = _locked(store, connection, city, device)
        again = _is_known(connection, city, device, new, where)
        judges = before.judges(new.at)
        if not again:
            connection.execute(insert(reading), _row(city, device, new, now, where))
        _close_ended(connection, city, device)
        _open_again(connection, city, device)
        if where is not None:
            own = _of_lead(connection, city, device, kind, new, where, now)
            latest = max(filter(None, (new, before.latest)), key=lambda one: (one.at, one.id))
            after = before.model_copy(update={"latest": latest})
            _save(connection, city, device, after)
            return TakenReading(again, True, after, _open(connection, city, device), own)
        after = judged(kind, before, _since(connection, city, device, before.base_at))
        _save(connection, city, device, after)
        for rule in kind.alarms:
            _settle(connection, city, device, rule, after, now)
        return TakenReading(again, judges, after, _open(connection, city, device))

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
    return [_cause(row) for row in rows]


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
    return _cause(row) if row is not None else None


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


def _locked(store: Store, connection: Connection, city: str, device: str) -> DeviceState:
    first = {"city": city, "device": device, "state": "{}", "latest_at": None}
    connection.execute(store.insert(state).on_conflict_do_nothing(), first)
    row = connection.execute(
        select(_STATE.state).where(_STATE.city == city, _STATE.device == device).with_for_update()
    ).one()
    return DeviceState.model_validate_json(row.state)


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


def _row(
    city: str, device: str, new: DeviceReading, now: datetime, where: At | None
) -> dict[str, object]:
    return {
        **new.model_dump(),
        "city": city,
        "device": device,
        "taken_at": now,
        "lat": where.lat if where else None,
        "lon": where.lon if where else None,
        "shape": where.shape if where else "",
        "cause": None,
    }


def _since(
    connection: Connection, city: str, device: str, base_at: datetime | None
) -> list[DeviceReading]:
    later = [_READING.at > base_at] if base_at is not None else []
    rows = connection.execute(
        select(_READING.id, _READING.at, _READING.value).where(
            _READING.city == city, _READING.device == device, *later
        )
    )
    return [DeviceReading.model_construct(id=row.id, at=row.at, value=row.value) for row in rows]


def _save(connection: Connection, city: str, device: str, after: DeviceState) -> None:
    values = {
        "state": after.model_dump_json(),
        "latest_at": after.latest.at if after.latest else None,
    }
    connection.execute(
        update(state).where(_STATE.city == city, _STATE.device == device).values(values)
    )


def _close_ended(connection: Connection, city: str, device: str) -> None:
    """Close the causes whose tickets have ended since."""
    ended = connection.execute(
        select(_CAUSE.id, _TICKET.ended_at)
        .join(tables.ticket, _TICKET.number == _CAUSE.number)
        .where(
            _CAUSE.city == city,
            _CAUSE.device == device,
            _CAUSE.closed_at.is_(None),
            _TICKET.ended_at.is_not(None),
        )
    ).all()
    for one in ended:
        connection.execute(update(cause).where(_CAUSE.id == one.id).values(closed_at=one.ended_at))


def _open_again(connection: Connection, city: str, device: str) -> None:
    """Open causes again whose tickets were reopened, unless another has their place by now."""
    back = connection.execute(
        select(_CAUSE.id, _CAUSE.alarm, _CAUSE.lead)
        .join(tables.ticket, _TICKET.number == _CAUSE.number)
        .where(
            _CAUSE.city == city,
            _CAUSE.device == device,
            _CAUSE.closed_at.is_not(None),
            _TICKET.ended_at.is_(None),
        )
        .order_by(_CAUSE.opened_at.desc(), _CAUSE.id)
    ).all()
    for one in back:
        other = select(_CAUSE.id).where(
            _CAUSE.city == city,
            _CAUSE.device == device,
            _CAUSE.alarm == one.alarm,
            _CAUSE.lead == one.lead,
            _CAUSE.closed_at.is_(None),
        )
        if connection.execute(other).first() is None:
            connection.execute(update(cause).where(_CAUSE.id == one.id).values(closed_at=None))


def _settle(
    connection: Connection,
    city: str,
    device: str,
    rule: AlarmRule,
    after: DeviceState,
    now: datetime,
) -> None:
    """Open the cause of an alarm, or say whether closing the open one is proposed."""
    alarm = after.alarms.get(rule.code, AlarmState())
    which = (_CAUSE.city == city, _CAUSE.device == device, _CAUSE.alarm == rule.code)
    opened: str | None = connection.execute(
        select(_CAUSE.id).where(*which, _CAUSE.closed_at.is_(None))
    ).scalar()
    if opened is None:
        closed_at = connection.execute(select(func.max(_CAUSE.closed_at)).where(*which)).scalar()
        if not needs_ticket(alarm, closed_at):
            return
        opened = _opened(connection, city, device, rule.code, now).id
    if after.latest is not None:
        since = recovered_since(rule, alarm, after.latest)
        connection.execute(update(cause).where(_CAUSE.id == opened).values(recovered_at=since))


def _opened(
    connection: Connection,
    city: str,
    device: str,
    alarm: str,
    now: datetime,
    lead: str = "",
    where: At | None = None,
) -> Cause:
    new = Cause(secrets.token_hex(16), city, device, alarm, None, now, None, None)
    if where is not None:
        new = replace(new, lat=where.lat, lon=where.lon)
    connection.execute(insert(cause), {**new.__dict__, "lead": lead})
    return new


def _of_lead(
    connection: Connection,
    city: str,
    device: str,
    kind: SensorKind,
    new: DeviceReading,
    where: At,
    now: datetime,
) -> Cause:
    """Return the cause of a lead: that of before, an open one at the same place, or a new one."""
    known = connection.execute(
        select(cause)
        .join(reading, _READING.cause == _CAUSE.id)
        .where(_READING.city == city, _READING.device == device, _READING.id == new.id)
    ).first()
    if known is not None:
        return _cause(known)
    near = [
        (metres_between((where.lat, where.lon), (one.lat, one.lon)), one)
        for one in _open(connection, city, device)
        if one.lat is not None and one.lon is not None
    ]
    close = [(metres, one) for metres, one in near if metres <= kind.same_within]
    own = (
        min(close, key=lambda one: (one[0], one[1].id))[1]
        if close
        else _opened(connection, city, device, kind.alarms[0].code, now, new.id, where)
    )
    connection.execute(
        update(reading)
        .where(_READING.city == city, _READING.device == device, _READING.id == new.id)
        .values(cause=own.id)
    )
    return own


def _open(connection: Connection, city: str, device: str) -> tuple[Cause, ...]:
    rows: Sequence[ResultRow] = connection.execute(
        select(cause)
        .where(_CAUSE.city == city, _CAUSE.device == device, _CAUSE.closed_at.is_(None))
        .order_by(_CAUSE.opened_at, _CAUSE.id)
    ).all()
    return tuple(_cause(row) for row in rows)


def _cause(row: ResultRow) -> Cause:
    return Cause(
        id=row.id,
        city=row.city,
        device=row.device,
        alarm=row.alarm,
        number=row.number,
        opened_at=row.opened_at,
        recovered_at=row.recovered_at,
        closed_at=row.closed_at,
        lat=row.lat,
        lon=row.lon,
    )
