"""Tests of every shipped pack through the end of its published years and the two after them.

Every complaint then has a due time, in order and never in the past; it is marked provisional
exactly if a year was counted whose calendar is not published.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest

from domain.deadlines.calendar import OfficeYear, WorkCalendar
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from domain.pack.planning import extend_clock, plan_clocks, plan_revisits, plan_steps, resume_clock
from packs.registry import PackRegistry, default_root

REGISTRY = PackRegistry(default_root())
CITIES = REGISTRY.ids()

asked: set[int] = set()


class Watched(WorkCalendar):
    """A calendar that notes the years that are read."""

    def year(self, year: int) -> OfficeYear:
        asked.add(year)
        return super().year(year)


def watched(city: str) -> Pack:
    pack = REGISTRY.get(city)
    calendar = Watched.model_validate(pack.calendar.model_dump())
    return pack.model_copy(update={"calendar": calendar})


def filings(pack: Pack) -> Iterator[datetime]:
    """Yield a moment of every day from 20 November to 10 February, over both turns of the year."""
    last = max(pack.calendar.years)
    for year in (last, last + 1):
        day, n = date(year, 11, 20), 0
        while day <= date(year + 1, 2, 10):
            at = time((n * 7) % 24, (n * 11) % 60)  # by day and by night
            yield datetime.combine(day, at, pack.calendar.tz)
            day, n = day + timedelta(days=1), n + 1


def problem(pack: Pack, clock: Clock, start: datetime, counted: set[int]) -> str | None:
    """Return the fault of a newly planned clock, if any; `counted`: the years that were read."""
    times = [level.at for level in clock.rungs]
    kinds = [list(LevelKind).index(level.kind) for level in clock.rungs]
    due = [level.at for level in clock.rungs if level.kind is LevelKind.DUE]
    unpublished = counted - set(pack.calendar.years)
    if clock.due_at <= start or min(times) <= start:
        return "in the past"
    if times != sorted(times) or kinds != sorted(kinds) or len(due) != 1 or due[0] < clock.due_at:
        return "out of order"
    if clock.provisional is not bool(unpublished):
        return f"provisional: {clock.provisional}, and it counted days of {sorted(counted)}"
    if (clock.calendar_version is None) is bool(counted):
        return f"of the calendar {clock.calendar_version}, and it counted days of {sorted(counted)}"
    return None


@pytest.mark.parametrize("city", CITIES)
def test_every_tier_has_every_clock_on_every_day_around_the_turn_of_the_year(city: str) -> None:
    pack = watched(city)
    wrong, marked, planned = [], 0, 0
    for start in filings(pack):
        for tier in pack.tiers:
            for name in ClockName:
                for joint in (False, True):
                    asked.clear()
                    limit, _ = pack.limit(name, tier)
                    clocks = plan_clocks(pack, [name], tier, start, assignment=1, joint=joint)
                    assert clocks or limit is None
                    counted = set(asked)
                    results = [problem(pack, clock, start, counted) for clock in clocks]
                    wrong += [(start, tier, name, one) for one in results if one]
                    marked += sum(clock.provisional for clock in clocks)
                    planned += len(clocks)
    assert wrong == []
    assert planned > 1000
    assert (marked > 0) is (city != "tongzhou")  # its limits are all in calendar time


@pytest.mark.parametrize("city", CITIES)
def test_every_step_of_every_category_has_a_due_time(city: str) -> None:
    pack = watched(city)
    for category in pack.categories:
        if not category.steps:
            continue
        for start in filings(pack):
            clocks = []
            for step in category.steps:  # each alone, to know the years it counted in
                only = category.model_copy(update={"steps": (step,)})
                alone = pack.model_copy(update={"categories": (only,)})
                asked.clear()
                clocks += plan_steps(alone, category.code, category.tier, start, 1)
                assert problem(alone, clocks[-1], start, set(asked)) is None
            assert clocks == plan_steps(pack, category.code, category.tier, start, 1)


@pytest.mark.parametrize("city", CITIES)
def test_what_moves_a_due_time_over_the_turn_of_the_year_has_an_answer(city: str) -> None:
    """More time, a pause, and the revisits after closing."""
    pack = watched(city)
    by = pack.caps.extension or Limit.parse("5wd")
    for start in filings(pack):
        for tier in pack.tiers:
            [clock] = plan_clocks(pack, [ClockName.HANDLE], tier, start, assignment=1)
            extended = extend_clock(pack, clock, by)
            assert extended.due_at > clock.due_at
            times = [level.at for level in extended.rungs]
            assert times == sorted(times)
            assert extended.provisional >= clock.provisional
            pause = start + (clock.due_at - start) / 2
            resumed = resume_clock(pack, clock, pause, pause + timedelta(days=30))
            assert resumed.due_at > clock.due_at
            assert resumed.provisional >= clock.provisional
        for look in plan_revisits(pack, start):
            assert look.due_at > start
