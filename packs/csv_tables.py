"""CSV files of a pack, each row with the line it begins on."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from domain.pack.catalogue import matches
from packs.problems import PackFault, faults, read_text

M = TypeVar("M", bound=BaseModel)

Cells = dict[str, str]
Split = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class CsvRow(Generic[M]):
    """A row of a CSV file, and the line it begins on. `file`: the file's name in problems."""

    line: int
    value: M
    file: str


@dataclass(frozen=True, slots=True)
class Sheet(Generic[M]):
    """The rows of a CSV file that could be read.

    `codes` holds those of all rows, the unreadable ones included, so that a reference to a faulty
    row is not reported as well. `whole`: every row could be read. `cut`: not to the end.
    """

    file: str
    rows: list[CsvRow[M]] = field(default_factory=list)
    codes: frozenset[str] = frozenset()
    whole: bool = True
    cut: bool = False

    def values(self) -> tuple[M, ...]:
        return tuple(row.value for row in self.rows)

    def has(self, code: str) -> bool:
        """Return whether a row has that code; True if not all codes could be read."""
        return code in self.codes or self._unknown

    def has_match(self, pattern: str) -> bool:
        """Return whether `pattern` matches a row's code; True if not all could be read."""
        return any(matches(pattern, code) for code in self.codes) or self._unknown

    @property
    def _unknown(self) -> bool:
        return self.cut or (not self.codes and not self.whole)


def read_csv(
    path: Path,
    name: str,
    model: type[M],
    problems: list[PackFault],
    split: Mapping[str, Split] | None = None,
) -> Sheet[M]:
    """Read the rows of the file `path`; append its faults to `problems`, by the name `name`.

    `split` maps some columns to the function that converts a cell to its field's value.
    """
    text = read_text(path, name, problems)
    if text is None:
        return Sheet(name, whole=False, cut=True)
    return parse_csv(text, name, model, problems, split)


def parse_csv(
    text: str,
    name: str,
    model: type[M],
    problems: list[PackFault],
    split: Mapping[str, Split] | None = None,
) -> Sheet[M]:
    """Read the rows of a CSV text as `read_csv` does."""
    before = len(problems)
    table, cut = _read_table(text, name, model, problems)
    codes = frozenset(cells["code"] for _, cells, _ in table if "code" in cells)
    read = (
        _read_row(name, line, cells, model, split or {}, problems)
        for line, cells, ok in table
        if ok
    )
    rows = [row for row in read if row is not None]
    return Sheet(name, rows, codes, whole=len(problems) == before, cut=cut)


def _read_table(
    text: str, name: str, model: type[BaseModel], problems: list[PackFault]
) -> tuple[list[tuple[int, Cells, bool]], bool]:
    """Read the rows of a CSV file without empty cells, and whether each has the right shape.

    Empty rows and rows that begin with "#" are skipped. The second value: it could not be read to
    its end.
    """
    table: list[tuple[int, Cells, bool]] = []
    cut = False
    header: list[str] | None = None
    reader, begins = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            cells = [cell.strip() for cell in cells]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if header is None:
                header = cells
                wrong = _header_faults(header, model)
                problems += [PackFault(name, line, fault) for fault in wrong]
                if wrong:
                    return [], True
                continue
            shaped = len(cells) == len(header)
            if not shaped:
                message = f"{len(cells)} cells where the header has {len(header)}"
                problems.append(PackFault(name, line, message))
            values = {key: cell for key, cell in zip(header, cells, strict=False) if cell}
            table.append((line, values, shaped))
    except csv.Error as error:
        problems.append(PackFault(name, begins, f"not CSV: {error}"))
        cut = True
    if header is None:
        problems.append(PackFault(name, None, "the header is missing"))
        cut = True
    return table, cut


def _header_faults(header: list[str], model: type[BaseModel]) -> list[str]:
    for character, named in (("\t", "tabs"), (";", "semicolons")):
        if len(header) == 1 and character in header[0]:
            return [f"{named} between the columns: save the file with commas"]
    columns = {name: field for name, field in model.model_fields.items() if name != "line"}
    return [
        *(f"unknown column {name!r}" for name in header if name not in columns),
        *(
            f"the column {name!r} is missing"
            for name, field in columns.items()
            if field.is_required() and name not in header
        ),
        *(f"the column {name!r} is there twice" for name in columns if header.count(name) > 1),
    ]


def _read_row(
    file: str,
    line: int,
    cells: Cells,
    model: type[M],
    split: Mapping[str, Split],
    problems: list[PackFault],
) -> CsvRow[M] | None:
    values: dict[str, object] = {
        name: split[name](cell) if name in split else cell for name, cell in cells.items()
    }
    if "line" in model.model_fields:
        values["line"] = line
    try:
        return CsvRow(line, model.model_validate(values), file)
    except ValidationError as error:
        problems += [PackFault(file, line, message) for _, message in faults(error)]
        return None


def parts(cell: str) -> list[str]:
    """Split `a|b` into its parts."""
    return [part.strip() for part in cell.split("|")]


def pairs(first: str, second: str) -> Split:
    """Return a function that converts `a=1|b=2` to a list of `{first: "a", second: "1"}`."""

    def read(cell: str) -> list[dict[str, str]]:
        items = []
        for part in parts(cell):
            name, _, value = part.partition("=")
            items.append({first: name.strip(), second: value.strip()})
        return items

    return read
