"""GeoJSON files, each feature with the line it begins on."""

import json
import re
from collections.abc import Iterator
from typing import Any

from packs.problems import TOO_DEEP, PackFault, deep_line

_BETWEEN = re.compile(r"[\s,:]*")  # what may separate the values of valid JSON


def read_features(name: str, text: str) -> tuple[list[tuple[int, Any]], list[PackFault]]:
    """Return the features of a FeatureCollection, each with its line, and what is wrong with it.

    The features themselves are not judged. `name`: the file's name in the faults.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        return [], [PackFault(name, error.lineno, f"not JSON: {error.msg}")]
    except ValueError as error:  # a number of thousands of digits
        return [], [PackFault(name, None, f"not JSON: {error}")]
    except RecursionError:
        return [], [PackFault(name, deep_line(text), TOO_DEEP)]
    kind, features = member(content, "type"), member(content, "features")
    if kind != "FeatureCollection" or not isinstance(features, list):
        return [], [PackFault(name, 1, "not a GeoJSON FeatureCollection")]
    try:
        lines = list(_lines(text))
    except (ValueError, IndexError):  # the first of several members is no list
        lines = []
    if len(lines) != len(features):
        return [], [PackFault(name, None, "it has the member 'features' more than once")]
    return list(zip(lines, features, strict=True)), []


def member(value: object, name: str) -> Any:
    """Return a member of a JSON object; None of one that has it not, and of what is no object."""
    return value.get(name) if isinstance(value, dict) else None


def _lines(text: str) -> Iterator[int]:
    """Yield the line on which each feature begins, in the text of a valid FeatureCollection."""
    decode = json.JSONDecoder().raw_decode

    def after(index: int) -> int:
        match = _BETWEEN.match(text, index)
        return match.end() if match else index

    key, index = decode(text, after(text.index("{") + 1))
    while key != "features":
        _, index = decode(text, after(index))
        key, index = decode(text, after(index))
    index = after(after(index) + 1)
    line, counted = 1, 0
    while text[index] != "]":
        line, counted = line + text.count("\n", counted, index), index
        yield line
        _, index = decode(text, index)
        index = after(index)
