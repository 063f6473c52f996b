"""`jiesu report`: the report of a period, as text or as a table."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.http.i18n import CHINESE, LANGUAGES
from app.exports.scratch import folder_of
from app.exports.writers import ExportFormat, FormatMissing, check_format, dictionary, pieces
from app.reporting.period_report import PeriodReport, period_report
from cli.city import from_store, refuse
from cli.figures import City, Month, Since, Until, requested_period
from cli.report_rows import COLUMNS, ReportRow, rows_of
from cli.report_text import ReportText
from cli.terminal import fail, one_line, out
from packs.registry import PackError
from runtime.settings import Settings
from store.db.engine import Store

_TEXT = "md"
_FORMATS = {_TEXT: None} | {
    one.value: one for one in (ExportFormat.CSV, ExportFormat.XLSX, ExportFormat.PARQUET)
}


def report(
    city: City,
    month: Month = None,
    since: Since = None,
    until: Until = None,
    file: Annotated[
        Path | None,
        typer.Option("--to", help="The file to write; an old one is replaced. Default: print it."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="md (text), csv, xlsx or parquet (all numbers).")
    ] = _TEXT,
    language: Annotated[str, typer.Option("--lang", help="zh or en.")] = CHINESE,
) -> None:
    """Write the report of a period: figures with their error, and what changed since.

    Of a month the month before and the same month of last year stand beside it. A past period
    comes out the same whenever it is asked for. A table has a data dictionary beside it.
    """
    if form not in _FORMATS:
        fail(f"--format is one of {', '.join(_FORMATS)}")
    if language not in LANGUAGES:
        fail(f"--lang is one of {', '.join(LANGUAGES)}")
    as_table = _FORMATS[form]
    if as_table is not None and file is None:
        fail("a table needs a file: --to")
    query = requested_period(city, month, since, until, None)

    async def reporting(store: Store) -> PeriodReport:
        running = query.period.until >= query.now
        return await period_report(store, query.pack, query.period, query.now, running=running)

    try:
        if as_table is not None:
            check_format(as_table)
        made = from_store(reporting)
    except (FormatMissing, PackError) as error:
        refuse(error)
    text = ReportText(made, language)
    if file is None:
        out.print(text.markdown(), end="")
        return
    try:
        if as_table is None:
            file.write_text(text.markdown(), encoding="utf-8")
        else:
            asyncio.run(_write(file, as_table, made, rows_of(made, text)))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", 1)
    out.print(one_line(f"{file}: {file.stat().st_size} bytes"))


async def _write(
    file: Path, form: ExportFormat, made: PeriodReport, rows: Sequence[ReportRow]
) -> None:
    async def page() -> AsyncIterator[Sequence[ReportRow]]:
        yield rows

    folder = folder_of(Settings().home)
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("wb") as written:
            async for piece in pieces(form, COLUMNS, page(), made.pack.calendar.tz, folder):
                written.write(piece)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    file.with_name(f"{file.name}.dictionary.csv").write_bytes(dictionary(COLUMNS))
