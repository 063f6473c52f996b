"""Findings on the parts of an installation and their faults, as `jiesu doctor` lists them."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from app.installation.page_packages import PACKAGE_FILES, default_packages
from domain.pack.horizon import horizon
from domain.pack.pack import Pack
from packs.registry import PackError, PackRegistry
from runtime.names import RETENTION
from runtime.settings import Settings
from runtime.trusted_proxies import is_local, unsafe
from store.db.engine import Store
from store.db.errors import StoreError
from store.db.schema import SchemaState, inspect
from store.secrets.key_ring import open_ring
from store.secrets.re_encryption import use_of_keys
from store.tickets import history_archive, intake, outbox
from store.tickets.stuck import Stuck, Waits, stuck

_LOW_DISK = 1 << 30
_SOON = timedelta(days=60)


@dataclass(frozen=True)
class Finding:
    """A finding. `state`: ok, note (worth knowing) or wrong (something will not work)."""

    what: str
    state: str
    says: str


def home_of(home: Path) -> Finding:
    if not home.exists():
        return Finding("home", "note", f"{home} does not exist yet; `jiesu up` creates it")
    free = shutil.disk_usage(home).free
    if free < _LOW_DISK:
        return Finding("home", "wrong", f"{home} has only {free >> 20} MB free")
    return Finding("home", "ok", f"{home.resolve()}, {free >> 30} GB free")


def connection_of(settings: Settings) -> list[Finding]:
    """Report a connection to an engine elsewhere that is in the clear, and missing certificates."""
    files = {
        name: getattr(settings, name)
        for name in ("temporal_ca", "temporal_cert", "temporal_cert_key")
    }
    missing = [str(path) for path in files.values() if path is not None and not path.is_file()]
    if missing:
        return [Finding("engine's TLS", "wrong", f"not there: {', '.join(missing)}")]
    if settings.engine_encrypted:
        return [Finding("engine's TLS", "ok", "the connection is encrypted")]
    host = settings.temporal_address.rpartition(":")[0].strip("[]")
    if host == "localhost" or _is_loopback(host):
        return []
    says = (
        f"the connection to {host} is not encrypted; outside a private network of one host set "
        "JIESU_TEMPORAL_TLS"
    )
    return [Finding("engine's TLS", "note", says)]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def packs_on(registry: PackRegistry) -> list[Finding]:
    findings = []
    for city in registry.ids():
        try:
            findings.append(_calendar(city, registry.get(city)))
        except PackError as error:
            first, count = error.problems[0], len(error.problems)
            rest = f"; {count - 1} more: jiesu city check" if count > 1 else ""
            findings.append(Finding(f"city {city}", "wrong", f"the pack is refused: {first}{rest}"))
    return findings or [Finding("cities", "wrong", "no city pack found")]


def assets_of(settings: Settings) -> Finding:
    """Check the pages' packages: without them pages are plainer."""
    folder = settings.assets or default_packages()
    missing = [
        package for package, (place, _) in PACKAGE_FILES.items() if not (folder / place).is_dir()
    ]
    if missing:
        return Finding("pages", "note", f"without {', '.join(missing)}; `make setup` installs them")
    return Finding("pages", "ok", f"drawn with {len(PACKAGE_FILES)} packages of {folder}")


def proxies_of(settings: Settings) -> Finding:
    """Check whose word is taken for a caller's address."""
    if (problem := unsafe(settings)) is not None:
        return Finding("proxies", "wrong", problem)
    if settings.trusted_proxies:
        says = f"{settings.trusted_proxies} may say whose request they pass on, nobody else"
        return Finding("proxies", "ok", says)
    if is_local(settings):
        return Finding("proxies", "ok", "none in front; callers are who they seem to be")
    says = (
        f"browsers use {settings.public_url}, and no proxy is named in JIESU_TRUSTED_PROXIES: "
        "right only if none stands in front"
    )
    return Finding("proxies", "note", says)


