"""City packs for tests: the shipped ones, with some of their rules changed."""

import json
import re
import shutil
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from domain.deadlines.registry import DEADLINES
from domain.pack.pack import Pack
from packs.bases import EXTENDS, pack_files
from packs.checks.unused import starts
from packs.overlays import WITHOUT
from packs.parsed_pack import CALENDAR, CITY, LAW, CityFile, effective_toml
from packs.registry import PackRegistry, default_root, pack_version

_HEADER = "date,working,note,hours"

SHIPPED = PackRegistry(default_root())
"""The packs as they are shipped, read once per process: reading five takes a second."""

_LOADED: dict[str, Pack] = {}
"""The changed packs of this process: many tests change the same rule."""


def scaled_packs(folder: Path, scale: float) -> PackRegistry:
    """Return the shipped packs with all spans multiplied by `scale`: days become seconds."""
    shutil.copytree(default_root(), folder, dirs_exist_ok=True)
    file = folder / "_base" / CITY
    text, count = re.subn(
        r"(?m)^clock_scale = .*$", f"clock_scale = {scale}", file.read_text(encoding="utf-8")
    )
    if count != 1:
        raise ValueError(f"{file}: no clock_scale")
    file.write_text(text, encoding="utf-8")
    return PackRegistry(folder)


def with_rule(folder: Path, name: str, value: int) -> PackRegistry:
    """Return Tongzhou with one cap changed, for instance `returns` to 0."""
    return city_with(folder, caps={name: value})


def city_with(
    folder: Path, city: str = "tongzhou", /, **tables: Mapping[str, Any] | None
) -> PackRegistry:
    """Return a shipped pack with a changed city.toml: `city_with(tmp, features={...})`.

    Tables are merged key by key, at any depth; None removes a key. Limits and escalation
    policies that nothing uses any more are removed.
    """
    shutil.copytree(default_root() / city, folder / city)
    (folder / city / LAW).unlink(missing_ok=True)  # it does not bind a city that is changed
    content = effective_city(folder / city)
    _merge(content, tables)
    _drop_unused(content)
    write_city(folder / city, content)
    registry = PackRegistry(folder)
    version = pack_version(folder / city)
    if version not in _LOADED:
        _LOADED[version] = registry.get(city)  # fail at once if the changes contradict a rule
    registry._packs[city] = _LOADED[version]
    return registry


def effective_city(folder: Path) -> dict[str, Any]:
    """Return the content of a pack's city.toml with all that it has from its base."""
    effective = effective_toml(pack_files(folder), CITY, [])
    assert effective is not None, f"{folder} cannot be read"
    return effective[0]


def write_city(folder: Path, content: Mapping[str, Any]) -> None:
    """Write a city.toml that says all of `content` itself; other files still come from the base."""
    files, values = pack_files(folder), dict(content)
    if files.base is not None:
        base = tomllib.loads((files.base / CITY).read_text(encoding="utf-8"))
        values = {EXTENDS: files.base.name, WITHOUT: list(base), **content}
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    (folder / CITY).write_text("\n".join(lines) + "\n", encoding="utf-8")


def add_days(folder: Path, rows: Iterable[str]) -> None:
    """Add rows, `day,working,note,hours`, to a pack's own calendar.csv; begin it if need be."""
    file = folder / CALENDAR
    text = file.read_text(encoding="utf-8").rstrip("\n") if file.exists() else _HEADER
    file.write_text("\n".join([text, *rows, ""]), encoding="utf-8")


def _drop_unused(content: dict[str, Any]) -> None:
    read = CityFile.model_validate(content)
    limits = [content.get("limits", {}), content.get("joint", {}), *content["tiers"].values()]
    if not read.caps.co_handlers:
        content.pop("joint", None)
    for clock, spec in DEADLINES.items():
        if not starts(read, clock):
            for table in limits:
                table.pop(clock, None)
        limited = any(clock in table for table in limits)
        if not starts(read, clock) or (spec.limited and not limited):
            content.get("ladder", {}).pop(clock, None)


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(key, {}), value)
        elif value is None:
            into.pop(key, None)
        else:
            into[key] = value


def _toml(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items())
        return "{" + inner + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def with_unit_queue(folder: Path, unit: str, queue: str) -> PackRegistry:
    """Return Tongzhou with one unit on a queue of its own ("own" or "program")."""
    shutil.copytree(default_root() / "tongzhou", folder / "tongzhou")
    file = folder / "tongzhou" / "units.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    header = next(line for line in lines if line.startswith("code,")).split(",")
    at = header.index("queue")
    for index, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] == unit:
            cells[at] = queue
            lines[index] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return PackRegistry(folder)
