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
from sqlalchemy import select
from standardwebhooks import Webhook
from temporalio.client import Client

from activities.readings import Readings
from app.sensors.devices import import_devices
from domain.actors import Role
from runtime.names import READINGS_WORKFLOW, TICKETS
from store.db import sensor_tables, tables
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.sensors import sources
from store.sensors.readings import after_new
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


async def test_a_batch_with_poisoned_members_gives_each_its_own_outcome(sending: Sending) -> None:
    batch = [
        sending.event(0),
        None,
        sending.event(1, subject="nobody"),
        sending.event(2, source="urn:stranger"),
        sending.event(3, id=7),
        sending.event(4, data={"nh3n": "high"}),
        sending.event(5, time=(datetime.now(UTC) + timedelta(days=730)).isoformat()),
        sending.event(6, data=...),
        sending.event(0),
        sending.event(0, data={"nh3n": 9.9}),
        sending.event(7),
    ]
    said = await sending.taken(batch)
    assert [one["code"] or one["outcome"] for one in said["results"]] == [
        "accepted",
        "malformed_event",
        "unknown_device",
        "not_your_source",
        "malformed_event",
        "bad_value",
        "reading_from_future",
        "value_missing",
        "known",
        "event_differs",
        "accepted",
    ]
    assert (said["accepted"], said["known"], said["refused"]) == (2, 1, 8)
    nan = json.dumps([sending.event(8, data={"nh3n": 1}), sending.event(9)]).replace("1}", "NaN}")
    mixed = await sending.taken(nan.encode(), BATCH)
    assert [one["code"] for one in mixed["results"]] == ["bad_value", None]
    assert await sending.taken([], BATCH) == {
        "accepted": 0,
        "known": 0,
        "refused": 0,
        "results": [],
    }
    await sending.work()
    assert len(await sending.filed()) == 1


async def test_a_single_event_that_is_refused_is_an_error_with_its_code(sending: Sending) -> None:
    assert await sending.refused(sending.event(specversion=...)) == (400, "malformed_event")
    assert await sending.refused(sending.event(specversion="0.3")) == (
        400,
        "unsupported_spec_version",
    )
    assert await sending.refused(sending.event(subject=...)) == (422, "event_without_device")
    assert await sending.refused(sending.event(subject="nobody")) == (422, "unknown_device")
    assert await sending.refused(sending.event(source="urn:gateway2")) == (403, "not_your_source")
    assert await sending.refused(b"{") == (400, "malformed_json")
    deep = b'{"data":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    assert await sending.refused(deep) == (400, "malformed_json")
    xml = {"Content-Type": "application/cloudevents+xml"}
    assert await sending.refused(b"<a/>", xml) == (415, "unsupported_event_format")
    packed = {"Content-Encoding": "gzip"}
    assert await sending.refused(sending.event(), packed) == (415, "unsupported_event_format")
    assert await sending.refused(b" " * 10_000_000) == (413, "body_too_large")
    many = b"[" + b"0," * 10_000 + b"0]"
    assert await sending.refused(many, BATCH) == (413, "too_many_events")
    assert await sending.api.store.rows(select(sensor_tables.event)) == []


async def test_binary_mode_and_a_button_without_a_value(sending: Sending) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "press%201",
        "ce-source": "urn:gateway/sos",
        "ce-type": "cn.example.pressed",
        "ce-subject": "sos-1",
        # Its clock was never set.
        "ce-time": "1970-01-01T00:10:00Z",
        "Content-Type": "application/json",
    }
    said = await sending.taken(b'{"kind": "sos"}', headers)
    assert said["results"][0]["id"] == "press 1"
    await sending.work()
    (number,) = await sending.filed()
    ticket = await sending.until_recorded(number)
    assert ticket.complaint.title == "长者一键呼叫"
    assert ticket.complaint.person is not None and ticket.complaint.place.address == ""
    assert "陈伯" not in ticket.model_dump_json()
    await sending.taken(b"", headers | {"ce-id": "press%202"})
    await sending.work()
    assert await sending.filed() == [number]  # somebody is on the way
    assert await sending.refused(b"{", headers | {"ce-id": "c"}) == (400, "malformed_event")
    text = headers | {"ce-id": "d", "Content-Type": "text/plain"}
    assert await sending.refused(b"1", text) == (415, "unsupported_event_data")


