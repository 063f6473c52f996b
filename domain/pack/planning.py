"""Planning of clocks: from a pack's rule and a moment to absolute due and escalation times.

The result is recorded, not computed again. A plan needs the working calendar only where a limit or
an offset is written in working time. Where that reaches a year whose calendar is not published, the
plan is made with what is known of the year, and the clock is `provisional`.

A pack with a `clock_scale` below 1 runs fast: limits and offsets are computed as they are written,
and then scaled. Recorded times are therefore scaled, and elapsed times need no scaling.
"""

from collections.abc import Iterable
from datetime import datetime

from domain.deadlines.calendar import (
    WorkCalendar,
    add_limit,
    add_office_time,
    closes_at,
    next_closing,
    office_time,
    subtract_limit,
    subtract_office_time,
    working_days,
)
from domain.deadlines.clocks import Basis, Clock, EscalationLevel
from domain.deadlines.limits import Limit, LimitUnit, Percent
from domain.deadlines.registry import ClockName, limit_name
from domain.pack.levels import level_rules, scaled, with_levels
from domain.pack.pack import Pack

BY_HAND = "by hand"
"""The `rule_id` of a clock whose length or due time a person chose."""


def plan_clock(
    pack: Pack,
    name: ClockName,
    tier: str | None,
    started_at: datetime,
    *,
    assignment: int | None = None,
    limit: Limit | None = None,
    joint: bool = False,
) -> Clock | None:
    """Plan the clock `name` of a ticket of `tier`; None when the pack sets it no limit.

    A ticket without a tier, before triage, has the limits of the city's own one. `limit` is one
    that a person set for this ticket, in place of the pack's. A `joint` clock is a co-handler's: it
    has the limits of `[joint]`, and the tier's where there are none.

    There is always a due level, even when the pack writes none. For `RATE` the warning is the
    reminder to the citizen and due opens the call-back; for `CALL_BACK` due closes the ticket
    unrated.

    Errors: `UnknownTier`; ValueError if `started_at` is naive; OverflowError if it reaches beyond
    the year 9999.
    """
    if limit is not None:
        return _planned(pack, name, limit, BY_HAND, started_at, assignment)
    limit, table = _limit(pack, name, tier, joint=joint)
    if limit is None:
        return None
    rule_id = f"{pack.city.id}/city.toml#{table}.{limit_name(name).value}"
    return _planned(pack, name, limit, rule_id, started_at, assignment)


def plan_clocks(
    pack: Pack,
    names: Iterable[ClockName],
    tier: str | None,
    started_at: datetime,
    *,
    assignment: int | None = None,
    joint: bool = False,
) -> list[Clock]:
    """Plan the clocks of those names, without those the pack sets no limit; see `plan_clock`."""
    clocks = (
        plan_clock(pack, name, tier, started_at, assignment=assignment, joint=joint)
        for name in names
    )
    return [clock for clock in clocks if clock is not None]


def plan_steps(
    pack: Pack,
    category_code: str,
    tier: str | None,
    started_at: datetime,
    assignment: int | None = None,
) -> list[Clock]:
    """Plan the clocks of a category's staged limits, in its order; none for most categories.

    All of them start together; `label` is the step's code. Errors: `UnknownCategory`, and those
    of `plan_clock`.
    """
    pack.tier(tier)
    rule_id = f"{pack.city.id}/categories.csv#{category_code}.steps"
    return [
        _planned(
            pack,
            ClockName.STEP,
            step.limit,
            f"{rule_id}.{step.code}",
            started_at,
            assignment,
            label=step.code,
        )
        for step in pack.category(category_code).steps
    ]


def plan_revisits(pack: Pack, started_at: datetime) -> list[Clock]:
    """Plan a clock for each revisit by the city, from when a ticket was closed.

    `label` counts them from 1. Errors as in `plan_clock`.
    """
    name, clocks = ClockName.REVISIT, []
    for number, limit in enumerate(pack.aftercare.revisits, 1):
        rule_id, label = f"{pack.city.id}/city.toml#aftercare.revisits.{number}", str(number)
        if limit.basis is Basis.WORKING:  # may have to be planned again
            clock = _planned(pack, name, limit, rule_id, started_at, None, label)
        else:
            due_at = due_after(pack, started_at, limit)
            clock = plan_at(pack, name, due_at, started_at, label=label, rule_id=rule_id)
        clocks.append(clock)
    return clocks


