"""How far ahead a city promises firmly: until when its calendar is published, and what goes on."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from domain.deadlines.clocks import Clock, ClockName
from domain.deadlines.limits import Limit
from domain.pack.pack import Pack
from domain.pack.planning import plan_clock, plan_clocks

_NAMES = (
    ClockName.DISPATCH,
    ClockName.SIGN,
    ClockName.RETURN_WINDOW,
    ClockName.CONTACT,
    ClockName.HANDLE,
)
"""What begins to run soon after a complaint is filed; and the steps of its category."""

_DAY = timedelta(days=1)


class Horizon(NamedTuple):
    """`last_day`: the last one that is published.

    `tiers`: the first day of filing from which on a clock of the tier is provisional, its ladder
    included; None where all of them run in calendar time.
    """

    last_day: date
    tiers: dict[str, date | None]

    @property
    def first(self) -> date | None:
        """The first day from which on any tier is promised provisionally."""
        return min((day for day in self.tiers.values() if day is not None), default=None)


def horizon(pack: Pack) -> Horizon:
    """How far ahead `pack` promises firmly."""
    last = first = max(pack.calendar.published)
    while first - 1 in pack.calendar.published:
        first -= 1
    days = (date(first, 1, 1), date(last, 12, 31))
    return Horizon(days[1], {tier: _first_provisional(pack, tier, *days) for tier in pack.tiers})


def _first_provisional(pack: Pack, tier: str, first: date, last: date) -> date | None:
    """The first day of filing, of these and the one after them, whose promises are provisional."""
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
    """Whether anything is that is promised late on that day."""
    evening = datetime.combine(day, time(23, 59), pack.calendar.tz)
    return any(clock.provisional for clock in _clocks(pack, tier, evening, steps))


def _clocks(pack: Pack, tier: str, at: datetime, steps: set[Limit]) -> Iterator[Clock]:
    yield from plan_clocks(pack, _NAMES, tier, at)
    for limit in steps:
        clock = plan_clock(pack, ClockName.STEP, tier, at, limit=limit)
        if clock is not None:
            yield clock
