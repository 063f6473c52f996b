"""Tests of `jiesu doctor` and the metrics on the archive, and of audits that read from it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from app.installation.findings import Finding
from app.installation.history_checks import carried_on_of, missing_of
from app.installation.store_checks import store_of
from audit.archiving import export
from audit.errors import NoHistory
from audit.runs import run_ids
from audit.shredding import delete_runs
from domain.actors import Role
from domain.commands.citizens.add_facts import AddFacts
from runtime.names import ticket_workflow_id
from runtime.settings import Settings
from store.db.engine import Store
from store.tickets import history_archive, tickets
from tests.api.running_api import COMPLAINT, Api, serve_api
from tests.store.stories import START, Story, project
from tests.support.desk import CITIZEN, Filed
from tests.support.engine import RING, Engine
from tests.support.people import signed_in

DAY = timedelta(days=1)


async def _archive_finding(store: Store, home: Path, now: datetime) -> Finding:
    settings = Settings(home=home, store_url=str(store.url), keys=SecretStr(RING.text()))
    [finding] = [one async for one in store_of(settings, now) if one.what == "archive"]
    return finding


async def test_the_doctor_says_how_far_archiving_is_behind(
    sqlite_store: Store, tmp_path: Path
) -> None:
    assert (await _archive_finding(sqlite_store, tmp_path, START)).state == "ok"
    story = Story()
    await project(sqlite_store, story.whole())
    number = story.number
    row = await tickets.get(sqlite_store, number)
    assert row is not None
    ended = row.updated_at
    for after, state in ((0.1, "ok"), (2, "note"), (14.9, "note"), (15.1, "wrong"), (40, "wrong")):
        finding = await _archive_finding(sqlite_store, tmp_path, ended + after * DAY)
        assert (finding.state, "ended tickets to archive: 1," in finding.says) == (state, True), (
            after
        )
    await history_archive.lose(sqlite_store, number, row.version, ended)
    finding = await _archive_finding(sqlite_store, tmp_path, ended + 40 * DAY)
    assert finding.state == "note"
    assert "forgotten by the engine before they were archived: 1" in finding.says


async def test_the_metrics_say_how_far_archiving_is_behind(engine: Engine, tmp_path: Path) -> None:
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as api:
        await _ended(api, engine)
        text = (await api.http.get("/metrics")).text
    assert "jiesu_unarchived 1.0" in text
    [line] = [line for line in text.splitlines() if line.startswith("jiesu_unarchived_seconds ")]
    assert float(line.split()[1]) >= 0


async def _ended(api: Api, engine: Engine) -> str:
    ticket = await api.handled()
    assert (await ticket.rate()).status_code == 200
    await engine.client.get_workflow_handle(ticket_workflow_id(ticket.number)).result()
    return ticket.number


async def _forgotten(engine: Engine, number: str) -> None:
    await delete_runs(engine.client, number)
    async with asyncio.timeout(60):
        while True:
            try:
                await run_ids(engine.client, number)
            except NoHistory:
                return
            await asyncio.sleep(0.02)


async def test_auditors_see_a_ticket_that_the_engine_has_forgotten(
    engine: Engine, tmp_path: Path
) -> None:
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as api:
        number = await _ended(api, engine)
        await export(engine.client, api.context.archive, number)
        await _forgotten(engine, number)
        auditor = await api.token(Role.AUDITOR)
        path = f"/api/v1/tickets/{number}/audit"
        report = (await api.http.get(path, headers=auditor)).json()
        assert report["finding"] == "agrees"
        assert report["told"] == report["record"]
        then = await api.http.get(f"{path}/3", headers=auditor)
        assert then.status_code == 200
        assert then.json()["version"] == 3
        verdicts = await api.http.get("/api/v1/audit/verdicts", headers=auditor)
        assert [one["finding"] for one in verdicts.json()["items"]] == ["agrees"]
        who = await signed_in(api, Role.AUDITOR)
        page = {"Accept": "text/html", "Accept-Language": "en"} | who.cookie
        shown = (await api.http.get(f"/staff/audit/{number}", headers=page)).text
        assert COMPLAINT["title"] in shown
        assert "agrees" in shown
        for file in (tmp_path / "archive").rglob("*"):
            if file.is_file():
                file.unlink()
        shown = (await api.http.get(f"/staff/audit/{number}", headers=page)).text
        assert "archive damaged" in shown


async def test_open_tickets_that_the_engine_does_not_run_are_named(
    engine: Engine, tmp_path: Path
) -> None:
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as api:
        ticket = await api.file()
        assert (await missing_of(engine.client, engine.store)).state == "ok"
        await delete_runs(engine.client, ticket.number)
        async with asyncio.timeout(60):
            while (found := await missing_of(engine.client, engine.store)).state == "ok":
                await asyncio.sleep(0.02)
    assert ticket.number in found.says


async def test_a_run_that_is_soon_forgotten_is_named(engine: Engine, tmp_path: Path) -> None:
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as api:
        ticket = await api.file()
        desk = Filed(engine.client, ticket.number)
        await desk.act(CITIZEN, AddFacts(text="桥东"))
        await desk.carry_on()
        later = datetime.now(UTC) + timedelta(minutes=1)
        async with asyncio.timeout(60):
            while (found := await carried_on_of(engine.client, engine.store, later)).state == "ok":
                await asyncio.sleep(0.02)
        assert ticket.number in found.says
        earlier = datetime.now(UTC) - DAY
        assert (await carried_on_of(engine.client, engine.store, earlier)).state == "ok"
        await export(engine.client, api.context.archive, ticket.number)
        assert (await carried_on_of(engine.client, engine.store, later)).state == "ok"
