"""Tests of taking complaints of other systems: each once, whoever is killed at any moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from app.imports.hotline import ROW, WRONG, Imported, import_file
from app.imports.maps import BadMap, read_map
from app.imports.tables import BadTable
from app.imports.taking import Importer
from domain.actors import Role
from domain.ticket.complaint import Complaint, Filer
from store.db import tables
from store.db.engine import Store
from store.imports import register
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.tickets import erasure, intake
from store.tickets.intake import Registered
from tests.store.stories import START, Story, complaint, project
from tests.support.cities import SHIPPED
from tests.support.engine import RING

PACK = SHIPPED.get("tongzhou")
NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
MAP = """
source = "old-hotline"
link = "https://old.example/t/{number}"
[columns]
number = "编号"
text = "内容"
filed_at = "时间"
state = "状态"
category = "类别"
phone = "电话"
[states]
open = ["办理中"]
closed = ["已办结"]
[categories]
"照明" = "0204"
"""
HEAD = "编号,内容,时间,状态,类别,电话,备注"


def rows(count: int, begin: int = 0) -> list[str]:
    return [
        f"N{n},第{n}盏路灯不亮,2026-11-02 08:30,办理中,照明,,x" for n in range(begin, begin + count)
    ]


@dataclass
class Other:
    """The other system's file and mapping, and an importer that can be killed."""

    folder: Path
    store: Store
    started: list[str] = field(default_factory=list)
    killed_after: int | None = None

    def write(self, lines: Sequence[str], encoding: str = "utf-8", name: str = "old.csv") -> Path:
        path = self.folder / name
        path.write_bytes("\r\n".join([HEAD, *lines, ""]).encode(encoding))
        return path

    async def start(self, registered: Registered) -> bool:
        if self.killed_after is not None and len(self.started) >= self.killed_after:
            raise asyncio.CancelledError
        self.started.append(registered.number)
        await intake.mark_started(self.store, registered.number, NOW)
        return True

    async def take(
        self, path: Path, text: str = MAP, *, dry_run: bool = False, now: datetime = NOW
    ) -> Imported:
        file = self.folder / "map.toml"
        file.write_text(text, encoding="utf-8")
        mapping, codes = read_map(file, PACK)
        importer = Importer(
            self.store, Vault(RING), TicketKeys(self.store, RING), PACK, mapping.source,
            Filer(role=Role.SYSTEM), lambda: now, None if dry_run else self.start,
        )  # fmt: skip
        return await import_file(importer, path, mapping, codes, self.refused)

    @property
    def refused(self) -> Path:
        return self.folder / "old.refused.csv"

    async def complaints(self) -> list[Complaint]:
        found = await self.store.rows(select(tables.intake.c.complaint))
        return [Complaint.model_validate_json(row.complaint) for row in found]


@pytest.fixture
def other(store: Store, tmp_path: Path) -> Other:
    return Other(tmp_path, store)


async def test_a_row_becomes_a_ticket_with_its_own_date(other: Other) -> None:
    await other.take(other.write([*rows(1), "N9,河水发臭,2026-10-01,已办结,,,"]))
    (complaint,) = await other.complaints()
    assert complaint.filed_at == datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
    assert complaint.taken_over_at == NOW
    assert complaint.category == "0204"
    assert complaint.number.startswith("261102")
    taken = await register.of_ticket(other.store, complaint.number)
    assert taken is not None
    assert (taken.own, taken.link) == ("N0", "https://old.example/t/N0")
    closed = await register.get(other.store, "tongzhou", "old-hotline", "N9")
    assert closed is not None
    assert closed.number is None


async def test_a_dry_run_says_the_same_and_writes_nothing(other: Other) -> None:
    path = other.write([*rows(3), "N9,,2026-10-01,办理中,,,", "N8,旧,2026-10-01,已办结,,,"])
    dry = await other.take(path, dry_run=True)
    assert await other.complaints() == []
    assert await register.known(other.store, "tongzhou", "old-hotline", ["N0", "N8"]) == set()
    true = await other.take(path)
    assert dry.counts == true.counts
    assert (true.counts.taken, true.counts.history, true.counts.refused) == (3, 1, 1)
    assert dry.faults == true.faults
    assert str(dry.faults[0]) == "row 5, 内容: the text is missing (missing)"


async def test_a_file_given_twice_is_taken_once(other: Other) -> None:
    path = other.write([*rows(3), *rows(2)])
    first = await other.take(path)
    assert (first.counts.taken, first.counts.known) == (3, 2)
    # An export of the next day says more of the same.
    later = other.write([line.replace("办理中", "已办结") for line in rows(3)] + rows(1, 3))
    second = await other.take(later, now=NOW + timedelta(days=1))
    assert (second.counts.taken, second.counts.known, second.counts.history) == (1, 3, 0)
    assert len(await other.complaints()) == 4


