"""Tests of business time against a count of every single minute.

The calendars are drawn at random: several stretches of office hours a day, weekends, days off,
make-up days, days with hours of their own, the turn of a year, and summer time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.deadlines.calendar import (
    OfficeSpan,
    WorkCalendar,
    add_limit,
    add_office_time,
    office_time,
    subtract_limit,
    subtract_office_time,
)
from domain.deadlines.limits import Limit
from domain.pack.planning import resume_clock
from tests.domain.planned import handle, pack_with

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BEGINNINGS = [date(2025, 12, 22), date(2026, 2, 9), date(2026, 3, 23), date(2026, 9, 21)]
"""The first days of three weeks: turn of the year, two holidays, beginning of summer time."""
SUMMER_TIME = date(2026, 3, 29)
"""A Sunday on which Amsterdam's clocks skip the hour after two, and nobody works."""


@dataclass(frozen=True)
class World:
    """A calendar, and a moment by the wall clock of its zone."""

    calendar: WorkCalendar
    wall: datetime

    @property
    def start(self) -> datetime:
        return self.moment(self.wall)

    def moment(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=ZoneInfo(self.calendar.zone)).astimezone(UTC)

    def shown(self, wall: datetime) -> bool:
        """Return whether the wall clock ever shows this: not in the hour that summer time skips."""
        back = self.moment(wall).astimezone(ZoneInfo(self.calendar.zone))
        return back.replace(tzinfo=None) == wall

    def worked(self, minute: datetime) -> bool:
        """Return whether this minute is office time, by the literal text of the rule."""
        day, calendar = minute.date(), self.calendar
        free = day.weekday() > 4 or day in calendar.days_off
        if free and day not in calendar.days_on:
            return False
        hours = calendar.hours_on.get(day, calendar.hours)
        return any(span.opens <= minute.time() <= last_minute(span) for span in hours)

    def count(self, since: datetime, until: datetime) -> int:
        """Count the minutes of office time between two wall times."""
        minutes, at = 0, since
        while at < until:
            minutes += self.worked(at)
            at += MINUTE
        return minutes

    def closing(self, days: int) -> datetime:
        """Return the close of the n-th working day after the start's day, or before it."""
        step, day = DAY if days > 0 else -DAY, datetime.combine(self.wall, time(0))
        # The midnight at which an office closes belongs to the day that it ends.
        if day == self.wall and self.worked(day - MINUTE):
            day -= DAY
        left = abs(days)
        while left:
            day += step
            left -= any(self.worked(day + n * MINUTE) for n in range(24 * 60))
        return max(day + (n + 1) * MINUTE for n in range(24 * 60) if self.worked(day + n * MINUTE))


