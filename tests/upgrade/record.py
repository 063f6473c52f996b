"""A recorder of an installation with open tickets: `python -m tests.upgrade.record ARCHIVE`.

It was run once, with the code of commit 1493245, and documents how `tickets.tar.xz` was made: run
it in a worktree of that commit, into which this file was copied. That code gets stuck for good if
a plan reaches beyond the published calendar; from 2027 on it cannot even start the others, so the
archive is never made anew, only added to by one of a later commit.

The archive holds the engine's database, the store's, and `tickets.json`: every ticket by the place
where it was left, with its number of events. Its key ring is `tests.support.engine.RING`.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from domain.actors import Role
from packs.registry import PackRegistry
from runtime.names import NAMESPACE, SEARCH_ATTRIBUTES, ticket_workflow_id
from runtime.ports import free_port
from store.db import schema
from store.db.engine import Store, default_url
from store.packs.archive import ArchivedPacks
from store.tickets import intake, tickets
from tests.api.running_api import COMPLAINT, REPLY, Api, Filed, serve_api
from tests.support.action_cases import BAD, EXTEND, WHISTLE
from tests.support.cities import SHIPPED, add_days, city_with
from tests.support.engine import connect_to, platform
from workers.stack import engine_binary

SHANGHAI = ZoneInfo("Asia/Shanghai")
YES = {"approve": True, "reason": "同意。"}
BACK = {"ground": "not_ours", "reason": "不属于本单位职责。"}

Place = Callable[[Api], Awaitable[Filed]]


class Left(NamedTuple):
    """A ticket as it was left. `waits_for`: the activity that never succeeds."""

    number: str
    stage: str
    version: int
    waits_for: str | None = None


# --- places where tickets of today's packs wait --------------------------------------------------

_doors = iter(range(1, 1000))


async def _file(api: Api, city: str, area: str, category: str | None, **more: Any) -> Filed:
    """File a complaint about a place of its own."""
    place = {"area": area, "address": f"试验路 {next(_doors)} 号"}
    fields = {
        "city": city,
        "title": "",
        "text": "请尽快处理。",
        "category": category,
        "place": place,
    }
    return await api.file(**fields | more)


async def _unit(ticket: Filed) -> str:
    """Return the unit that has the ticket."""
    state = await tickets.state(ticket.api.store, ticket.number)
    assert state is not None
    assert state.unit is not None
    return state.unit


async def _do(answer: Awaitable[Any]) -> None:
    done = await answer
    assert done.status_code in (200, 202), done.text


def _after(*acts: tuple[Role, str, Any]) -> Place:
    """Return a place: a ticket of the water bureau after these commands."""

    async def place(api: Api) -> Filed:
        ticket = await _file(api, "tongzhou", "110112001", "0301", text=COMPLAINT["text"])
        for role, what, body in acts:
            officer = role is Role.OFFICER
            await _do(ticket.by_unit(what, body) if officer else ticket.by(role, what, body))
        return ticket

    return place


_UNIT, _HEAD, _DESK = Role.OFFICER, Role.SUPERVISOR, Role.DESK
HOLD = {
    "ground": "works",
    "until": (datetime.now(UTC) + timedelta(days=60)).isoformat(),
    "reason": "汛期后施工。",
}


async def lead_done(api: Api) -> Filed:
    ticket = await _after((_UNIT, "whistle", WHISTLE))(api)
    await _do(ticket.complete())
    return ticket


async def triage_by_hand(api: Api) -> Filed:
    return await api.unclear()


async def dispatch_by_hand(api: Api) -> Filed:
    ticket = await _after((_UNIT, "return", BACK), (_HEAD, "decide", YES))(api)
    await ticket.until_stage("dispatch")
    return ticket


async def delegated(api: Api) -> Filed:
    ticket = await _file(api, "huangpu", "440112003", "0302")
    await ticket.until_stage("handle")
    unit = await _unit(ticket)
    below = next(each.code for each in SHIPPED.get("huangpu").units if each.parent == unit)
    await _do(ticket.by_unit("delegate", {"unit": below, "task": "请办理。"}, unit=unit))
    return ticket


async def arbitrate(api: Api) -> Filed:
    ticket = await _file(api, "heping", "120101001", "0206")
    for again in ({"unit": "120101001"}, {}):
        await ticket.until_stage("handle")
        await _do(ticket.by_unit("return", BACK, unit=await _unit(ticket)))
        await _do(ticket.by(Role.DISPATCHER, "decide", YES | again))
    await ticket.until_stage("arbitrate")
    return ticket


async def verify(api: Api) -> Filed:
    fields = {"anonymous": True, "kind": "complaint"}
    ticket = await _file(api, "langfang", "131002100", "0201", **fields)
    await ticket.until_stage("verify")
    return ticket


async def raised(api: Api) -> Filed:
    ticket = await _after((_UNIT, "raise-level", {"reason": "超出本级事权。"}))(api)
    async with asyncio.timeout(60):
        while await _unit(ticket) != "gov":
            await asyncio.sleep(0.02)
    return ticket


async def staged(api: Api) -> Filed:
    ticket = await _file(api, "tongzhou", "110112001", "0109")
    await ticket.until_stage("handle")
    await _do(ticket.by_unit("step", {"step": "stop"}, unit=await _unit(ticket)))
    return ticket


async def rate_window(api: Api) -> Filed:
    return await api.handled()


async def not_reached(api: Api) -> Filed:
    ticket = await api.handled()
    await _do(ticket.by(_DESK, "call-back", {"reached": False}))
    return ticket


async def rework(api: Api) -> Filed:
    ticket = await api.handled()
    await _do(ticket.rate(BAD))
    await ticket.until_stage("handle")
    return ticket


async def supervise(api: Api) -> Filed:
    ticket = await rework(api)
    for n in (2, 3):
        await _do(ticket.complete(n))
        await ticket.until_stage("rate")
        await _do(ticket.rate(BAD))
        await ticket.until_stage("handle" if n == 2 else "supervise")
    return ticket


async def _watched(api: Api) -> tuple[Filed, str]:
    ticket = await _file(api, "langfang", "131002100", "0201")
    await ticket.until_stage("handle")
    unit = await _unit(ticket)
    await _do(ticket.complete(unit=unit, body=REPLY | {"evidence": ["照片"]}))
    await ticket.until_stage("rate")
    await _do(ticket.rate())
    await ticket.until_stage("aftercare")
    return ticket, unit


async def aftercare(api: Api) -> Filed:
    return (await _watched(api))[0]


async def contested(api: Api) -> Filed:
    ticket, unit = await _watched(api)
    ask = {"ground": "mistaken_rating", "reason": "误评。", "evidence": ["录音-118"]}
    await _do(ticket.by_unit("exclude", ask, unit=unit))
    return ticket


PLACES: dict[str, Place] = {
    "parked": _after(),
    "signed": _after((_UNIT, "sign", {}), (_UNIT, "contact", {})),
    "asked": _after((_UNIT, "sign", {}), (_UNIT, "ask", {"question": "是几号楼？"})),
    "hold_asked": _after((_UNIT, "hold", HOLD)),
    "held": _after((_UNIT, "hold", HOLD), (_HEAD, "decide", YES)),
    "extension_asked": _after((_UNIT, "extend", EXTEND)),
    "extended": _after((_UNIT, "extend", EXTEND), (_HEAD, "decide", YES)),
    "return_asked": _after((_UNIT, "return", BACK)),
    "whistled": _after((_UNIT, "whistle", WHISTLE)),
    "ordered": _after((_HEAD, "supervise", {"text": "请三日内报结果。"})),
    "lead_done": lead_done,
    "triage_by_hand": triage_by_hand,
    "dispatch_by_hand": dispatch_by_hand,
    "delegated": delegated,
    "arbitrate": arbitrate,
    "verify": verify,
    "raised": raised,
    "staged": staged,
    "rate_window": rate_window,
    "not_reached": not_reached,
    "rework": rework,
    "supervise": supervise,
    "aftercare": aftercare,
    "contested": contested,
}


async def merged(api: Api) -> dict[str, Filed]:
    parent, child = await _after()(api), await _after()(api)
    body = {"into": parent.number, "reason": "同一河段。"}
    await _do(child.by(Role.DISPATCHER, "merge", body))
    await _kind(parent, "complainant_joined")
    return {"merged_into": parent, "merged": child}


async def _kind(ticket: Filed, kind: str, times: int = 1) -> None:
    async with asyncio.timeout(90):
        while (await ticket.kinds()).count(kind) < times:
            await asyncio.sleep(0.02)


# --- stuck tickets -------------------------------------------------------------------------------


async def nobody_has_it(api: Api) -> Filed:
    """File a complaint in unmodified jinan, a month before New Year: it is never dispatched."""
    body = {
        "city": "jinan",
        "text": "楼顶加建，每天施工到深夜。",
        "category": "0104",
        "place": {"area": "370102001", "address": "某路1号"},
    }
    answer = await api.http.post("/api/v1/complaints", json=body)
    assert answer.status_code == 202, answer.text
    return Filed(api, answer.json())


async def _jinan(api: Api) -> Filed:
    ticket = await _file(api, "jinan", "370102001", "0101")
    await ticket.until_stage("handle")
    return ticket


async def call_back_never_opened(api: Api) -> Filed:
    ticket = await _jinan(api)
    await _do(ticket.complete(unit=await _unit(ticket)))
    await ticket.until_stage("rate")
    await _kind(ticket, "rung_climbed")
    return ticket


async def verdict_never_taken(api: Api) -> Filed:
    """Rate a ticket badly; the supervisors' clock is never planned, so nobody is notified."""
    ticket = await _jinan(api)
    await _do(ticket.complete(unit=await _unit(ticket)))
    await ticket.until_stage("rate")
    await _do(ticket.rate(BAD))
    return ticket


