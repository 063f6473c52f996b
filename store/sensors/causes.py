"""The causes of tickets that readings are: opened once while they are open, and by whom settled.

What is here runs inside a transaction that has locked the states of the devices.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from domain.pack.directory import metres_between
from domain.pack.sensors import SensorKind
from domain.sensors.readings import (
    AlarmState,
    DeviceReading,
    DeviceState,
    needs_ticket,
    recovered_since,
)
from store.db import tables
from store.db.engine import ResultRow
from store.db.sensor_tables import cause, reading

_CAUSE, _READING, _TICKET = cause.c, reading.c, tables.ticket.c


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
class Judged:
    """A device, its kind and its state by all readings that are known."""

    kind: SensorKind
    state: DeviceState


def follow_tickets(connection: Connection, city: str, devices: Collection[str]) -> None:
    """Close the causes whose tickets have ended since, and open those that were reopened."""
    _close_ended(connection, city, devices)
    _open_again(connection, city, devices)


def _close_ended(connection: Connection, city: str, devices: Collection[str]) -> None:
    ended = connection.execute(
        select(_CAUSE.id, _TICKET.ended_at)
        .join(tables.ticket, _TICKET.number == _CAUSE.number)
        .where(
            _CAUSE.city == city,
            _CAUSE.device.in_(devices),
            _CAUSE.closed_at.is_(None),
            _TICKET.ended_at.is_not(None),
        )
    ).all()
    for one in ended:
        connection.execute(update(cause).where(_CAUSE.id == one.id).values(closed_at=one.ended_at))


def _open_again(connection: Connection, city: str, devices: Collection[str]) -> None:
    """Open causes again whose tickets were reopened, unless another has their place by now."""
    back = connection.execute(
        select(_CAUSE.id, _CAUSE.device, _CAUSE.alarm, _CAUSE.lead)
        .join(tables.ticket, _TICKET.number == _CAUSE.number)
        .where(
            _CAUSE.city == city,
            _CAUSE.device.in_(devices),
            _CAUSE.closed_at.is_not(None),
            _TICKET.ended_at.is_(None),
        )
        .order_by(_CAUSE.opened_at.desc(), _CAUSE.id)
    ).all()
    for one in back:
        other = select(_CAUSE.id).where(
            _CAUSE.city == city,
            _CAUSE.device == one.device,
            _CAUSE.alarm == one.alarm,
            _CAUSE.lead == one.lead,
            _CAUSE.closed_at.is_(None),
        )
        if connection.execute(other).first() is None:
            connection.execute(update(cause).where(_CAUSE.id == one.id).values(closed_at=None))


def settle(
    connection: Connection, city: str, devices: Mapping[str, Judged], now: datetime
) -> list[Cause]:
    """Open the causes of alarms, and say of the open ones whether closing is proposed.

    Return those that are open after that.
    """
    opened = {(one.device, one.alarm): one for one in open_of(connection, city, devices.keys())}
    for device, after in sorted(devices.items()):
        latest = after.state.latest
        for rule in after.kind.alarms:
            alarm, which = after.state.alarms.get(rule.code, AlarmState()), (device, rule.code)
            found = opened.get(which)
            if found is None:
                if not _is_due(connection, city, device, rule.code, alarm):
                    continue
                found = new_cause(connection, city, device, rule.code, now)
            since = recovered_since(rule, alarm, latest) if latest is not None else None
            if latest is not None and since != found.recovered_at:
                proposed = update(cause).where(_CAUSE.id == found.id).values(recovered_at=since)
                connection.execute(proposed)
                found = replace(found, recovered_at=since)
            opened[which] = found
    return sorted(opened.values(), key=lambda one: (one.opened_at, one.id))


def _is_due(connection: Connection, city: str, device: str, code: str, alarm: AlarmState) -> bool:
    """Return whether an alarm without an open cause needs one."""
    if alarm.raised_at is None:
        return False
    closed_at = connection.execute(
        select(func.max(_CAUSE.closed_at)).where(
            _CAUSE.city == city, _CAUSE.device == device, _CAUSE.alarm == code
        )
    ).scalar()
    return needs_ticket(alarm, closed_at)


def new_cause(
    connection: Connection,
    city: str,
    device: str,
    alarm: str,
    now: datetime,
    lead: str = "",
    where: At | None = None,
) -> Cause:
    """Enter a cause that is open, and has no ticket yet."""
    new = Cause(secrets.token_hex(16), city, device, alarm, None, now, None, None)
    if where is not None:
        new = replace(new, lat=where.lat, lon=where.lon)
    connection.execute(insert(cause), {**new.__dict__, "lead": lead})
    return new


def of_lead(
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
        return cause_of(known)
    near = [
        (metres_between((where.lat, where.lon), (one.lat, one.lon)), one)
        for one in open_of(connection, city, [device])
        if one.lat is not None and one.lon is not None
    ]
    close = [(metres, one) for metres, one in near if metres <= kind.same_within]
    own = (
        min(close, key=lambda one: (one[0], one[1].id))[1]
        if close
        else new_cause(connection, city, device, kind.alarms[0].code, now, new.id, where)
    )
    connection.execute(
        update(reading)
        .where(_READING.city == city, _READING.device == device, _READING.id == new.id)
        .values(cause=own.id)
    )
    return own


def open_of(connection: Connection, city: str, devices: Collection[str]) -> tuple[Cause, ...]:
    """Return the open causes of devices, the oldest first."""
    rows: Sequence[ResultRow] = connection.execute(
        select(cause)
        .where(_CAUSE.city == city, _CAUSE.device.in_(devices), _CAUSE.closed_at.is_(None))
        .order_by(_CAUSE.opened_at, _CAUSE.id)
    ).all()
    return tuple(cause_of(row) for row in rows)


def cause_of(row: ResultRow) -> Cause:
    """Return the cause of a row."""
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