def plan_at(
    pack: Pack,
    name: ClockName,
    due_at: datetime,
    started_at: datetime,
    *,
    assignment: int | None = None,
    label: str | None = None,
    rule_id: str | None = None,
) -> Clock:
    """Plan a clock that is due at a given moment, with the pack's escalation policy for its name.

    For an appointment or the review of a hold. It runs in calendar time; `limit` shows the moment
    in the city's time. A moment that is over is due at once. Errors as in `plan_clock`.
    """
    clock = Clock(
        name=name,
        assignment=assignment,
        label=label,
        rule_id=rule_id or BY_HAND,
        limit=f"{due_at.astimezone(pack.calendar.tz):%Y-%m-%d %H:%M}",
        basis=Basis.CALENDAR,
        started_at=started_at,
        due_at=max(due_at, started_at),
    )
    return with_levels(pack, clock, clock.due_at)


def due_after(pack: Pack, started_at: datetime, limit: Limit) -> datetime:
    """Return when `limit` ends in this pack, scaled as its clocks are, for `plan_at`."""
    return scaled(pack, started_at, add_limit(pack.calendar, started_at, limit))


def extend_clock(
    pack: Pack,
    clock: Clock,
    by: Limit,
    at: datetime | None = None,
    asked_at: datetime | None = None,
) -> Clock:
    """Return `clock` with its due time moved `by` later: same start, new levels, running.

    The extension is counted from the old due time, not from the day it was granted. `limit` then
    shows both, "5wd+3wd". Levels whose time has passed `at` the grant, or at the pause of a paused
    clock, are left out: they are not shown again. If it was requested in time (`asked_at`), levels
    reached since then are void; those at or after the new due time are then shown even if that has
    passed. Errors as in `plan_clock`.
    """
    old_due = clock.started_at + (clock.due_at - clock.started_at) / pack.city.clock_scale
    real_due = add_limit(pack.calendar, old_due, by)
    since = clock.started_at if clock.basis is Basis.WORKING else old_due
    extended = clock.model_copy(
        update={
            "limit": f"{clock.limit}+{by}",
            "due_at": scaled(pack, clock.started_at, real_due),
            "climbed": 0,
            "reached_in": [],
            "void_from": None,
            "stopped_at": None,
        }
    )
    working = Basis.WORKING in (clock.basis, by.basis)
    extended = with_levels(pack, extended, real_due, since if working else None)
    if at is None:
        return extended
    over = min(at, clock.paused_at or at)
    due = extended.due_at
    in_time = asked_at is not None and asked_at < clock.due_at
    shown = {r.kind for r in clock.counting if asked_at is None or r.at < asked_at}
    left = [
        level
        for level in extended.rungs
        if level.at > over or (in_time and level.at >= due and level.kind not in shown)
    ]
    return extended.model_copy(update={"rungs": left})


def resume_clock(pack: Pack, clock: Clock, paused_at: datetime, resumed_at: datetime) -> Clock:
    """Return `clock` resumed after a pause: same start, same levels, running.

    Times still to come move later by the pause: in working time by the office time of the pause
    alone, so that a pause over a weekend gains and loses nothing. Levels already reached keep their
    time, unless they became void, and so does a due time that had passed before the pause: waiting
    does not undo a broken promise.

    Errors: ValueError if it was resumed before it was paused.
    """
    if resumed_at < paused_at:
        raise ValueError(f"a clock paused at {paused_at} cannot be resumed at {resumed_at}")
    working = clock.basis is Basis.WORKING and pack.city.clock_scale == 1
    stood = office_time(pack.calendar, paused_at, resumed_at) if working else resumed_at - paused_at

    def later(at: datetime) -> datetime:
        return add_office_time(pack.calendar, at, stood) if working else at + stood

    clock = clock.without_void()
    levels = [
        level if number < clock.climbed else level.model_copy(update={"at": later(level.at)})
        for number, level in enumerate(clock.rungs)
    ]
    last = max([resumed_at, *(level.at for level in levels[clock.climbed :])])
    return clock.model_copy(
        update={
            "due_at": later(clock.due_at) if clock.due_at > paused_at else clock.due_at,
            "rungs": levels,
            "calendar_version": pack.calendar.version if working else clock.calendar_version,
            "provisional": clock.provisional
            or (working and not pack.calendar.firm(paused_at, last)),
            "paused_at": None,
            "stopped_at": None,
        }
    )


