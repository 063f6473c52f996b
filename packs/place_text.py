"""Addresses as they are compared: traditional characters, full width and numerals made plain.

"３號樓", "三号楼" and "3号楼" are the same.
"""

import re
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import opencc

from domain.canonical import plain_character

_MANY = 16_384
_NUMERAL = re.compile(r"(?=[0-9]?[百十])(?:([0-9])百0?)?(?:([0-9]?)十)?([0-9]?)(?![百十千万])")
_PART = re.compile(r"[,，、]?(?:第)?([0-9]{1,5}|[a-z])(号楼|栋|幢|座|号院|号)")
_BUILDINGS = frozenset({"号楼", "栋", "幢", "座"})


class PlainText(NamedTuple):
    """A text as it is compared, and of each of its characters the span in the text as written.

    `spans`: None where both have the same characters in the same places.
    """

    text: str
    spans: list[tuple[int, int]] | None

    def written(self, original: str, start: int, end: int) -> str:
        """Return a piece of it as it was written."""
        if self.spans is None:
            return original[start:end]
        return original[self.spans[start][0] : self.spans[end - 1][1]]


def plain_text(text: str) -> PlainText:
    """Return a text as it is compared, without blanks."""
    pieces = list(map(_plain, text))
    joined = "".join(pieces)
    numbers = "十" in joined or "百" in joined
    if not numbers and len(joined) == len(text) and all(pieces):
        return PlainText(joined, None)
    spans = [(at, at + 1) for at, piece in enumerate(pieces) for _ in piece]
    return _with_numbers(joined, spans) if numbers else PlainText(joined, spans)


def plain_name(name: str) -> str:
    """Return a name as it is compared."""
    return plain_text(name).text


def part_after(text: str, at: int) -> str | None:
    """Return the house or building number that follows a name: "12号", "3号楼"; None without."""
    match = _PART.match(text, at)
    if match is None:
        return None
    return f"{match[1]}{'号楼' if match[2] in _BUILDINGS else '号'}"


def _with_numbers(text: str, spans: list[tuple[int, int]]) -> PlainText:
    """Write numerals of tens and hundreds with digits: "十2" becomes "12"."""
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    done = 0
    for match in _NUMERAL.finditer(text):
        start, end = match.span()
        if end == start or start < done:
            continue
        characters.append(text[done:start])
        places += spans[done:start]
        hundreds, tens, ones = match.groups()
        value = 100 * int(hundreds or 0) + int(ones or 0)
        value += 0 if tens is None else 10 * int(tens or 1)
        characters.append(str(value))
        places += [(spans[start][0], spans[end - 1][1])] * len(str(value))
        done = end
    characters.append(text[done:])
    return PlainText("".join(characters), places + spans[done:])


@lru_cache(_MANY)
def _plain(one: str) -> str:
    if one.isspace():
        return ""
    table = _simplified()
    return "".join(plain_character(table.get(each, each)) for each in plain_character(one)).lower()


@cache
def _simplified() -> dict[str, str]:
    """Return the simplified character of each traditional one, from the table of OpenCC.

    Its converter looks for whole words, and takes a hundred times as long for single characters.
    """
    table = resources.files(opencc).joinpath("dictionary", "TSCharacters.txt")
    rows = (row.split("\t") for row in table.read_text("utf-8").splitlines() if row)
    return {one: simple.split(" ")[0] for one, simple in rows}
