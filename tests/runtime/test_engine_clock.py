"""Tests that the engine's clock follows the engine's answers, however wrong this machine's is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.engine_clock import EngineClock

TRUE = datetime(2026, 11, 28, 12, tzinfo=UTC)
YEARS = timedelta(days=730)
CLOSE = timedelta(seconds=0.2)


class World:
    """An engine with the right time, a machine whose clock is `off`, and time that passes."""

    def __init__(self, off: timedelta = timedelta()) -> None:
        self.off, self.passed = off, 1000.0
        self.clock = EngineClock(lambda: self.engine + self.off, lambda: self.passed)

    @property
    def engine(self) -> datetime:
        return TRUE + timedelta(seconds=self.passed)

    def answer(self, way_there: float = 0.01, back: float = 0.01) -> None:
        """Take one answer of the engine; the way there and back takes so many seconds."""
        sent = self.passed
        self.passed += way_there
        moment = self.engine
        self.passed += back
        self.clock.heard(moment, sent, self.passed)

    @property
    def wrong_by(self) -> timedelta:
        return abs(self.clock.now() - self.engine)


def test_without_a_word_from_the_engine_it_is_this_machines() -> None:
    world = World(timedelta(minutes=2))
    assert not world.clock.known
    assert world.clock.now() == world.engine + timedelta(minutes=2)
    assert world.clock.ahead == timedelta()
    assert world.clock.may_be_fast(5.0) == 5.0


@pytest.mark.parametrize("off", [timedelta(minutes=2), -timedelta(minutes=2), YEARS, -YEARS])
def test_one_answer_puts_it_right(off: timedelta) -> None:
    world = World(off)
    world.answer()
    assert world.wrong_by < CLOSE
    assert abs(world.clock.ahead + off) < CLOSE
    assert world.clock.may_be_fast(5.0) < 0.2


def test_clocks_that_agree_are_not_talked_about() -> None:
    world = World(timedelta(seconds=0.5))
    world.answer()
    assert world.clock.ahead == timedelta()


def test_setting_this_machines_clock_changes_nothing() -> None:
    world = World()
    world.answer()
    world.off = YEARS
    assert world.wrong_by < CLOSE
    assert world.clock.ahead < -timedelta(days=700)


def test_a_slow_answer_is_believed_only_as_far_as_it_tells() -> None:
    """An answer that took eight seconds cannot show an error of three, so the clock is kept."""
    world = World(timedelta(seconds=3))
    world.answer(way_there=4, back=4)
    assert world.wrong_by == timedelta(seconds=3)
    world.answer()
    assert world.wrong_by < CLOSE


def test_the_engines_clock_may_be_set() -> None:
    world = World()
    world.answer()
    world.clock.heard(world.engine + timedelta(hours=1), world.passed, world.passed)
    assert abs(world.clock.now() - world.engine - timedelta(hours=1)) < CLOSE


def test_what_lies_between_two_moments_bounds_it() -> None:
    world = World(YEARS)
    minute = timedelta(minutes=1)
    world.clock.between(world.engine - minute, world.engine + minute, world.passed, world.passed)
    assert world.wrong_by <= minute + CLOSE
    early = World(-YEARS)
    early.clock.between(early.engine - minute, None, early.passed, early.passed)
    assert early.wrong_by <= minute + CLOSE


def test_it_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(timedelta(minutes=2))
    for _ in range(5):
        world.answer()
    logged = capsys.readouterr()
    assert (logged.out + logged.err).count("clocks differ") == 1


@given(
    off=st.floats(-1e8, 1e8),
    ways=st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), min_size=1, max_size=20),
    pauses=st.lists(st.floats(0, 3600), max_size=20),
)
def test_it_is_never_further_off_than_the_quickest_answer_took(
    off: float, ways: list[tuple[float, float]], pauses: list[float]
) -> None:
    world = World(timedelta(seconds=off))
    for there, back in ways:
        world.answer(there, back)
    quickest = min(there + back for there, back in ways)
    old = sum(there + back for there, back in ways)
    for pause in pauses:
        world.passed += pause
    blurred = 0.2 + 1e-3 * (old + sum(pauses))
    assert world.wrong_by <= timedelta(seconds=quickest + blurred)
