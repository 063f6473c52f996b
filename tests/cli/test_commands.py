"""Tests of the `jiesu` command in a terminal beside a running stack."""

import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.db.schema import upgrade
from store.tickets import intake
from tests.store.stories import Story, complaint, project
from tests.support.jiesu_command import Terminal, moved_by
from workers.stack import Stack


@pytest.fixture
async def empty(tmp_path: Path) -> Terminal:
    """Return an installation with a migrated store and nothing running."""
    settings = Settings(home=tmp_path, temporal_address=f"127.0.0.1:{free_port()}")
    await upgrade(settings.store)
    return Terminal(settings)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Terminal, httpx.AsyncClient]]:
    settings = Settings(
        home=tmp_path / "home",
        api_port=free_port(),
        temporal_address=f"127.0.0.1:{free_port()}",
    )
    stack = Stack(settings, say=lambda line: None)
    async with stack.running(), httpx.AsyncClient(base_url=stack.url, timeout=15) as http:
        yield Terminal(settings), http


@pytest.mark.timeout(600)
async def test_the_audit_tells_a_ticket_and_notices_a_changed_record(
    running: tuple[Terminal, httpx.AsyncClient],
) -> None:
    terminal, http = running
    body = {"city": "tongzhou", "title": "河水发臭", "text": "又黑又臭", "category": "0301"}
    number = (await http.post("/api/v1/complaints", json=body)).json()["number"]

    shown = await terminal.jiesu("audit", "show", f"{number[:6]} {number[6:]}")  # as it was typed
    assert shown.code == 0, shown.err
    for word in ("河水发臭", "accepted", "classified", "assigned", "water"):
        assert word in shown.out
    text = " ".join(re.sub(r"[^\w,]+", " ", shown.out).split())
    assert "It was filed" in text
    payload = await terminal.json("audit", "show", number)
    assert payload["events"][1]["fact"]["because"] == [
        {"code": "named_by_complainant", "parameters": {}}
    ]
    assert [event["fact"]["kind"] for event in payload["events"]] == [
        "accepted",
        "classified",
        "assigned",
    ]

    agreeing = await terminal.jiesu("audit", "replay", "--all")
    assert (agreeing.code, agreeing.out.strip()) == (0, "1 replayed, 1 agree, 0 do not")

    then = await terminal.json("audit", "state", number, "3")
    assert (then["state"]["stage"], then["event"]["fact"]["kind"]) == ("handle", "assigned")

    with closing(sqlite3.connect(terminal.settings.home / "jiesu.db")) as database:
        database.execute("UPDATE event SET actor = 'somebody-else' WHERE version = 2")
        database.execute("DELETE FROM event WHERE version = 3")
        database.commit()
    differing = await terminal.jiesu("audit", "replay", number)
    assert differing.code == 1
    assert "events.2" in differing.out
    assert "events.1.actor.id" in differing.out
    exported = json.loads((await terminal.jiesu("audit", "export", number)).out)
    assert (exported["finding"], exported["told"]["ticket"]["version"]) == ("differs", 3)

    ill = await terminal.json("doctor")
    states = {found["what"]: found["state"] for found in ill}
    assert (states["engine"], states["record"]) == ("ok", "ok")
    assert states["clock"] == "ok"


@pytest.mark.timeout(600)
async def test_the_doctor_sees_a_clock_that_is_two_minutes_fast_and_the_engine_by_its_port(
    running: tuple[Terminal, httpx.AsyncClient],
) -> None:
    terminal, _ = running
    store, new = Store.open(terminal.settings.store), complaint(filed_at=datetime.now(UTC))
    await intake.register(store, new, None, None, None, "f", lambda: new.number)
    await intake.mark_started(store, new.number, new.filed_at)  # by a fast clock long ago: stuck
    await store.close()
    port = terminal.settings.temporal_address.rpartition(":")[2]
    by_port = {"JIESU_TEMPORAL_ADDRESS": "", "JIESU_TEMPORAL_PORT": port}
    well = await terminal.jiesu("doctor", **by_port)
    assert (well.code, "nothing says that it differs" in well.out) == (0, True), well.out

    ill = await terminal.jiesu("doctor", **by_port, **moved_by(120))
    wrong = [line for line in ill.out.splitlines() if line.startswith("wrong")]
    assert ill.code == 1
    assert len(wrong) == 1, wrong
    assert re.search(r"this machine's is ahead: the engine's is (120|119) s|2 min", wrong[0])

    nowhere = await terminal.jiesu("doctor", JIESU_TEMPORAL_ADDRESS=f"127.0.0.1:{free_port()}")
    assert nowhere.code == 1
    assert "and the API runs" in nowhere.out


