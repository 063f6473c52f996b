"""Tests of events in: CloudEvents become readings and tickets, and what is wrong is said."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from temporalio.client import Client

from activities.readings import Readings
from app.sensors.devices import import_devices
from store.db import sensor_tables, tables
from store.db.engine import Store
from store.sensors import sources
from store.sensors.sources import EventSource
from store.tickets import tickets
from tests.api.running_api import Api, problem, serve_api
from tests.api.test_sensors import AT_HOME
from tests.support.cities import SHIPPED
from tests.support.engine import RING, platform

PATH = "/api/v1/events/huangpu"
MINUTE = timedelta(minutes=1)
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def source(name: str = "gateway", **values: Any) -> EventSource:
    standing: dict[str, Any] = {
        "city": "huangpu",
        "name": "水质网关",
        "prefix": f"urn:{name}",
        "devices": ("*",),
        "origins": (),
        "signs": False,
        "generation": 1,
        "per_minute": 12_000,
        "created_at": datetime.now(UTC),
    }
    return EventSource(id=name, **(standing | values))


@dataclass
class Sending:
    """The API, a worker's job that is run by hand, and a source with its token."""

    api: Api
    job: Readings
    token: dict[str, str]
    since: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=6))

    def event(self, n: int = 0, **values: Any) -> dict[str, Any]:
        standing = {
            "specversion": "1.0",
            "id": f"e{n}",
            "source": "urn:gateway",
            "type": "cn.example.reading",
            "subject": "outfall-1",
            "time": (self.since + n * 10 * MINUTE).isoformat(),
            "data": {"nh3n": 2.4},
        }
        return {k: v for k, v in (standing | values).items() if v is not ...}

    async def post(
        self, content: Any, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        kind = BATCH if isinstance(content, list) else STRUCTURED
        return await self.api.http.post(
            more.pop("path", PATH), content=sent, headers=self.token | kind | (headers or {})
        )

    async def taken(self, content: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = await self.post(content, headers)
        assert answer.status_code == 202, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def refused(self, content: Any, headers: dict[str, str] | None = None) -> Any:
        return problem(await self.post(content, headers))

    async def work(self) -> int:
        """Judge and file until nothing waits; return how much was done."""
        done, passed = 0, list[str]()
        while count := await self.job.judge_some() + await self.job.file_some(passed):
            done += count
        return done

    async def causes(self) -> list[Any]:
        return list(await self.api.store.rows(select(sensor_tables.cause)))

    async def filed(self) -> list[str]:
        return [row.number for row in await self.api.store.rows(select(tables.intake.c.number))]

    async def until_recorded(self, number: str) -> Any:
        async with asyncio.timeout(60):
            while (ticket := await tickets.state(self.api.store, number)) is None:
                await asyncio.sleep(0.02)
        return ticket


@pytest.fixture
async def sending(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Sending]:
    """Serve all cities, on each database in turn, with a source that speaks for all devices."""
    file = tmp_path / "devices.csv"
    file.write_text(AT_HOME, encoding="utf-8")
    await import_devices(store, RING, SHIPPED, "huangpu", file)
    text = await sources.add(store, RING, source())
    async with (
        platform(client, store) as running,
        serve_api(tmp_path, store, client, running.packs) as api,
    ):
        job = Readings(running.packs, store, client, api.context.vault, api.context.keys)
        yield Sending(api, job, {"Authorization": f"Bearer {text}"})


async def test_an_event_is_a_reading_and_an_alarm_becomes_a_ticket(sending: Sending) -> None:
    first = await sending.taken(sending.event(0))
    assert first["results"] == [
        {"index": 0, "id": "e0", "outcome": "accepted", "code": None, "detail": None}
    ]
    await sending.taken(sending.event(1, data={"nh3n": 2.6}))
    assert await sending.filed() == []  # it is answered before it is judged
    await sending.work()
    (cause,) = await sending.causes()
    (number,) = await sending.filed()
    assert cause.number == number
    ticket = await sending.until_recorded(number)
    assert (ticket.complaint.channel, ticket.complaint.title) == ("sensor", "排口氨氮超标")
    assert "2.6 mg/L" in ticket.complaint.text
    values = [row.value for row in await sending.api.store.rows(
        select(sensor_tables.reading.c.value).order_by(sensor_tables.reading.c.at)
    )]  # fmt: skip
    assert values == [2.4, 2.6]
    again = await sending.taken(sending.event(1, data={"nh3n": 2.6}))
    assert (again["known"], again["accepted"]) == (1, 0)
    assert await sending.work() == 0


async def test_waiting_events_are_counted(sending: Sending) -> None:
    await sending.taken([sending.event(n) for n in range(3)])
    waiting = await sending.api.store.first(
        select(func.count()).where(sensor_tables.event.c.judged_at.is_(None))
    )
    assert waiting is not None and waiting[0] == 3
