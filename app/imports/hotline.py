"""The import of a hotline's export: a file, a mapping, and a table of what was refused."""

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from app.imports.tables import BadTable, Table, TableRow, open_table
from app.imports.taking import AT_ONCE, ImportCounts, Importer
from domain.formulas import as_text, as_written
from domain.imports.mapping import ImportMap, SheetLayout
from domain.imports.rows import Codes, ReadRow, RowFault, read_row

ROW, WRONG = "jiesu.row", "jiesu.wrong"
"""The columns that the table of refused rows has beside those of the file."""

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import. `encoding`: how the file was read; `faults`: the first of them."""

    encoding: str
    counts: ImportCounts
    faults: list[RowFault]


async def import_file(
    importer: Importer,
    path: Path,
    mapping: ImportMap,
    codes: Codes,
    refused: Path | None,
    *,
    most_faults: int = 100,
    progress: Callable[[ImportCounts], None] = lambda counts: None,
) -> Imported:
    """Import a file, some rows at a time; `refused`: the table of the rows that were not taken.

    Raises:
        BadTable: the file cannot be read, or lacks a column; nothing was taken.
        StoreUnavailable: start it again.
    """
    table = open_table(path, mapping.sheet)
    check_headings(table, mapping)
    faults: list[RowFault] = []
    numbers = _Numbers()
    with RefusedRows(refused, table.headings, mapping.sheet) as kept:
        while rows := list(islice(table.rows, AT_ONCE)):
            read = list(reader(rows, table, mapping, codes, importer.now()))
            numbers.check(read, mapping)
            for outcome, row in zip(await importer.take(read), rows, strict=True):
                if outcome.faults:
                    kept.add(row, outcome.faults)
                    faults += list(outcome.faults)[: most_faults - len(faults)]
            progress(importer.counts)
    return Imported(table.encoding, importer.counts, faults)


def check_headings(table: Table, mapping: ImportMap) -> None:
    """Refuse a file without a column that the mapping names, or with one of them twice."""
    named = {heading for heading in mapping.columns.model_dump().values() if heading}
    missing = sorted(named - set(table.headings))
    if missing:
        raise BadTable(f"the file has no column {', '.join(missing)}")
    twice = sorted(one for one in named if table.headings.count(one) > 1)
    if twice:
        raise BadTable(f"the file has the column {', '.join(twice)} twice")


def reader(
    rows: Sequence[TableRow], table: Table, mapping: ImportMap, codes: Codes, now: datetime
) -> Iterator[ReadRow]:
    """Yield what the rows say."""
    # A table of refused rows marks what a spreadsheet would compute.
    mended = WRONG in table.headings
    for one in rows:
        if one.fault:
            yield ReadRow(one.row, faults=[RowFault(one.row, "", "unreadable", one.fault)])
            continue
        cells = map(as_written, one.cells) if mended else one.cells
        yield read_row(mapping, codes, one.row, dict(zip(table.headings, cells, strict=True)), now)


class _Numbers:
    """The numbers of a file's rows: one that two complaints have is refused at the second.

    It would be taken for the first one again, and be lost without a word.
    """

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, bytes]] = {}

    def check(self, rows: Sequence[ReadRow], mapping: ImportMap) -> None:
        """Add the fault to each row that has the number of another, and other content."""
        for one in rows:
            if not one.number:
                continue
            said = repr((one.values, one.contact, one.filed_at, one.closed_at, one.closed))
            content = hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:16]
            row, before = self._first.setdefault(one.number, (one.row, content))
            if before != content:
                message = f"row {row} has this number, too, and says something else"
                one.faults.append(RowFault(one.row, mapping.columns.number, "number_used", message))


class RefusedRows:
    """The table of refused rows, which can be mended and imported again with the same mapping.

    It is made with its first row, beside its place, and put there when the import has ended: what
    is there is whole.
    """

    def __init__(self, path: Path | None, headings: Sequence[str], sheet: SheetLayout) -> None:
        self._path, self._sheet = path, sheet
        self._headings = [one for one in headings if one not in (ROW, WRONG)]
        self._columns = [at for at, one in enumerate(headings) if one not in (ROW, WRONG)]
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def add(self, row: TableRow, faults: Sequence[RowFault]) -> None:
        """Write a row with what is wrong with it."""
        if self._path is None:
            return
        if self._file is None:
            encoding = self._sheet.encoding or "utf-8"
            self._part.unlink(missing_ok=True)
            self._part.touch(0o600)  # phones and names are in it
            self._file = self._part.open("w", encoding=encoding, newline="", errors="replace")
            self._file.write(_MARK if encoding == "utf-8" else "")
            self._writer = csv.writer(self._file, delimiter=self._sheet.delimiter or ",")
            self._writer.writerows([[]] * (self._sheet.header_row - 1))
            self._writer.writerow([*map(as_text, self._headings), ROW, WRONG])
        cells = [row.cells[at] if at < len(row.cells) else "" for at in self._columns]
        wrong = "; ".join(f"{one.column}: {one.message}".removeprefix(": ") for one in faults)
        self._writer.writerow([*map(as_text, cells), row.row, as_text(wrong)])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            if kind is None and self._path is not None:
                self._part.replace(self._path)

    @property
    def _part(self) -> Path:
        if self._path is None:
            raise ValueError("there is no place for refused rows")
        return self._path.with_name(f"{self._path.name}.part")