@pytest.mark.parametrize("killed_after", [0, 1, 13, 250, 399])
async def test_whoever_is_killed_goes_on(other: Other, killed_after: int) -> None:
    path = other.write(rows(420))
    other.killed_after = killed_after
    with pytest.raises(asyncio.CancelledError):
        await other.take(path)
    other.killed_after = None
    done = await other.take(path)
    assert done.counts.rows == 420
    texts = [complaint.text for complaint in await other.complaints()]
    assert sorted(texts) == sorted(f"第{n}盏路灯不亮" for n in range(420))
    assert len(set(other.started)) == 420
    entered = await register.known(
        other.store, "tongzhou", "old-hotline", [f"N{n}" for n in range(420)]
    )
    assert len(entered) == 420


async def test_poisoned_rows_stop_nothing_and_can_be_mended(other: Other) -> None:
    poisoned = [
        '9,"这个引号没有关上,2026-11-02,办理中,,,',
        "10,电话不对,2026-11-02,办理中,,call me,",
        "11,多了一格,2026-11-02,办理中,,,,,x",
        f"12,{'长' * 4001},2026-11-02,办理中,,,",
        "13,=HYPERLINK(1),2026-13-02,办理中,,,",
        "14,\x00\x1b,2026-11-02,办理中,,,",
    ]
    done = await other.take(other.write([*rows(2), *poisoned, *rows(2, 2)]))
    assert (done.counts.taken, done.counts.refused) == (4, 6)
    said = other.refused.read_text("utf-8-sig").splitlines()
    assert said[0] == f"{HEAD},{ROW},{WRONG}"
    assert len(said) == 7
    assert any("'=HYPERLINK(1)" in line for line in said)
    mended = other.folder / "mended.csv"
    whole = [line.replace("2026-13-02", "2026-11-02") for line in said if "HYPER" in line]
    mended.write_text("\n".join([said[0], *whole]), encoding="utf-8")
    again = await other.take(mended)
    assert (again.counts.taken, again.counts.refused) == (1, 0)
    assert "=HYPERLINK(1)" in [complaint.text for complaint in await other.complaints()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_every_usual_encoding_is_read(other: Other, encoding: str) -> None:
    done = await other.take(other.write(rows(1), encoding))
    assert done.encoding == encoding.removesuffix("-sig")
    assert [complaint.text for complaint in await other.complaints()] == ["第0盏路灯不亮"]


async def test_a_workbook_is_read_with_its_numbers_and_dates(other: Other) -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(HEAD.split(","))
    local = datetime(2026, 11, 2, 8, 30, tzinfo=UTC).replace(tzinfo=None)
    page.append([20231.0, "路灯不亮", local, "办理中", "照明", 13800001234, ""])
    book.save(other.folder / "old.xlsx")
    done = await other.take(other.folder / "old.xlsx")
    assert (done.encoding, done.counts.taken) == ("xlsx", 1)
    (complaint,) = await other.complaints()
    assert complaint.filed_at == datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
    assert await register.known(other.store, "tongzhou", "old-hotline", ["20231"])
    assert complaint.person is not None
    person = await intake.person_of(other.store, Vault(RING), complaint.person)
    assert person is not None
    assert person.phone == "13800001234"


async def test_what_is_no_table_is_said_and_takes_nothing(other: Other) -> None:
    path = other.folder / "old.csv"
    for content in (b"", b"PK\x03\x04broken", b"\xff\xfe\x00", b"a,b\n1,2\n", b"\xff\xff\xff\xff"):
        path.write_bytes(content)
        with pytest.raises(BadTable):
            await other.take(path)
    assert await other.complaints() == []


async def test_a_mapping_names_what_the_city_has(other: Other) -> None:
    path = other.write(rows(1))
    for old, new in (
        ('"0204"', '"9999"'),
        ('source = "old-hotline"', 'source = "Old Hotline"'),
        ('state = "状态"', 'status = "状态"'),
        ("[states]", "[states"),
    ):
        with pytest.raises(BadMap):
            await other.take(path, MAP.replace(old, new))


async def test_an_erased_ticket_is_cut_off_from_the_other_system(store: Store) -> None:
    """Its row stays, so that it is not imported again."""
    story = Story(complaint(city="tongzhou"))
    await project(store, story.whole())
    row = register.ImportedComplaint(
        city="tongzhou",
        source="old",
        own="R1",
        number=story.number,
        link="https://old.example/R1",
        kind="help",
        category=None,
        unit=None,
        filed_at=START,
        closed_at=None,
        imported_at=START,
    )
    assert await register.keep(store, [row]) == 1
    await erasure.erase(store, story.number, START + timedelta(days=400))
    assert await register.of_ticket(store, story.number) is None
    kept = await register.get(store, "tongzhou", "old", "R1")
    assert kept is not None and (kept.number, kept.link) == (None, "")
    assert await register.keep(store, [row]) == 0
