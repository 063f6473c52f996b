"""City packs for tests: the shipped ones, with some of their rules changed."""

import json
import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packs.checks.unused import STARTS
from packs.parsed_pack import CityFile
from packs.registry import PackRegistry, default_root

SHIPPED = PackRegistry(default_root())
"""The packs as they are shipped, read once per process: reading five takes a second."""


def scaled_packs(folder: Path, scale: float) -> PackRegistry:
    """Return the shipped packs with all spans multiplied by `scale`: days become seconds."""
    shutil.copytree(default_root(), folder, dirs_exist_ok=True)
    for file in folder.glob("*/city.toml"):
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


def city_with(folder: Path, city: str = "tongzhou", /, **tables: Mapping[str, Any]) -> PackRegistry:
    """Return a shipped pack with a changed city.toml: `city_with(tmp, features={...})`.

    Tables are merged key by key, at any depth; None removes a key. Limits and escalation
    policies that nothing uses any more are removed.
    """
    shutil.copytree(default_root() / city, folder / city)
    file = folder / city / "city.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    _merge(content, tables)
    _drop_unused(content)
    lines = [f"{key} = {_toml(value)}" for key, value in content.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shelf = PackRegistry(folder)
    shelf.get(city)  # fail at once if the changes contradict a rule of the pack
    return shelf


def _drop_unused(content: dict[str, Any]) -> None:
    read = CityFile.model_validate(content)
    limits = [content.get("limits", {}), content.get("joint", {}), *content["tiers"].values()]
    if not read.caps.co_handlers:
        content.pop("joint", None)
    for clock, start in STARTS.items():
        if not start.when(read):
            for table in limits:
                table.pop(clock, None)
        limited = any(clock in table for table in limits)
        if not start.when(read) or (start.limited and not limited):
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
