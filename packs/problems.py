"""The problems of a pack, each with a file and a line, and helpers shared by all file readers."""

import errno
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


DEEPEST = 64
"""The most tables and lists inside each other; what is read recursively fails far beyond it."""


def there(path: Path) -> bool:
    """Return whether a folder has that name, also where it is a link that leads nowhere."""
    return os.path.lexists(path)


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file: a device or a pipe may have no end.

    Raises:
        OSError
    """
    if not path.exists() and path.is_symlink():
        raise OSError(errno.ENOENT, "the link leads nowhere")
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no regular file")
    return path.read_bytes()


def read_text(path: Path, name: str, problems: list[PackFault]) -> str | None:
    """Return the text of a file; None, and add a problem, if it is missing or not UTF-8."""
    try:
        return read_bytes(path).decode("utf-8-sig")  # spreadsheets write a BOM
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(PackFault(name, line, "not UTF-8: save the file as UTF-8"))
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and not there(path)
        says = "the file is missing" if missing else f"the file cannot be read: {error.strerror}"
        problems.append(PackFault(name, None, says))
    return None


def deep_line(text: str) -> int | None:
    """Return the line on which brackets are nested too deeply, for a text that cannot be read."""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        depth = max(depth, 0)
        for bracket in _BRACKET.findall(line):
            depth += 1 if bracket in "[{" else -1
            if depth > DEEPEST:
                return number
    return None


_BRACKET = re.compile(r"[\[\]{}]")
TOO_DEEP = f"nested more than {DEEPEST} levels deep"


def faults(error: ValidationError) -> Iterator[tuple[Location, str]]:
    """Yield the location and the message of each fault."""
    errors = error.errors(include_url=False)
    for fault in errors:
        # Pydantic reports a list whose entries are wrong as too short as well.
        inside = (other["loc"][: len(fault["loc"])] for other in errors if other is not fault)
        if fault["type"] == "too_short" and fault["loc"] in inside:
            continue
        name = ".".join(str(part) for part in fault["loc"])
        message = _worded(fault)
        value = fault["input"]
        told = fault["type"] == "extra_forbidden" or repr(value) in message
        if isinstance(value, str | int | float) and not told:
            message += f", not {value!r}"
        yield fault["loc"], f"{name}: {message}" if name else message


_WORDS: Mapping[str, str] = {
    "bool_parsing": "has to be true or false",
    "bool_type": "has to be true or false",
    "date_from_datetime_parsing": "has to be a day such as 2026-03-02",
    "date_parsing": "has to be a day such as 2026-03-02",
    "date_type": "has to be a day such as 2026-03-02",
    "dict_type": "has to be a table",
    "enum": "has to be {expected}",
    "extra_forbidden": "there is no such key",
    "finite_number": "has to be a finite number",
    "float_parsing": "has to be a number",
    "float_type": "has to be a number",
    "greater_than": "has to be more than {gt}",
    "greater_than_equal": "has to be {ge} or more",
    "int_from_float": "has to be a whole number",
    "int_parsing": "has to be a whole number",
    "int_parsing_size": "has to be a smaller whole number",
    "int_type": "has to be a whole number",
    "less_than": "has to be less than {lt}",
    "less_than_equal": "has to be {le} or less",
    "list_type": "has to be a list",
    "literal_error": "has to be {expected}",
    "missing": "is missing",
    "model_attributes_type": "has to be a table",
    "model_type": "has to be a table",
    "string_pattern_mismatch": "has to be of the form {pattern}",
    "string_too_long": "has to have at most {max_length} characters",
    "string_too_short": "has to have at least {min_length} characters",
    "string_type": "has to be a text",
    "time_parsing": "has to be a time such as 09:00",
    "time_type": "has to be a time such as 09:00",
    "too_long": "has to have at most {max_length} entries",
    "too_short": "has to have at least {min_length} entries",
    "tuple_type": "has to be a list",
    "value_error": "{error}",
}
"""The sentence of each kind of fault that pydantic finds, with the values of its context."""


def _worded(fault: Any) -> str:
    words = _WORDS.get(fault["type"])
    if words is None:
        return str(fault["msg"])
    sentence = words.format(**fault.get("ctx", {}))
    return re.sub(r"\b1 (character|entr)(s|ies)\b", _one, sentence)


def _one(counted: re.Match[str]) -> str:
    return "one entry" if counted[1] == "entr" else "one character"
