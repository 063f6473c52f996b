"""Tests of the book of events, of the register of sources, and of judging, in the store."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from domain.pack.sensors import SensorKind
from domain.sensors.readings import DeviceReading
from store.db.engine import Store
from store.db.sensor_tables import cause, event, reading, state
from store.secrets.key_ring import KeyRing
from store.sensors import book, judging, readings, sources
from store.sensors.book import Entered, EventBook, EventEntry, NewEvent, Result
from store.sensors.event_door import EventDoor
from store.sensors.sources import EventSource, SourceExists, UnknownSource, source_fault
from tests.domain.test_sensors import kind
from tests.support.seeds import dice

CITY = "huangpu"
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = BEGIN + timedelta(days=1)
MINUTE = timedelta(minutes=1)
RING = KeyRing.of(b"a key for tests that is 32 bytes")
KINDS = {"water": kind()}


def new(n: int, value: float = 2.5, device: str = "d1", **values: Any) -> NewEvent:
    standing: dict[str, Any] = {
        "key": f"ce-{device}-{n}",
        "source": "urn:gateway",
        "id": f"{n}",
        "device": device,
        "at": BEGIN + n * 10 * MINUTE,
        "value": value,
        "lat": None,
        "lon": None,
        "shape": "",
        "note": "",
        "digest": f"{value}",
    }
    return NewEvent(**(standing | values))


def entry(*events: NewEvent, source: str = "gateway", **values: Any) -> EventEntry:
    standing: dict[str, Any] = {"per_minute": 1000, "counts": len(events), "now": NOW}
    return EventEntry(CITY, source, events=events, **(standing | values))


async def enter(store: Store, *events: NewEvent, **values: Any) -> Result:
    (result,) = await book.enter_all(store, [entry(*events, **values)])
    return result


async def judge(store: Store, source: str = "gateway", most: int = 500, **kinds: SensorKind) -> int:
    devices = {f"d{n}": "water" for n in range(50)}
    return await judging.judge_some(
        store, CITY, source, kinds or KINDS, devices, most, NOW + MINUTE
    )


async def judge_all(store: Store, most: int = 500) -> None:
    while waiting := await judging.sources_waiting(store):
        for _, source in waiting:
            await judge(store, source, most)


async def test_an_event_is_entered_once_also_within_one_batch(store: Store) -> None:
    first = await enter(store, new(1), new(2), new(1), new(2, value=9.0))
    assert first.outcomes == [Entered.NEW, Entered.NEW, Entered.KNOWN, Entered.DIFFERS]
    again = await enter(store, new(2), new(1, value=9.0), new(3))
    assert again.outcomes == [Entered.KNOWN, Entered.DIFFERS, Entered.NEW]
    assert len(await store.rows(select(event))) == 3
    assert await book.waiting(store) == {"gateway": 3}


async def test_requests_that_wait_share_a_transaction_and_each_has_its_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, writes = EventBook(store), 0
    write = store.write

    async def counted(work: Callable[[Connection], Any]) -> Any:
        nonlocal writes
        writes += 1
        return await write(work)

    monkeypatch.setattr(store, "write", counted)
    results = await asyncio.gather(*(own.enter(entry(new(n % 40))) for n in range(80)))
    outcomes = [one.outcomes[0] for one in results]
    assert (outcomes.count(Entered.NEW), outcomes.count(Entered.KNOWN)) == (40, 40)
    assert writes < 40
    assert len(await store.rows(select(event))) == 40


async def test_no_request_fails_for_what_another_one_has_sent(store: Store) -> None:
    own = EventBook(store)
    poisoned = new(1, device="d2", at="no time at all")
    results = await asyncio.gather(
        own.enter(entry(new(1))), own.enter(entry(poisoned)), own.enter(entry(new(2))),
        return_exceptions=True,
    )  # fmt: skip
    assert [isinstance(one, Result) for one in results] == [True, False, True]
    assert len(await store.rows(select(event))) == 2


async def test_a_source_that_floods_waits_and_no_other_one(store: Store) -> None:
    loud: dict[str, Any] = {"source": "loud", "per_minute": 3}
    assert (await enter(store, new(1), new(2), **loud)).wait is None
    assert (await enter(store, counts=1, **loud)).wait is None  # refused ones count as well
    refused = await enter(store, new(3), **loud)
    assert refused.wait is not None and refused.wait <= MINUTE
    both = await book.enter_all(
        store, [entry(new(4), **loud), entry(new(1, device="d2"), source="calm")]
    )
    assert [one.wait is None for one in both] == [False, True]
    later = await enter(store, new(3), now=NOW + MINUTE, **loud)
    assert later.outcomes == [Entered.NEW]


async def test_judging_opens_one_cause_and_judges_nothing_twice(store: Store) -> None:
    await enter(store, *(new(n) for n in range(4)))
    assert await judge(store) == 4
    assert await judge(store) == 0
    (found,) = await store.rows(select(cause))
    assert (found.device, found.alarm, found.number) == ("d1", "foul", None)
    rows = await store.rows(select(event))
    assert {row.outcome for row in rows} == {"judged"}
    (unfiled,) = await judging.unfiled(store, 10)
    assert unfiled.id == found.id
    assert await judging.unfiled(store, 10, [found.id]) == []
    await enter(store, *(new(n, value=1.0) for n in range(4, 9)))
    await judge(store)
    (same,) = await judging.unfiled(store, 10)
    assert same.recovered_at is not None  # closing is proposed


async def test_any_order_any_parts_and_repeated_events_say_the_same(store: Store) -> None:
    chance = dice("events in parts", store.dialect)
    values = [chance.choice([1.0, 1.8, 2.5]) for _ in range(40)]
    events = [new(n, value, f"d{n % 3}") for n, value in enumerate(values)]
    mixed = [*events, *chance.sample(events, 20)]
    chance.shuffle(mixed)
    while mixed:
        some, mixed = mixed[:7], mixed[7:]
        await enter(store, *some)
        if chance.random() < 0.5:
            await judge(store, most=5)
    await judge_all(store, most=5)
    heard = await readings.heard(store, CITY)
    for device in ("d0", "d1", "d2"):
        for one in events:
            if one.device == device:
                single = DeviceReading(id=one.key, at=one.at, value=one.value)
                taken = await readings.take(store, "other", device, kind(), single, NOW)
        assert heard[device].state.alarms == taken.state.alarms
    assert len(await store.rows(select(reading).where(reading.c.city == CITY))) == 40


async def test_a_job_that_is_killed_has_judged_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enter(store, *(new(n) for n in range(6)))

    def killed(*_: Any) -> None:
        raise RuntimeError("the process was killed here")

    with monkeypatch.context() as patch:
        patch.setattr("store.sensors.judging.settle", killed)
        with pytest.raises(RuntimeError):
            await judge(store)
    for table in (reading, state, cause):
        assert await store.rows(select(table)) == []
    assert await book.waiting(store) == {"gateway": 6}
    assert await judge(store) == 6
    assert len(await store.rows(select(cause))) == 1


async def test_jobs_at_once_judge_each_event_once(store: Store) -> None:
    await enter(store, *(new(n, device=f"d{n % 7}") for n in range(60)))
    done = await asyncio.gather(*(judge(store, most=25) for _ in range(6)))
    while count := await judge(store):
        done.append(count)
    assert sum(done) == 60
    assert len(await store.rows(select(reading))) == 60
    assert len(await store.rows(select(cause))) == 7


async def test_a_source_with_very_many_events_delays_only_its_own(store: Store) -> None:
    await enter(store, *(new(n, device=f"d{n % 5}") for n in range(60)), source="loud")
    await enter(store, new(1, device="d9"), source="calm", now=NOW + MINUTE)
    waiting = await judging.sources_waiting(store)
    assert waiting == [(CITY, "loud"), (CITY, "calm")]
    for _, source in waiting:
        await judge(store, source, most=10)
    assert await book.waiting(store) == {"loud": 50}


async def test_what_comes_too_late_or_of_nobody_is_said(store: Store) -> None:
    await enter(store, new(1000))
    await judge(store)
    await enter(store, new(1), new(1001, device="gone"))
    await judge(store)
    rows = await store.rows(select(event.c.id, event.c.outcome))
    assert {row.id: row.outcome for row in rows} == {
        "1000": "judged", "1": "late", "1001": "no_device",
    }  # fmt: skip
    assert len(await store.rows(select(reading))) == 2


async def test_an_event_that_left_the_book_is_known_by_its_reading(store: Store) -> None:
    await enter(store, new(1), new(2))
    await judge(store)
    assert await judging.forget(store, NOW) == 0
    assert await judging.forget(store, NOW + 2 * MINUTE) == 2
    await store.change(update(cause).values(closed_at=NOW))
    assert (await enter(store, new(2))).outcomes == [Entered.NEW]
    await judge(store)
    assert len(await store.rows(select(reading))) == 2
    assert len(await store.rows(select(cause))) == 1


def source(name: str = "gateway", **values: Any) -> EventSource:
    standing: dict[str, Any] = {
        "city": CITY, "name": "", "prefix": f"urn:{name}", "devices": ("outfall-*", "sos-1"),
        "origins": ("events.example.com",), "signs": False, "generation": 1, "per_minute": 100,
        "created_at": NOW,
    }  # fmt: skip
    return EventSource(id=name, **(standing | values))


async def test_a_source_speaks_for_its_own_and_is_known_by_its_token(store: Store) -> None:
    text = await sources.add(store, RING, source())
    assert sources.id_of_token(text) == "gateway"
    row = await sources.find(store, "gateway")
    assert row is not None
    assert row.has_token(text, NOW)
    assert not row.has_token(f"{text[:-1]}{'0' if text[-1] != '0' else '1'}", NOW)
    assert row.keys(RING, NOW) == []
    assert text not in repr(row)
    names = ("urn:gateway", "urn:gateway/a", "urn:gateway:b", "urn:gateway2", "urn:gate")
    spoken = {name: row.source.speaks_as(name) for name in names}
    assert list(spoken.values()) == [True, True, True, False, False]
    devices = {code: row.source.speaks_for(code) for code in
               ("outfall-1", "sos-1", "sos-10", "outfal")}  # fmt: skip
    assert list(devices.values()) == [True, True, False, False]
    assert await sources.of_origin(store, CITY, "Events.Example.com") == row.source
    assert await sources.of_origin(store, "tongzhou", "events.example.com") is None


async def test_no_two_sources_name_their_events_alike(store: Store) -> None:
    await sources.add(store, RING, source("a", prefix="urn:example:a"))
    for name, prefix in (("a", "urn:other"), ("b", "urn:example"), ("c", "urn:example:a/b")):
        with pytest.raises(SourceExists):
            await sources.add(store, RING, source(name, prefix=prefix))
    await sources.add(store, RING, source("d", prefix="urn:example:ab"))
    await sources.remove(store, "a", NOW)
    await sources.add(store, RING, source("c", prefix="urn:example:a/b"))
    with pytest.raises(SourceExists):  # its events are known by that id
        await sources.add(store, RING, source("a", prefix="urn:example:z"))


async def test_the_secret_before_is_good_for_a_while(store: Store) -> None:
    for name, signs in (("token", False), ("signs", True)):
        old = await sources.add(store, RING, source(name, signs=signs))
        new_one = await sources.rotate(store, RING, name, NOW, timedelta(hours=1))
        assert old != new_one
        row = await sources.find(store, name)
        assert row is not None
        if signs:
            during, after = (len(row.keys(RING, NOW + n * MINUTE)) for n in (59, 60))
            assert (during, after) == (2, 1)
            continue
        assert row.has_token(new_one, NOW)
        assert [row.has_token(old, NOW + n * MINUTE) for n in (59, 60)] == [True, False]
        await sources.rotate(store, RING, name, NOW, timedelta(0))
        row = await sources.find(store, name)
        assert row is not None and not row.has_token(new_one, NOW)


async def test_a_source_that_was_removed_is_nobody(store: Store) -> None:
    await sources.add(store, RING, source())
    await enter(store, new(1))
    await sources.remove(store, "gateway", NOW)
    assert await sources.find(store, "gateway") is None
    assert await sources.of_origin(store, CITY, "events.example.com") is None
    for doing in (
        sources.remove(store, "gateway", NOW),
        sources.rotate(store, RING, "gateway", NOW, MINUTE),
        sources.remove(store, "nobody", NOW),
    ):
        with pytest.raises(UnknownSource):
            await doing
    (heard,) = await sources.listed(store, await book.waiting(store))
    assert (heard.source.revoked_at, heard.heard_at, heard.waiting) == (NOW, NOW, 1)
    assert await judge(store) == 1  # what was accepted before is judged


@pytest.mark.parametrize(
    "wrong",
    [
        {"prefix": "no uri"}, {"prefix": ""}, {"devices": ()}, {"devices": ("a b",)},
        {"devices": ("*a",)}, {"origins": ("a b",)},
    ],
)  # fmt: skip
def test_a_source_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    assert source_fault(source()) is None
    assert source_fault(source(**wrong)) is not None
    assert source_fault(source("a_b")) is not None


async def test_a_clock_that_was_years_ahead_locks_no_source_out(store: Store) -> None:
    ahead = NOW + timedelta(days=730)
    door = EventDoor(store)
    await door.enter(entry(new(1), new(2), per_minute=2, now=ahead))
    refused = await door.enter(entry(new(3), per_minute=2, now=ahead))
    assert refused.wait is not None
    assert door.wait_of("gateway", ahead) is not None
    assert door.wait_of("gateway", NOW) is None
    again = await door.enter(entry(new(3), per_minute=2, now=NOW))
    assert (again.wait, again.outcomes) == (None, [Entered.NEW])