async def result_never_taken(api: Api) -> Filed:
    """Complete a ticket that gets cards all the same: the clock of an order is never planned."""
    ticket = await _jinan(api)
    await _do(ticket.by(_DESK, "urge", {"text": "市民着急。"}))
    await _do(ticket.complete(unit=await _unit(ticket)))
    await _kind(ticket, "rung_climbed", 2)
    assert "handled" not in await ticket.kinds()
    return ticket


async def command_never_carried_out(api: Api) -> Filed:
    """Request an extension; the API cannot answer."""
    ticket = await _jinan(api)
    unit = await _unit(ticket)
    response = await ticket.by_unit("extend", EXTEND | {"by": "1d"}, unit=unit)
    assert response.status_code == 503, response.text
    return ticket


async def escalation_stopped(api: Api) -> Filed:
    """Let a ticket be late; the raise is never planned, and the public notice never comes."""
    ticket = await _file(api, "langfang", "131002100", "0201")
    await ticket.until_stage("handle")
    return ticket


STRANDED: dict[str, tuple[Place, dict[str, Any], str]] = {
    "call_back_never_opened": (
        call_back_never_opened,
        {
            "limits": {"rate": "2s", "call_back": "40wd"},
            "ladder": {"rate": [{"kind": "warn", "offset": "1s"}, {"kind": "due"}]},
        },
        "plan_clocks",
    ),
    "verdict_never_taken": (
        verdict_never_taken,
        {"limits": {"supervise": "40wd"}, "caps": {"reworks": 0}},
        "plan_clocks",
    ),
    "result_never_taken": (
        result_never_taken,
        {
            "limits": {"order": "40wd"},
            "tiers": {"general": {"sign": "10s"}},
            "severity": {"urges": 1, "escalate_at": 1},
            "ladder": {"sign": [{"kind": "warn", "offset": "9s"}, {"kind": "due"}]},
        },
        "plan_clocks",
    ),
    "command_never_carried_out": (
        command_never_carried_out,
        {"limits": {"decide": "40wd"}},
        "plan_clocks",
    ),
}
"""The cases in jinan with one limit that reaches into the next year, and the pending activity."""


