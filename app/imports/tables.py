"""Tables that other systems write, row by row: CSV in the usual encodings, and workbooks (XLSX).

    BadTable   the file as a whole cannot be read; nothing of it was

A row that cannot be read is one of the rows, and says why; those after it are read all the same.
"""

import codecs
import csv
import io
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from domain.imports.mapping import SheetLayout

LARGEST = 200 * 2**20
"""The most bytes of a file."""

LARGEST_UNPACKED = 1024 * 2**20
"""The most bytes that a workbook may become: it is a compressed archive."""

LARGEST_PARTS = 16 * 2**20
"""The most bytes of what is read as a whole: everything but the cells and their texts."""

MOST_ROWS = 2**20
"""The last row that a spreadsheet has; a row may claim any number, and those before it be empty."""

MOST_COLUMNS = 300
_LONGEST_CELL = 131_072
_ENCODINGS = ("utf-8", "gb18030")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_PIECE = 2**20
_ZIP = b"PK\x03\x04"
_LARGE_PARTS = ("xl/worksheets/", "xl/sharedStrings", "xl/media/", "xl/pivotCache/")


class BadTable(Exception):
    """A file that is no table."""

    code = "bad_table"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row, counted as a spreadsheet counts. `fault`: why its cells could not be read."""

    row: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be read once: how its text is encoded, its headings and its rows."""

    encoding: str
    headings: list[str]
    rows: Iterator[TableRow]


def open_table(path: Path, sheet: SheetLayout) -> Table:
    """Open a file of rows. Rows are read while they are asked for.

    Raises:
        BadTable
    """
    try:
        if not path.is_file():
            raise BadTable("there is no such file")
        if path.stat().st_size > LARGEST:
            raise BadTable(f"the file is larger than {LARGEST // 2**20} MB")
        with path.open("rb") as file:
            workbook = file.read(4) == _ZIP
        return _of_workbook(path, sheet) if workbook else _of_text(path, sheet)
    except OSError as error:
        raise BadTable(f"the file cannot be read: {error.strerror}") from error


def table_of(content: bytes, sheet: SheetLayout, unpacked: int = LARGEST_UNPACKED) -> Table:
    """Return the table of an uploaded file or a pasted text; see `open_table`.

    `unpacked`: the most bytes that a workbook may become.
    """
    if content.startswith(_ZIP):
        return _of_workbook(io.BytesIO(content), sheet, unpacked)
    encoding = _encoding(io.BytesIO(content), sheet)
    text = io.TextIOWrapper(io.BytesIO(content), encoding=_codec(encoding), newline="")
    return _with_headings(encoding, _text_rows(text, sheet.delimiter), sheet)


# --- text -------------------------------------------------------------------------------------


def _of_text(path: Path, sheet: SheetLayout) -> Table:
    with path.open("rb") as file:
        encoding = _encoding(file, sheet)
    text = path.open(encoding=_codec(encoding), newline="")
    return _with_headings(encoding, _text_rows(text, sheet.delimiter), sheet)


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _encoding(file: IO[bytes], sheet: SheetLayout) -> str:
    """Return what a file is encoded in: it is read to its end, a piece at a time."""
    begins = file.read(4)
    marked = next((name for mark, name in _MARKS if begins.startswith(mark)), None)
    candidates = (sheet.encoding,) if sheet.encoding else (marked,) if marked else _ENCODINGS
    for name in candidates:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(_codec(name))()
        try:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        return name
    raise BadTable(f"the text is not {' or '.join(candidates).upper()}")


class _Lines:
    """The lines of a text, of which those of a row that could not be read are read once more."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(_LONGEST_CELL * 8)
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def back_to_second(self) -> None:
        """Give all lines of the present row again, but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken.clear()


