"""Tests of readings in the store: taken once, judged together, one open cause each."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain.facts.aftercare import Reopened
from domain.pack.sensors import Device, SensorKind
from domain.sensors.readings import DeviceReading
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.db.errors import KeyReused
from store.db.sensor_tables import cause, device, reading, state
from store.secrets.key_ring import KeyRing
from store.secrets.re_encryption import re_encrypt, use_of_keys
from store.secrets.vault import Vault
from store.sensors import readings
from store.sensors.causes import At
from store.sensors.readings import TakenReading
from store.sensors.register import Register
from tests.domain.test_sensors import BEGIN, MINUTE, kind, series
from tests.store.population import Busy
from tests.store.stories import CITIZEN, START, complaint, project
from tests.support.seeds import dice

CITY, DEVICE = "huangpu", "outfall-1"
NOW = BEGIN + timedelta(days=2)
LEADS = load_pack(default_root() / "tongzhou").sensors.kind("satellite")
assert LEADS is not None


async def take(
    store: Store,
    one: DeviceReading,
    of: SensorKind | None = None,
    where: At | None = None,
    code: str = DEVICE,
) -> TakenReading:
    return await readings.take(store, CITY, code, of or kind(), one, NOW, where)


async def take_all(store: Store, several: Sequence[DeviceReading]) -> TakenReading:
    for one in several:
        taken = await take(store, one)
    return taken


async def test_an_alarm_has_one_open_cause_and_recovery_is_proposed(store: Store) -> None:
    taken = await take_all(store, series(2.5, 2.5, 2.6, 1.8))
    (opened,) = taken.open
    assert (opened.alarm, opened.number, opened.recovered_at) == ("foul", None, None)
    good = [
        DeviceReading(id=f"good{n}", at=BEGIN + (60 + 10 * n) * MINUTE, value=1.0) for n in range(4)
    ]
    taken = await take_all(store, good)
    (same,) = taken.open
    assert same.id == opened.id
    assert same.recovered_at == BEGIN + 90 * MINUTE
    assert same.closed_at is None  # nothing closes by itself
    # What is bad again takes the proposal back, and is no second ticket.
    again = [
        DeviceReading(id=f"bad{n}", at=BEGIN + (100 + 10 * n) * MINUTE, value=3.0) for n in (0, 1)
    ]
    (still,) = (await take_all(store, again)).open
    assert (still.id, still.recovered_at) == (opened.id, None)


async def test_a_ticket_that_was_reopened_is_the_one_of_its_cause_again(store: Store) -> None:
    ticket, before = Busy(complaint(city="tongzhou")), START - timedelta(days=1)
    (opened,) = (await take_all(store, series(2.5, 2.5, begin=before))).open
    await readings.name_ticket(store, opened.id, ticket.number)
    await project(store, [*ticket.answered_by("water"), ticket.watched()])
    later = [
        DeviceReading(id=f"later{n}", at=before + (20 + 10 * n) * MINUTE, value=2.5)
        for n in range(2)
    ]
    assert (await take(store, later[0])).open == ()  # it ended after this was measured
    back = Reopened(reason="recurred", text="Foul again.")
    await project(store, [ticket.tell(back, by=CITIZEN)])
    (again,) = (await take(store, later[1])).open
    assert (again.id, again.number) == (opened.id, ticket.number)
    assert len(await store.rows(select(cause))) == 1


async def test_a_reading_is_taken_once_by_its_id(store: Store) -> None:
    first = DeviceReading(id="r", at=BEGIN, value=2.5)
    assert not (await take(store, first)).again
    assert (await take(store, first)).again
    with pytest.raises(KeyReused):
        await take(store, first.model_copy(update={"value": 1.0}))
    assert (await take(store, first, code="outfall-2")).again is False
    assert len(await store.rows(select(reading))) == 2


async def test_readings_at_once_in_any_order_open_one_cause(store: Store) -> None:
    several = series(2.5, 2.5, 2.5, 2.5, 2.5, 2.5)
    mixed = [*several, *several]
    dice("sensor order", store.dialect).shuffle(mixed)
    await asyncio.gather(*(take(store, one) for one in mixed))
    assert len(await store.rows(select(cause))) == 1
    assert len(await store.rows(select(reading))) == len(several)
    heard = (await readings.heard(store, CITY))[DEVICE]
    assert heard.state.alarms["foul"].raised
    assert heard.latest_at == several[-1].at


async def test_what_comes_too_late_is_kept_and_not_judged(store: Store) -> None:
    of = kind(late="1h")
    await take(store, DeviceReading(id="new", at=BEGIN + timedelta(hours=5), value=1.0), of)
    taken = await take(store, DeviceReading(id="old", at=BEGIN, value=9.0), of)
    assert not taken.judged
    assert taken.open == ()
    assert len(await store.rows(select(reading))) == 2


async def test_each_lead_is_a_cause_and_one_at_its_place_belongs_to_it(store: Store) -> None:
    def lead(n: int, lat: float, at: datetime = BEGIN) -> tuple[DeviceReading, At]:
        return DeviceReading(id=f"lead{n}", at=at, value=120.0), At(lat, 116.66)

    async def sent(n: int, lat: float) -> str:
        one, where = lead(n, lat)
        own = (await take(store, one, LEADS, where)).own
        assert own is not None
        return own.id

    first = await sent(1, 39.905)
    assert await sent(1, 39.905) == first  # sent twice
    assert await sent(2, 39.9052) == first  # 22 metres away
    elsewhere = await sent(3, 39.915)
    assert elsewhere != first
    causes = {one.id: one for one in await readings.open_causes(store, CITY)}
    assert causes.keys() == {first, elsewhere}
    rows = await readings.of_cause(store, causes[first], BEGIN, 100)
    assert [row.id for row in rows] == ["lead1", "lead2"]


def at_home(code: str = "sos-1") -> Device:
    return Device(
        code=code,
        kind="sos",
        name="陈伯家",
        area="440112003",
        address="鱼珠东路 8 号 302",
        lat=23.1,
        lon=113.42,
        resident="陈伯",
        phone="13800002222",
    )


async def forgotten(store: Store, city: str, before: datetime) -> int:
    return sum([count async for count in readings.forget(store, city, before)])


async def test_old_readings_of_many_devices_are_deleted_some_at_a_time(store: Store) -> None:
    devices = [f"d{n}" for n in range(401)]
    rows = [
        {
            "city": CITY,
            "device": one,
            "id": "1",
            "at": NOW,
            "taken_at": NOW,
            "value": 1,
            "shape": "",
        }
        for one in devices
    ]
    states = [{"city": CITY, "device": one, "state": "{}", "latest_at": NOW} for one in devices]
    await store.change(reading.insert().values(rows))
    await store.change(state.insert().values(states))
    later = NOW + timedelta(seconds=1)
    assert [count async for count in readings.forget(store, CITY, later)] == [200, 200, 1]


async def test_old_readings_are_deleted_and_what_a_device_says_stays(store: Store) -> None:
    old = await take_all(store, series(5, 5, 5))
    year = timedelta(days=366)
    assert old.state.base_at is not None
    assert await forgotten(store, "elsewhere", NOW + year) == 0
    assert await forgotten(store, CITY, NOW + year) == 0, "its state is computed of them"
    later = DeviceReading(id="later", at=NOW + year, value=5)
    said = await take(store, later)
    since = {name: alarm.changed_at for name, alarm in old.state.alarms.items()}
    assert {name: alarm.changed_at for name, alarm in said.state.alarms.items()} == since
    assert await forgotten(store, CITY, NOW + year) == 3
    [left] = await store.rows(select(reading.c.id))
    assert left.id == "later"
    [shown] = (await take(store, later)).open
    assert shown.recovered_at is None, "the alarm is still raised"


async def test_where_a_device_at_a_home_stands_is_sealed(store: Store) -> None:
    ring = KeyRing.of(bytes(range(32)))
    own = Register(store, ring, CITY, [])
    changes = await own.change([at_home()], {"sos"})
    assert changes.added == ["sos-1"]
    assert await own.get("sos-1") == at_home()
    (row,) = await store.rows(select(device))
    assert (row.name, row.address, row.lat, row.lon) == ("", "", None, None)
    for personal in ("陈伯", "鱼珠东路", "13800002222"):
        assert personal not in str(row)
        assert personal.encode() not in row.sealed
    assert (await own.change([at_home()], {"sos"})).unchanged == ["sos-1"]
    [listed] = await Register(store, KeyRing.of(bytes(32)), CITY, []).listed()
    assert (listed.code, listed.name, listed.resident) == ("sos-1", "", "")


async def test_a_new_key_encrypts_the_devices_anew(store: Store) -> None:
    old, both = KeyRing({1: bytes(32)}), KeyRing({1: bytes(32), 2: bytes(range(32))})
    await Register(store, old, CITY, []).change([at_home()], {"sos"})
    assert (await use_of_keys(store))[1].persons == 1
    assert await re_encrypt(store, Vault(both)) == 1
    assert await re_encrypt(store, Vault(both)) == 0
    assert (await use_of_keys(store)).keys() == {2}
    assert await Register(store, both, CITY, []).get("sos-1") == at_home()


async def test_an_imported_device_hides_one_of_the_pack(store: Store) -> None:
    pack = load_pack(default_root() / CITY)
    own = Register(store, KeyRing.of(bytes(32)), CITY, pack.devices)
    moved = pack.devices[0].model_copy(update={"address": "新址"})
    changes = await own.change([moved], {"sos"})
    assert (changes.added, changes.changed) == ([], [moved.code])
    assert (await own.listed())[0] == moved
    assert len(await own.listed()) == len(pack.devices)
    assert (await own.change([], {"sos"}, replace=True)).removed == [moved.code]
    assert (await own.listed())[0] == pack.devices[0]
