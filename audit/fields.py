"""Fields of recorded models, by path: `assignments.0.signed_at`."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

MISSING = "(missing)"


def fields(model: BaseModel | None) -> dict[str, str]:
    """Return every field with a value, by its path, with the full value as text."""
    return dict(_leaves("", model.model_dump(mode="json"))) if model else {}


def unlike(one: BaseModel | None, other: BaseModel | None) -> Iterator[tuple[str, str, str]]:
    """Yield each field whose value differs between the two, with full values."""
    old, new = fields(one), fields(other)
    for path in old | new:
        if old.get(path) != new.get(path):
            yield path, old.get(path, ""), new.get(path, "")


def apart(path: str, one: Any, other: Any) -> Iterator[tuple[str, str, str]]:
    """Yield each field in which two JSON values differ, below `path`, with shortened values.

    A report names the place; the full values are in the history and in the record.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            below = f"{path}.{key}" if path else key
            yield from apart(below, one.get(key, MISSING), other.get(key, MISSING))
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            yield from apart(
                f"{path}.{index}",
                one[index] if index < len(one) else MISSING,
                other[index] if index < len(other) else MISSING,
            )
    elif one != other:
        yield path, _shown(one), _shown(other)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in pairs:
            yield from _leaves(f"{path}.{key}" if path else str(key), part)
    elif value not in (None, ""):
        yield path, str(value)


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