def replan_clock(
    pack: Pack, clock: Clock, planned_by: WorkCalendar, now: datetime | None = None
) -> Clock:
    """Return `clock` by today's calendar: same start, same working time to its due time.

    The working days or hours that `planned_by`, the calendar it was planned with, counts from the
    start to the due time are laid out by the calendar of `pack`; pauses and extensions are in them.
    Levels keep their distance from the due time, counted alike. Levels that were reached, and a due
    time that has passed at `now`, stay. Nothing else is moved to before `now`: such a due time
    becomes the end of office hours on the first working day that has not ended. Without `now`,
    times are not restricted.

    The clock is running. Errors as in `plan_clock`.
    """
    scale, new = pack.city.clock_scale, pack.calendar
    old_due = clock.started_at + (clock.due_at - clock.started_at) / scale
    since = _counted_since(clock, old_due)
    fixed = since is None or (now is not None and clock.due_at <= now)
    real_due = old_due
    if since is not None and not fixed:
        in_days = LimitUnit.WORKING_DAYS.value in clock.limit
        real_due = _laid_out(planned_by, new, (since, old_due), since, in_days=in_days)
    due_at = scaled(pack, clock.started_at, real_due)
    if now is not None and not fixed and due_at <= now:
        real_due = due_at = next_closing(new, now)
    worked = [] if since is None else [since, real_due]
    rules = {rule.kind: rule for rule in level_rules(pack, clock.name)}
    levels: list[EscalationLevel] = []
    for number, level in enumerate(clock.rungs):
        at = level.at
        if number >= clock.climbed and (now is None or level.at > now):
            real = old_due + (level.at - clock.due_at) / scale
            offset = rules[level.kind].offset if level.kind in rules else None
            if _in_working_time(clock, offset):
                in_days = isinstance(offset, Limit) and offset.unit is LimitUnit.WORKING_DAYS
                real = _laid_out(planned_by, new, (old_due, real), real_due, in_days=in_days)
                worked += (real_due, real)
                at = scaled(pack, due_at, due_at + (real - real_due))
            else:
                at = due_at + (level.at - clock.due_at)
            at = max([at, *([now] if now else []), *(earlier.at for earlier in levels)])
        levels.append(level.model_copy(update={"at": at}))
    return clock.model_copy(
        update={
            "due_at": due_at,
            "rungs": levels,
            "calendar_version": new.version,
            "provisional": bool(worked) and not new.firm(min(worked), max(worked)),
        }
    )


def counted_span(pack: Pack, clock: Clock) -> tuple[datetime, datetime]:
    """Return the moments between which the calendar counts for `clock`, before scaling."""
    return clock.started_at, clock.started_at + (clock.last_at - clock.started_at) / (
        pack.city.clock_scale
    )


def _counted_since(clock: Clock, real_due: datetime) -> datetime | None:
    """Return when working time began to count towards the due time; None if it did not.

    For "7d+1wd" it is after the seven days.
    """
    if clock.basis is Basis.WORKING:
        return clock.started_at
    since = clock.started_at
    for part in clock.limit.split("+"):
        try:
            limit = Limit.parse(part)
        except ValueError:  # a due time that a person named
            return None
        if limit.basis is Basis.WORKING:
            return min(since, real_due)
        since += limit.length
    return None


def _in_working_time(clock: Clock, offset: Limit | Percent | None) -> bool:
    """Return whether a level's distance from the due time is in working time."""
    if isinstance(offset, Limit):
        return offset.basis is Basis.WORKING
    return offset is not None and clock.basis is Basis.WORKING


def _laid_out(
    old: WorkCalendar,
    new: WorkCalendar,
    span: tuple[datetime, datetime],
    since: datetime,
    *,
    in_days: bool,
) -> datetime:
    """Return the moment as far from `since` by `new` as `span` is long by `old`.

    The end of `span` may be before its start. Counted in working days if the end is a closing time,
    else in office time. The time between the last office time and the end is added as it is.
    """
    start, end = span
    if end < start:
        worked = office_time(old, end, start)
        last = subtract_office_time(old, start, worked)
        if in_days and closes_at(old, end) and (days := working_days(old, end, start)):
            return subtract_limit(new, since, Limit(days, LimitUnit.WORKING_DAYS))
        return subtract_office_time(new, since, worked) - (last - end)
    worked = office_time(old, start, end)
    last = add_office_time(old, start, worked)
    if in_days and closes_at(old, last) and (days := working_days(old, start, last)):
        laid = add_limit(new, since, Limit(days, LimitUnit.WORKING_DAYS))
    else:
        laid = add_office_time(new, since, worked)
    return laid + (end - last)


def _limit(
    pack: Pack, name: ClockName, tier: str | None, *, joint: bool
) -> tuple[Limit | None, str]:
    """Return the limit of a clock, and the table of city.toml that sets it.

    The promise to the citizen has the handling limit of the first unit.
    """
    name = limit_name(name)
    own = pack.joint.of(name) if joint else None
    return (own, "joint") if own else pack.limit(name, tier)


def _planned(
    pack: Pack,
    name: ClockName,
    limit: Limit,
    rule_id: str,
    started_at: datetime,
    assignment: int | None,
    label: str | None = None,
) -> Clock:
    real_due = add_limit(pack.calendar, started_at, limit)
    clock = Clock(
        name=name,
        assignment=assignment,
        label=label,
        rule_id=rule_id,
        limit=str(limit),
        basis=limit.basis,
        started_at=started_at,
        due_at=scaled(pack, started_at, real_due),
    )
    return with_levels(
        pack, clock, real_due, clock.started_at if limit.basis is Basis.WORKING else None
    )
