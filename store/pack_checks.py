"""What the parts of a pack must be to each other: references, reachability, limits in order.

Each check is a generator of problems over a draft; `CHECKS` is all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from domain.catalogue import BY_STREET, Category, Responsibility, Unit, UnitKind, matches
from domain.clocks import ClockName, RungKind
from domain.limits import Limit, LimitUnit
from store.pack_files import (
    CALENDAR,
    CATEGORIES,
    CITY,
    RESPONSIBILITIES,
    UNITS,
    CityFile,
    Draft,
    Problem,
    Row,
)


def check_codes(draft: Draft) -> Iterator[Problem]:
    """No two units, categories or reasons of the same code, no day overridden twice."""
    yield from _twice(UNITS, [(row.line, row.value.code) for row in draft.units])
    yield from _twice(CATEGORIES, [(row.line, row.value.code) for row in draft.categories])
    yield from _twice(CALENDAR, [(row.line, str(row.value.date)) for row in draft.overrides])
    if draft.city is None:
        return
    reasons = draft.city.reasons
    for kind in ("decline", "refer", "returns"):
        codes = [reason.code for reason in getattr(reasons, kind)]
        lines = [draft.line_of("reasons", kind, index) or 0 for index in range(len(codes))]
        yield from _twice(CITY, list(zip(lines, codes, strict=True)))


def _twice(file: str, codes: Sequence[tuple[int, str]]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for line, code in codes:
        if code in first:
            yield Problem(file, line, f"{code} stands already on line {first[code]}")
        first.setdefault(code, line)


def check_city(draft: Draft) -> Iterator[Problem]:
    """`[city]` names its own folder, a known fallback unit and a known tier."""
    if draft.city is None:
        return
    city = draft.city.city
    # A folder under another name would be found by one id and known to every row by another.
    if city.id != draft.folder.resolve().name:
        message = f"the id {city.id!r} is not the folder's name {draft.folder.resolve().name!r}"
        yield Problem(CITY, draft.line_of("city", "id"), message)
    if not draft.has(UNITS, city.fallback):
        message = f"the fallback unit {city.fallback!r} is unknown"
        yield Problem(CITY, draft.line_of("city", "fallback"), message)
    if city.tier not in draft.city.tiers:
        yield Problem(CITY, draft.line_of("city", "tier"), f"the tier {city.tier!r} is unknown")


def check_units(draft: Draft) -> Iterator[Problem]:
    """Parents are known and lead upward; every street has an area, its own, in the division."""
    parents = {row.value.code: row.value.parent for row in draft.units}
    streets: dict[str, str] = {}
    for row in draft.units:
        unit = row.value
        if unit.parent is not None and not draft.has(UNITS, unit.parent):
            yield Problem(UNITS, row.line, f"the parent {unit.parent!r} is unknown")
        if _is_own_ancestor(unit.code, parents):
            yield Problem(UNITS, row.line, f"{unit.code!r} is its own parent")
        division = draft.city.city.division if draft.city else ""
        if unit.area is not None and not unit.area.startswith(division):
            yield Problem(UNITS, row.line, f"the area {unit.area!r} is not in the division")
        if unit.kind is UnitKind.STREET:
            yield from _street_faults(row, streets)


def _street_faults(row: Row[Unit], streets: dict[str, str]) -> Iterator[Problem]:
    unit = row.value
    if unit.area is None:
        yield Problem(UNITS, row.line, f"the street {unit.code!r} has no area")
    elif unit.area in streets:
        message = f"the area {unit.area!r} is already that of {streets[unit.area]!r}"
        yield Problem(UNITS, row.line, message)
    else:
        streets[unit.area] = unit.code


def _is_own_ancestor(code: str, parents: dict[str, str | None]) -> bool:
    seen: set[str] = set()
    above = parents.get(code)
    while above is not None and above not in seen:
        if above == code:
            return True
        seen.add(above)
        above = parents.get(above)
    return False


def check_categories(draft: Draft) -> Iterator[Problem]:
    """Every category has a known tier and somebody who answers for it."""
    patterns = [row.value.category for row in draft.responsibilities]
    for row in draft.categories:
        category: Category = row.value
        if draft.city and category.tier not in draft.city.tiers:
            yield Problem(CATEGORIES, row.line, f"the tier {category.tier!r} is unknown")
        owned = any(matches(pattern, category.code) for pattern in patterns)
        if not owned and draft.whole(RESPONSIBILITIES):
            message = f"nobody answers for {category.code} {category.name}"
            yield Problem(CATEGORIES, row.line, message)


def check_responsibilities(draft: Draft) -> Iterator[Problem]:
    """Every row names a known unit, means something, and is not hidden by a row above it."""
    areas = {row.value.area for row in draft.units if row.value.area is not None}
    if draft.city:
        areas.add(draft.city.city.division)
    for row in draft.responsibilities:
        owner = row.value
        if owner.unit != BY_STREET and not draft.has(UNITS, owner.unit):
            yield Problem(RESPONSIBILITIES, row.line, f"the unit {owner.unit!r} is unknown")
        if not draft.has_match(CATEGORIES, owner.category):
            message = f"no category is meant by {owner.category!r}"
            yield Problem(RESPONSIBILITIES, row.line, message)
        if not any(matches(owner.area, area) for area in areas) and draft.whole(UNITS):
            yield Problem(RESPONSIBILITIES, row.line, f"no area is meant by {owner.area!r}")
    for above, row in combinations(draft.responsibilities, 2):
        if _hides(above.value, row.value):
            message = f"never reached: line {above.line} covers it"
            yield Problem(RESPONSIBILITIES, row.line, message)


def _hides(above: Responsibility, below: Responsibility) -> bool:
    if above.unit == BY_STREET and below.unit != BY_STREET:
        return False  # where the street is not known, the next row is asked
    return _contains(above.category, below.category) and _contains(above.area, below.area)


def _contains(wide: str, narrow: str) -> bool:
    """Whether the pattern `wide` means everything that `narrow` means."""
    if wide.endswith("*"):
        return narrow.startswith(wide[:-1])
    return wide == narrow


def check_limits(draft: Draft) -> Iterator[Problem]:
    """Every tier is handled within a limit, contacted and signed before it, warned in time."""
    if draft.city is None:
        return
    for name in draft.city.tiers:
        limits = {clock: limit for clock in ClockName if (limit := _limit(draft.city, name, clock))}
        handle = limits.get(ClockName.HANDLE)
        if handle is None:
            yield Problem(CITY, draft.line_of("tiers", name), f"{name} has no limit to handle")
            continue
        for clock in (ClockName.SIGN, ClockName.CONTACT):
            limit = limits.get(clock)
            if limit and _longer(limit, handle):
                message = f"{name}: {clock} {limit} is longer than handle {handle}"
                yield Problem(CITY, _limit_line(draft, name, clock), message)
        yield from _late_warnings(draft, draft.city, name, limits)


def _late_warnings(
    draft: Draft, city: CityFile, tier: str, limits: dict[ClockName, Limit]
) -> Iterator[Problem]:
    for clock, rungs in city.ladder.items():
        for index, rung in enumerate(rungs):
            limit = limits.get(clock)
            if rung.kind is not RungKind.WARN or limit is None:
                continue
            if isinstance(rung.offset, Limit) and not _longer(limit, rung.offset):
                message = f"{tier}: {clock} {limit} is over before the warning {rung.offset} ahead"
                yield Problem(CITY, draft.line_of("ladder", clock.value, index), message)


def _limit(city: CityFile, tier: str, clock: ClockName) -> Limit | None:
    return city.tiers[tier].of(clock) or city.limits.of(clock)


def _limit_line(draft: Draft, tier: str, clock: ClockName) -> int | None:
    own = ("tiers", tier, clock.value)
    return draft.line_of(*own if own in draft.lines else ("limits", clock.value))


def _longer(one: Limit, other: Limit) -> bool:
    """Whether `one` is surely longer; working and calendar time cannot be compared."""
    if one.unit is other.unit:
        return one.amount > other.amount
    if one.unit is LimitUnit.WORKING_DAYS or other.unit is LimitUnit.WORKING_DAYS:
        return False
    return one.basis is other.basis and one.length > other.length


def check_calendar(draft: Draft) -> Iterator[Problem]:
    """calendar.csv speaks only of years that are published."""
    if draft.city is None:
        return
    for row in draft.overrides:
        if row.value.date.year not in draft.city.calendar.years:
            message = f"{row.value.date.year} is not one of the published years"
            yield Problem(CALENDAR, row.line, message)


CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    check_codes,
    check_city,
    check_units,
    check_categories,
    check_responsibilities,
    check_limits,
    check_calendar,
)
