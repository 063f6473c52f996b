"""City packs for tests: the shipped one, with some of its numbers changed."""

import re
import shutil
from pathlib import Path

from store.packs import PackShelf, default_root


def scaled_packs(folder: Path, scale: float) -> PackShelf:
    """The shipped packs with all spans multiplied by `scale`: days become seconds."""
    shutil.copytree(default_root(), folder, dirs_exist_ok=True)
    for file in folder.glob("*/city.toml"):
        text, count = re.subn(
            r"(?m)^clock_scale = .*$", f"clock_scale = {scale}", file.read_text(encoding="utf-8")
        )
        if count != 1:
            raise ValueError(f"{file}: no clock_scale")
        file.write_text(text, encoding="utf-8")
    return PackShelf(folder)


def with_rule(folder: Path, name: str, value: int) -> PackShelf:
    """The shipped packs with one cap changed, for instance `returns` to 0."""
    shutil.copytree(default_root(), folder, dirs_exist_ok=True)
    for file in folder.glob("*/city.toml"):
        text, count = re.subn(
            rf"(?m)^{name} = \d+", f"{name} = {value}", file.read_text(encoding="utf-8")
        )
        if count != 1:
            raise ValueError(f"{file}: no cap {name}")
        file.write_text(text, encoding="utf-8")
    return PackShelf(folder)


def with_unit_queue(folder: Path, unit: str, queue: str) -> PackShelf:
    """The shipped packs with one unit on a queue of its own ("own" or "program")."""
    shutil.copytree(default_root(), folder, dirs_exist_ok=True)
    for file in folder.glob("*/units.csv"):
        lines = file.read_text(encoding="utf-8").splitlines()
        header = next(line for line in lines if line.startswith("code,")).split(",")
        at = header.index("queue")
        for index, line in enumerate(lines):
            cells = line.split(",")
            if cells[0] == unit:
                cells[at] = queue
                lines[index] = ",".join(cells)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return PackShelf(folder)
