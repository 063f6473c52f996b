"""The cost of finding a place in a text, among thousands of names.

Milliseconds of processor time for a text of 2,000 characters against 5,000 known places: a usual
one, one that is full of names, and an address of 200 whose names are all misspelled. Only addresses
are searched for misspelled names in the product; here all are.
"""

import random
import time
from statistics import quantiles

from rich.console import Console
from rich.table import Table

from domain.pack.gazetteer import KnownPlace, SiteKind
from domain.pack.pack import Pack
from packs.place_names import PlaceNames
from packs.registry import default_root, load_pack

NAMES, CHARACTERS, ADDRESS = 5000, 2000, 200
TARGET = 5.0
"""Milliseconds that the slowest of a hundred texts of a kind may take, at the 99th percentile."""

_TEXTS = 100
_FIRST, _ENDS = "东西南北金玉翠锦龙凤华康", ("小区", "花园", "家园", "大街", "中路", "小学", "广场")
_USUAL = "的一是了我不在有人这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而"


def show(out: Console) -> None:
    """Measure, and print a table."""
    dice = random.Random(5)
    whole = load_pack(default_root() / "tongzhou")
    pack = whole.model_copy(update={"known_places": known(dice, whole)})
    began = time.thread_time()
    names = PlaceNames(pack)
    made = (time.thread_time() - began) * 1e3
    names.find("通州区", misspelled=True)  # the table of characters is read once
    table = Table(title=f"{CHARACTERS:,} characters, {NAMES:,} known places", title_justify="left")
    for heading in ("text", "median ms", "p99 ms", "target", "names found"):
        table.add_column(heading, justify="right")
    for kind in ("usual", "full of names", "misspelled address"):
        times, found = [], 0
        for _ in range(_TEXTS):
            text = written(dice, pack, kind)
            start = time.thread_time()
            found += len(names.find(text))
            times.append((time.thread_time() - start) * 1e3)
        shares = quantiles(times, n=100)
        row = kind, f"{shares[49]:.2f}", f"{shares[98]:.2f}", f"{TARGET:g}", f"{found / _TEXTS:.0f}"
        table.add_row(*row)
    out.print(table)
    out.print(f"The names of the pack are read once, in {made:,.0f} ms.")


def known(dice: random.Random, pack: Pack) -> tuple[KnownPlace, ...]:
    """Return places with drawn names, some of them in several streets."""
    streets = [unit.area or "" for unit in pack.streets]
    return tuple(
        KnownPlace(
            code=f"p{n}",
            name=f"{dice.choice(_FIRST)}{chr(0x4E00 + dice.randrange(3000))}"
            f"{chr(0x4E00 + dice.randrange(3000))}{dice.choice(_ENDS)}",
            kind=dice.choice(list(SiteKind)),
            parent=dice.choice(streets),
        )
        for n in range(NAMES)
    )


def written(dice: random.Random, pack: Pack, kind: str) -> str:
    """Return a text: without names, full of names, or full of names with a wrong character."""
    if kind == "usual":
        body = "".join(dice.choices(_USUAL, k=CHARACTERS))
        at = dice.randrange(CHARACTERS - 10)
        return f"{body[:at]}{dice.choice(pack.known_places).name}{body[at:]}"[:CHARACTERS]
    parts: list[str] = []
    while sum(map(len, parts)) < CHARACTERS:
        name = list(dice.choice(pack.known_places).name)
        if kind == "misspelled address":
            name[dice.randrange(len(name))] = dice.choice(_USUAL)
        parts.append("".join(name))
    return "".join(parts)[: ADDRESS if kind == "misspelled address" else CHARACTERS]
