"""The days up to which a city's due times are firm, by its published calendar."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from domain.deadlines.clocks import Clock
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName, clocks_of
from domain.pack.pack import Pack
from domain.pack.planning import plan_clock, plan_clocks

_NAMES = (ClockName.DISPATCH, *clocks_of("lead"))
"""The clocks that start soon after a complaint is filed, besides its category's steps."""

_DAY = timedelta(days=1)


class Horizon(NamedTuple):
    """The firm horizon of a pack. `last_day`: the last published day.

    `tiers`: the first day of filing from which on a clock of the tier is provisional, its levels
    included; None if all of them run in calendar time.
    """

    last_day: date
    tiers: dict[str, date | None]

    @property
    def first(self) -> date | None:
        """The first day from which any tier has provisional clocks."""
        return min((day for day in self.tiers.values() if day is not None), default=None)


def horizon(pack: Pack) -> Horizon:
    """Return how far ahead `pack` plans firmly."""
    last = first = max(pack.calendar.published)
    while first - 1 in pack.calendar.published:
        first -= 1
    days = (date(first, 1, 1), date(last, 12, 31))
    return Horizon(days[1], {tier: _first_provisional(pack, tier, *days) for tier in pack.tiers})


def _first_provisional(pack: Pack, tier: str, first: date, last: date) -> date | None:
    """Return the first day of filing, up to the day after `last`, with provisional clocks."""
    steps = {step.limit for one in pack.categories if one.tier == tier for step in one.steps}
    if not _is_provisional(pack, tier, last + _DAY, steps):
        return None
    firm, provisional = first - _DAY, last + _DAY
    while provisional - firm > _DAY:
        day = firm + (provisional - firm) // 2
        if _is_provisional(pack, tier, day, steps):
            provisional = day
        else:
            firm = day
    return provisional


def _is_provisional(pack: Pack, tier: str, day: date, steps: set[Limit]) -> bool:
    """Return whether a complaint filed late that day gets a provisional clock."""
    evening = datetime.combine(day, time(23, 59), pack.calendar.tz)
    return any(clock.provisional for clock in _clocks(pack, tier, evening, steps))


def _clocks(pack: Pack, tier: str, at: datetime, steps: set[Limit]) -> Iterator[Clock]:
    yield from plan_clocks(pack, _NAMES, tier, at)
    for limit in steps:
        clock = plan_clock(pack, ClockName.STEP, tier, at, limit=limit)
        if clock is not None:
            yield clock