def _text_rows(text: IO[str], delimiter: str) -> Iterator[TableRow]:
    """Yield the rows; a quotation mark that does not close costs its own row and no other."""
    with closing(text):
        lines = _Lines(text)
        reader: Any = None
        row = 0
        while True:
            lines.taken.clear()
            if reader is None:
                first = next(lines, None)
                if first is None:
                    return
                sign = delimiter or _delimiter(first)
                lines._again.appendleft(first)
                lines.taken.clear()
                reader = csv.reader(lines, delimiter=sign, strict=True)
            row += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                lines.back_to_second()
                reader = csv.reader(lines, delimiter=sign, strict=True)
                yield TableRow(row, [], f"not CSV: {error}")
            else:
                yield TableRow(row, [cell.strip() for cell in cells])


def _delimiter(line: str) -> str:
    """Return what is between the headings: the sign that is there most often."""
    return max((",", "\t", ";", "|"), key=line.count)


# --- workbooks --------------------------------------------------------------------------------


def _of_workbook(
    file: Path | IO[bytes], sheet: SheetLayout, unpacked: int = LARGEST_UNPACKED
) -> Table:
    _check_archive(file, unpacked)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise BadTable("this is no workbook (XLSX)") from error
    except Exception as error:  # its parser has many words for what is no workbook
        raise BadTable("this workbook cannot be read") from error
    if sheet.name and sheet.name not in book.sheetnames:
        raise BadTable(f"there is no sheet {sheet.name!r}: {', '.join(book.sheetnames)}")
    pages = book.worksheets
    if not pages:
        raise BadTable("the workbook has no sheet with cells")
    page: Any = book[sheet.name] if sheet.name else pages[0]
    return _with_headings("xlsx", _workbook_rows(book, page), sheet)


def _check_archive(file: Path | IO[bytes], unpacked: int) -> None:
    """Refuse an archive that would become much larger than what it is."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise BadTable("this is no workbook (XLSX)") from error
    if sum(one.file_size for one in parts) > unpacked:
        raise BadTable(f"unpacked, the workbook is larger than {unpacked // 2**20} MB")
    others = [one for one in parts if not one.filename.startswith(_LARGE_PARTS)]
    if sum(one.file_size for one in others) > LARGEST_PARTS:
        raise BadTable("the workbook has much more in it than its cells")


def _workbook_rows(book: Any, page: Any) -> Iterator[TableRow]:
    with closing(book):
        page.reset_dimensions()  # many programs write a wrong size
        rows = page.iter_rows(values_only=True)
        row = 0
        while True:
            row += 1
            if row > MOST_ROWS:
                yield TableRow(row, [], "the sheet has more rows than a spreadsheet can have")
                return
            try:
                cells = next(rows)
            except StopIteration:
                return
            except Exception as error:  # the sheet is broken from here on
                yield TableRow(row, [], f"the sheet cannot be read from here on: {error}"[:200])
                return
            yield TableRow(row, [_written(cell) for cell in cells])


def _written(cell: object) -> str:
    """Return a cell as text; numbers without a fraction as they are read aloud."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return cell.isoformat(" ", "seconds")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell).strip()


# --- headings ---------------------------------------------------------------------------------


def _with_headings(encoding: str, rows: Iterator[TableRow], sheet: SheetLayout) -> Table:
    for one in rows:
        if one.row < sheet.header_row:
            continue
        if one.fault:
            raise BadTable(f"row {one.row}: {one.fault}")
        headings = _trimmed(one.cells)
        if len(headings) > MOST_COLUMNS:
            raise BadTable(f"there are more than {MOST_COLUMNS} columns")
        if not headings:
            break
        return Table(encoding, headings, _shaped(rows, len(headings)))
    raise BadTable("the row of headings is missing")


def _shaped(rows: Iterator[TableRow], columns: int) -> Iterator[TableRow]:
    """Yield the rows that say something, each with as many cells as there are headings."""
    for one in rows:
        cells = _trimmed(one.cells)
        if one.fault:
            yield one
        elif len(cells) > columns:
            says = f"{len(cells)} cells where the headings are {columns}"
            yield TableRow(one.row, one.cells, says)
        elif cells:
            yield TableRow(one.row, cells + [""] * (columns - len(cells)))


def _trimmed(cells: Sequence[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return list(cells[:end])
