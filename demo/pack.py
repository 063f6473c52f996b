"""A city's pack with days shortened to seconds, so that its clocks expire during a demo."""

import re
from datetime import timedelta
from pathlib import Path

from domain.deadlines.limits import Limit, LimitUnit
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from packs.parsed_pack import CITY
from packs.registry import load_pack, pack_contents, write_contents

SHORTEST = timedelta(days=1)
"""The shortest limit in the pack: a limit of ten minutes would otherwise last some ms."""

_AS_LIVED = timedelta(seconds=2)
"""The shortest limit in real time, however short the days are."""

_SCALE = re.compile(r"(?m)^clock_scale\s*=.*$")
_TABLE = re.compile(r"(?m)^\[city\].*$")
_LIMIT = re.compile(rf'(?m)^({"|".join(ClockName)})(\s*=\s*)"([1-9][0-9]*(?:s|m|h|d|wh|wd))"')
_PRESSED = re.compile(r"(?m)^(after_contact|turned_within|together_within)\s*=.*\n")
"""The rules of ratings that look pressed: here one machine rates for all, seconds after a call."""


def shortened_pack(original: Path, cities: Path, day: float) -> Pack:
    """Copy the pack `original` and its base into `cities`, with days that last `day` seconds.

    Raises:
        PackError: the original has problems.
    """
    copy = cities / original.name
    write_contents(pack_contents(original), copy)
    shortest = max(SHORTEST, timedelta(days=_AS_LIVED.total_seconds() / day))
    # A limit may stand in the base, which was copied beside the pack.
    for file in (copy / CITY, *cities.glob(f"_*/{CITY}")):
        text = file.read_text(encoding="utf-8")
        text = _LIMIT.sub(lambda written: _lengthened(written, shortest), text)
        text = _PRESSED.sub("", text)
        file.write_text(text, encoding="utf-8")
    _scale(copy / CITY, f"clock_scale = {day / timedelta(days=1).total_seconds():.9f}")
    return load_pack(copy)


def _scale(file: Path, scale: str) -> None:
    text, times = _SCALE.subn(scale, file.read_text(encoding="utf-8"))
    if not times:
        text = _TABLE.sub(lambda table: f"{table[0]}\n{scale}", text)
    file.write_text(text, encoding="utf-8")


def _lengthened(written: re.Match[str], shortest: timedelta) -> str:
    name, equals, text = written.groups()
    limit = Limit.parse(text)
    days = limit.unit is LimitUnit.WORKING_DAYS
    length = timedelta(days=limit.amount) if days else limit.length
    hours = -(-shortest // timedelta(hours=1))
    return f'{name}{equals}"{hours}h"' if length < shortest else written[0]
