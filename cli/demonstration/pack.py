"""A city's pack with its days shortened to seconds: its clocks run out while one watches."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

from domain.clocks import ClockName
from domain.limits import Limit
from domain.pack import Pack
from store.packs import load_pack

SHORTEST = timedelta(days=1)
"""Shorter limits are as long as this: who signs within ten minutes needs more than some ms."""

_SCALE = re.compile(r"(?m)^clock_scale\s*=.*$")
_TABLE = re.compile(r"(?m)^\[city\].*$")
_LIMIT = re.compile(rf'(?m)^({"|".join(ClockName)})(\s*=\s*)"([1-9][0-9]*[smh])"')


def shortened_pack(original: Path, cities: Path, day: float) -> Pack:
    """A copy of the pack `original` below `cities`, in which a day lasts `day` seconds.

    Raises:
        PackError: the original has problems.
    """
    copy = cities / original.name
    shutil.copytree(original, copy)
    file = copy / "city.toml"
    text = _LIMIT.sub(_lengthened, file.read_text(encoding="utf-8"))
    scale = f"clock_scale = {day / timedelta(days=1).total_seconds():.9f}"
    text, found = _SCALE.subn(scale, text)
    if not found:
        text = _TABLE.sub(lambda table: f"{table[0]}\n{scale}", text)
    file.write_text(text, encoding="utf-8")
    return load_pack(copy)


def _lengthened(written: re.Match[str]) -> str:
    name, equals, limit = written.groups()
    hours = int(SHORTEST.total_seconds() // 3600)
    return f'{name}{equals}"{hours}h"' if Limit.parse(limit).length < SHORTEST else written[0]
