"""Labelled messages of a CSV file, and which of them tell the same thing."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import diags
from sklearn.preprocessing import normalize

from app.triage.matrix import Labelled, Matrix
from domain.insight.features import whole

_HEADLINE = 16
"""The characters of segmented words that are taken as the title, which the words begin with."""
_SAME = 0.5
_LONGEST_CELL = 1_000_000


class UnreadableRows(ValueError):
    """A file that is no table of labelled messages."""

    code = "unreadable_rows"


def read_rows(file: Path) -> list[Labelled]:
    """Return the messages of a CSV file with `label` (or `category`) and `text` or `tokens`.

    A column `kind`, if there is one, holds kinds of complaints, as the API names them.

    Raises:
        UnreadableRows: it has other columns, no row, or is not UTF-8.
        OSError: the file cannot be read.
    """
    csv.field_size_limit(_LONGEST_CELL)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            names = set(table.fieldnames or ())
            if not names & {"label", "category"} or not names & {"text", "tokens"}:
                raise UnreadableRows(f"{file}: label and text, or label and tokens, are needed")
            found = [_message(row) for row in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableRows(f"{file}: {error}") from error
    found = [one for one in found if one.category and whole(one.title + one.text)]
    if not found:
        raise UnreadableRows(f"{file}: it has no labelled message")
    return found


def _message(row: dict[str, str | None]) -> Labelled:
    label = (row.get("label") or row.get("category") or "").strip()
    if "tokens" in row:
        joined = (row["tokens"] or "").replace(" ", "")
        return Labelled(joined[:_HEADLINE], joined[_HEADLINE:], label)
    number, kind = ((row.get(name) or "").strip() for name in ("number", "kind"))
    return Labelled(row.get("title") or "", row.get("text") or "", label, number, kind=kind)


def grouped(messages: Sequence[Labelled]) -> list[Labelled]:
    """Return the messages with equal ones in one group."""
    return [replace(one, group=whole(one.title + one.text)) for one in messages]


def mirrored(first: Sequence[Labelled], matrix: Matrix) -> dict[int, int]:
    """Return which later rows of a matrix tell what one of its first rows tells."""
    size = len(first)
    present = matrix.counts.copy()
    present.data = np.ones_like(present.data)
    seen = np.bincount(present.indices, minlength=present.shape[1])
    scaled = normalize((present @ diags(np.log(len(seen) / (1 + seen)))).tocsr())
    pairs: dict[int, int] = {}
    for start in range(size, scaled.shape[0], 1000):
        alike = (scaled[start : start + 1000] @ scaled[:size].T).toarray()
        best = alike.argmax(axis=1)
        for row in np.flatnonzero(alike.max(axis=1) >= _SAME):
            pairs[start + int(row)] = int(best[row])
    return pairs