def _soon_over(folder: Path) -> PackRegistry:
    """Return Langfang with a dispatch limit of 480 working hours, almost the rest of the year.

    The calendar leaves twenty days of 23:59 and part of another, about a minute more than 480 hours
    from now. A ticket dispatched now has its 480 hours; one raised a minute later has not, nor has
    it by the city's published calendar.
    """
    now = datetime.now(SHANGHAI)
    closes = (now + timedelta(minutes=20, seconds=75)).replace(second=0, microsecond=0)
    if closes.date() != now.date():
        raise SystemExit("midnight is near in Shanghai: try again in half an hour")
    soon = {"sign": "10s", "contact": "15s"}
    tier = {"handle": "20s", "dispatch": "480wh", "return_window": "10s", **soon}
    items: list[dict[str, Any]] = [
        {"kind": "due", "tells": ["officer"]},
        {"kind": "supervise", "offset": f"{75 - 20}s", "tells": ["supervisor"], "raises": True},
        {"kind": "notice", "offset": f"{75 - 19}s", "tells": ["supervisor"]},
    ]
    rules: dict[str, Any] = {"tiers": {"general": tier}, "joint": {**soon, "meet": "15s"}}
    city_with(folder, "langfang", **rules, ladder={"handle": items})
    days = [
        now.date() + timedelta(days=n) for n in range((date(now.year, 12, 31) - now.date()).days)
    ]
    rows = [f"{day},yes,,00:00-23:59" for day in days[:20]]
    rows += [f"{days[20]},yes,,00:00-{closes:%H:%M}"]
    rows += [f"{day},no,," for day in (*days[21:], date(now.year, 12, 31))]
    add_days(folder / "langfang", rows)
    registry = PackRegistry(folder)
    registry.get("langfang")
    return registry


