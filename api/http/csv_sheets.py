"""Tables as CSV, for spreadsheets: with a byte order mark, and without formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from fastapi import Response

from domain.formulas import as_text
from domain.words import N_

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte order mark: without it spreadsheets decode Chinese wrongly."""

MOST = 20_000
"""The most rows of a sheet: as many as spreadsheet programs open without trouble."""

CUT = N_("Not all rows: a sheet has at most %(most)s.")

Cell = str | int | float | None


def sheet(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], last: str = ""
) -> Response:
    """Return a table to be saved as `name`, with a row of headings.

    `last`: a row that says, where it is so, that not all rows are in the sheet.
    A text that a spreadsheet would compute, such as a title that begins with "=", gets an
    apostrophe before it, and stays a text. Numbers stay numbers.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    for row in (heads, *rows, *([[last]] if last else [])):
        writer.writerow([_cell(one) for one in row])
    # Clients that cannot read the second name take the first.
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return Response(
        (MARK + written.getvalue()).encode(),
        headers={
            "Content-Disposition": f'attachment; filename="{plain}"; '
            f"filename*=UTF-8''{quote(name)}",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
        media_type="text/csv; charset=utf-8",
    )


def _cell(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return as_text(value)
    return round(value, 6) if isinstance(value, float) else value
