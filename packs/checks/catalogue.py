"""Checks of units and categories: known references, unique codes, parents without cycles."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

from domain.pack.catalogue import Level, Reasons, Unit, UnitKind, matches
from packs.csv_tables import CsvRow
from packs.parsed_pack import ASSESSMENT, CATEGORIES, PRIZES, REWARDS, SCORING, UNITS, ParsedPack
from packs.problems import PackFault, Place
from packs.toml_tables import Document

M = TypeVar("M", bound=BaseModel)

_LEVELS = list(Level)


def check_codes(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that all codes are unique in their file, and that no day is overridden twice."""
    yield from _twice([((UNITS, row.line), row.value.code) for row in parsed.units.rows])
    yield from _twice([((CATEGORIES, row.line), row.value.code) for row in parsed.categories.rows])
    yield from _twice([((SCORING, row.line), row.value.code) for row in parsed.scoring.rows])
    yield from _twice([((REWARDS, row.line), row.value.code) for row in parsed.rewards.rows])
    yield from _twice([((ASSESSMENT, row.line), row.value.code) for row in parsed.assessment.rows])
    yield from _twice([((PRIZES, row.line), row.value.code) for row in parsed.prizes.rows])
    yield from _twice(
        [((row.file, row.line), str(row.value.date)) for row in parsed.overrides.rows]
    )
    for row in parsed.categories.rows:
        steps = [f"the step {step.code}" for step in row.value.steps]
        yield from _twice([((CATEGORIES, row.line), step) for step in steps])
    figures = parsed.indicators
    ids = [figure.id for figure in figures.value.indicators] if figures.value else []
    yield from _twice(_placed(figures, ids, "id", "indicators"))
    if parsed.city.value is None:
        return
    for kind in Reasons.model_fields:
        codes = [reason.code for reason in getattr(parsed.city.value.reasons, kind)]
        yield from _twice(_placed(parsed.city, codes, "code", "reasons", kind))


def _placed(
    document: Document[M], codes: Sequence[str], key: str, *table: str
) -> list[tuple[Place, str]]:
    """Return the codes of the entries of a list, each with its place."""
    pairs = (document.place_of(*table, index, key) for index in range(len(codes)))
    places = [place or (document.file, 0) for place in pairs]
    return list(zip(places, codes, strict=True))


def _twice(codes: Sequence[tuple[Place, str]]) -> Iterator[PackFault]:
    first: dict[str, int] = {}
    for (file, line), code in codes:
        if code in first:
            yield PackFault(file, line, f"{code} is already on line {first[code]}")
        first.setdefault(code, line)


def check_units(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check the units' parents, areas and positions; every street needs an area of its own."""
    units = {row.value.code: row.value for row in parsed.units.rows}
    division = parsed.city.value.city.division if parsed.city.value else ""
    streets: dict[str, str] = {}
    for row in parsed.units.rows:
        unit = row.value
        if unit.parent is not None:
            yield from _parent_faults(parsed, row, units)
        if unit.area is not None and not unit.area.startswith(division):
            yield PackFault(UNITS, row.line, f"the area {unit.area!r} is not in the division")
        if (unit.lat is None) != (unit.lon is None):
            yield PackFault(UNITS, row.line, "lat and lon belong together")
        if unit.kind is UnitKind.STREET:
            yield from _street_faults(row, streets)


def _parent_faults(
    parsed: ParsedPack, row: CsvRow[Unit], units: dict[str, Unit]
) -> Iterator[PackFault]:
    unit = row.value
    parent = units.get(unit.parent or "")
    if not parsed.units.has(unit.parent or ""):
        yield PackFault(UNITS, row.line, f"the parent {unit.parent!r} is unknown")
    if _is_own_ancestor(unit.code, units):
        yield PackFault(UNITS, row.line, f"{unit.code!r} is its own parent")
    # Equal levels are allowed: a station has the level of its bureau. Raising never goes down.
    elif parent and _LEVELS.index(parent.level) > _LEVELS.index(unit.level):
        message = f"the parent {parent.code!r} is of a lower level ({parent.level})"
        yield PackFault(UNITS, row.line, message)


def _street_faults(row: CsvRow[Unit], streets: dict[str, str]) -> Iterator[PackFault]:
    unit = row.value
    if unit.area is None:
        yield PackFault(UNITS, row.line, f"the street {unit.code!r} has no area")
    elif unit.area in streets:
        message = f"the area {unit.area!r} is already that of {streets[unit.area]!r}"
        yield PackFault(UNITS, row.line, message)
    else:
        streets[unit.area] = unit.code


def _is_own_ancestor(code: str, units: dict[str, Unit]) -> bool:
    seen: set[str] = set()
    above = units[code].parent
    while above is not None and above not in seen:
        if above == code:
            return True
        seen.add(above)
        above = units[above].parent if above in units else None
    return False


def check_categories(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every category has a known tier and a responsible unit."""
    patterns = [row.value.category for row in parsed.responsibilities.rows]
    for row in parsed.categories.rows:
        category = row.value
        if parsed.city.value and category.tier not in parsed.city.value.tiers:
            yield PackFault(CATEGORIES, row.line, f"the tier {category.tier!r} is unknown")
        owned = any(matches(pattern, category.code) for pattern in patterns)
        if not owned and parsed.responsibilities.whole:
            message = f"nobody answers for {category.code} {category.name}"
            yield PackFault(CATEGORIES, row.line, message)
