"""Tests of sensors over HTTP: readings become tickets, and leave their closing to people."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from temporalio.client import Client

from app.sensors.devices import BadDevices, import_devices
from domain.actors import Role
from store.db import sensor_tables, tables
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.tickets import tickets
from tests.api.running_api import Api, problem, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import RING, platform

AT_HOME = """code,kind,name,area,address,resident,phone
sos-1,sos,陈伯家按钮,440112003,鱼珠东路 8 号 302,陈伯,13800002222
infrared-1,infrared,陈伯家红外,440112003,鱼珠东路 8 号 302,陈伯,13800002222
"""
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def sensing(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Serve all cities, on each database in turn, with an elder's devices in Huangpu."""
    file = tmp_path / "devices.csv"
    file.write_text(AT_HOME, encoding="utf-8")
    await import_devices(store, RING, SHIPPED, "huangpu", file)
    async with (
        platform(client, store) as running,
        serve_api(tmp_path, store, client, running.packs) as opened,
    ):
        yield opened


def began() -> datetime:
    return datetime.now(UTC) - timedelta(hours=6)


async def send(
    api: Api, device: str, name: str, at: datetime, value: float, city: str = "huangpu", **more: Any
) -> dict[str, Any]:
    source = await api.token(Role.DESK)
    body = {"device": device, "id": name, "at": at.isoformat(), "value": value} | more
    answer = await api.http.post(f"/api/v1/cities/{city}/readings", json=body, headers=source)
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def series(
    api: Api, device: str, since: datetime, *values: float, every: int = 10
) -> dict[str, Any]:
    for n, value in enumerate(values):
        at = since + n * every * MINUTE
        last = await send(api, device, f"{at:%H%M%S%f}", at, value)
    return last


async def until(api: Api, number: str, stage: str) -> Any:
    async with asyncio.timeout(60):
        while True:
            ticket = await tickets.state(api.store, number)
            if ticket is not None and ticket.stage == stage:
                return ticket
            await asyncio.sleep(0.02)


async def devices(api: Api, city: str = "huangpu") -> dict[str, dict[str, Any]]:
    headers = await api.token(Role.SUPERVISOR)
    answer = await api.http.get(f"/api/v1/cities/{city}/devices", headers=headers)
    assert answer.status_code == 200, answer.text
    return {one["code"]: one for one in answer.json()["items"]}


@pytest.mark.must_work("huangpu", "sensor-one-ticket")
@pytest.mark.must_work("huangpu", "sensor-hysteresis")
@pytest.mark.must_work("huangpu", "sensor-auto-close")
async def test_an_outfall_that_fouls_is_one_ticket_and_recovers_without_closing(
    sensing: Api,
) -> None:
    since = began()
    (alarm,) = (await series(sensing, "outfall-1", since, 2.4))["alarms"]
    assert (alarm["raised"], alarm["number"]) == (False, None)
    (alarm,) = (await series(sensing, "outfall-1", since, 2.4, 2.6))["alarms"]
    number = alarm["number"]
    assert alarm["raised"]
    # Below the limit and above the one of recovery, then high again: it is the same ticket.
    (alarm,) = (await series(sensing, "outfall-1", since, 2.4, 2.6, 1.8, 2.9))["alarms"]
    assert (alarm["raised"], alarm["number"], alarm["recovered_at"]) == (True, number, None)
    # Another outfall is another cause.
    (other,) = (await series(sensing, "outfall-2", since, 3.0, 3.0))["alarms"]
    assert other["number"] not in (None, number)
    values = (2.4, 2.6, 1.8, 2.9, 1.0, 1.0, 1.0, 1.0)
    (alarm,) = (await series(sensing, "outfall-1", since, *values))["alarms"]
    assert (alarm["raised"], alarm["number"]) == (False, number)
    assert alarm["recovered_at"] is not None
    ticket = await until(sensing, number, "handle")
    assert (ticket.complaint.channel, ticket.tier) == ("sensor", "emergency")
    assert ticket.unit == "440112003"
    assert ticket.complaint.anonymous
    assert ticket.ended_at is None  # it is proposed, and nothing closes by itself
    headers = await sensing.token(Role.DISPATCHER)
    shown = (await sensing.http.get(f"/api/v1/tickets/{number}/readings", headers=headers)).json()
    assert [one["value"] for one in shown["items"]] == list(values)
    assert (shown["above"], shown["recovers"], shown["unit"]) == (2.0, 1.5, "mg/L")
    assert shown["recovered_at"] is not None
    listed = await devices(sensing)
    assert [one["number"] for one in listed["outfall-1"]["tickets"]] == [number]
    assert listed["outfall-3"]["silent"]
    assert listed["outfall-3"]["latest_at"] is None


