"""Tests of incidents over HTTP: reports become members, are told at once and answered together."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from activities.incidents import Incidents
from domain.actors import Role
from domain.facts.merging import RepliedWithParent
from store.db.engine import Store
from store.tickets import intake, tickets
from tests.api.running_api import Api, Filed, serve_api
from tests.support.engine import Engine, platform
from tests.support.incidents import DRY, STATEMENT, outage, stormy


class Town(Api):
    """The application in a city with incidents, whose job goes on when a test says so."""

    engine: Engine
    job: Incidents

    async def declare(self, **changes: Any) -> dict[str, Any]:
        began = datetime.now(UTC) - timedelta(minutes=30)
        body = outage(began.isoformat(), **changes)
        return await self.done(Role.DISPATCHER, "/cities/tongzhou/incidents", body, 201)

    async def done(
        self, role: Role, path: str, body: dict[str, Any] | None = None, status: int = 200
    ) -> dict[str, Any]:
        answer = await self.http.post(
            f"/api/v1{path}", json=body or {}, headers=await self.token(role)
        )
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    async def shown(self, incident: dict[str, Any]) -> dict[str, Any]:
        answer = await self.http.get(
            f"/api/v1/incidents/{incident['id']}/staff",
            headers=await self.token(Role.SUPERVISOR),
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def report(self, **changes: Any) -> Filed:
        """File a report of the outage."""
        answer = await self.http.post("/api/v1/complaints", json=DRY | changes)
        assert answer.status_code in (201, 202), answer.text
        return Filed(self, answer.json())

    async def until(self, incident: dict[str, Any], **counts: int) -> dict[str, Any]:
        """Let the job go on until the incident shows these counts."""
        async with asyncio.timeout(60):
            while True:
                await self.job.step(datetime.now(UTC))
                shown = await self.shown(incident)
                if all(shown[name] == count for name, count in counts.items()):
                    return shown
                await asyncio.sleep(0.05)


@pytest.fixture
async def town(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Town]:
    """Serve a city with incidents, on each database in turn."""
    packs = stormy(tmp_path / "cities")
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, store, client, packs) as opened,
    ):
        served = Town(opened.http, opened.store, opened.app)
        served.engine, served.job = running, Incidents(packs, store, client)
        yield served


async def test_a_report_of_an_open_incident_is_told_at_once_and_answered_with_the_lead(
    town: Town,
) -> None:
    incident = await town.declare()
    lead = incident["lead"]
    first, second = await town.report(), await town.report(text="新华西街没水，赶紧修！")
    for one in (first, second):
        assert one.receipt["access_code"], "with a number and an access code like any other"
        assert one.receipt["incident"]["statement"] == STATEMENT
        assert one.receipt["message"] is None, "nothing is wrong with the system"
        seen = await one.seen()
        assert (seen["stage"], seen["incident"]["title"]) == ("accept", "新华西街停水")
        assert seen["can_leave_incident"]
    assert await tickets.get(town.store, first.number) is None, "its ticket starts later"
    assert await intake.pending(town.store, timedelta(), 10, datetime.now(UTC)) == []

    shown = await town.until(incident, members=2, started=2, merged=2)
    assert shown["statements"][0]["told"] == 2
    [ticket] = await tickets.states(town.store, [lead])
    assert ticket.complainants == [], "the lead is not told of each member"
    seen = await first.seen()
    assert (seen["stage"], seen["incident"]["statement"]) == ("merged", STATEMENT)

    main = Filed(town, {"number": lead, "access_code": "00000000"})
    await _handled(town, main, "供水管已更换，恢复供水。")
    await town.until(incident, answered=2)
    for one in (first, second):
        seen = await one.until_stage("rate")
        assert (seen["reply"], seen["can_rate"]) == ("供水管已更换，恢复供水。", True)
    events = await tickets.events(town.store, first.number)
    [answered] = [one.fact for one in events if isinstance(one.fact, RepliedWithParent)]
    assert answered.unit is not None, "the unit that answered is rated"
    rated = await town.http.post(
        f"{second.path}/rating",
        json={"contacted": True, "resolved": True, "grade": 5},
        headers=second.citizen,
    )
    assert rated.status_code < 300, rated.text
    await second.until_stage("ended")


async def _handled(town: Town, ticket: Filed, reply: str) -> None:
    """Let the unit that has the ticket hand back this answer."""
    async with asyncio.timeout(60):
        while True:
            state = await tickets.state(town.store, ticket.number)
            if state is not None and state.stage == "handle" and state.unit is not None:
                break
            await asyncio.sleep(0.02)
    answer = await ticket.complete(unit=state.unit, body={"reply": reply})
    assert answer.status_code == 200, answer.text
