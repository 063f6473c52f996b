"""Rows of complaints from a spreadsheet: pasted, or a file of comma- or tab-separated values."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from domain.canonical import folded, says_nothing

COLUMNS = ("text", "category", "area", "address", "name", "phone", "on")
"""The columns, in the order of a sheet without headings."""

MOST = 200
"""The most rows of one batch."""

_HEADINGS = {
    "text": ("text", "内容", "诉求", "诉求内容", "反映内容", "问题描述", "what"),
    "category": ("category", "subject", "分类", "类别", "事项"),
    "area": ("area", "street", "街道", "社区", "街道社区", "乡镇"),
    "address": ("address", "place", "地点", "地址", "位置"),
    "name": ("name", "姓名", "称呼", "联系人"),
    "phone": ("phone", "电话", "联系电话", "手机", "联系方式"),
    "on": ("on", "date", "日期", "填写日期", "投放日期", "登记日期"),
}


def decoded(content: bytes) -> str:
    """Decode a spreadsheet's text: UTF-8, with or without a byte order mark, or GBK.

    Raises:
        ValueError: it is neither.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GBK")


def read(text: str) -> list[dict[str, str]]:
    """Return the rows of a sheet by the names of `COLUMNS`; empty rows are left out.

    A first row with headings names the columns; otherwise they are in the order of `COLUMNS`.
    A cell in quotation marks may have line breaks and separators in it. A quotation mark that does
    not close before the end of a cell is one that somebody wrote.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return named([row for row in _cut(text, _separator(text)) if any(row)])


def named(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Return rows of cells by the names of `COLUMNS`; see `read`."""
    if not rows:
        return []
    names = _headings(rows[0])
    if names:
        rows = rows[1:]
    return [dict(_cells(names or COLUMNS, row)) for row in rows]


def _separator(text: str) -> str:
    """Return what is between the cells of the first row, whose first cell may have line breaks."""
    first = text.lstrip("\n").partition("\n")[0]
    goes_on = first.startswith('"') and first.count('"') % 2 == 1
    return "\t" if "\t" in (text if goes_on else first) else ","


def day_of(text: str) -> date | None:
    """Return the day of a cell as people and spreadsheets write it; None if it is none.

    Year, month and day in this order: 2026-03-05, 2026/3/5, 2026.3.5, 20260305, 2026年3月5日.
    A time behind it is left out.
    """
    match = _DAY.fullmatch(folded(text))
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups() if part is not None))
    except ValueError:
        return None


_DAY = re.compile(
    r"(?:(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|(\d{4})(\d\d)(\d\d))"
    r"(?:[t\s]?\s*\d{1,2}[:时点].*)?"
)


def _cut(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the cells of each row."""
    row: list[str] = []
    at = 0
    while at <= len(text):
        cell, at = _cell(text, at, separator)
        row.append("" if says_nothing(cell) else cell.strip())
        if at >= len(text) or text[at] == "\n":
            yield row
            row = []
        at += 1


def _cell(text: str, at: int, separator: str) -> tuple[str, int]:
    """Return the cell that begins at `at`, and where it ends: at a separator, a line's end, or the
    text's."""
    quoted = _QUOTED[separator].match(text, at)
    if quoted is not None:
        return quoted[1].replace('""', '"'), quoted.end()
    ends = [end for sign in (separator, "\n") if (end := text.find(sign, at)) >= 0]
    end = min(ends, default=len(text))
    return text[at:end], end


_QUOTED = {
    # What is copied from a spreadsheet has no tab inside a cell: one shows that it is another cell.
    "\t": re.compile(r'"((?:[^"\t]|"")*+)"(?=[\t\n]|\Z)'),
    ",": re.compile(r'"((?:[^"]|"")*+)"(?=[,\n]|\Z)'),
}


def _cells(names: Sequence[str], row: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, cell) for name, cell in zip(names, row, strict=False) if name]


def _headings(row: Sequence[str]) -> list[str]:
    """Return each column's name, "" if unknown; nothing where there is no text column."""
    known = {word: name for name, words in _HEADINGS.items() for word in words}
    names = [known.get(folded(cell), "") for cell in row]
    return names if "text" in names else []
