"""The cost of loading a pack with its checks, compared with parsing its files alone."""

import csv
import io
import json
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from packs.registry import PackRegistry, check_pack, default_root, load_pack

CELLS = 3000
TARGET = 1.0
"""Seconds within which a pack with so many cells must be loaded."""

_ROWS = 50
_ROUNDS = 5
_PARSERS: dict[str, Callable[[str], object]] = {
    ".toml": tomllib.loads,
    ".csv": lambda text: list(csv.reader(io.StringIO(text))),
    ".geojson": json.loads,
}


@dataclass(frozen=True)
class Loading:
    """Seconds, medians of several rounds: of reading and parsing alone, loading, and checking."""

    pack: str
    cells: int
    parsed: float
    loaded: float
    checked: float


def with_cells(original: Path, folder: Path, cells: int = CELLS) -> Path:
    """Copy a pack, with its cells replaced by a lattice of `cells` cells."""
    copy = folder / original.name
    shutil.copytree(original, copy)
    street = load_pack(original).streets[0].area or ""
    features = [_cell(street, number, cells // _ROWS) for number in range(cells)]
    lines = ",\n".join(json.dumps(feature) for feature in features)
    head = '{"type": "FeatureCollection", "illustrative": true, "features": [\n'
    (copy / "grids.geojson").write_text(f"{head}{lines}\n]}}\n", encoding="utf-8")
    return copy


def _cell(street: str, number: int, columns: int) -> dict[str, object]:
    row, column = divmod(number, columns)
    west, south, size = 116.5 + column * 0.005, 40.0 - row * 0.004, (0.005, 0.004)
    east, north = west + size[0], south + size[1]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    corners = [[round(lon, 6), round(lat, 6)] for lon, lat in ring]
    code = f"{street}{901 + number // 900:03d}{number % 900 + 1:03d}"
    geometry = {"type": "Polygon", "coordinates": [corners]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def measure(folder: Path) -> Loading:
    """Measure loading the pack repeatedly, from files in the system's cache."""
    if problems := check_pack(folder):
        raise ValueError(f"{folder.name}: {problems[0]}")
    return Loading(
        folder.name,
        len(json.loads((folder / "grids.geojson").read_text(encoding="utf-8"))["features"]),
        _seconds(lambda: _parse(folder)),
        _seconds(lambda: load_pack(folder)),
        _seconds(lambda: check_pack(folder)),
    )


def _parse(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.suffix in _PARSERS:
            _PARSERS[file.suffix](file.read_text(encoding="utf-8"))


def _seconds(call: Callable[[], object]) -> float:
    rounds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        call()
        rounds.append(time.perf_counter() - began)
    return median(rounds)


def measure_all() -> list[Loading]:
    """Measure every shipped pack, and one with `CELLS` cells."""
    root = default_root()
    shipped = [measure(root / city) for city in PackRegistry(root).ids()]
    with tempfile.TemporaryDirectory() as folder:
        return [*shipped, measure(with_cells(root / "tongzhou", Path(folder)))]


def show(out: Console, measured: list[Loading]) -> None:
    table = Table(title="seconds to load a pack")
    for heading in ("pack", "cells", "files parsed", "loaded", "× parsed", "checked"):
        table.add_column(heading, justify="right")
    for each in measured:
        times = f"{each.loaded / each.parsed:.1f}"
        seconds = (f"{each.parsed:.3f}", f"{each.loaded:.3f}", times, f"{each.checked:.3f}")
        table.add_row(each.pack, str(each.cells), *seconds)
    out.print(table)
    most = measured[-1]
    verdict = "within" if most.loaded < TARGET else "ABOVE"
    out.print(f"{most.cells} cells in {most.loaded:.3f} s: {verdict} the target of {TARGET:g} s")
