"""Reading complaints from a CSV file: valid rows are loaded, others are reported by line.

A problem names the column, never its content: a row may hold personal data.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationError

from demo.filing import Filing
from domain.model import Incoming
from domain.ticket.complaint import TEXT_LIMIT, Channel, Kind, Text, Title, clean_text

KINDS = {
    "咨询": Kind.CONSULTATION,
    "求助": Kind.HELP,
    "投诉": Kind.COMPLAINT,
    "举报": Kind.REPORT,
    "建议": Kind.SUGGESTION,
    "表扬": Kind.PRAISE,
}
CHANNELS = {
    "电话": Channel.HOTLINE,
    "热线": Channel.HOTLINE,
    "网站": Channel.WEB,
    "微信": Channel.WECHAT,
    "小程序": Channel.WECHAT,
    "网格员": Channel.GRID,
    "来访": Channel.OFFLINE,
}
_FLAGS = {"1": True, "0": False}


class SourceUnusable(Exception):
    """The file as a whole cannot be read; the message is one line for the operator."""


@dataclass(frozen=True)
class Skipped:
    """A row that was not loaded. `line` counts from 1, the header included."""

    line: int
    problem: str


@dataclass(frozen=True)
class Source:
    filings: list[Filing]
    skipped: list[Skipped]


def _kind(word: str) -> Kind:
    if word not in KINDS:
        raise ValueError(f"not one of {' '.join(KINDS)}")
    return KINDS[word]


def _channel(word: str) -> Channel:
    """Return the channel of a word; unlisted ones (QQ, 微博, 短信) are `Channel.OTHER`."""
    app = word.casefold().endswith("app")
    return Channel.APP if app else CHANNELS.get(word, Channel.OTHER)


def _flag(word: str) -> bool:
    """Parse 1 or 0, or the name that older exports have there instead ("匿名者")."""
    if not word:
        raise ValueError("neither 1 nor 0 nor a name")
    return _FLAGS.get(word, "匿名" in word)


def _count(word: str) -> int:
    if not re.fullmatch(r"[0-9]{0,6}", word):
        raise ValueError("not a whole number")
    return int(word or 0)


_Count = Annotated[int, BeforeValidator(_count)]


class _Row(Incoming):
    """The columns used, by their names in the file; all of them are required."""

    kind: Annotated[Kind, BeforeValidator(_kind)]
    channel: Annotated[Channel, BeforeValidator(_channel)]
    anonymous: Annotated[bool, BeforeValidator(_flag)]
    title: Title
    text: Text
    first_reply: Annotated[
        str, StringConstraints(max_length=TEXT_LIMIT), AfterValidator(clean_text)
    ]
    transfers: _Count
    days_to_final_reply: _Count

    def filing(self) -> Filing:
        return Filing(
            kind=self.kind,
            channel=self.channel,
            title=self.title,
            text=self.text,
            anonymous=self.anonymous,
            reply=self.first_reply,
            passed_on=self.transfers,
            days=self.days_to_final_reply,
        )


def read_source(path: Path) -> Source:
    """Read every row of the file, valid or skipped.

    Raises:
        SourceUnusable: no such file, not readable, or without the columns or any row.
    """
    try:
        # Invalid UTF-8 becomes lone surrogates, so that its row can be reported.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = _rows(csv.reader(file))
            header = next(rows, (0, []))[1]
            if not isinstance(header, list):
                raise SourceUnusable(f"{path} is no CSV file: {header}")
            missing = [name for name in _Row.model_fields if name not in header]
            if missing:
                raise SourceUnusable(f"{path} has no column {', '.join(missing)}")
            source = _sorted(header, rows)
    except OSError as error:
        raise SourceUnusable(f"cannot read {path}: {error.strerror}") from error
    if not source.filings and not source.skipped:
        raise SourceUnusable(f"{path} holds no rows")
    return source


def _rows(reader: Any) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each row, or its format error, with the line it begins on."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)
        else:
            if row:  # an empty line is no row
                yield line, row


def _sorted(header: list[str], rows: Iterator[tuple[int, list[str] | str]]) -> Source:
    source = Source([], [])
    for line, row in rows:
        if isinstance(row, str):
            source.skipped.append(Skipped(line, row))
        elif len(row) != len(header):
            problem = f"{len(row)} columns instead of {len(header)}"
            source.skipped.append(Skipped(line, problem))
        elif any(not _is_utf8(cell) for cell in row):
            source.skipped.append(Skipped(line, "not UTF-8"))
        else:
            try:
                source.filings.append(_filing(dict(zip(header, row, strict=True))))
            except ValidationError as error:
                source.skipped.append(Skipped(line, _problem(error)))
    return source


def _is_utf8(cell: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in cell)


def _filing(row: Mapping[str, str]) -> Filing:
    return _Row.model_validate({name: row[name] for name in _Row.model_fields}).filing()


def _problem(error: ValidationError) -> str:
    return "; ".join(
        f"{one['loc'][0]}: {one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_input=False, include_url=False)
    )