async def test_a_token_of_the_terminal_opens_the_door(
    running: tuple[Terminal, httpx.AsyncClient],
) -> None:
    terminal, http = running
    made = await terminal.json(
        *("token", "create", "--role", "officer", "--unit", "water", "--city", "tongzhou")
    )
    staff = {"Authorization": f"Bearer {made['secret']}"}
    assert (await http.get("/api/v1/assignments", headers=staff)).status_code == 200
    listed = await terminal.jiesu("token", "list")
    assert made["id"] in listed.out
    assert made["secret"] not in listed.out
    assert (await terminal.jiesu("token", "revoke", made["id"])).code == 0
    assert (await http.get("/api/v1/assignments", headers=staff)).status_code == 401
    assert (await terminal.jiesu("token", "revoke", made["id"])).code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--role", "mayor"], "unknown role 'mayor'"),
        (["--role", "officer"], "needs --unit"),
        (["--role", "desk", "--unit", "water"], "no other has one"),
        (["--role", "officer", "--unit", "nobody"], "no city pack has a unit 'nobody'"),
    ],
)
async def test_a_token_that_could_not_work_is_not_made(
    empty: Terminal, arguments: list[str], says: str
) -> None:
    done = await empty.jiesu("token", "create", *arguments)
    assert done.code == 2
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1


async def test_the_doctor_says_what_is_missing_and_changes_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "none", temporal_address=f"127.0.0.1:{free_port()}")
    done = await Terminal(settings).jiesu("doctor")
    assert done.code == 0, done.out
    assert "nothing answers" in done.out
    assert "city tongzhou" in done.out
    assert not (tmp_path / "none").exists()


async def test_the_audit_without_an_engine_says_so(empty: Terminal) -> None:
    done = await empty.jiesu("audit", "show", "2611210000001")
    assert done.code == 1
    assert "cannot reach the engine" in done.err
    assert len(done.err.strip().splitlines()) == 1


async def test_migrate_says_when_it_is_done_and_refuses_foreign_tables(
    empty: Terminal, tmp_path: Path
) -> None:
    assert (await empty.jiesu("migrate")).code == 0
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    with closing(sqlite3.connect(foreign / "jiesu.db")) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
        database.commit()
    refused = await Terminal(Settings(home=foreign)).jiesu("migrate")
    assert refused.code == 2


async def test_every_command_explains_itself(empty: Terminal) -> None:
    for command in ("up", "worker", "api", "migrate", "demo", "doctor", "token", "audit"):
        done = await empty.jiesu(command, "--help")
        assert done.code == 0
        assert "Usage" in done.out


async def test_an_unknown_option_is_said_in_a_line_not_in_a_traceback(empty: Terminal) -> None:
    done = await empty.jiesu("worker", "--nope")
    assert done.code == 2
    assert "No such option" in done.err
    assert "Traceback" not in done.err


async def test_the_doctor_finds_a_complaint_that_is_with_nobody(empty: Terminal) -> None:
    """The engine has taken it, but no ticket is recorded: it is in no list and no queue."""
    new_complaint = complaint(filed_at=datetime.now(UTC) - timedelta(minutes=2))
    store = Store.open(empty.settings.store)
    try:
        await intake.register(
            store, new_complaint, None, None, None, "f", lambda: new_complaint.number
        )
        await intake.mark_started(store, new_complaint.number, new_complaint.filed_at)
        done = await empty.jiesu("doctor")
        assert done.code == 1
        [line] = [one for one in done.out.splitlines() if one.startswith("wrong")]
        assert new_complaint.number in done.out
        assert "Taken by the engine, and nothing recorded" in line
        life = Story(new_complaint)
        await project(store, [life.accepted(), life.answered()])
        done = await empty.jiesu("doctor")
        assert (done.code, "none waits for longer than a minute" in done.out) == (0, True)
    finally:
        await store.close()
