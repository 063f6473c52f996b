"""The state of a device: a pure function of its readings.

Readings come late, doubled and in any order. The state is computed of all that were taken, in the
order of their own time, so that it does not depend on how they came. What is older than `late`
before the newest reading is folded into a base that never changes again.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.model import Instant, Recorded
from domain.pack.sensors import AlarmRule, SensorKind
from domain.ticket.complaint import Code

_NONE = timedelta(0)


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError("not a number that can be measured")
    return value


Value = Annotated[float, AfterValidator(_finite)]


class DeviceReading(Recorded):
    """A reading as its source says it; `id` is the source's own, and never used twice by it."""

    id: Code
    at: Instant
    value: Value


class AlarmState(Recorded):
    """An alarm of a device. `changed_at`: when it was raised or recovered last.

    `run`: how many readings in a row, since `run_at`, say that this is about to change.
    `raised_at`: the last reading at which it was raised; None if it never was.
    """

    raised: bool = False
    changed_at: Instant | None = None
    raised_at: Instant | None = None
    run: int = 0
    run_at: Instant | None = None


class DeviceState(Recorded):
    """The state of a device: its alarms now, and as they were at `base_at`.

    `rules`: the mark of the rules that it was computed by; empty from before there were marks.
    """

    rules: str = ""
    base_at: Instant | None = None
    base: dict[str, AlarmState] = Field(default_factory=dict)
    alarms: dict[str, AlarmState] = Field(default_factory=dict)
    latest: DeviceReading | None = None

    def judges(self, at: datetime) -> bool:
        """Return whether a reading of this moment can still be judged."""
        return self.base_at is None or at > self.base_at


def follow(rule: AlarmRule, state: AlarmState, reading: DeviceReading) -> AlarmState:
    """Return the state of an alarm after one more reading."""
    counts = rule.recovered(reading.value) if state.raised else rule.alarms(reading.value)
    raised_at = reading.at if state.raised else state.raised_at
    if not counts:
        return state.model_copy(update={"run": 0, "run_at": None, "raised_at": raised_at})
    run, run_at = state.run + 1, state.run_at or reading.at
    lasted = reading.at - run_at
    if state.raised:
        turns = lasted >= _length(rule.recovered_for)
    else:
        turns = run >= rule.readings and lasted >= _length(rule.lasting)
    if not turns:
        return state.model_copy(update={"run": run, "run_at": run_at, "raised_at": raised_at})
    raises = not state.raised
    return AlarmState(
        raised=raises and not rule.passes,
        changed_at=reading.at,
        raised_at=reading.at if raises else state.raised_at,
    )


def _length(limit: object) -> timedelta:
    length = getattr(limit, "length", None)
    return length if isinstance(length, timedelta) else _NONE


def judged(kind: SensorKind, state: DeviceState, readings: Iterable[DeviceReading]) -> DeviceState:
    """Return the state of a device with all readings since the base: those known and new ones.

    The same readings in another order, or some of them twice, give the same state.
    """
    ordered = in_order(one for one in readings if state.judges(one.at))
    if not ordered:
        return state
    latest = max([ordered[-1], *([state.latest] if state.latest else [])], key=_moment)
    settled = latest.at - kind.late.length
    old = [one for one in ordered if one.at <= settled]
    new = [one for one in ordered if one.at > settled]
    base = _folded(kind, state.base, old)
    return DeviceState(
        rules=mark_of(kind),
        base_at=max(settled, state.base_at or settled),
        base=base,
        alarms=_folded(kind, base, new),
        latest=latest,
    )


def goes_on(kind: SensorKind, state: DeviceState, new: Sequence[DeviceReading]) -> bool:
    """Return whether all new readings are later than those known, which were judged by these rules.

    Then the state follows from the one before: no earlier reading changes what it says.
    """
    return (
        state.latest is not None
        and state.rules == mark_of(kind)
        and min(map(_moment, new)) > _moment(state.latest)
    )


def settled_at(kind: SensorKind, state: DeviceState, new: Sequence[DeviceReading]) -> datetime:
    """Return until when readings are settled by new ones that go on from the state."""
    settled = max(one.at for one in new) - kind.late.length
    return max(settled, state.base_at or settled)


def gone_on(
    kind: SensorKind,
    state: DeviceState,
    new: Sequence[DeviceReading],
    old: Iterable[DeviceReading],
) -> DeviceState:
    """Return the state of `judged`, for readings that go on. `old`: those since the base that are
    settled now.
    """
    ordered = in_order(new)
    return DeviceState(
        rules=state.rules,
        base_at=settled_at(kind, state, ordered),
        base=_folded(kind, state.base, in_order(old)),
        alarms=_folded(kind, state.alarms, ordered),
        latest=ordered[-1],
    )


@lru_cache(maxsize=200)
def mark_of(kind: SensorKind) -> str:
    """Return the mark of the rules of a kind: another one says that readings are judged anew."""
    rules = kind.model_dump_json(include={"alarms", "late"})
    return hashlib.sha256(rules.encode()).hexdigest()[:16]


def in_order(readings: Iterable[DeviceReading]) -> list[DeviceReading]:
    """Return each reading once, by its own time."""
    once: dict[str, DeviceReading] = {}
    for one in readings:
        once.setdefault(one.id, one)
    return sorted(once.values(), key=_moment)


def _moment(reading: DeviceReading) -> tuple[datetime, str]:
    return reading.at, reading.id


def _folded(
    kind: SensorKind, begin: Mapping[str, AlarmState], readings: Sequence[DeviceReading]
) -> dict[str, AlarmState]:
    states: dict[str, AlarmState] = {}
    for rule in kind.alarms:
        state = begin.get(rule.code, AlarmState())
        for reading in readings:
            state = follow(rule, state, reading)
        states[rule.code] = state
    return states


def needs_ticket(state: AlarmState, closed_at: datetime | None) -> bool:
    """Return whether an alarm without an open ticket needs one.

    `closed_at`: when the last ticket for it ended: what was measured before that was its matter.
    """
    return state.raised_at is not None and (closed_at is None or state.raised_at > closed_at)


def recovered_since(rule: AlarmRule, state: AlarmState, latest: DeviceReading) -> datetime | None:
    """Return since when an alarm with an open ticket has recovered; None while it has not.

    An alarm that a late reading has taken back counts as recovered from the latest one on.
    """
    if rule.passes or state.raised:
        return None
    return state.changed_at or latest.at


def is_silent(kind: SensorKind, latest: datetime | None, now: datetime) -> bool:
    """Return whether a device says nothing for longer than its interval."""
    if kind.interval is None:
        return False
    return latest is None or now - latest > kind.interval.length