# --- recording -----------------------------------------------------------------------------------


@contextmanager
def engine_on(file: Path) -> Iterator[str]:
    """Run the embedded server on a database file, as the stack does; yield its address."""
    port = free_port()
    command = [
        engine_binary(), "server", "start-dev", "--headless", "--ip", "127.0.0.1",
        "--port", str(port), "--namespace", NAMESPACE, "--db-filename", str(file),
        "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal",
        "--log-level", "error",
    ]  # fmt: skip
    for name, kind in SEARCH_ATTRIBUTES.items():
        command += ["--search-attribute", f"{name}={kind}"]
    process = subprocess.Popen(command)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


class Recorder:
    """A recorder that leaves tickets at their places, and notes them."""

    def __init__(self, home: Path, store: Store, address: str) -> None:
        self.home, self.store, self.address = home, store, address
        self.left: dict[str, Left] = {}

    async def with_packs(self, packs: PackRegistry, places: dict[str, Any]) -> None:
        """Leave tickets at `places`: by name a place, or one with the activity it waits for."""
        await ArchivedPacks(packs, self.store).keep_all()
        client = await connect_to(self.address)
        async with (
            platform(client, self.store, packs),
            serve_api(self.home, self.store, client, packs) as api,
        ):
            for name, place in places.items():
                make, waits_for = place if isinstance(place, tuple) else (place, None)
                made = await make(api)
                for called, ticket in (made if isinstance(made, dict) else {name: made}).items():
                    if waits_for is not None:
                        await self._until_stuck(ticket, waits_for)
                    await self._note(called, ticket, waits_for)

    async def _until_stuck(self, ticket: Filed, waits_for: str) -> None:
        """Wait until the activity has failed more than once."""
        client = await connect_to(self.address)
        handle = client.get_workflow_handle(ticket_workflow_id(ticket.number))
        async with asyncio.timeout(120):
            while True:
                pending = (await handle.describe()).raw_description.pending_activities
                if any(a.activity_type.name == waits_for and a.attempt > 2 for a in pending):
                    return
                await asyncio.sleep(0.2)

    async def _note(self, name: str, ticket: Filed, waits_for: str | None) -> None:
        state = await tickets.state(self.store, ticket.number)
        if state is None:
            registered = await intake.get(self.store, ticket.number)
            assert registered is not None
        stage, version = (str(state.stage), state.version) if state else ("accept", 0)
        self.left[name] = Left(ticket.number, stage, version, waits_for)
        sys.stdout.write(f"{name}: {stage}, {version} events\n")


async def record(home: Path, address: str) -> dict[str, Left]:
    await schema.upgrade(default_url(home))
    store = Store.open(default_url(home))
    recorder = Recorder(home, store, address)
    today: dict[str, Any] = PLACES | {
        "merged": merged,
        "nobody_has_it": (nobody_has_it, "dispatch_ticket"),
    }
    await recorder.with_packs(SHIPPED, today)
    for name, (place, rules, waits_for) in STRANDED.items():
        # Without the verification by a third party, which one ticket of ten has in this city.
        packs = city_with(home / "packs" / name, "jinan", **rules, verify={"closing": None})
        await recorder.with_packs(packs, {name: (place, waits_for)})
    soon = _soon_over(home / "packs" / "soon")
    await recorder.with_packs(soon, {"escalation_stopped": (escalation_stopped, "plan_clocks")})
    # The clocks of the first tickets may have run on meanwhile.
    for name, left in recorder.left.items():
        state = await tickets.state(store, left.number)
        if state is not None:
            recorder.left[name] = left._replace(stage=str(state.stage), version=state.version)
    await store.close()
    return recorder.left


def _shrink(file: Path) -> None:
    """Merge the database and its log into one compact file."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=DELETE")
        database.execute("VACUUM")


def main() -> None:
    [archive] = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        engine = home / "temporal.db"
        with engine_on(engine) as address:
            left = asyncio.run(record(home, address))
        files = [engine, home / "jiesu.db", home / "tickets.json"]
        for file in files[:2]:
            _shrink(file)
        values = {name: each._asdict() for name, each in left.items()}
        files[2].write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
        with tarfile.open(archive, "w:xz", preset=9) as packed:
            for file in files:
                packed.add(file, file.name, filter=_nobody)


def _nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Drop the owner of an archive entry."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