async def test_a_satellites_lead_says_where_and_what_was_seen(sending: Sending) -> None:
    token = await sources.add(
        sending.api.store, RING, source("eye", city="tongzhou", devices=("satellite-1",))
    )
    where = {"kind": "satellite", "lat": 39.9051, "lon": 116.6603, "note": "影像比对新增屋顶"}
    lead = sending.event(0, source="urn:eye", subject="satellite-1", data=where)
    beside = lead | {"id": "e1", "data": where | {"lat": 39.9052}}
    answer = await sending.post(
        [lead, beside], {"Authorization": f"Bearer {token}"}, path="/api/v1/events/tongzhou"
    )
    assert answer.json()["accepted"] == 2, answer.text
    await sending.work()
    (number,) = await sending.filed()
    ticket = await sending.until_recorded(number)
    assert "影像比对新增屋顶" in ticket.complaint.text
    assert ticket.complaint.place.area is not None
    headers = await sending.api.token(Role.DISPATCHER)
    shown = await sending.api.http.get(f"/api/v1/tickets/{number}/readings", headers=headers)
    assert [one["lat"] for one in shown.json()["items"]] == [39.9051, 39.9052]


async def test_only_a_registered_source_is_heard_and_only_for_its_own(sending: Sending) -> None:
    async def as_(token: str, content: Any = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return problem(await sending.post(content or sending.event(), headers, **more))

    store, own = sending.api.store, sending.token["Authorization"].removeprefix("Bearer ")
    wrong = own[:-1] + ("0" if own[-1] != "0" else "1")
    staff = (await sending.api.token(Role.DESK))["Authorization"].removeprefix("Bearer ")
    for token in (wrong, "jse_nobody_" + "0" * 48, staff, ""):
        assert await as_(token) == (401, "unauthenticated")
    assert await as_(own, path="/api/v1/events/tongzhou") == (403, "not_your_city")
    assert await as_(own, path="/api/v1/events/nowhere") == (422, "unknown_city")
    # The same id of another source is another event; and nobody speaks for others.
    other = await sources.add(store, RING, source("other", devices=("outfall-2",)))
    mine = sending.event(source="urn:other", subject="outfall-2")
    bearer = {"Authorization": f"Bearer {other}"}
    assert (await sending.taken(sending.event()))["accepted"] == 1
    assert (await sending.taken(mine, bearer))["accepted"] == 1
    assert await as_(other, sending.event(1)) == (403, "not_your_source")
    assert await as_(other, mine | {"subject": "outfall-1", "id": "x"}) == (403, "not_your_device")
    elsewhere = await sources.add(store, RING, source("jinan", city="jinan"))
    path = {"path": "/api/v1/events/jinan"}
    assert await as_(elsewhere, **path) == (409, "not_in_this_city")
    await sources.remove(store, "other", datetime.now(UTC))
    assert await as_(other, mine) == (401, "unauthenticated")
    await sending.work()
    readings = await store.rows(select(sensor_tables.reading.c.device))
    assert sorted(row.device for row in readings) == ["outfall-1", "outfall-2"]


async def test_a_source_may_sign_instead(sending: Sending) -> None:
    secret = await sources.add(sending.api.store, RING, source("signer", signs=True))
    body = json.dumps(sending.event(source="urn:signer")).encode()

    def signed(text: str, at: datetime, by: str = secret) -> dict[str, str]:
        return {
            "Authorization": "",
            "Jiesu-Source": "signer",
            "webhook-id": "m1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(by).sign("m1", at, text),
        }

    now = datetime.now(UTC)
    other = "whsec_" + "A" * 43 + "="
    for headers in (
        signed("{}", now),
        signed(body.decode(), now - timedelta(minutes=10)),
        signed(body.decode(), now, other),
        signed(body.decode(), now) | {"webhook-timestamp": "now"},
        signed(body.decode(), now) | {"webhook-signature": "v1,&&&"},
        signed(body.decode(), now) | {"Jiesu-Source": "gateway"},
    ):
        assert await sending.refused(body, headers) == (401, "unauthenticated")
    assert (await sending.taken(body, signed(body.decode(), now)))["accepted"] == 1
    # In binary mode whoever changes a header has signed something else.
    ce = {"ce-specversion": "1.0", "ce-id": "b", "ce-source": "urn:signer", "ce-type": "t",
          "ce-subject": "outfall-1"}  # fmt: skip
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(ce.items()))
    headers = ce | {"Content-Type": "application/json"}
    good = signed(f"{lines}content-type:application/json\n2.4", now) | headers
    changed = good | {"ce-subject": "outfall-2"}
    assert await sending.refused(b"2.4", changed) == (401, "unauthenticated")
    assert (await sending.taken(b"2.4", good))["accepted"] == 1


async def test_a_source_that_floods_is_told_to_wait_and_no_other_one(sending: Sending) -> None:
    loud = await sources.add(sending.api.store, RING, source("loud", per_minute=3))
    bearer = {"Authorization": f"Bearer {loud}"}

    def noise(n: int) -> dict[str, Any]:
        return sending.event(n, source="urn:loud")

    # A minute may end meanwhile: it is told to wait at last.
    async with asyncio.timeout(60):
        n = 0
        while (answer := await sending.post(noise(n := n + 1), bearer)).status_code == 202:
            pass
    assert problem(answer) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert (await sending.taken(sending.event()))["accepted"] == 1
    again = await sending.post(noise(0), bearer)
    assert again.status_code in (202, 429)


