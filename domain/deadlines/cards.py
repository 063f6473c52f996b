"""Yellow and red cards: the levels of a unit's own clocks."""

from collections.abc import Iterable

from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import UNIT_CLOCKS


def cards_shown(clocks: Iterable[Clock], kind: LevelKind) -> set[int]:
    """Return the versions of the events by which units got a card of that kind.

    A clock that was paused is there twice, with the levels reached before: they count once.
    """
    return {
        version
        for clock in clocks
        if clock.name in UNIT_CLOCKS
        for level, version in zip(clock.rungs, clock.reached_in, strict=False)
        if level.kind is kind
    }
