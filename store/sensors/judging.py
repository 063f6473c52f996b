"""Judging what is in the book of events: some of a source at a time, all of a device together.

Readings, states, causes, and the note in the book that an event was judged are one transaction:
whoever dies in it has judged nothing, and nothing is judged twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, func, select, update

from domain.pack.sensors import SensorKind
from domain.sensors.readings import DeviceReading, DeviceState
from store.db.engine import Insert, ResultRow, Store
from store.db.sensor_tables import cause, device, event, reading
from store.sensors.causes import At, Cause, Judged, cause_of, follow_tickets, of_lead, settle
from store.sensors.readings import after_new, heard_lead, locked, reading_row, save

_EVENT, _DEVICE, _CAUSE, _READING = event.c, device.c, cause.c, reading.c

_WAITING = (
    select(event)
    .where(
        _EVENT.source_id == bindparam("of_source"),
        _EVENT.city == bindparam("of_city"),
        _EVENT.judged_at.is_(None),
    )
    .order_by(_EVENT.received_at, _EVENT.key)
    .limit(bindparam("most"))
    .with_for_update()
)
_JUDGED = (
    update(event)
    .where(_EVENT.city == bindparam("of_city"), _EVENT.key == bindparam("of_key"))
    .values(judged_at=bindparam("now"), outcome=bindparam("became"))
)
_BEYOND_LOOKED_AT = 20


class JudgedAs(StrEnum):
    """The end of an event. `late`: it is kept and shown, and was not judged any more."""

    JUDGED = "judged"
    LATE = "late"
    NO_DEVICE = "no_device"  # it was taken out of the register since
    FAILED = "failed"  # a defect: it is logged


async def sources_waiting(store: Store) -> list[tuple[str, str]]:
    """Return the cities and sources with events that wait, those that wait longest first."""
    rows = await store.rows(
        select(_EVENT.city, _EVENT.source_id, func.min(_EVENT.received_at).label("first"))
        .where(_EVENT.judged_at.is_(None))
        .group_by(_EVENT.city, _EVENT.source_id)
    )
    return [(row.city, row.source_id) for row in sorted(rows, key=lambda row: row.first)]


async def judge_some(
    store: Store,
    city: str,
    source_id: str,
    kinds: Mapping[str, SensorKind],
    pack_devices: Mapping[str, str],
    most: int,
    now: datetime,
) -> int:
    """Judge the events of a source that wait longest; return how many.

    `kinds`: those of the city, by code. `pack_devices`: the kind of each device of its pack.
    """

    def work(connection: Connection) -> int:
        which = {"of_source": source_id, "of_city": city, "most": most}
        rows = connection.execute(_WAITING, which).all()
        if not rows:
            return 0
        by_device: dict[str, list[ResultRow]] = {}
        for row in rows:
            by_device.setdefault(row.device, []).append(row)
        known = {**pack_devices, **_registered(connection, city, by_device)}
        found = {code: kinds[known[code]] for code in by_device if known.get(code, "") in kinds}
        states = locked(store, connection, city, list(found)) if found else {}
        follow_tickets(connection, city, list(found))
        became = dict.fromkeys((row.key for row in rows), JudgedAs.NO_DEVICE)
        series: dict[str, Judged] = {}
        _enter(store, connection, city, [row for code in found for row in by_device[code]])
        for code, kind in found.items():
            before, events = states[code], by_device[code]
            if kind.leads:
                states[code] = _leads(connection, city, kind, before, events, now)
                became |= dict.fromkeys((row.key for row in events), JudgedAs.JUDGED)
                continue
            for row in events:
                became[row.key] = JudgedAs.JUDGED if before.judges(row.at) else JudgedAs.LATE
            new = [_reading(row) for row in events]
            states[code] = after_new(connection, city, code, kind, before, new)
            series[code] = Judged(kind, states[code])
        save(connection, city, states)
        settle(connection, city, series, now)
        connection.execute(
            _JUDGED,
            [
                {"of_city": city, "of_key": key, "now": now, "became": outcome}
                for key, outcome in became.items()
            ],
        )
        return len(rows)

    return await store.write(work)


async def set_aside(store: Store, city: str, source_id: str, now: datetime) -> None:
    """Judge no more the event of a source that waits longest: it cannot be judged."""

    def work(connection: Connection) -> None:
        which = {"of_source": source_id, "of_city": city, "most": 1}
        row = connection.execute(_WAITING, which).first()
        if row is not None:
            failed = {"of_city": city, "of_key": row.key, "now": now, "became": JudgedAs.FAILED}
            connection.execute(_JUDGED, failed)

    await store.write(work)


def _registered(connection: Connection, city: str, codes: Mapping[str, object]) -> dict[str, str]:
    rows = connection.execute(
        select(_DEVICE.code, _DEVICE.kind).where(
            _DEVICE.city == city, _DEVICE.code.in_(list(codes))
        )
    )
    return {row.code: row.kind for row in rows}


def _reading(row: ResultRow) -> DeviceReading:
    # What was checked when it was entered is not checked again.
    return DeviceReading.model_construct(id=row.key, at=row.at, value=row.value)


def _insert_reading(store: Store) -> Insert:
    return store.insert(reading).on_conflict_do_nothing()


def _enter(store: Store, connection: Connection, city: str, events: Sequence[ResultRow]) -> None:
    rows = [
        reading_row(city, row.device, _reading(row), row.received_at, _place(row)) for row in events
    ]
    if rows:
        connection.execute(store.once(_insert_reading), rows)


def _place(row: ResultRow) -> At | None:
    return At(row.lat, row.lon, row.shape) if row.lat is not None else None


def _leads(
    connection: Connection,
    city: str,
    kind: SensorKind,
    before: DeviceState,
    events: Sequence[ResultRow],
    now: datetime,
) -> DeviceState:
    for row in events:
        where = _place(row)
        if where is not None:
            of_lead(connection, city, row.device, kind, _reading(row), where, now)
        before = heard_lead(before, _reading(row))
    return before


async def unfiled(store: Store, most: int, besides: Sequence[str] = ()) -> list[Cause]:
    """Return open causes without a ticket, the oldest first; `besides`: not these."""
    rows = await store.rows(
        select(cause)
        .where(_CAUSE.number.is_(None), _CAUSE.closed_at.is_(None), _CAUSE.id.not_in(besides))
        .order_by(_CAUSE.opened_at, _CAUSE.id)
        .limit(most)
    )
    return [cause_of(row) for row in rows]


async def measured(store: Store, found: Cause, kind: SensorKind) -> tuple[float, str]:
    """Return the value that a ticket names for its cause, and the note of a lead.

    Of an alarm the latest reading beyond its limit, if there is one among the latest.
    """
    which = [_READING.city == found.city, _READING.device == found.device]
    if found.lat is not None:
        which = [_READING.cause == found.id]
    rows = await store.rows(
        select(_READING.value, _EVENT.note)
        .outerjoin(event, (_EVENT.city == _READING.city) & (_EVENT.key == _READING.id))
        .where(*which)
        .order_by(_READING.at.desc(), _READING.id.desc())
        .limit(_BEYOND_LOOKED_AT)
    )
    rule = kind.alarm(found.alarm)
    beyond = [row for row in rows if rule is not None and rule.alarms(row.value)]
    chosen = next(iter((*beyond, *rows)), None)
    return (chosen.value, chosen.note or "") if chosen is not None else (0.0, "")


async def forget(store: Store, before: datetime) -> int:
    """Delete from the book what was judged before then; return how much."""
    return await store.change(delete(event).where(_EVENT.judged_at < before))
