"""What reading any file of a pack has in common: problems with a file and a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

Location = tuple[str | int, ...]
"""A path of keys and positions: ("ladder", "handle", 0)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a pack. `line` counts from 1; None when the whole file is meant."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.message}"


def read_text(folder: Path, name: str, problems: list[Problem]) -> str | None:
    """The text of a file; None, and a problem, when there is none or it is not UTF-8."""
    try:
        return (folder / name).read_bytes().decode("utf-8-sig")  # spreadsheets write the mark
    except FileNotFoundError:
        problems.append(Problem(name, None, "the file is missing"))
    except OSError as error:
        problems.append(Problem(name, None, f"the file cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(Problem(name, line, "not UTF-8: save the file as UTF-8"))
    return None


def faults(error: ValidationError) -> Iterator[tuple[Location, str]]:
    """Where each fault is, and what to tell about it."""
    found = error.errors(include_url=False, include_context=False)
    for fault in found:
        # A list whose entries are wrong is told to be too short as well.
        inside = (other["loc"][: len(fault["loc"])] for other in found if other is not fault)
        if fault["type"] == "too_short" and fault["loc"] in inside:
            continue
        name = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        given = fault["input"]
        if isinstance(given, str | int | float) and repr(given) not in message:
            message += f", not {given!r}"
        yield fault["loc"], f"{name}: {message}" if name else message
