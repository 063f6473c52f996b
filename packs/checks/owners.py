"""Checks of responsible units, named or found by location, and of unreachable rows."""

from collections.abc import Iterator
from itertools import combinations

from domain.pack.catalogue import Responsibility, Unit, UnitKind, matches
from packs.parsed_pack import RESPONSIBILITIES, ParsedPack
from packs.problems import PackFault


def check_city(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that city.toml names its own folder, known units and a known tier."""
    if parsed.city.value is None:
        return
    file, city = parsed.city.value, parsed.city.value.city
    # Otherwise the pack would be loaded under one id and recorded in tickets under another.
    if city.id != parsed.folder.resolve().name:
        message = f"the id {city.id!r} is not the folder's name {parsed.folder.resolve().name!r}"
        yield parsed.city.problem(("city", "id"), message)
    if not parsed.units.has(city.fallback):
        message = f"the fallback unit {city.fallback!r} is unknown"
        yield parsed.city.problem(("city", "fallback"), message)
    if city.tier not in file.tiers:
        yield parsed.city.problem(("city", "tier"), f"the tier {city.tier!r} is unknown")
    if file.reports.unit is None:
        # Nobody would be named to look into a report of which the responsible unit is accused.
        message = "no unit for reports of wrongdoing (举报): [reports] unit = ..."
        yield parsed.city.problem(("reports",), message)
    elif not parsed.units.has(file.reports.unit):
        message = f"the unit {file.reports.unit!r} is unknown"
        yield parsed.city.problem(("reports", "unit"), message)
    # A city that verifies nothing needs no unit for it.
    fault = _target_fault(parsed, file.verify.unit)
    if fault and (file.verify.filing or file.verify.closing):
        yield parsed.city.problem(("verify", "unit"), fault)


def check_responsibilities(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that each row names a known unit, matches something, and is not covered above."""
    for row in parsed.responsibilities.rows:
        owner = row.value
        if fault := _target_fault(parsed, owner.unit):
            yield PackFault(RESPONSIBILITIES, row.line, fault)
        if not parsed.categories.has_match(owner.category):
            message = f"no category matches {owner.category!r}"
            yield PackFault(RESPONSIBILITIES, row.line, message)
        if not _means_an_area(parsed, owner.area):
            yield PackFault(RESPONSIBILITIES, row.line, f"no area matches {owner.area!r}")
    for above, row in combinations(parsed.responsibilities.rows, 2):
        if _hides(above.value, row.value):
            message = f"never reached: line {above.line} covers it"
            yield PackFault(RESPONSIBILITIES, row.line, message)


def _target_fault(parsed: ParsedPack, target: str) -> str | None:
    """Return the fault of a unit's code or an @target; None if there is none."""
    if not target.startswith("@"):
        return None if parsed.units.has(target) else f"the unit {target!r} is unknown"
    if any(_finds(target, unit) for unit in parsed.units.values()) or not parsed.units.whole:
        return None
    return f"{target} finds nobody: there is no {_WANTED[target]}"


_WANTED = {
    "@street": "unit of kind street",
    "@community": "unit of kind community with an area",
    "@nearest": "unit of kind centre with lat and lon",
}


def _finds(target: str, unit: Unit) -> bool:
    """Return whether `target` can resolve to `unit` for some location."""
    match target:
        case "@street":
            return unit.kind is UnitKind.STREET
        case "@community":
            return unit.kind is UnitKind.COMMUNITY and unit.area is not None
        case _:
            return unit.kind is UnitKind.CENTRE and None not in (unit.lat, unit.lon)


def _means_an_area(parsed: ParsedPack, pattern: str) -> bool:
    """Return whether `pattern` matches the division, a unit's area, or a part of such an area.

    True if they are not all known: what could not be read is reported already.
    """
    if not parsed.units.whole or parsed.city.value is None:
        return True
    areas = {unit.area for unit in parsed.units.values() if unit.area is not None}
    division = {parsed.city.value.city.division}
    if any(matches(pattern, area) for area in areas | division):
        return True
    # Parts of the division itself do not count: that would accept streets that do not exist.
    return any(pattern.rstrip("*").startswith(area) for area in areas - division)


def _hides(above: Responsibility, below: Responsibility) -> bool:
    if above.unit.startswith("@") and above.unit != below.unit:
        return False  # if the street is not known, the next row applies
    return _contains(above.category, below.category) and _contains(above.area, below.area)


def _contains(wide: str, narrow: str) -> bool:
    """Return whether the pattern `wide` matches everything that `narrow` matches."""
    if wide.endswith("*"):
        return narrow.startswith(wide[:-1])
    return wide == narrow
