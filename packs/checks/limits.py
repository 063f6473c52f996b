"""Checks of limits and escalation policies, and of the calendar's years."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from domain.deadlines.clocks import LevelKind
from domain.deadlines.limits import Limit, LimitUnit, Offset
from domain.deadlines.registry import WITHIN_HANDLING, ClockName, clocks_of, limit_name
from domain.pack.policies import Limits
from packs.parsed_pack import CityFile, ParsedPack
from packs.problems import Location, PackFault

_NEAR = 2
"""Years by which a row of calendar.csv may lie outside the published years; a row further away is
taken for a typing error."""

_JOINT = clocks_of("co")
"""The clocks of a co-handler."""

Found = Mapping[ClockName, Limit]


def compare(one: Offset, other: Offset) -> int | None:
    """Return a number below 0 if `one` is certainly shorter, above 0 if longer, 0 if equal.

    None if it depends on the calendar (working and calendar time) or on the clock (a share).
    """
    if not isinstance(one, Limit) or not isinstance(other, Limit):
        same = type(one) is type(other)
        return one.amount - other.amount if same else None
    if one.unit is other.unit:
        return one.amount - other.amount
    if LimitUnit.WORKING_DAYS in (one.unit, other.unit) or one.basis is not other.basis:
        return None
    return (one.length > other.length) - (one.length < other.length)


def longer(one: Offset, other: Offset) -> bool:
    """Return whether `one` is certainly longer."""
    return (compare(one, other) or 0) > 0


def check_limits(draft: ParsedPack) -> Iterator[PackFault]:
    """Check that every tier has a handling limit, and that no clock within it is longer."""
    if draft.city.value is None:
        return
    for name, tier in draft.city.value.tiers.items():
        limits = _resolved(tier, draft.city.value.limits)
        if ClockName.HANDLE not in limits:
            yield draft.city.problem(("tiers", name), f"{name} has no limit to handle")
            continue
        yield from _within_handling(draft, name, ("tiers", name), limits)
        yield from _late_warnings(draft, draft.city.value, name, limits)
        yield from _aftercare(draft, draft.city.value, name, limits)


def check_joint(draft: ParsedPack) -> Iterator[PackFault]:
    """Check that `[joint]` limits only clocks of co-handlers, none beyond their handling."""
    if draft.city.value is None:
        return
    city, limits = draft.city.value, _resolved(draft.city.value.joint)
    for clock in limits:
        if clock not in _JOINT:
            message = f"co-handlers have no limit {clock}; they have {', '.join(_JOINT)}"
            yield draft.city.problem(("joint", clock.value), message)
    for name, tier in city.tiers.items():
        handle = limits.get(ClockName.HANDLE) or _resolved(tier, city.limits).get(ClockName.HANDLE)
        if handle:
            own = {**limits, ClockName.HANDLE: handle}
            yield from _within_handling(draft, f"joint, {name}", ("joint",), own)
    yield from _late_warnings(draft, city, "joint", limits)


def _resolved(own: Limits, default: Limits | None = None) -> Found:
    found = {clock: own.of(clock) or (default and default.of(clock)) for clock in ClockName}
    return {clock: limit for clock, limit in found.items() if limit}


def _within_handling(
    draft: ParsedPack, name: str, table: Location, limits: Found
) -> Iterator[PackFault]:
    handle = limits[ClockName.HANDLE]
    for clock in WITHIN_HANDLING:
        limit = limits.get(clock)
        if limit and longer(limit, handle):
            message = f"{name}: {clock} {limit} is longer than handle {handle}"
            yield draft.city.problem(_place(draft, table, clock), message)


def _place(draft: ParsedPack, table: Location, clock: ClockName) -> Location:
    """Return the location of a clock's limit: in `table`, otherwise in `[limits]`."""
    own = (*table, clock.value)
    return own if own in draft.city.places else ("limits", clock.value)


def _late_warnings(
    draft: ParsedPack, city: CityFile, name: str, limits: Found
) -> Iterator[PackFault]:
    for clock, rungs in city.ladder.items():
        # The promise to the citizen has the limit of the first handling.
        limit = limits.get(limit_name(clock))
        for index, rung in enumerate(rungs):
            if limit is None or rung.kind is not LevelKind.WARN or rung.offset is None:
                continue
            order = compare(limit, rung.offset)
            if order is not None and order <= 0:
                message = f"{name}: {clock} {limit} is over before the warning {rung.offset} ahead"
                yield draft.city.problem(("ladder", clock.value, index), message)


def _aftercare(draft: ParsedPack, city: CityFile, name: str, limits: Found) -> Iterator[PackFault]:
    """Check that the last revisit is due within aftercare: later the ticket has ended."""
    watched = limits.get(ClockName.AFTERCARE)
    if watched is None or not city.aftercare.revisits:
        return
    last = city.aftercare.revisits[-1]
    order = compare(watched, last)
    if order is not None and order <= 0:
        message = f"{name}: aftercare {watched} is over before the last revisit, after {last}"
        yield draft.city.problem(_place(draft, ("tiers", name), ClockName.AFTERCARE), message)


def check_order(draft: ParsedPack) -> Iterator[PackFault]:
    """Check that escalation levels and revisits are listed in the order of time."""
    if draft.city.value is None:
        return
    for clock, rungs in draft.city.value.ladder.items():
        after = [
            (index, rung)
            for index, rung in enumerate(rungs)
            if rung.kind is not LevelKind.WARN and rung.offset
        ]
        for (_, earlier), (index, later) in pairwise(after):
            if earlier.offset and later.offset and longer(earlier.offset, later.offset):
                message = (
                    f"{clock}: {later.kind} {later.offset} after due comes before"
                    f" {earlier.kind} {earlier.offset} after due"
                )
                yield draft.city.problem(("ladder", clock.value, index), message)
    for first, second in pairwise(draft.city.value.aftercare.revisits):
        order = compare(first, second)
        if order is not None and order >= 0:
            message = f"the revisit after {second} comes no later than that after {first}"
            yield draft.city.problem(("aftercare", "revisits"), message)


def check_calendar(draft: ParsedPack) -> Iterator[PackFault]:
    """Check that the published years have no gap, and calendar.csv no year far from them."""
    if draft.city.value is None:
        return
    years = draft.city.value.calendar.years
    missing = [str(year) for year in range(min(years), max(years)) if year not in years]
    if missing:
        message = f"the years leave out {', '.join(missing)}"
        yield draft.city.problem(("calendar", "years"), message)
    twice = sorted({str(year) for year in years if years.count(year) > 1})
    if twice:
        message = f"the years name {', '.join(twice)} more than once"
        yield draft.city.problem(("calendar", "years"), message)
    for row in draft.overrides.rows:
        year = row.value.date.year
        if not min(years) - _NEAR <= year <= max(years) + _NEAR:
            message = f"{year} is not near the published years, {min(years)} to {max(years)}"
            yield PackFault(row.file, row.line, message)
