"""The mapping file of an import, checked against the city that the complaints come to."""

import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from domain.imports.mapping import ImportMap
from domain.imports.rows import Codes
from domain.pack.lookups import area_of, category_of, unit_of
from domain.pack.pack import Pack
from packs.problems import PackFault, faults, read_text


class BadMap(Exception):
    """A mapping that cannot be used; `problems` lists all its faults."""

    code = "bad_map"

    def __init__(self, problems: list[PackFault]) -> None:
        super().__init__(f"the mapping has {len(problems)} problem(s)")
        self.problems = problems


def read_map(path: Path, pack: Pack) -> tuple[ImportMap, Codes]:
    """Read a mapping, and what its codes are looked up in.

    Raises:
        BadMap
    """
    problems: list[PackFault] = []
    text = read_text(path, path.name, problems)
    if text is None:
        raise BadMap(problems)
    try:
        mapping = ImportMap.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadMap([PackFault(path.name, None, f"not TOML: {error}")]) from error
    except ValidationError as error:
        says = [".".join(map(str, place)) + f": {message}" for place, message in faults(error)]
        raise BadMap([PackFault(path.name, None, one) for one in says]) from error
    if wrong := [*map_faults(mapping, pack)]:
        raise BadMap([PackFault(path.name, None, one) for one in wrong])
    return mapping, codes_of(mapping, pack)


def codes_of(mapping: ImportMap, pack: Pack) -> Codes:
    """Return what the cells of a city's complaints are looked up in."""
    zone = ZoneInfo(mapping.dates.zone) if mapping.dates.zone else pack.calendar.tz
    return Codes(
        category=partial(category_of, pack),
        area=partial(area_of, pack),
        unit=partial(unit_of, pack),
        zone=zone,
    )


def map_faults(mapping: ImportMap, pack: Pack) -> Iterator[str]:
    """Yield what the city does not have of what a mapping names."""
    for table, constant, find in (
        ("categories", "category", category_of),
        ("areas", "area", area_of),
        ("units", "unit", unit_of),
    ):
        named = dict(getattr(mapping, table))
        if (one := getattr(mapping.constants, constant)) is not None:
            named[f"constants.{constant}"] = one
        for word, code in named.items():
            if find(pack, code) != code:
                yield f"{table}.{word}: the city has no {constant} {code!r}"
    if mapping.dates.zone:
        try:
            ZoneInfo(mapping.dates.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"dates.zone: there is no time zone {mapping.dates.zone!r}"
    if mapping.columns.state and not (mapping.states.open or mapping.states.closed):
        yield "states: say which words of the state column mean open, and which closed"