async def test_in_whatever_order_and_however_often_it_is_one_ticket(sensing: Api) -> None:
    since = began()
    order = (3, 1, 3, 0, 2, 1, 0, 2)
    numbers = set()
    for n in order:
        taken = await send(sensing, "outfall-1", f"r{n}", since + n * 10 * MINUTE, 2.5)
        numbers.add(taken["alarms"][0]["number"])
    assert len(numbers - {None}) == 1
    listed = await devices(sensing)
    assert [one["number"] for one in listed["outfall-1"]["tickets"]] == [*(numbers - {None})]


@pytest.mark.must_work("huangpu", "sos")
async def test_an_elders_button_runs_on_the_emergency_clock_and_her_door_is_sealed(
    sensing: Api,
) -> None:
    (alarm,) = (await series(sensing, "sos-1", began(), 0, 1))["alarms"]
    ticket = await until(sensing, alarm["number"], "handle")
    assert (ticket.tier, ticket.complaint.kind) == ("emergency", "help")
    assert ticket.unit == "440112003"
    sign = next(clock for clock in ticket.clocks if clock.name == "sign")
    assert sign.limit == "5m"
    # Who lives where is in the vault; the ticket and its events know nothing of it.
    events = await tickets.events(sensing.store, alarm["number"])
    said = ticket.model_dump_json() + "".join(event.model_dump_json() for event in events)
    for personal in ("陈伯", "鱼珠东路", "13800002222"):
        assert personal not in said
    assert ticket.complaint.person is not None
    # The street that goes there says why, and reads where; another street finds no such ticket.
    person, why = f"/api/v1/tickets/{alarm['number']}/person", {"purpose": "上门"}
    street = await sensing.token(Role.OFFICER, "440112003", "huangpu")
    opened = await sensing.http.post(person, json=why, headers=street)
    assert opened.json()["address"] == "鱼珠东路 8 号 302"
    other = await sensing.token(Role.OFFICER, "440112013", "huangpu")
    refused = await sensing.http.post(person, json=why, headers=other)
    assert problem(refused) == (404, "ticket_not_found")
    assert (await devices(sensing))["sos-1"]["name"] == ""
    # Pressed again while somebody is on the way: the same ticket.
    again = await send(sensing, "sos-1", "again", datetime.now(UTC), 1)
    assert again["alarms"][0]["number"] == alarm["number"]
    assert again["alarms"][0]["recovered_at"] is None


async def test_after_its_ticket_ended_an_alarm_is_a_new_one(sensing: Api) -> None:
    first = (await series(sensing, "infrared-1", began(), 13, 14))["alarms"][0]["number"]
    await until(sensing, first, "handle")
    code = {"Access-Code": sensing.context.vault.access_code(first)}
    withdrawn = await sensing.http.post(f"/api/v1/tickets/{first}/withdraw", json={}, headers=code)
    assert withdrawn.status_code == 200, withdrawn.text
    ended = await until(sensing, first, "ended")
    # What was measured before it ended was its matter, however late it comes.
    late = await send(sensing, "infrared-1", "late", began() + timedelta(hours=5), 17)
    assert late["alarms"][0] == {
        "alarm": "still",
        "raised": True,
        "number": None,
        "recovered_at": None,
    }
    new = await send(sensing, "infrared-1", "new", ended.ended_at + timedelta(seconds=1), 18)
    assert new["alarms"][0]["number"] not in (None, first)