def _calendar(city: str, pack: Pack) -> Finding:
    """Report until when due times are firm; a note shortly before any is provisional."""
    size = f"version {pack.version}, {len(pack.units)} units, {len(pack.categories)} categories"
    calendar_horizon = horizon(pack)
    says = f"{size}; promises firmly until {calendar_horizon.last_day}"
    if calendar_horizon.first is None:
        return Finding(f"city {city}", "ok", f"{says}; all its limits are in calendar time")
    today = datetime.now(pack.calendar.tz).date()
    tiers = sorted((day, tier) for tier, day in calendar_horizon.tiers.items() if day is not None)
    says += f"; provisionally what is filed from {', '.join(f'{d} ({t})' for d, t in tiers)} on"
    if calendar_horizon.first > today + _SOON:
        return Finding(f"city {city}", "ok", says)
    year = calendar_horizon.last_day.year + 1
    return Finding(
        f"city {city}", "note", f"{says}; name {year} in city.toml when its notice is out"
    )


async def store_of(
    settings: Settings,
    now: datetime,
    city: str | None = None,
    retention: timedelta = RETENTION,
) -> AsyncIterator[Finding]:
    """Check the store. `now`: the engine's time; `city`: only its stuck tickets are named;
    `retention`: how long the engine keeps a history."""
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
        waiting = await intake.pending(store, timedelta(minutes=1), 1000, now)
        letters = await outbox.pending_count(store)
        stuck_tickets = await stuck(store, now, city)
        archived = await _archive(store, now, retention)
    finally:
        await store.close()
    spooled = "note" if waiting else "ok"
    yield Finding("spool", spooled, f"{len(waiting)} complaints wait for the engine")
    yield Finding("outbox", "ok", f"{letters} messages to deliver")
    yield archived
    if not stuck_tickets:
        yield Finding("tickets", "ok", "none waits for longer than a minute, except for people")
    for one in stuck_tickets:
        yield Finding("tickets", "wrong", _stuck(one))


async def _archive(store: Store, now: datetime, retention: timedelta) -> Finding:
    """Report how far archiving is behind; wrong once half of the time that the engine keeps a
    history is over."""
    count, since = await history_archive.behind(store)
    doubtful = await history_archive.doubtful(store)
    asides = [f"{n} {_DOUBTS.get(finding, finding)}" for finding, n in sorted(doubtful.items())]
    says = "; ".join(["every ended ticket's history is archived", *asides])
    if since is None:
        return Finding("archive", "note" if asides else "ok", says)
    days = (now - since).total_seconds() / 86_400
    says = "; ".join(
        [f"{count} ended tickets to archive, the first ended {days:.1f} days ago", *asides]
    )
    if now - since > retention / 2:
        says += f"; the engine forgets a history after {retention.days} days: look at the worker"
        return Finding("archive", "wrong", says)
    return Finding("archive", "note" if asides or now - since > _LATE else "ok", says)


_LATE = timedelta(days=1)
"""The delay of archiving that is worth knowing: it is done every hour."""

_DOUBTS = {
    "lost": "were forgotten by the engine before they were archived",
    "differs": "differed from their record when they were archived",
    "runs_differ": "had runs that did not follow from each other",
    "not_deterministic": "did not replay when they were archived",
    "no_history": "ended before a worker had taken them up",
}

_WAITS = {
    Waits.START: "registered, and not taken by the engine",
    Waits.RECORD: "taken by the engine, and nothing recorded",
    Waits.TRIAGE: "not classified by the machine, nor left to a person",
    Waits.DISPATCH: "not sent to their unit",
    Waits.FEEDBACK: "answered, and the answer not sent to the citizen",
    Waits.RUNG: "a card or reminder was due, and is not recorded",
    Waits.SETBACK: "with events in the record that the engine does not know (`jiesu record`)",
}


def _stuck(one: Stuck) -> str:
    named = ", ".join(one.numbers) + (", …" if one.tickets > len(one.numbers) else "")
    return f"{one.tickets} {_WAITS[one.waits]}, since {one.since:%Y-%m-%d %H:%M} UTC: {named}"


async def _keys(settings: Settings, store: Store) -> Finding:
    """Report keys that are in use and not in the ring, whose data would be lost."""
    if settings.key_text is None and not settings.key_file.exists():
        return Finding("keys", "note", "no key ring yet; `jiesu up` makes one")
    try:
        ring = open_ring(settings.key_text, settings.key_file)
    except StoreError as error:
        return Finding("keys", "wrong", str(error))
    missing = sorted((await use_of_keys(store)).keys() - set(ring.ids))
    if missing:
        return Finding("keys", "wrong", f"in use, and not in the key ring: {missing}")
    return Finding("keys", "ok", f"{len(ring.ids)} in the ring; key {ring.current} encrypts")
