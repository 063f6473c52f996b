"""Tests with an engine whose database was replaced by an older copy: found, and not in silence."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.intake_backlog import IntakeBacklog
from activities.record_ahead import tickets_ahead
from app.installation.history_checks import ahead_of
from audit.following import follow
from audit.verdicts import judge
from domain.actors import Role
from runtime.settings import Settings
from store.db import tables
from store.db.engine import Store
from store.tickets import setbacks, tickets
from tests.api.running_api import Api, Filed, serve_api
from tests.support.engine import RING, connect_to, engine_server, platform
from tests.support.jiesu_command import Terminal, moved_by
from tests.support.people import signed_in

pytestmark = pytest.mark.timeout(600)

WAYS = ("goes on", "is followed")


@dataclass
class Machine:
    """One machine: its engine on a file, which can be copied and put back while it is stopped."""

    home: Path
    store: Store
    client: Client | None = None

    @property
    def engine(self) -> Client:
        assert self.client is not None
        return self.client

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Api]:
        with engine_server(self.home / "log", file=self.home / "temporal.db") as self.address:
            self.client = await connect_to(self.address)
            async with (
                platform(self.client, self.store),
                serve_api(self.home, self.store, self.client) as api,
            ):
                yield api

    def back_up(self, name: str) -> None:
        (self.home / name).mkdir()
        for path in self.home.glob("temporal.db*"):
            shutil.copy(path, self.home / name)

    def restore(self, name: str) -> None:
        for path in self.home.glob("temporal.db*"):
            path.unlink()
        for path in (self.home / name).iterdir():
            shutil.copy(path, self.home)

    async def note(self) -> None:
        """Run the maintenance job, a little later."""
        job = IntakeBacklog(self.store, self.engine).note_setbacks
        await ActivityEnvironment().run(job, _later())


def _later() -> datetime:
    """Return a time at which nothing is on its way any more."""
    return datetime.now(UTC) + timedelta(minutes=2)


@pytest.fixture
async def machine(tmp_path: Path, sqlite_store: Store) -> Machine:
    return Machine(tmp_path, sqlite_store)


@dataclass
class Restored:
    """The tickets after an engine's database of before was put back.

    Of three that are older one changed since, one ended, and one did neither; `new` was filed
    since.
    """

    changed: str
    ended: str
    same: str
    new: str

    @property
    def ahead(self) -> set[str]:
        return {self.changed, self.ended}


async def _restored(machine: Machine) -> Restored:
    async with machine.running() as api:
        receipts = []
        for _ in range(3):
            ticket = await api.file()
            assert (await ticket.by_unit("sign")).status_code == 200
            receipts.append(ticket.receipt)
    machine.back_up("older")
    async with machine.running() as api:
        changed, ended, same = (Filed(api, receipt) for receipt in receipts)
        assert (await changed.act("facts", changed.citizen, {"text": "桥东"})).is_success
        assert (await changed.by_unit("contact", {"reached": True})).is_success
        assert (await ended.act("withdraw", ended.citizen)).is_success
        new = await api.file()
        assert await tickets_ahead(machine.engine, machine.store, _later(), look_at=9) == {}
    machine.back_up("newest")
    machine.restore("older")
    return Restored(changed.number, ended.number, same.number, new.number)


async def test_the_doctor_names_tickets_whose_record_is_ahead(machine: Machine) -> None:
    restored = await _restored(machine)
    async with machine.running() as api:
        now = datetime.now(UTC)
        assert (await ahead_of(machine.engine, machine.store, now)).state == "ok"  # on its way
        found = await ahead_of(machine.engine, machine.store, _later())
        assert found.state == "wrong"
        named = set(re.findall(r"\d{13}", found.says))
        assert restored.ahead <= named
        assert not {restored.same, restored.new} & named
        few = await tickets_ahead(machine.engine, machine.store, _later(), look_at=2)
        assert set(few) == restored.ahead

        await machine.note()
        board = await api.http.get(
            "/api/v1/cities/tongzhou/board", headers=await api.token(Role.SUPERVISOR)
        )
        [shown] = [one for one in board.json()["stuck"] if one["waits"] == "setback"]
        assert set(shown["numbers"]) == restored.ahead
        who = await signed_in(api, Role.ADMIN)
        wanted = {"Accept": "text/html", "Accept-Language": "en"} | who.cookie
        page = await api.http.get("/staff/admin/waiting", headers=wanted)
        assert "The record has events that the engine has lost" in page.text
        assert restored.ended in page.text

        settings = Settings(home=machine.home, temporal_address=machine.address)
        keys = {"JIESU_KEYS": RING.text(",")}
        doctor = await Terminal(settings).jiesu("doctor", **keys)
        assert doctor.code == 1
        [line] = [one for one in doctor.out.splitlines() if "has lost" in one]
        assert line.startswith("wrong")
        assert restored.changed in line


@pytest.mark.parametrize("way", WAYS)
async def test_such_a_ticket_follows_the_engine_and_nothing_is_lost_in_silence(
    machine: Machine, way: str
) -> None:
    restored = await _restored(machine)
    async with machine.running() as api:
        officer = await api.officer()
        path = f"/api/v1/tickets/{restored.changed}"
        events = await tickets.events(machine.store, restored.changed)
        if way == "goes on":
            said = {"reached": False}
            answer = await api.http.post(f"{path}/contact", json=said, headers=officer)
            assert answer.status_code == 200
        else:
            followed = await follow(machine.engine, machine.store, restored.changed)
            assert (followed.version, followed.before) == (4, len(events))
        verdict = await judge(machine.engine, machine.store, restored.changed)
        assert verdict.agrees, verdict
        lost = await setbacks.lost_events(machine.store, restored.changed)
        assert [(one.version, one.kind) for one in lost] == [
            (event.version, event.fact.kind) for event in events[4:]
        ]
        assert await setbacks.unsettled(machine.store) == [restored.changed]
        answer = await api.http.post(f"{path}/contact", json={"reached": True}, headers=officer)
        assert answer.status_code == 200
        assert (await judge(machine.engine, machine.store, restored.changed)).agrees


async def test_the_command_follows_lists_and_settles(machine: Machine) -> None:
    restored = await _restored(machine)
    async with machine.running():
        settings = Settings(home=machine.home, temporal_address=machine.address)
        terminal, keys = Terminal(settings), {"JIESU_KEYS": RING.text(",")}
        later = moved_by(120)  # nothing is on its way any more
        ahead = await terminal.jiesu("record", "ahead", "--json", **keys, **later)
        assert (ahead.code, set(json.loads(ahead.out))) == (1, restored.ahead)
        done = await terminal.jiesu("record", "follow", "--all", "--json", **keys, **later)
        assert done.code == 0, done.err
        assert {one["number"] for one in json.loads(done.out)} == restored.ahead
        row = await tickets.get(machine.store, restored.ended)
        assert row is not None
        assert row.outcome is None
        assert (await terminal.jiesu("record", "ahead", **keys, **later)).code == 0
        listed = json.loads((await terminal.jiesu("record", "aside", "--json", **keys)).out)
        assert {one["kind"] for one in listed} >= {"facts_added", "contacted", "withdrawn"}
        settled = await terminal.jiesu("record", "settle", *sorted(restored.ahead), **keys)
        assert settled.out.strip() == "2 settled"
        assert json.loads((await terminal.jiesu("record", "aside", "--json", **keys)).out) == []
        nothing = await terminal.jiesu("record", "follow", **keys)
        assert (nothing.code, "name the tickets" in nothing.err) == (2, True)


async def test_the_right_copy_put_back_leaves_nothing_to_do(machine: Machine) -> None:
    restored = await _restored(machine)
    async with machine.running():
        await machine.note()
        assert set(await setbacks.unsettled(machine.store)) == restored.ahead
    machine.restore("newest")
    async with machine.running():
        assert await tickets_ahead(machine.engine, machine.store, _later(), look_at=9) == {}
        await machine.note()
        assert await setbacks.unsettled(machine.store) == []
        for number in restored.ahead | {restored.new}:
            assert (await judge(machine.engine, machine.store, number)).agrees


async def test_the_right_copy_put_back_late_gives_the_record_back(machine: Machine) -> None:
    """The older copy had gone on meanwhile: what was answered by it is set aside now."""
    restored = await _restored(machine)
    events = await tickets.events(machine.store, restored.changed)
    async with machine.running() as api:
        answer = await api.http.post(
            f"/api/v1/tickets/{restored.changed}/contact",
            json={"reached": False},
            headers=await api.officer(),
        )
        assert answer.status_code == 200
        assert await tickets.events(machine.store, restored.changed) != events
    machine.restore("newest")
    async with machine.running():
        assert await setbacks.unsettled(machine.store) == [restored.changed]
        await follow(machine.engine, machine.store, restored.changed)
        assert await tickets.events(machine.store, restored.changed) == events
        assert (await judge(machine.engine, machine.store, restored.changed)).agrees
        lost = await setbacks.lost_events(machine.store, restored.changed)
        assert [(one.version, one.kind) for one in lost] == [(5, "contacted")]


async def test_a_store_that_is_older_than_the_engine_is_written_again(machine: Machine) -> None:
    async with machine.running() as api:
        ticket = await api.file()
        assert (await ticket.by_unit("sign")).status_code == 200
        events = await tickets.events(machine.store, ticket.number)
        older = delete(tables.event).where(tables.event.c.number == ticket.number)
        await machine.store.change(older.where(tables.event.c.version > 1))
        assert (await ticket.by_unit("contact", {"reached": True})).status_code == 200
        assert not (await judge(machine.engine, machine.store, ticket.number)).agrees
        followed = await follow(machine.engine, machine.store, ticket.number)
        assert (followed.version, followed.aside) == (5, [])
        assert (await tickets.events(machine.store, ticket.number))[:4] == events
        assert (await judge(machine.engine, machine.store, ticket.number)).agrees
