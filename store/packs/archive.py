"""The pack archive: every pack version that was in use, so that no ticket loses its rules.

A ticket keeps the version of the pack it was accepted under. The folder of the pack may change the
next day; its files and those of its base are archived, and are read from the archive as from the
folder.

Errors:
    UnknownPackVersion `unknown_pack_version`  no process that shares this store has used it
    PackChanged        `pack_changed`          the folder changed while it was read
"""

import asyncio
import gzip
import json
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import bindparam, select

from domain.deadlines.calendar import WorkCalendar
from domain.pack.pack import Pack
from packs.calendars import with_years_of
from packs.parsed_pack import CITY
from packs.problems import PackFault
from packs.registry import (
    PackError,
    PackRegistry,
    UnknownCity,
    pack_contents,
    reload_pack,
    version_of,
    write_contents,
)
from store.db import tables
from store.db.engine import Store
from store.packs import calendars

_PACK = tables.pack.c
_FILES = select(_PACK.files).where(
    _PACK.city == bindparam("city"), _PACK.version == bindparam("version")
)
_ARCHIVED = (
    select(_PACK.city, _PACK.version, _PACK.first_seen_at)
    .where(_PACK.city == bindparam("city"))
    .order_by(_PACK.first_seen_at, _PACK.version)
)
_EXISTING = select(_PACK.version).where(
    _PACK.city == bindparam("city"), _PACK.version == bindparam("version")
)


class UnknownPackVersion(KeyError):
    """A version of the city's pack that is not archived."""

    code = "unknown_pack_version"

    def __init__(self, city: str, version: str) -> None:
        super().__init__(version)
        self.city, self.version = city, version

    def __str__(self) -> str:  # KeyError's own shows only the quoted key
        return f"the store has no version {self.version!r} of the city pack {self.city}"


class PackChanged(Exception):
    """A pack in use that differs from the one in its folder: restart the process."""

    code = "pack_changed"

    def __init__(self, city: str) -> None:
        super().__init__(f"the city pack {city} was changed while this process started")


@dataclass(frozen=True)
class ArchivedVersion:
    """A version of a pack, and when a process first used it."""

    city: str
    version: str
    first_seen_at: datetime


async def keep(store: Store, folder: Path, now: datetime | None = None) -> str:
    """Archive the pack in `folder`, unless it is archived; return its version.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    city, files = await asyncio.to_thread(_read, folder)
    version = version_of(files)
    # Checked first: the files are a megabyte, and after the first start are always there.
    if await store.first(_EXISTING, {"city": city, "version": version}) is None:
        row = {
            "city": city,
            "version": version,
            "files": await asyncio.to_thread(_packed, files),
            "first_seen_at": now or datetime.now(UTC),
        }
        await store.change(store.insert(tables.pack).on_conflict_do_nothing(), row)
    return version


async def recall(store: Store, city: str, version: str) -> Pack:
    """Return that version of the city's pack, as it was.

    Raises:
        UnknownPackVersion: it is not archived.
        PackError: this program cannot read it any more, or somebody changed it in the database.
        StoreUnavailable: the database cannot be reached.
    """
    return await asyncio.to_thread(_read_again, city, await contents(store, city, version))


async def contents(store: Store, city: str, version: str) -> dict[str, bytes]:
    """Return the files of that version, by name. Errors as in `recall`."""
    row = await store.first(_FILES, {"city": city, "version": version})
    if row is None:
        raise UnknownPackVersion(city, version)
    try:
        files = await asyncio.to_thread(_unpacked, row.files)
    except (OSError, EOFError, ValueError, zlib.error):
        files = {}
    if version_of(files) != version:
        message = f"what the store keeps is not the version {version}"
        raise PackError(Path(city), [PackFault(CITY, None, message)])
    return files


async def versions(store: Store, city: str) -> list[ArchivedVersion]:
    """Return all archived versions of the city's pack, oldest first."""
    return [ArchivedVersion(**row._mapping) for row in await store.rows(_ARCHIVED, {"city": city})]


