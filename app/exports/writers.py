"""The formats of exports: each makes a file of pages of rows, a piece at a time."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias, cast

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._writer import WorksheetWriter

from app.exports.columns import (
    COLUMNS,
    ColumnType,
    ExportedColumn,
    ExportedTicket,
    Row,
    Value,
)
from app.exports.scratch import check_room, scratch
from domain.formulas import as_text

MOST_ROWS_OF_SHEET = 1_000_000
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_PIECE = 256 * 1024

Pages: TypeAlias = AsyncIterator[Sequence[Row]]
Columns: TypeAlias = Sequence[ExportedColumn[Row]]


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    OPEN311 = "open311"  # JSON, as GeoReport v2 lists requests

    @property
    def suffix(self) -> str:
        return "json" if self is ExportFormat.OPEN311 else self.value

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
    ExportFormat.OPEN311: "application/json; charset=utf-8",
}


class FormatMissing(Exception):
    """A format whose library is not installed."""

    code = "format_missing"


def check_format(form: ExportFormat) -> None:
    """Raise FormatMissing if the format needs what is not installed."""
    if form is ExportFormat.PARQUET:
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise FormatMissing("Parquet needs the extra: pip install 'jiesu[parquet]'") from None


async def pieces(
    form: ExportFormat, columns: Columns[Row], rows: Pages[Row], zone: tzinfo, folder: Path
) -> AsyncGenerator[bytes, None]:
    """Yield the file.

    Of a workbook or a Parquet file nothing is yielded before it is whole; until then it lies in a
    place of its own in `folder`: see `app.exports.scratch`.

    Raises:
        Problem: export_no_room
    """
    match form:
        case ExportFormat.CSV:
            made = _csv(columns, rows, zone)
        case ExportFormat.OPEN311:
            made = _open311(cast(Pages[ExportedTicket], rows))  # only tickets are offered this
        case ExportFormat.XLSX:
            made = _whole(folder, rows, lambda path, some: _workbook(path, columns, some, zone))
        case ExportFormat.PARQUET:
            made = _whole(folder, rows, lambda path, some: _parquet(path, columns, some))
    async with aclosing(made):  # else a file that nobody takes would lie there for a while
        async for piece in made:
            yield piece


def dictionary(columns: Columns[Row]) -> bytes:
    """Return the data dictionary as CSV."""
    lines = [
        (one.name, one.type.value, one.en, one.zh, "yes" if one.personal else "no")
        for one in columns
    ]
    head = ("column", "type", "meaning", "含义", "personal")
    return (_MARK + _lines([head, *lines])).encode()


def _lines(rows: Sequence[Sequence[object]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


# --- CSV --------------------------------------------------------------------------------------


async def _csv(
    columns: Columns[Row], rows: Pages[Row], zone: tzinfo
) -> AsyncGenerator[bytes, None]:
    yield (_MARK + _lines([[one.name for one in columns]])).encode()
    async for page in rows:
        yield await asyncio.to_thread(_csv_page, columns, page, zone)


def _csv_page(columns: Columns[Row], page: Sequence[Row], zone: tzinfo) -> bytes:
    return _lines([[_in_csv(c.read(one), zone) for c in columns] for one in page]).encode()


def _in_csv(value: Value, zone: tzinfo) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(zone).isoformat(timespec="seconds")
        case str():
            return as_text(value)
        case _:
            return value


# --- workbooks and Parquet --------------------------------------------------------------------


async def _whole(
    folder: Path, rows: Pages[Row], write: Callable[[Path, Pages[Row]], Awaitable[None]]
) -> AsyncGenerator[bytes, None]:
    with scratch(folder) as place:
        path = _private(place / "export")
        await write(path, _with_room(place, rows))
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


async def _with_room(place: Path, rows: Pages[Row]) -> Pages[Row]:
    async for page in rows:
        check_room(place)
        yield page


def _private(path: Path) -> Path:
    path.touch(0o600, exist_ok=False)
    return path


async def _workbook(path: Path, columns: Columns[Row], rows: Pages[Row], zone: tzinfo) -> None:
    book = Workbook(write_only=True)  # its rows go to a file as they come
    try:
        await _fill(book, path.parent, columns, rows, zone)
        check_room(path.parent, sum(one.stat().st_size for one in path.parent.iterdir()))
        await asyncio.to_thread(book.save, path)
    except BaseException:
        for page in book.worksheets:
            page.close()
        raise


async def _fill(
    book: Workbook, place: Path, columns: Columns[Row], rows: Pages[Row], zone: tzinfo
) -> None:
    head = [column.name for column in columns]
    page, written = _sheet(book, place), 0
    page.append(head)
    async for some in rows:
        for line in await asyncio.to_thread(_workbook_lines, columns, some, zone):
            if written and written % MOST_ROWS_OF_SHEET == 0:
                page = _sheet(book, place)
                page.append(head)
            page.append(line)
            written += 1


class _SheetWriter(WorksheetWriter):
    """A writer of a sheet whose rows lie in the place of the export, and go with it."""

    def cleanup(self) -> None:
        Path(str(self.out)).unlink(missing_ok=True)


def _sheet(book: Workbook, place: Path) -> Any:
    """Return a new sheet; by itself the library has its rows in the folder of all programs."""
    page = book.create_sheet()
    rows = _private(place / f"sheet{len(book.worksheets)}")
    page._writer = _SheetWriter(page, str(rows))
    page._writer.write_top()
    return page


def _workbook_lines(columns: Columns[Row], page: Sequence[Row], zone: tzinfo) -> list[list[Value]]:
    return [[_in_workbook(column.read(one), zone) for column in columns] for one in page]


def _in_workbook(value: Value, zone: tzinfo) -> Value:
    match value:
        case str():
            return as_text(ILLEGAL_CHARACTERS_RE.sub("", value))
        case datetime():
            return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
        case _:
            return value


async def _parquet(path: Path, columns: Columns[Row], rows: Pages[Row]) -> None:
    import pyarrow
    from pyarrow import parquet

    types = {
        ColumnType.TEXT: pyarrow.string(),
        ColumnType.NUMBER: pyarrow.float64(),
        ColumnType.WHOLE: pyarrow.int64(),
        ColumnType.YES_NO: pyarrow.bool_(),
        ColumnType.MOMENT: pyarrow.timestamp("us", tz="UTC"),
    }
    schema = pyarrow.schema([(one.name, types[one.type]) for one in columns])
    with parquet.ParquetWriter(path, schema) as writer:
        async for page in rows:
            values = await asyncio.to_thread(_by_column, columns, page)
            writer.write_table(pyarrow.table(values, schema=schema))


def _by_column(columns: Columns[Row], page: Sequence[Row]) -> dict[str, list[Value]]:
    return {one.name: [one.read(ticket) for ticket in page] for one in columns}


# --- Open311 ----------------------------------------------------------------------------------


async def _open311(rows: Pages[ExportedTicket]) -> AsyncGenerator[bytes, None]:
    sign = "["
    async for page in rows:
        yield sign.encode() + await asyncio.to_thread(_requests_page, page)
        sign = ",\n"
    yield (b"[]\n" if sign == "[" else b"]\n")


def _requests_page(page: Sequence[ExportedTicket]) -> bytes:
    return ",\n".join(json.dumps(one, ensure_ascii=False) for one in _requests(page)).encode()


def _requests(page: Sequence[ExportedTicket]) -> Iterator[dict[str, object]]:
    by_name = {one.name: one for one in COLUMNS}
    for one in page:
        row = one.row
        yield {
            "service_request_id": row.number,
            "status": "closed" if row.ended_at else "open",
            "status_notes": row.outcome,
            "service_name": one.category_name,
            "service_code": row.category,
            "description": by_name["text"].read(one),
            "agency_responsible": row.unit,
            "service_notice": None,
            "requested_datetime": row.filed_at.isoformat(timespec="seconds"),
            "updated_datetime": row.updated_at.isoformat(timespec="seconds"),
            "expected_datetime": row.promised_at.isoformat(timespec="seconds")
            if row.promised_at
            else None,
            "address": by_name["address"].read(one) or None,
            "address_id": row.area,
            "zipcode": None,
            "lat": row.lat,
            "long": row.lon,
            "media_url": None,
        }
