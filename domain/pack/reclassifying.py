"""Planning of a ticket's clocks after its classification was corrected.

A unit's limits begin anew: it learns only now what the ticket is about. The citizen's promise is
counted from its own start, as if the classification had been right from the beginning, and comes
only earlier unless a person confirmed a later day (ADR 0035).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.deadlines.calendar import add_office_time, office_time
from domain.deadlines.clocks import Basis, Clock, ClockKey
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName, clocks_of
from domain.pack.pack import Pack
from domain.pack.planning import BY_HAND, plan_at, plan_clock, plan_clocks, plan_steps
from domain.ticket.assignment import Assignment, Share

Replacement = tuple[ClockKey | None, Clock | None]
"""A clock to stop, and the one to start in its place; either may be missing."""


def reclassified_shares(
    pack: Pack,
    tier: str,
    shares: Sequence[Assignment],
    running: Sequence[Clock],
    at: datetime,
) -> Iterator[Replacement]:
    """Yield the replacements of the running clocks of these shares, by the limits of `tier`.

    The handling of a share that was given from another is due no later than that one; a limit that
    a person set stays, unless it is later. Errors as in `plan_clock`.
    """
    due: dict[int | None, datetime] = {}
    for share in sorted(shares, key=lambda one: one.n):
        names = clocks_of(share.share)
        own = [clock for clock in running if clock.assignment == share.n and clock.name in names]
        planned = plan_clocks(
            pack,
            [clock.name for clock in own],
            tier,
            at,
            assignment=share.n,
            joint=share.share is Share.CO,
        )
        by_name = {clock.name: clock for clock in planned}
        for old in own:
            new = old if old.rule_id == BY_HAND else by_name.get(old.name)
            if old.name is ClockName.HANDLE:
                new = _no_later(pack, new, due.get(share.of), at)
                if new is not None:
                    due[share.n] = new.due_at
            if new is not old:
                yield key_of(old), new


def _no_later(
    pack: Pack, clock: Clock | None, latest: datetime | None, at: datetime
) -> Clock | None:
    if clock is None or latest is None or clock.due_at <= latest:
        return clock
    return plan_at(pack, clock.name, latest, at, assignment=clock.assignment, rule_id=clock.rule_id)


def reclassified_steps(
    pack: Pack,
    category: str,
    tier: str,
    shares: Sequence[Assignment],
    running: Sequence[Clock],
    at: datetime,
) -> Iterator[Replacement]:
    """Yield the end of the old category's steps, and the steps of the new one, for the lead."""
    for share in shares:
        if share.share is Share.LEAD:
            for clock in running:
                if clock.name is ClockName.STEP and clock.assignment == share.n:
                    yield key_of(clock), None
            for step in plan_steps(pack, category, tier, at, share.n):
                yield None, step


def reclassified_promise(
    pack: Pack, tier: str, promise: Clock, at: datetime, *, moved: bool, longer: bool
) -> Clock | None:
    """Return the citizen's promise by the limit of `tier`; None if the day that was said stays.

    The limit is counted from the start of the promise; time that pauses and extensions gave
    (`moved`) is added. Where that is over already, it is counted from `at`, or from the pause of a
    paused promise: nothing is late by a correction. Levels that are over are not shown again. A
    later day needs `longer`. The same limit moves nothing. Errors as in `plan_clock`.
    """
    now = promise.paused_at or at
    new = plan_clock(pack, ClockName.PROMISE, tier, promise.started_at)
    first, *more = promise.limit.split("+")
    if new is None or new.limit == first:
        return None
    if moved:
        new = _moved_alike(pack, new, promise, first)
    if new.due_at <= now:
        new = plan_clock(pack, ClockName.PROMISE, tier, now)
    if new is None or new.due_at == promise.due_at:
        return None
    if new.due_at > promise.due_at and not longer:
        return None
    return new.model_copy(
        update={
            "limit": "+".join([new.limit, *more]),
            "started_at": promise.started_at,
            "paused_at": promise.paused_at,
            "rungs": [level for level in new.rungs if level.at > now],
        }
    )


def _moved_alike(pack: Pack, new: Clock, old: Clock, limit: str) -> Clock:
    """Return `new`, later by as much as `old` was moved since it was planned with `limit`."""
    try:
        written = Limit.parse(limit)
    except ValueError:  # a day that a person named
        return new
    first = plan_clock(pack, old.name, None, old.started_at, limit=written)
    if first is None or first.due_at >= old.due_at:
        return new
    working = new.basis is Basis.WORKING and pack.city.clock_scale == 1
    given = office_time(pack.calendar, first.due_at, old.due_at)

    def later(at: datetime) -> datetime:
        if working:
            return add_office_time(pack.calendar, at, given)
        return at + (old.due_at - first.due_at)

    levels = [level.model_copy(update={"at": later(level.at)}) for level in new.rungs]
    return new.model_copy(update={"due_at": later(new.due_at), "rungs": levels})


def key_of(clock: Clock) -> ClockKey:
    return ClockKey(name=clock.name, assignment=clock.assignment, label=clock.label)
