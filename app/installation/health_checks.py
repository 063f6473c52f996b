"""Findings of the doctor on folders, packs and settings: what needs neither engine nor store."""

import shutil
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from app.installation.findings import Finding, Part
from app.installation.page_packages import PACKAGE_FILES, default_packages
from domain.pack.horizon import horizon
from domain.pack.pack import Pack
from domain.words import N_, Phrase, clauses, listed, phrase
from packs.registry import PackError, PackRegistry
from runtime.settings import Settings
from runtime.trusted_proxies import is_local, unsafe

_LOW_DISK = 1 << 30
_SOON = timedelta(days=60)


def home_of(home: Path) -> Finding:
    if not home.exists():
        says = phrase(N_("%(folder)s does not exist yet; `jiesu up` creates it"), folder=home)
        return Finding(Part.HOME, "note", says)
    free = shutil.disk_usage(home).free
    if free < _LOW_DISK:
        says = phrase(N_("%(folder)s has only %(free)s MB free"), folder=home, free=free >> 20)
        return Finding(Part.HOME, "wrong", says)
    says = phrase(N_("%(folder)s, %(free)s GB free"), folder=home.resolve(), free=free >> 30)
    return Finding(Part.HOME, "ok", says)


def connection_of(settings: Settings) -> list[Finding]:
    """Report a connection to an engine elsewhere that is in the clear, and missing certificates."""
    files = {
        name: getattr(settings, name)
        for name in ("temporal_ca", "temporal_cert", "temporal_cert_key")
    }
    missing = [str(path) for path in files.values() if path is not None and not path.is_file()]
    if missing:
        says = phrase(N_("not there: %(files)s"), files=listed(missing))
        return [Finding(Part.TLS, "wrong", says)]
    if settings.engine_encrypted:
        return [Finding(Part.TLS, "ok", phrase(N_("the connection is encrypted")))]
    host = settings.temporal_address.rpartition(":")[0].strip("[]")
    if host == "localhost" or _is_loopback(host):
        return []
    message = N_(
        "the connection to %(host)s is not encrypted; outside a private network of one host set "
        "JIESU_TEMPORAL_TLS"
    )
    return [Finding(Part.TLS, "note", phrase(message, host=host))]


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
            says = [phrase(N_("the pack is refused: %(fault)s"), fault=error.problems[0])]
            if len(error.problems) > 1:
                more = len(error.problems) - 1
                says.append(phrase(N_("%(more)s more: `jiesu city check`"), more=more))
            findings.append(Finding(Part.CITY, "wrong", clauses(says), city))
    return findings or [Finding(Part.CITIES, "wrong", phrase(N_("no city pack found")))]


def assets_of(settings: Settings) -> Finding:
    """Check the pages' packages: without them pages are plainer."""
    folder = settings.assets or default_packages()
    missing = [
        package for package, (place, _) in PACKAGE_FILES.items() if not (folder / place).is_dir()
    ]
    if missing:
        message = N_("without %(packages)s; `make setup` installs them")
        return Finding(Part.PAGES, "note", phrase(message, packages=listed(missing)))
    message = N_("drawn with %(count)s packages of %(folder)s")
    return Finding(Part.PAGES, "ok", phrase(message, count=len(PACKAGE_FILES), folder=folder))


def proxies_of(settings: Settings) -> Finding:
    """Check whose word is taken for a caller's address."""
    if (problem := unsafe(settings)) is not None:
        return Finding(Part.PROXIES, "wrong", problem)
    if settings.trusted_proxies:
        message = N_("%(proxies)s may say whose request they pass on, nobody else")
        says = phrase(message, proxies=settings.trusted_proxies)
        return Finding(Part.PROXIES, "ok", says)
    if is_local(settings):
        says = phrase(N_("none in front; callers are who they seem to be"))
        return Finding(Part.PROXIES, "ok", says)
    message = N_(
        "browsers use %(url)s, and no proxy is named in JIESU_TRUSTED_PROXIES: right only if none "
        "stands in front"
    )
    return Finding(Part.PROXIES, "note", phrase(message, url=settings.public_url))


def _calendar(city: str, pack: Pack) -> Finding:
    """Report until when due times are firm; a note shortly before any is provisional."""
    ahead = horizon(pack)
    says = [_size(pack), phrase(N_("promises firmly until %(day)s"), day=ahead.last_day)]
    if ahead.first is None:
        says.append(phrase(N_("all its limits are in calendar time")))
        return Finding(Part.CITY, "ok", clauses(says), city)
    tiers = sorted((day, tier) for tier, day in ahead.tiers.items() if day is not None)
    days = listed(phrase(N_("%(day)s (%(tier)s)"), day=day, tier=tier) for day, tier in tiers)
    says.append(phrase(N_("provisionally what is filed from %(days)s on"), days=days))
    if ahead.first > datetime.now(pack.calendar.tz).date() + _SOON:
        return Finding(Part.CITY, "ok", clauses(says), city)
    message = N_("name %(year)s in city.toml when its notice is out")
    says.append(phrase(message, year=ahead.last_day.year + 1))
    return Finding(Part.CITY, "note", clauses(says), city)


def _size(pack: Pack) -> Phrase:
    return phrase(
        N_("version %(version)s, units: %(units)s, categories: %(categories)s"),
        version=pack.version,
        units=len(pack.units),
        categories=len(pack.categories),
    )
