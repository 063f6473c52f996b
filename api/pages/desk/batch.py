"""Rows of complaints from a spreadsheet: pasted, or a file of comma- or tab-separated values."""

import csv
import io
from collections.abc import Sequence

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

    Raises:
        ValueError: it is not a table.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    first = text.lstrip("\n").partition("\n")[0]
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter="\t" if "\t" in first else ","))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return []
    names = _headings(rows[0])
    if names:
        rows = rows[1:]
    return [dict(_cells(names or COLUMNS, row)) for row in rows]


def _cells(names: Sequence[str], row: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, cell) for name, cell in zip(names, row, strict=False) if name]


def _headings(row: Sequence[str]) -> list[str]:
    """Return each column's name, "" if unknown; nothing where there is no text column."""
    known = {word: name for name, words in _HEADINGS.items() for word in words}
    names = [known.get(cell.casefold(), "") for cell in row]
    return names if "text" in names else []
