"""Tables as CSV, for spreadsheets: with the mark that tells them UTF-8, and without formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from fastapi import Response

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte order mark: without it spreadsheets take Chinese for something else."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell that a spreadsheet would compute begins with (also in full width)."""

Cell = str | int | float | None


def sheet(name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A table to be saved as `name`, with a row of headings.

    A text that a spreadsheet would compute, because a citizen began a title with "=" for instance,
    gets an apostrophe before it, and is a text. Numbers stay numbers.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    for row in (heads, *rows):
        writer.writerow([_cell(one) for one in row])
    # Whoever cannot read the second name takes the first.
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
        return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
    return round(value, 6) if isinstance(value, float) else value
