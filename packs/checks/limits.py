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

LimitsByClock = Mapping[ClockName, Limit]


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


def check_limits(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every tier has a handling limit, and that no clock within it is longer."""
    if parsed.city.value is None:
        return
    for name, tier in parsed.city.value.tiers.items():
        limits = _resolved(tier, parsed.city.value.limits)
        if ClockName.HANDLE not in limits:
            yield parsed.city.problem(("tiers", name), f"{name} has no limit to handle")
            continue
        yield from _within_handling(parsed, name, ("tiers", name), limits)
        yield from _late_warnings(parsed, parsed.city.value, name, limits)
        yield from _aftercare(parsed, parsed.city.value, name, limits)


def check_joint(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that `[joint]` limits only clocks of co-handlers, none beyond their handling."""
    if parsed.city.value is None:
        return
    city, limits = parsed.city.value, _resolved(parsed.city.value.joint)
    for clock in limits:
        if clock not in _JOINT:
            message = f"co-handlers have no limit {clock}; they have {', '.join(_JOINT)}"
            yield parsed.city.problem(("joint", clock.value), message)
    for name, tier in city.tiers.items():
        handle = limits.get(ClockName.HANDLE) or _resolved(tier, city.limits).get(ClockName.HANDLE)
        if handle:
            own = {**limits, ClockName.HANDLE: handle}
            yield from _within_handling(parsed, f"joint, {name}", ("joint",), own)
    yield from _late_warnings(parsed, city, "joint", limits)


def _resolved(own: Limits, default: Limits | None = None) -> LimitsByClock:
    values = {clock: own.of(clock) or (default and default.of(clock)) for clock in ClockName}
    return {clock: limit for clock, limit in values.items() if limit}


def _within_handling(
    parsed: ParsedPack, name: str, table: Location, limits: LimitsByClock
) -> Iterator[PackFault]:
    handle = limits[ClockName.HANDLE]
    for clock in WITHIN_HANDLING:
        limit = limits.get(clock)
        if limit and longer(limit, handle):
            message = f"{name}: {clock} {limit} is longer than handle {handle}"
            yield parsed.city.problem(_place(parsed, table, clock), message)


def _place(parsed: ParsedPack, table: Location, clock: ClockName) -> Location:
    """Return the location of a clock's limit: in `table`, otherwise in `[limits]`."""
    own = (*table, clock.value)
    return own if own in parsed.city.places else ("limits", clock.value)


def _late_warnings(
    parsed: ParsedPack, city: CityFile, name: str, limits: LimitsByClock
) -> Iterator[PackFault]:
    for clock, rules in city.ladder.items():
        # The promise to the citizen has the limit of the first handling.
        limit = limits.get(limit_name(clock))
        for index, rule in enumerate(rules):
            if limit is None or rule.kind is not LevelKind.WARN or rule.offset is None:
                continue
            order = compare(limit, rule.offset)
            if order is not None and order <= 0:
                message = f"{name}: {clock} {limit} is over before the warning {rule.offset} ahead"
                yield parsed.city.problem(("ladder", clock.value, index), message)


def _aftercare(
    parsed: ParsedPack, city: CityFile, name: str, limits: LimitsByClock
) -> Iterator[PackFault]:
    """Check that the last revisit is due within aftercare: later the ticket has ended."""
    watched = limits.get(ClockName.AFTERCARE)
    if watched is None or not city.aftercare.revisits:
        return
    last = city.aftercare.revisits[-1]
    order = compare(watched, last)
    if order is not None and order <= 0:
        message = f"{name}: aftercare {watched} is over before the last revisit, after {last}"
        yield parsed.city.problem(_place(parsed, ("tiers", name), ClockName.AFTERCARE), message)


def check_order(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that escalation levels and revisits are listed in the order of time."""
    if parsed.city.value is None:
        return
    for clock, rules in parsed.city.value.ladder.items():
        after = [
            (index, level)
            for index, level in enumerate(rules)
            if level.kind is not LevelKind.WARN and level.offset
        ]
        for (_, earlier), (index, later) in pairwise(after):
            if earlier.offset and later.offset and longer(earlier.offset, later.offset):
                message = (
                    f"{clock}: {later.kind} {later.offset} after due comes before"
                    f" {earlier.kind} {earlier.offset} after due"
                )
                yield parsed.city.problem(("ladder", clock.value, index), message)
    for first, second in pairwise(parsed.city.value.aftercare.revisits):
        order = compare(first, second)
        if order is not None and order >= 0:
            message = f"the revisit after {second} comes no later than that after {first}"
            yield parsed.city.problem(("aftercare", "revisits"), message)


def check_calendar(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that the published years have no gap, and calendar.csv no year far from them."""
    if parsed.city.value is None:
        return
    years = parsed.city.value.calendar.years
    missing = [str(year) for year in range(min(years), max(years)) if year not in years]
    if missing:
        message = f"the years leave out {', '.join(missing)}"
        yield parsed.city.problem(("calendar", "years"), message)
    twice = sorted({str(year) for year in years if years.count(year) > 1})
    if twice:
        message = f"the years name {', '.join(twice)} more than once"
        yield parsed.city.problem(("calendar", "years"), message)
    for row in parsed.overrides.rows:
        year = row.value.date.year
        if not min(years) - _NEAR <= year <= max(years) + _NEAR:
            message = f"{year} is not near the published years, {min(years)} to {max(years)}"
            yield PackFault(row.file, row.line, message)
