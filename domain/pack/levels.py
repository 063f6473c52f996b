"""Planning of the escalation levels of a clock, by the city's rules and calendar."""

from datetime import datetime

from domain.actors import Role
from domain.deadlines.calendar import (
    add_limit,
    add_office_time,
    office_time,
    subtract_limit,
    subtract_office_time,
)
from domain.deadlines.clocks import Basis, Clock, EscalationLevel, LevelKind
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from domain.pack.policies import LevelRule

_DUE_ONLY = LevelRule(kind=LevelKind.DUE)
_PROMISE_DUE = LevelRule(kind=LevelKind.DUE, tells=(Role.SUPERVISOR,))


def scaled(pack: Pack, start: datetime, at: datetime) -> datetime:
    """Return `at`, moved towards `start` where the pack runs fast."""
    scale = pack.city.clock_scale
    return at if scale == 1 else start + (at - start) * scale


def with_levels(
    pack: Pack, clock: Clock, real_due: datetime, since: datetime | None = None
) -> Clock:
    """Return `clock` with all its levels, and with the calendar it needed, if it needed one.

    `real_due` is its due time before scaling; `since` is from when working time was counted to it.
    """
    levels: list[EscalationLevel] = []
    # The moments between which working time was counted.
    worked = [] if since is None else [since, real_due]
    for rule in level_rules(pack, clock.name):
        at, real = _level_at(pack, clock, real_due, rule)
        if real is not None:
            worked += (real_due, real)
        if levels:  # the order of a share and a limit is only known here: times must not decrease
            at = max(at, levels[-1].at)
        # A warning at the start of the clock, or before, would be useless.
        if rule.kind is not LevelKind.WARN or at > clock.started_at:
            levels.append(
                EscalationLevel(kind=rule.kind, at=at, tells=list(rule.tells), raises=rule.raises)
            )
    update: dict[str, object] = {"rungs": levels}
    if worked:
        update["calendar_version"] = pack.calendar.version
        if not pack.calendar.firm(min(worked), max(worked)):
            update["provisional"] = True
    return clock.model_copy(update=update)


def level_rules(pack: Pack, name: ClockName) -> list[LevelRule]:
    """Return a clock's escalation rules, with a due level; late promises notify supervisors."""
    rules = list(pack.ladder.get(name, ()))
    if not rules and name is ClockName.PROMISE:
        return [_PROMISE_DUE]
    if all(rule.kind is not LevelKind.DUE for rule in rules):
        warnings = sum(rule.kind is LevelKind.WARN for rule in rules)
        rules.insert(warnings, _DUE_ONLY)
    return rules


def _level_at(
    pack: Pack, clock: Clock, real_due: datetime, rule: LevelRule
) -> tuple[datetime, datetime | None]:
    """Return a level's time; and that before scaling, if it was counted in working time."""
    offset, early = rule.offset, rule.kind is LevelKind.WARN
    if offset is None:
        return clock.due_at, None
    if isinstance(offset, Limit):
        real = (subtract_limit if early else add_limit)(pack.calendar, real_due, offset)
        working = offset.basis is Basis.WORKING
    elif clock.basis is Basis.WORKING:  # a share of the office time: no card is shown at night
        share = offset.of(office_time(pack.calendar, clock.started_at, real_due))
        move = subtract_office_time if early else add_office_time
        real, working = move(pack.calendar, real_due, share), True
    else:  # a share of the elapsed span
        share = offset.of(clock.due_at - clock.started_at)
        return (clock.due_at - share if early else clock.due_at + share), None
    at = scaled(pack, clock.due_at, clock.due_at + (real - real_due))
    return at, real if working else None
