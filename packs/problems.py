"""The problems of a pack, each with a file and a line, and helpers shared by all file readers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

Location = tuple[str | int, ...]
"""A path of keys and positions: ("ladder", "handle", 0)."""

Place = tuple[str, int]
"""A file and a line."""


@dataclass(frozen=True, slots=True)
class PackFault:
    """One fault of a pack. `line` counts from 1; None stands for the whole file.

    `file`: its path from the pack's folder; that of a base is "../_base/city.toml".
    """

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.message}"


def read_text(path: Path, name: str, problems: list[PackFault]) -> str | None:
    """Return the text of a file; None, and add a problem, if it is missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")  # spreadsheets write a BOM
    except FileNotFoundError:
        problems.append(PackFault(name, None, "the file is missing"))
    except OSError as error:
        problems.append(PackFault(name, None, f"the file cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(PackFault(name, line, "not UTF-8: save the file as UTF-8"))
    return None


def faults(error: ValidationError) -> Iterator[tuple[Location, str]]:
    """Yield the location and the message of each fault."""
    errors = error.errors(include_url=False, include_context=False)
    for fault in errors:
        # Pydantic reports a list whose entries are wrong as too short as well.
        inside = (other["loc"][: len(fault["loc"])] for other in errors if other is not fault)
        if fault["type"] == "too_short" and fault["loc"] in inside:
            continue
        name = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        value = fault["input"]
        if isinstance(value, str | int | float) and repr(value) not in message:
            message += f", not {value!r}"
        yield fault["loc"], f"{name}: {message}" if name else message
