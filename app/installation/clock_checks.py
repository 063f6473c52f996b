"""Findings of the doctor on whether the clocks of this machine, engine and record agree."""

from datetime import UTC, datetime, timedelta

from app.installation.health_checks import Finding
from runtime.engine_clock import WORTH_SAYING, EngineClock
from store.db.engine import Store
from store.tickets import tickets

_FAR = timedelta(seconds=30)
"""The difference that people notice: times are wrong where the engine's is unknown."""


def clock_of(clock: EngineClock) -> Finding:
    """Compare this machine's clock with the engine's, as far as that is known."""
    ahead = clock.ahead
    if not ahead:
        if clock.within is None:
            return Finding("clock", "note", "unknown: the engine has not told its time")
        if clock.within >= _FAR:
            says = f"the engine's time is known only to within {length(clock.within)}"
            return Finding("clock", "note", says)
        return Finding("clock", "ok", "nothing says that it differs from the engine's")
    which, its = ("behind", "ahead") if ahead > timedelta() else ("ahead", "behind")
    state = "wrong" if abs(ahead) >= _FAR else "note"
    return Finding(
        "clock",
        state,
        f"this machine's is {which}: the engine's is {length(abs(ahead))} {its} of it; "
        "set both by the same source of time",
    )


async def record_of(store: Store) -> Finding:
    """Check this machine's clock against the record, which has no events in the future.

    Raises:
        StoreUnavailable
    """
    newest, now = await tickets.newest(store), datetime.now(UTC)
    if newest is None or newest - now < WORTH_SAYING:
        return Finding("record", "ok", "nothing in it lies in the future")
    ahead = newest - now
    return Finding(
        "record",
        "wrong" if ahead >= _FAR else "note",
        f"its newest entry lies {length(ahead)} in the future: this machine's clock is behind, "
        "or was ahead when it was written",
    )


def length(of: timedelta) -> str:
    """Format a duration in its largest unit: 3 s, 12 min, 2 h, 730 days."""
    seconds = of.total_seconds()
    for unit, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
