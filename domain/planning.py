"""Planning clocks: from a pack's rule and a moment to absolute due and rung times.

The result is recorded; nobody computes it twice. A plan needs the working calendar only where a
limit or an offset is written in working time, and fails with `CalendarNotPublished` rather than
guess.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.calendar import (
    WorkCalendar,
    add_limit,
    add_office_time,
    office_time,
    subtract_limit,
    subtract_office_time,
)
from domain.clocks import Basis, Clock, ClockName, Rung, RungKind
from domain.limits import Limit
from domain.pack import Pack
from domain.promises import RungRule

_DUE_ONLY = RungRule(kind=RungKind.DUE)


def plan_clock(
    pack: Pack,
    name: ClockName,
    tier: str | None,
    started_at: datetime,
    *,
    assignment: int | None = None,
) -> Clock | None:
    """The clock `name` of a ticket of `tier`, or None when the pack sets it no limit.

    A ticket without a tier, before triage, has the limits of the city's own one. The ladder
    always has a due rung, even when the pack writes none. For `RATE` the warning is the reminder
    to the citizen and due opens the call-back; for `CALL_BACK` due closes the ticket unrated.

    Errors: `UnknownTier`, `CalendarNotPublished`; ValueError if `started_at` is naive.
    """
    limit, table = pack.limit(name, tier)
    if limit is None:
        return None
    due_at = add_limit(pack.calendar, started_at, limit)
    unscaled = Clock(
        name=name,
        assignment=assignment,
        rule_id=f"{pack.city.id}/city.toml#{table}.{name.value}",
        limit=str(limit),
        basis=limit.basis,
        started_at=started_at,
        due_at=due_at,
    )
    return _finished(pack, unscaled, [limit])


def plan_clocks(
    pack: Pack,
    names: Iterable[ClockName],
    tier: str | None,
    started_at: datetime,
    *,
    assignment: int | None = None,
) -> list[Clock]:
    """The clocks of those names, without those the pack sets no limit; see `plan_clock`."""
    clocks = (plan_clock(pack, name, tier, started_at, assignment=assignment) for name in names)
    return [clock for clock in clocks if clock is not None]


def extend_clock(pack: Pack, clock: Clock, by: Limit) -> Clock:
    """`clock` with its due time moved `by` later: same start, fresh ladder, running.

    The extension is counted from the old due time, not from the day it was granted. `limit` then
    shows both, "5wd+3wd". Errors as in `plan_clock`.
    """
    # What was recorded is scaled; the calendar knows only the time before scaling.
    real_due = clock.started_at + (clock.due_at - clock.started_at) / pack.city.clock_scale
    unscaled = clock.model_copy(
        update={
            "limit": f"{clock.limit}+{by}",
            "due_at": add_limit(pack.calendar, real_due, by),
            "climbed": 0,
            "stopped_at": None,
        }
    )
    return _finished(pack, unscaled, [by])


def _finished(pack: Pack, clock: Clock, limits: list[Limit]) -> Clock:
    """`clock` with its ladder, all of it scaled, and the calendar it needed, if it needed one."""
    rules = _ladder(pack, clock.name)
    counted = [*limits, *(rule.offset for rule in rules if isinstance(rule.offset, Limit))]
    working = clock.basis is Basis.WORKING or any(c.basis is Basis.WORKING for c in counted)

    def scaled(at: datetime) -> datetime:
        if pack.city.clock_scale == 1:
            return at
        return clock.started_at + (at - clock.started_at) * pack.city.clock_scale

    rungs: list[Rung] = []
    for rule in rules:
        at = _rung_at(pack.calendar, clock, rule)
        if rungs:  # a share and a limit are hard to compare when written: they never go back
            at = max(at, rungs[-1].at)
        # A warning that would come with the start, or before, warns of nothing.
        if rule.kind is not RungKind.WARN or at > clock.started_at:
            rungs.append(Rung(kind=rule.kind, at=at, tells=list(rule.tells)))
    return clock.model_copy(
        update={
            "due_at": scaled(clock.due_at),
            "rungs": [rung.model_copy(update={"at": scaled(rung.at)}) for rung in rungs],
            "calendar_version": pack.calendar.version if working else clock.calendar_version,
        }
    )


def _ladder(pack: Pack, name: ClockName) -> list[RungRule]:
    rules = list(pack.ladder.get(name, ()))
    if all(rule.kind is not RungKind.DUE for rule in rules):
        warnings = sum(rule.kind is RungKind.WARN for rule in rules)
        rules.insert(warnings, _DUE_ONLY)
    return rules


def _rung_at(calendar: WorkCalendar, clock: Clock, rule: RungRule) -> datetime:
    if rule.offset is None:
        return clock.due_at
    early = rule.kind is RungKind.WARN
    if isinstance(rule.offset, Limit):
        return (subtract_limit if early else add_limit)(calendar, clock.due_at, rule.offset)
    return _share_away(calendar, clock, rule.offset.of(_span(calendar, clock)), early=early)


def _span(calendar: WorkCalendar, clock: Clock) -> timedelta:
    """From start to due: in office time for a working clock, so that no card is shown at night."""
    if clock.basis is Basis.WORKING:
        return office_time(calendar, clock.started_at, clock.due_at)
    return clock.due_at - clock.started_at


def _share_away(calendar: WorkCalendar, clock: Clock, share: timedelta, *, early: bool) -> datetime:
    if clock.basis is Basis.WORKING:
        move = subtract_office_time if early else add_office_time
        return move(calendar, clock.due_at, share)
    return clock.due_at - share if early else clock.due_at + share