@pytest.mark.must_work("tongzhou", "door-satellite")
async def test_each_lead_of_a_satellite_is_a_ticket_and_one_at_its_place_is_attached(
    sensing: Api,
) -> None:
    at = began()
    corners = [[116.6600, 39.9050], [116.6604, 39.9050], [116.6604, 39.9053], [116.6600, 39.9053]]
    lead: dict[str, Any] = {"city": "tongzhou", "outline": corners, "note": "影像比对新增屋顶"}
    first = await send(sensing, "satellite-1", "a", at, 120, **lead)
    number = first["alarms"][0]["number"]
    beside = await send(
        sensing, "satellite-1", "b", at + MINUTE, 130, "tongzhou", lat=39.9051, lon=116.6603
    )
    assert beside["alarms"][0]["number"] == number
    far = await send(
        sensing, "satellite-1", "c", at + MINUTE, 90, "tongzhou", lat=39.9150, lon=116.6603
    )
    assert far["alarms"][0]["number"] not in (None, number)
    ticket = await until(sensing, number, "handle")
    assert ticket.complaint.category == "0109"
    assert ticket.complaint.place.area is not None
    assert (ticket.unit or "").startswith("110112")
    headers = await sensing.token(Role.DISPATCHER)
    shown = (await sensing.http.get(f"/api/v1/tickets/{number}/readings", headers=headers)).json()
    assert [one["value"] for one in shown["items"]] == [120, 130]


async def test_what_cannot_be_taken_is_refused_with_its_code(sensing: Api) -> None:
    source = await sensing.token(Role.DESK)
    good: dict[str, Any] = {
        "device": "outfall-1",
        "id": "r",
        "at": began().isoformat(),
        "value": 1.0,
    }

    async def refused(body: dict[str, Any], city: str = "huangpu", **headers: Any) -> Any:
        return problem(
            await sensing.http.post(
                f"/api/v1/cities/{city}/readings", json=good | body, headers=headers or source
            )
        )

    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert await refused({"device": "nobody"}) == (422, "unknown_device")
    assert await refused({"at": ahead}) == (422, "reading_from_future")
    assert await refused({}, "jinan") == (409, "not_in_this_city")
    lead = {"device": "satellite-1"}
    assert await refused(lead, "tongzhou") == (422, "invalid_request")
    assert await refused({"outline": [[1, 1]]}) == (422, "invalid_request")
    elsewhere = await sensing.token(Role.DESK, city="jinan")
    assert await refused({}, **elsewhere) == (403, "not_your_city")
    auditor = await sensing.token(Role.AUDITOR)
    assert await refused({}, **auditor) == (403, "forbidden")
    await send(sensing, "outfall-1", "r", datetime.fromisoformat(good["at"]), 1.0)
    assert await refused({"value": 2.0}) == (422, "idempotency_key_reused")