def last_minute(span: OfficeSpan) -> time:
    """Return the last minute of a stretch, which may end at midnight."""
    closes = span.closes.hour * 60 + span.closes.minute or 24 * 60
    return time((closes - 1) // 60, (closes - 1) % 60)


def spans(*, hours_at_least: int) -> st.SearchStrategy[tuple[OfficeSpan, ...]]:
    """Draw one to three stretches, from and to a quarter of an hour."""

    def cut(marks: list[int]) -> tuple[OfficeSpan, ...]:
        times = [time(mark // 4 % 24, mark % 4 * 15) for mark in sorted(marks)]
        pairs = zip(times[::2], times[1::2], strict=True)
        return tuple(OfficeSpan(opens=opens, closes=closes) for opens, closes in pairs)

    def long_enough(marks: list[int]) -> bool:
        marks = sorted(marks)
        return sum(marks[1::2]) - sum(marks[::2]) >= 4 * hours_at_least

    marks = st.sampled_from([2, 4, 6]).flatmap(
        lambda n: st.lists(st.integers(0, 96), min_size=n, max_size=n, unique=True)
    )
    return marks.filter(long_enough).map(cut)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    beginning = draw(st.sampled_from(BEGINNINGS))
    days = st.sampled_from([beginning + n * DAY for n in range(21)])
    zone = draw(st.sampled_from(["Asia/Shanghai", "Europe/Amsterdam"]))
    calendar = WorkCalendar(
        version="drawn",
        zone=zone,
        hours=draw(spans(hours_at_least=4)),
        years=(2025, 2026),
        days_off=tuple(draw(st.sets(days, max_size=5))),
        days_on=tuple(draw(st.sets(days, max_size=4)) - {SUMMER_TIME}),
        hours_on=draw(st.dictionaries(days, spans(hours_at_least=0), max_size=4)),
    )
    minute = draw(st.integers(0, 14 * 24 * 60))
    world = World(calendar, datetime.combine(beginning + 4 * DAY, time(0)) + minute * MINUTE)
    assume(world.shown(world.wall))
    return world


few = settings(max_examples=60, deadline=None)


@few
@given(worlds(), st.integers(1, 20))
def test_working_hours_are_counted_minute_by_minute(world: World, hours: int) -> None:
    limit = Limit.parse(f"{hours}wh")
    at, left = world.wall, hours * 60
    while left:
        left -= world.worked(at)
        at += MINUTE
    assert add_limit(world.calendar, world.start, limit) == world.moment(at)

    at, left = world.wall, hours * 60
    while left:
        at -= MINUTE
        left -= world.worked(at)
    assert subtract_limit(world.calendar, world.start, limit) == world.moment(at)


@few
@given(worlds(), st.integers(1, 5))
def test_working_days_end_when_the_office_closes(world: World, days: int) -> None:
    limit = Limit.parse(f"{days}wd")
    after, before = world.moment(world.closing(days)), world.moment(world.closing(-days))
    assert add_limit(world.calendar, world.start, limit) == after
    assert subtract_limit(world.calendar, world.start, limit) == before


@few
@given(worlds(), st.integers(0, 14 * 24 * 60))
def test_office_time_is_the_number_of_its_minutes(world: World, minutes: int) -> None:
    end = world.wall + minutes * MINUTE
    assume(world.shown(end) and world.start <= world.moment(end))
    counted = world.count(world.wall, end) * MINUTE
    assert office_time(world.calendar, world.start, world.moment(end)) == counted


@few
@given(worlds(), st.timedeltas(timedelta(microseconds=1), timedelta(hours=200)))
def test_office_time_between_two_moments_is_what_was_added(world: World, amount: timedelta) -> None:
    calendar, start = world.calendar, world.start
    assert office_time(calendar, start, add_office_time(calendar, start, amount)) == amount
    assert office_time(calendar, subtract_office_time(calendar, start, amount), start) == amount


def paused(world: World, pauses: Sequence[tuple[datetime, datetime]], due: datetime) -> datetime:
    """Return the due time at the same amount of office time, without the paused minutes."""
    at, left = world.wall, world.count(world.wall, due)
    while left:
        left -= world.worked(at) and not any(since <= at < until for since, until in pauses)
        at += MINUTE
    return at


@few
@given(
    worlds(),
    st.sampled_from(["3wh", "10wh", "1wd", "3wd"]),
    st.lists(st.integers(0, 6 * 24 * 60), min_size=4, max_size=4, unique=True),
)
def test_a_pause_is_office_time_that_was_never_counted(
    world: World, limit: str, minutes: list[int]
) -> None:
    moments = [world.wall + minute * MINUTE for minute in sorted(minutes)]
    assume(all(world.shown(wall) for wall in moments))
    pauses = [(moments[0], moments[1]), (moments[2], moments[3])]
    pack = pack_with({"handle": limit}, [], calendar=world.calendar)
    clock = handle(pack, world.start)
    due = clock.due_at.astimezone(ZoneInfo(world.calendar.zone)).replace(tzinfo=None)
    for since, until in pauses:
        clock = resume_clock(pack, clock, world.moment(since), world.moment(until))
    assert clock.due_at == world.moment(paused(world, pauses, due))


@few
@given(worlds(), st.integers(0, 72), st.integers(0, 72))
def test_a_pause_of_a_clock_in_calendar_time_is_time_that_was_never_counted(
    world: World, wait: int, pause: int
) -> None:
    pack = pack_with({"handle": "2d"}, [], calendar=world.calendar)
    since = world.start + timedelta(hours=wait)
    until = since + timedelta(hours=pause)
    at, left = world.start, 48
    while left:
        left -= not since <= at < until
        at += timedelta(hours=1)
    assert resume_clock(pack, handle(pack, world.start), since, until).due_at == at
