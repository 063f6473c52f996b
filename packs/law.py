"""The rules of a pack, each with the clause that it rests on."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from domain.deadlines.limits import Limit
from domain.pack.law import Clause, Demand, Law, LawDocument
from domain.pack.policies import LevelRule
from packs.checks.limits import compare
from packs.parsed_pack import CityFile

_NO_RULES = frozenset({"city", "calendar", "reasons", "desk"})
"""The tables of city.toml that describe, and neither limit, cap nor oblige."""

_NAMES = frozenset({"name", "name_en", "urgent"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit, cap or duty of a city. `clauses`: those it rests on; none if it is illustrative."""

    key: str
    value: str
    clauses: tuple[tuple[LawDocument, Clause], ...]


def rules_of(city: CityFile, law: Law) -> list[Rule]:
    """Return every limit, cap and duty of a city, in the order of its tables."""
    rests: dict[str, list[tuple[LawDocument, Clause]]] = {}
    for document in law.documents:
        for clause in document.clauses:
            for key in clause.keys:
                rests.setdefault(key, []).append((document, clause))
    return [
        Rule(key, value, tuple(rests.get(key, ())))
        for table in CityFile.model_fields
        if table not in _NO_RULES and getattr(city, table) is not None
        for key, value in _leaves(table, getattr(city, table))
    ]


def value_at(city: CityFile, key: str) -> object:
    """Return the value of a key as it was set, by the pack or its base; None if it was not."""
    value: object = city
    for part in key.split("."):
        value = _inner(value).get(part)
    return value


def unmet(value: object, demand: Demand) -> str | None:
    """Return why a key's value does not carry out a demand; None if it does."""
    if value is None:
        return "the key is not set"
    if isinstance(demand, Limit):
        order = compare(value, demand) if isinstance(value, Limit) else None
        if order is None:
            return f"{_shown(value)} cannot be compared with {demand}"
        return f"{value} is longer than {demand}" if order > 0 else None
    if isinstance(demand, bool):
        on = value is not False
        return None if on is demand else f"it is {'on' if on else 'off'}"
    return None if value == demand and not isinstance(value, bool) else f"it is {_shown(value)}"


def _leaves(key: str, value: object) -> Iterator[tuple[str, str]]:
    inner = _inner(value)
    if not inner and not isinstance(value, BaseModel):
        yield key, _shown(value)
    for name, each in inner.items():
        if name not in _NAMES and each is not None:
            yield from _leaves(f"{key}.{name}", each)


def _inner(value: object) -> Mapping[str, object]:
    """Return the keys that are set in a table, with their values; nothing of any other value.

    The levels of a ladder are a table by their kinds, with their offsets.
    """
    if isinstance(value, BaseModel):
        return {
            name: getattr(value, name)
            for name in type(value).model_fields
            if name in value.model_fields_set
        }
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    if isinstance(value, tuple) and value and all(isinstance(one, LevelRule) for one in value):
        return _levels(value)
    return {}


def _levels(levels: Iterable[LevelRule]) -> Mapping[str, object]:
    """Return the offset of each level by its kind; the second of a kind is "supervise-2"."""
    table: dict[str, object] = {}
    count: Counter[str] = Counter()
    for level in levels:
        count[level.kind] += 1
        again = f"-{count[level.kind]}" if count[level.kind] > 1 else ""
        table[f"{level.kind}{again}"] = level.offset or "when due"
    return table


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_shown, value))
    if isinstance(value, BaseModel):  # a grade: its number and its name
        return " ".join(str(part) for _, part in [*value][:2])
    return str(value)