async def test_an_alarm_whose_ticket_could_not_be_filed_gets_it_with_the_same_reading_again(
    sensing: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = began()
    await send(sensing, "outfall-1", "a", since, 2.4)

    async def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("the database went away between the two")

    body = {"device": "outfall-1", "id": "b", "at": (since + 10 * MINUTE).isoformat(), "value": 2.6}
    with monkeypatch.context() as patch:
        patch.setattr("app.sensors.readings.take", away)
        answer = await sensing.http.post(
            "/api/v1/cities/huangpu/readings", json=body, headers=await sensing.token(Role.DESK)
        )
    assert problem(answer) == (503, "store_unavailable")
    assert (await devices(sensing))["outfall-1"]["tickets"] == []
    again = await send(sensing, "outfall-1", "b", since + 10 * MINUTE, 2.6)
    assert again["again"]
    number = again["alarms"][0]["number"]
    assert number is not None
    third = await send(sensing, "outfall-1", "c", since + 20 * MINUTE, 2.6)
    assert third["alarms"][0]["number"] == number


async def test_an_alarm_that_was_filed_and_not_noted_gets_its_ticket_with_the_next_reading(
    sensing: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = began()
    await send(sensing, "outfall-1", "a", since, 2.4)

    async def away(*_: Any) -> None:
        raise StoreUnavailable("the process was stopped between the two")

    body = {"device": "outfall-1", "id": "b", "at": (since + 10 * MINUTE).isoformat(), "value": 2.6}
    with monkeypatch.context() as patch:
        patch.setattr("app.sensors.readings.readings.name_ticket", away)
        answer = await sensing.http.post(
            "/api/v1/cities/huangpu/readings", json=body, headers=await sensing.token(Role.DESK)
        )
    assert problem(answer) == (503, "store_unavailable")
    later = await send(sensing, "outfall-1", "c", since + 20 * MINUTE, 3.1)
    [filed] = await sensing.store.rows(select(tables.intake.c.number))
    assert later["alarms"][0]["number"] == filed.number


async def test_a_device_is_heard_one_of_whose_alarms_the_city_has_given_up(sensing: Api) -> None:
    given_up = {
        "id": "given-up",
        "city": "huangpu",
        "device": "outfall-1",
        "alarm": "given_up",
        "lead": "",
        "opened_at": began(),
    }
    await sensing.store.change(insert(sensor_tables.cause), given_up)
    heard = await send(sensing, "outfall-1", "a", began(), 0.1)
    assert heard["judged"]
    assert await sensing.store.rows(select(tables.intake.c.number)) == []


async def test_readings_at_once_file_one_ticket(sensing: Api) -> None:
    since = began()
    several = [
        send(sensing, "outfall-1", f"r{n}", since + n * 10 * MINUTE, 3 + n / 10) for n in range(6)
    ]
    await asyncio.gather(*several)
    last = await send(sensing, "outfall-1", "last", since + 70 * MINUTE, 3.0)
    numbers = {row.number for row in await sensing.store.rows(select(sensor_tables.cause))}
    assert numbers == {last["alarms"][0]["number"]}
    filed = await sensing.store.rows(select(tables.intake.c.number))
    assert len(filed) == 1


async def test_a_city_without_sensors_has_none(sensing: Api) -> None:
    headers = await sensing.token(Role.SUPERVISOR)
    answer = await sensing.http.get("/api/v1/cities/jinan/devices", headers=headers)
    assert problem(answer) == (409, "not_in_this_city")


async def test_a_ticket_that_no_sensor_caused_has_no_readings(sensing: Api) -> None:
    ticket = await sensing.file()
    headers = await sensing.officer("water")
    answer = await sensing.http.get(f"{ticket.path}/readings", headers=headers)
    assert answer.json()["items"] == []
    stranger = await sensing.officer("market")
    answer = await sensing.http.get(f"{ticket.path}/readings", headers=stranger)
    assert problem(answer) == (404, "ticket_not_found")


async def test_a_file_with_a_fault_imports_nothing(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "devices.csv"
    rows = {
        "x1,nothing,某处,440112003,,,": "the kind 'nothing' is unknown",
        "x2,outfall,某处,110101001,,,": "not in this city",
        "x3,outfall,某处,440112003,,王某,": "only devices of a personal kind",
        "x4,outfall,某处,,,,": "the area is missing",
    }
    head = AT_HOME.splitlines()[0]
    file.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    with pytest.raises(BadDevices) as refused:
        await import_devices(store, RING, SHIPPED, "huangpu", file)
    said = [str(one) for one in refused.value.problems]
    assert len(said) == len(rows)
    assert all(message in one for message, one in zip(rows.values(), said, strict=True))
    with pytest.raises(BadDevices, match="1 problem"):
        await import_devices(store, RING, SHIPPED, "jinan", file)