async def test_web_hooks_ask_first(sending: Sending) -> None:
    await sources.add(sending.api.store, RING, source("hook", origins=("events.example.com",)))

    async def ask(origin: str | None, token: dict[str, str] | None = None) -> httpx.Response:
        asked = {"WebHook-Request-Origin": origin} if origin else {}
        return await sending.api.http.options(PATH, headers=asked | (token or {}))

    for allowed in (await ask("events.example.com"), await ask("other.example", sending.token)):
        assert allowed.status_code == 200
        assert allowed.headers["WebHook-Allowed-Rate"] == "12000"
        assert "POST" in allowed.headers["Allow"]
    assert allowed.headers["WebHook-Allowed-Origin"] == "other.example"
    refused = await ask("other.example")
    assert problem(refused) == (403, "origin_not_allowed")
    assert "WebHook-Allowed-Origin" not in refused.headers
    assert problem(await ask(None)) == (422, "invalid_request")
    wrong = {"Authorization": "Bearer wrong"}
    assert problem(await ask("events.example.com", wrong)) == (401, "unauthenticated")


async def test_a_batch_of_ten_thousand_is_taken_and_judged(sending: Sending) -> None:
    devices = [f"outfall-{n % 6 + 1}" for n in range(10_000)]
    batch = [
        sending.event(
            n, subject=device, time=(sending.since + n * timedelta(seconds=2)).isoformat()
        )
        for n, device in enumerate(devices)
    ]
    said = await sending.taken(batch)
    assert said["accepted"] == 10_000
    assert (await sending.taken(batch[:100]))["known"] == 100
    await sending.work()
    assert len(await sending.filed()) == len(await sending.causes()) == 6


async def test_who_is_killed_between_judging_and_filing_files_one_ticket(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sending.taken([sending.event(0), sending.event(1)])
    for step in ("start_registered", "readings.name_ticket"):

        async def killed(*_: Any) -> None:
            raise asyncio.CancelledError  # the process is stopped here

        with monkeypatch.context() as patch:
            patch.setattr(f"activities.readings.{step}", killed)
            with pytest.raises(asyncio.CancelledError):
                await sending.work()
    # A reading by the other door at the same time is of the same cause.
    at = sending.since + 20 * MINUTE
    body = {"device": "outfall-1", "id": "r", "at": at.isoformat(), "value": 2.6}
    answer = await sending.api.http.post(
        "/api/v1/cities/huangpu/readings", json=body, headers=await sending.api.token(Role.DESK)
    )
    (number,) = await sending.filed()
    assert answer.json()["alarms"][0]["number"] == number
    await sending.work()
    assert await sending.filed() == [number]
    (cause,) = await sending.causes()
    assert cause.number == number


async def test_an_event_that_cannot_be_judged_stops_no_other_one(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = [sending.event(n) for n in range(3)], sending.event(7, subject="outfall-2")
    await sending.taken([good[0], bad, *good[1:]])
    after = after_new

    def broken(connection: Any, city: str, device: str, *rest: Any) -> Any:
        if device == "outfall-2":
            raise ZeroDivisionError("a defect")
        return after(connection, city, device, *rest)

    monkeypatch.setattr("store.sensors.judging.after_new", broken)
    await sending.work()
    rows = await sending.api.store.rows(
        select(sensor_tables.event.c.device, sensor_tables.event.c.outcome)
    )
    became = sorted((row.device, row.outcome) for row in rows)
    assert became == [("outfall-1", "judged")] * 3 + [("outfall-2", "failed")]
    assert len(await sending.filed()) == 1


async def test_without_the_store_nothing_is_taken_and_it_may_be_sent_again(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise StoreUnavailable("the database went away")

    with monkeypatch.context() as patch:
        patch.setattr("store.sensors.book.enter_all", away)
        answer = await sending.post(sending.event())
    assert problem(answer) == (503, "store_unavailable")
    assert "Retry-After" in answer.headers
    assert (await sending.taken(sending.event()))["accepted"] == 1


async def test_the_job_of_the_engine_judges_what_waits(sending: Sending, client: Client) -> None:
    await sending.taken([sending.event(0), sending.event(1)])
    job = await client.start_workflow(READINGS_WORKFLOW, id="chore/readings", task_queue=TICKETS)
    try:
        async with asyncio.timeout(60):
            while not await sending.filed():
                await asyncio.sleep(0.05)
    finally:
        await job.terminate()
