"""`jiesu doctor`: what is there, and what is wrong."""

import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

from api.assets import SHELVES, default_packages
from cli.terminal import out, print_json, run
from domain.pack import Pack
from runtime.engine import connect
from runtime.settings import Settings
from store import intake, outbox
from store.engine import Store
from store.errors import StoreError
from store.keys import open_ring
from store.packs import PackError, PackShelf, default_root
from store.resealing import use_of_keys
from store.schema import SchemaState, inspect
from workers.stack import StackError, engine_binary, engine_port, port_taken

_LOW_DISK = 1 << 30


@dataclass(frozen=True)
class Finding:
    """`state`: ok, note (worth knowing) or wrong (something will not work)."""

    what: str
    state: str
    says: str


def doctor(
    home: Annotated[Path | None, typer.Option(envvar="JIESU_HOME", help="Home folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at this installation and say what is there and what is wrong.

    Changes nothing. Exit code 1 when something is wrong.
    """
    settings = Settings(home=home) if home else Settings()

    async def look() -> list[Finding]:
        return [finding async for finding in _findings(settings)]

    findings = run(look())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        colours = {"ok": "green", "note": "yellow", "wrong": "red"}
        for found in findings:
            out.print(f"[{colours[found.state]}]{found.state:5}[/]  {found.what}: {found.says}")
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield Finding("python", "ok", sys.version.split()[0])
    yield _binary()
    yield _home(settings.home)
    for pack in _packs(settings):
        yield pack
    yield _assets(settings)
    running = None
    async for finding in _engine(settings):
        running = finding.state == "ok"
        yield finding
    async for finding in _store(settings):
        yield finding
    if not running:
        for port, name in ((settings.api_port, "API"), (engine_port(settings), "engine")):
            if port_taken(port):
                yield Finding(f"port {port}", "note", f"taken by something else; the {name}'s")


def _binary() -> Finding:
    try:
        return Finding("engine's binary", "ok", engine_binary())
    except StackError as error:
        return Finding("engine's binary", "wrong", str(error))


def _home(home: Path) -> Finding:
    if not home.exists():
        return Finding("home", "note", f"{home} does not exist yet; `jiesu up` creates it")
    free = shutil.disk_usage(home).free
    if free < _LOW_DISK:
        return Finding("home", "wrong", f"{home} has only {free >> 20} MB free")
    return Finding("home", "ok", f"{home.resolve()}, {free >> 30} GB free")


def _packs(settings: Settings) -> list[Finding]:
    shelf = PackShelf(settings.cities or default_root())
    findings = []
    for city in shelf.ids():
        try:
            findings.append(_calendar(city, shelf.get(city)))
        except PackError as error:
            findings.append(Finding(f"city {city}", "wrong", str(error).splitlines()[0]))
    return findings or [Finding("cities", "wrong", "no city pack found")]


def _assets(settings: Settings) -> Finding:
    """The pages work without their packages, only plainer."""
    folder = settings.assets or default_packages()
    missing = [shelf for shelf, (place, _) in SHELVES.items() if not (folder / place).is_dir()]
    if missing:
        return Finding("pages", "note", f"without {', '.join(missing)}; `make setup` installs them")
    return Finding("pages", "ok", f"drawn with {len(SHELVES)} packages of {folder}")


def _calendar(city: str, pack: Pack) -> Finding:
    """A pack whose working calendar ends soon is worth a word before a due time needs it."""
    size = f"version {pack.version}, {len(pack.units)} units, {len(pack.categories)} categories"
    soon = (datetime.now(UTC) + timedelta(days=60)).year
    if soon not in pack.calendar.years:
        return Finding(
            f"city {city}", "note", f"{size}; the working calendar of {soon} is not published yet"
        )
    return Finding(f"city {city}", "ok", size)


async def _engine(settings: Settings) -> AsyncIterator[Finding]:
    try:
        client = await connect(settings)
    except RuntimeError:
        yield Finding("engine", "note", f"nothing answers at {settings.temporal_address}")
        return
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    yield Finding("engine", "ok", f"version {info.server_version} at {settings.temporal_address}")


async def _store(settings: Settings) -> AsyncIterator[Finding]:
    try:
        state = await inspect(settings.store)
    except (StoreError, ValueError) as error:
        yield Finding("store", "wrong", str(error))
        return
    says = {
        SchemaState.MISSING: ("note", "empty; `jiesu up` or `jiesu migrate` creates the tables"),
        SchemaState.OLDER: (
            "note",
            "older than this program; `jiesu migrate` upgrades it",
        ),
        SchemaState.CURRENT: ("ok", "up to date"),
        SchemaState.NEWER: ("wrong", "written by a newer Jiesu; upgrade Jiesu"),
        SchemaState.FOREIGN: ("wrong", "holds something else; name another database"),
    }
    yield Finding("store", *says[state])
    if state is not SchemaState.CURRENT:
        return
    store = Store.open(settings.store)
    try:
        yield await _keys(settings, store)
        waiting = await intake.pending(store, timedelta(minutes=1), 1000, datetime.now(UTC))
        letters = await outbox.pending_count(store)
    finally:
        await store.close()
    spooled = "note" if waiting else "ok"
    yield Finding("spool", spooled, f"{len(waiting)} complaints wait for the engine")
    yield Finding("outbox", "ok", f"{letters} messages to deliver")


async def _keys(settings: Settings, store: Store) -> Finding:
    """A key that still seals something and is not in the ring is lost data, found early."""
    if settings.key_text is None and not settings.key_file.exists():
        return Finding("keys", "note", "no key ring yet; `jiesu up` makes one")
    try:
        ring = open_ring(settings.key_text, settings.key_file)
    except StoreError as error:
        return Finding("keys", "wrong", str(error))
    missing = sorted((await use_of_keys(store)).keys() - set(ring.ids))
    if missing:
        return Finding("keys", "wrong", f"in use, and not in the key ring: {missing}")
    return Finding("keys", "ok", f"{len(ring.ids)} in the ring; key {ring.current} seals")