def _read(folder: Path) -> tuple[str, dict[str, bytes]]:
    return folder.resolve().name, pack_contents(folder)


def _packed(files: dict[str, bytes]) -> bytes:
    # With surrogates, binary files such as pictures go through JSON unchanged as well.
    texts = {name: content.decode("utf-8", "surrogateescape") for name, content in files.items()}
    # The time stamp of the archive would make equal packs differ.
    return gzip.compress(json.dumps(texts).encode(), mtime=0)


def _unpacked(packed: bytes) -> dict[str, bytes]:
    texts: dict[str, str] = json.loads(gzip.decompress(packed))
    return {name: text.encode("utf-8", "surrogateescape") for name, text in texts.items()}


def _read_again(city: str, files: dict[str, bytes]) -> Pack:
    with TemporaryDirectory(prefix="jiesu-pack-") as temporary:
        folder = Path(temporary) / city
        write_contents(files, folder)
        return reload_pack(folder)


class ArchivedPacks:
    """The packs of the registry, and the archived ones that older tickets refer to."""

    MOST = 64
    """The most recalled packs that are cached; a pack is about 1 MB."""

    def __init__(self, registry: PackRegistry, store: Store) -> None:
        self._registry, self._store = registry, store
        self._recalled: OrderedDict[tuple[str, str], Pack] = OrderedDict()
        self._calendars: dict[str, WorkCalendar] = {}
        self._recalling = asyncio.Lock()

    async def keep_all(self) -> dict[str, str]:
        """Archive every pack of the registry and its calendar; return each city's version.

        A pack that has problems is not archived, because it is never used.

        Raises:
            PackChanged: a folder was changed since its pack was loaded.
            StoreUnavailable: the database cannot be reached.
        """
        values: dict[str, str] = {}
        for city in self._registry.ids():
            try:
                pack = await asyncio.to_thread(self._registry.get, city)
            except PackError:
                continue
            values[city] = await keep(self._store, self._registry.folder(city))
            if values[city] != pack.version:
                raise PackChanged(city)
            await self.keep_calendar(pack.calendar)
        return values

    async def of(self, city: str, version: str | None) -> Pack:
        """Return the city's pack of that version; the current one for None.

        A recalled pack plans by today's calendar, because a ticket of last year must be able to
        plan into a year that was published since. Published years that only the recalled pack
        has are added to it.

        Raises:
            UnknownCity: the current pack is requested, and there is no such city.
            UnknownPackVersion: that version is not archived.
            PackError: the pack has problems.
            StoreUnavailable: it has to be recalled, and the database cannot be reached.
        """
        if version is None:
            return self._registry.get(city)
        if (city, version) in self._recalled:
            self._recalled.move_to_end((city, version))
            return self._recalled[city, version]
        current = self._current(city)
        if current is not None and current.version == version:
            return current
        async with self._recalling:
            if (city, version) not in self._recalled:
                pack = await recall(self._store, city, version)
                if current is not None:
                    calendar = with_years_of(current.calendar, pack.calendar)
                    await self.keep_calendar(calendar)
                    pack = pack.model_copy(update={"calendar": calendar})
                self._recalled[city, version] = pack
                if len(self._recalled) > self.MOST:
                    self._recalled.popitem(last=False)
            return self._recalled[city, version]

    async def calendar(self, version: str) -> WorkCalendar | None:
        """Return the calendar of that version, as clocks name it; None if it is not stored.

        Raises:
            StoreUnavailable
        """
        if version not in self._calendars:
            work_calendar = await calendars.recall(self._store, version)
            if work_calendar is None:
                return None
            self._calendars[version] = work_calendar
        return self._calendars[version]

    async def keep_calendar(self, calendar: WorkCalendar) -> None:
        """Store the calendar of a plan, unless it is stored already.

        Raises:
            StoreUnavailable
        """
        await calendars.keep(self._store, calendar, datetime.now(UTC))

    def _current(self, city: str) -> Pack | None:
        """Return the registry's pack; None if there is no usable one, which does not affect a
        ticket of another version."""
        try:
            return self._registry.get(city)
        except (UnknownCity, PackError):
            return None
