"""Tests of the pack archive: a ticket's rules remain after their folder has changed."""

import asyncio
import gzip
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from domain.deadlines.calendar import is_working_day
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from packs.registry import (
    PackError,
    PackRegistry,
    UnknownCity,
    load_pack,
    pack_contents,
    pack_version,
    version_of,
)
from store.db import tables
from store.db.engine import Store
from store.packs import archive
from store.packs.archive import ArchivedPacks, PackChanged, UnknownPackVersion
from tests.packs.pack_folders import append, plain_pack, replace
from tests.packs.test_bases import halved

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a plain pack, alone in its folder."""
    return plain_pack(tmp_path / "cities")


def pinned(folder: Path, store: Store) -> ArchivedPacks:
    """Return the packs of a process that starts now."""
    return ArchivedPacks(PackRegistry(folder.parent), store)


async def test_a_pack_is_recalled_as_it_was(store: Store, folder: Path) -> None:
    before = load_pack(folder)
    version = await archive.keep(store, folder)
    assert version == before.version
    replace(folder / "city.toml", 'handle = "10wd"', 'handle = "5wd"')
    (folder / "scoring.csv").unlink()
    assert await archive.recall(store, "example", version) == before


async def test_every_file_is_kept_byte_for_byte(store: Store, folder: Path) -> None:
    (folder / "emblem.png").write_bytes(bytes(range(256)))
    (folder / "notes").mkdir()
    (folder / "notes" / "说明.txt").write_bytes("一\r\n二".encode("gb18030"))
    version = await archive.keep(store, folder)
    files = await archive.contents(store, "example", version)
    assert files == pack_contents(folder)
    assert files["emblem.png"] == bytes(range(256))


async def test_an_old_version_is_read_with_the_base_of_its_time(
    store: Store, tmp_path: Path
) -> None:
    cities = halved(tmp_path / "cities")
    folder, base = cities / "example", cities / "_common"
    before = load_pack(folder)
    version = await archive.keep(store, folder)
    files = await archive.contents(store, "example", version)
    assert files == pack_contents(folder)
    assert files["../_common/units.csv"] == (base / "units.csv").read_bytes()
    replace(base / "city.toml", 'handle = "10wd"', 'handle = "5wd"')
    assert load_pack(folder).version != version
    assert await archive.recall(store, "example", version) == before
    shutil.rmtree(cities)
    assert await archive.recall(store, "example", version) == before


async def test_a_changed_base_while_the_process_starts_is_noticed(
    sqlite_store: Store, tmp_path: Path
) -> None:
    cities = halved(tmp_path / "cities")
    registry = PackRegistry(cities)
    registry.get("example")
    append(cities / "_common" / "units.csv", "# a remark")
    with pytest.raises(PackChanged):
        await ArchivedPacks(registry, sqlite_store).keep_all()


async def test_a_base_is_not_kept_as_a_city(sqlite_store: Store, tmp_path: Path) -> None:
    packs = ArchivedPacks(PackRegistry(halved(tmp_path / "cities")), sqlite_store)
    assert (await packs.keep_all()).keys() == {"example"}
    assert await archive.versions(sqlite_store, "_common") == []


async def test_names_that_lead_out_of_a_pack_in_the_database_are_not_written(
    sqlite_store: Store, folder: Path
) -> None:
    files = {"../../out.toml": "", **_texts(pack_contents(folder))}
    version = version_of({name: text.encode() for name, text in files.items()})
    await archive.keep(sqlite_store, folder)
    packed = gzip.compress(json.dumps(files).encode())
    await sqlite_store.change(update(tables.pack).values(files=packed, version=version))
    with pytest.raises(PackError, match="leads out of the pack"):
        await archive.recall(sqlite_store, "example", version)


async def test_to_keep_a_pack_again_changes_nothing(store: Store, folder: Path) -> None:
    versions = await asyncio.gather(
        *(archive.keep(store, folder, NOON + timedelta(hours=n)) for n in range(3))
    )
    assert len(set(versions)) == 1
    (first,) = await archive.versions(store, "example")
    await archive.keep(store, folder, NOON + timedelta(days=1))
    assert await archive.versions(store, "example") == [first]


async def test_versions_are_listed_oldest_first(store: Store, folder: Path) -> None:
    one = await archive.keep(store, folder, NOON)
    append(folder / "calendar.csv", "# a remark")
    two = await archive.keep(store, folder, NOON + timedelta(days=1))
    listed = await archive.versions(store, "example")
    assert [(row.version, row.first_seen_at) for row in listed] == [
        (one, NOON),
        (two, NOON + timedelta(days=1)),
    ]
    assert await archive.versions(store, "atlantis") == []


async def test_an_unknown_version_is_refused_with_a_stable_code(store: Store, folder: Path) -> None:
    version = await archive.keep(store, folder)
    for city, requested in (("example", "0" * 12), ("atlantis", version)):
        with pytest.raises(UnknownPackVersion) as refused:
            await archive.recall(store, city, requested)
        assert refused.value.code == "unknown_pack_version"
        assert (
            str(refused.value) == f"the store has no version {requested!r} of the city pack {city}"
        )


@pytest.mark.parametrize("damage", ["not gzip", "nothing", "another limit"])
async def test_a_pack_that_was_changed_in_the_database_is_not_used(
    store: Store, folder: Path, damage: str
) -> None:
    version = await archive.keep(store, folder)
    texts = {} if damage == "nothing" else _texts(await archive.contents(store, "example", version))
    if damage == "another limit":
        texts["city.toml"] = texts["city.toml"].replace('"10wd"', '"99wd"')
    files = gzip.compress(json.dumps(texts).encode())
    files = b"not gzip" if damage == "not gzip" else files
    await store.change(update(tables.pack).values(files=files))
    with pytest.raises(PackError, match=f"what the store keeps is not the version {version}"):
        await archive.recall(store, "example", version)


def _texts(files: dict[str, bytes]) -> dict[str, str]:
    return {name: content.decode() for name, content in files.items()}


async def test_a_ticket_keeps_the_rules_it_was_accepted_under(
    sqlite_store: Store, folder: Path
) -> None:
    before = pinned(folder, sqlite_store)
    values = await before.keep_all()
    assert values == {"example": pack_version(folder)}
    replace(folder / "city.toml", 'handle = "10wd"', 'handle = "5wd"')

    after = pinned(folder, sqlite_store)
    await after.keep_all()
    old = await after.of("example", values["example"])
    new = await after.of("example", None)
    assert old.limit(ClockName.HANDLE, "general")[0] == Limit.parse("10wd")
    assert new.limit(ClockName.HANDLE, "general")[0] == Limit.parse("5wd")
    assert await after.of("example", new.version) is new
    assert await after.of("example", values["example"]) is old
    # After a roll-back, the older process still resolves the newer version.
    assert (await before.of("example", new.version)).version == new.version


async def test_many_tickets_of_one_version_recall_it_once(
    sqlite_store: Store, folder: Path
) -> None:
    version = await archive.keep(sqlite_store, folder)
    append(folder / "calendar.csv", "# a remark")
    packs = pinned(folder, sqlite_store)
    read = await asyncio.gather(*(packs.of("example", version) for _ in range(20)))
    assert all(pack is read[0] for pack in read)


async def test_only_so_many_recalled_packs_stay_in_memory(
    sqlite_store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArchivedPacks, "MOST", 2)
    versions = []
    for remark in "abcd":
        versions.append(await archive.keep(sqlite_store, folder))
        append(folder / "calendar.csv", f"# {remark}")
    packs = pinned(folder, sqlite_store)
    first = await packs.of("example", versions[0])
    second = await packs.of("example", versions[1])
    assert await packs.of("example", versions[0]) is first
    await packs.of("example", versions[2])
    assert await packs.of("example", versions[0]) is first
    assert await packs.of("example", versions[1]) is not second


async def test_an_old_ticket_plans_into_a_year_that_was_published_since(
    sqlite_store: Store, folder: Path
) -> None:
    text = (folder / "city.toml").read_text(encoding="utf-8")
    replace(folder / "city.toml", 'country = "CN"', "")
    years = next(line for line in text.splitlines() if line.startswith("years = "))
    replace(folder / "city.toml", years, "years = [2026]")
    version = await archive.keep(sqlite_store, folder)
    replace(folder / "city.toml", "years = [2026]", "years = [2026, 2027]")
    append(folder / "calendar.csv", "2027-01-01,no,New Year's Day,")
    pack = await pinned(folder, sqlite_store).of("example", version)
    assert pack.version == version
    assert not is_working_day(pack.calendar, date(2027, 1, 1))
    assert is_working_day(pack.calendar, date(2027, 1, 4))


async def test_a_calendar_that_has_lost_a_year_is_not_put_in_its_place(
    sqlite_store: Store, folder: Path
) -> None:
    text = (folder / "city.toml").read_text(encoding="utf-8")
    years = next(line for line in text.splitlines() if line.startswith("years = "))
    replace(folder / "city.toml", years, "years = [2025, 2026]")
    version = await archive.keep(sqlite_store, folder)
    replace(folder / "city.toml", "years = [2025, 2026]", "years = [2026]")
    pack = await pinned(folder, sqlite_store).of("example", version)
    assert pack.calendar.years == (2025, 2026)
    assert not is_working_day(pack.calendar, date(2025, 10, 8))
    assert is_working_day(pack.calendar, date(2025, 10, 11))


async def test_an_old_ticket_gains_a_new_year_although_its_own_was_taken_away(
    sqlite_store: Store, folder: Path
) -> None:
    text = (folder / "city.toml").read_text(encoding="utf-8")
    years = next(line for line in text.splitlines() if line.startswith("years = "))
    replace(folder / "city.toml", years, "years = [2024, 2025]")
    append(folder / "calendar.csv", "2025-03-03,no,flood,")
    append(folder / "calendar.csv", "2025-03-08,yes,flood,09:00-12:00")
    version = await archive.keep(sqlite_store, folder)
    replace(folder / "city.toml", "years = [2024, 2025]", "years = [2026]")
    text = (folder / "calendar.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("2025-03-0")]
    (folder / "calendar.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    packs = pinned(folder, sqlite_store)
    pack, current = await packs.of("example", version), await packs.of("example", None)
    assert pack.calendar.years == (2024, 2025, 2026)
    assert current.calendar.years == (2026,)
    assert pack.calendar.version not in (current.calendar.version, "")
    for calendar, worked in ((pack.calendar, False), (current.calendar, True)):
        assert is_working_day(calendar, date(2025, 3, 3)) is worked
    assert is_working_day(pack.calendar, date(2025, 3, 8))
    assert str(pack.calendar.hours_of(date(2025, 3, 8))[0]) == "09:00-12:00"
    for day in (date(2026, 2, 28), date(2026, 10, 7)):  # by today's calendar: made up for, and off
        assert is_working_day(pack.calendar, day) is is_working_day(current.calendar, day)


async def test_a_ticket_does_not_suffer_from_a_pack_that_is_broken_or_gone(
    sqlite_store: Store, folder: Path
) -> None:
    version = await archive.keep(sqlite_store, folder)
    replace(folder / "city.toml", 'handle = "10wd"', 'handle = "10 wd"')
    packs = pinned(folder, sqlite_store)
    assert await packs.keep_all() == {}
    assert (await packs.of("example", version)).version == version
    with pytest.raises(PackError):
        await packs.of("example", None)
    (folder / "city.toml").unlink()
    packs = pinned(folder, sqlite_store)
    assert (await packs.of("example", version)).version == version
    with pytest.raises(UnknownCity):
        await packs.of("example", None)


async def test_a_pack_that_changes_while_the_process_starts_is_noticed(
    sqlite_store: Store, folder: Path
) -> None:
    registry = PackRegistry(folder.parent)
    registry.get("example")
    append(folder / "calendar.csv", "# a remark")
    with pytest.raises(PackChanged) as refused:
        await ArchivedPacks(registry, sqlite_store).keep_all()
    assert refused.value.code == "pack_changed"
