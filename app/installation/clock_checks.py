"""Findings of the doctor on whether the clocks of this machine, engine and record agree."""

from datetime import UTC, datetime, timedelta

from app.installation.findings import Finding, Part
from domain.words import N_, Phrase, phrase
from runtime.engine_clock import WORTH_SAYING, EngineClock
from store.db.engine import Store
from store.tickets import tickets

_FAR = timedelta(seconds=30)
"""The difference that people notice: times are wrong where the engine's is unknown."""

_BEHIND = N_(
    "this machine's is behind: the engine's is %(length)s ahead of it; set both by the same "
    "source of time"
)
_AHEAD = N_(
    "this machine's is ahead: the engine's is %(length)s behind it; set both by the same "
    "source of time"
)


def clock_of(clock: EngineClock) -> Finding:
    """Compare this machine's clock with the engine's, as far as that is known."""
    ahead = clock.ahead
    if not ahead:
        return _unknown(clock.within)
    state = "wrong" if abs(ahead) >= _FAR else "note"
    says = phrase(_BEHIND if ahead > timedelta() else _AHEAD, length=length(abs(ahead)))
    return Finding(Part.CLOCK, state, says)


def _unknown(within: timedelta | None) -> Finding:
    if within is None:
        says = phrase(N_("unknown: the engine has not told its time"))
        return Finding(Part.CLOCK, "note", says)
    if within >= _FAR:
        message = N_("the engine's time is known only to within %(length)s")
        return Finding(Part.CLOCK, "note", phrase(message, length=length(within)))
    says = phrase(N_("nothing says that it differs from the engine's"))
    return Finding(Part.CLOCK, "ok", says)


async def record_of(store: Store) -> Finding:
    """Check this machine's clock against the record, which has no events in the future.

    Raises:
        StoreUnavailable
    """
    newest, now = await tickets.newest(store), datetime.now(UTC)
    if newest is None or newest - now < WORTH_SAYING:
        return Finding(Part.RECORD, "ok", phrase(N_("nothing in it lies in the future")))
    ahead = newest - now
    message = N_(
        "its newest entry lies %(length)s in the future: this machine's clock is behind, or was "
        "ahead when it was written"
    )
    state = "wrong" if ahead >= _FAR else "note"
    return Finding(Part.RECORD, state, phrase(message, length=length(ahead)))


_UNITS = ((86_400, N_("%(n)s days")), (3_600, N_("%(n)s h")), (60, N_("%(n)s min")))


def length(of: timedelta) -> Phrase:
    """Format a duration in its largest unit: 3 s, 12 min, 2 h, 730 days."""
    seconds = of.total_seconds()
    for unit, message in _UNITS:
        if seconds >= 2 * unit:
            return phrase(message, n=f"{seconds / unit:.0f}")
    return phrase(N_("%(n)s s"), n=f"{seconds:.0f}")
