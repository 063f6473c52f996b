"""Checks that a cap or a feature that is on has what it needs: a limit, a reason, a parent unit.

A city that allows holds but names no reason for them would refuse every hold. This is reported
here, not to the officer who requests the first one.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.deadlines.registry import ClockName
from domain.ticket.rules_snapshot import Escalation
from packs.checks.limits import longer
from packs.parsed_pack import CityFile, ParsedPack
from packs.problems import Location, PackFault


class Requirement(NamedTuple):
    """A requirement of a setting; `what` is reported if it is `on` and not `got`."""

    where: Location
    on: Callable[[CityFile], object]
    what: str
    got: Callable[[CityFile], object]


def _limit(clock: ClockName) -> Callable[[CityFile], bool]:
    """Return a function that checks that every tier has a limit for `clock`."""

    def got(city: CityFile) -> bool:
        return bool(city.limits.of(clock)) or all(tier.of(clock) for tier in city.tiers.values())

    return got


_NEEDS = (
    Requirement(
        ("caps", "returns"),
        lambda city: city.caps.returns,
        "returns need grounds: reasons.returns",
        lambda city: city.reasons.returns,
    ),
    Requirement(
        ("caps", "holds"),
        lambda city: city.caps.holds,
        "holds need the longest one: caps.hold",
        lambda city: city.caps.hold,
    ),
    Requirement(
        ("caps", "holds"),
        lambda city: city.caps.holds,
        "holds need review dates: limits.review",
        _limit(ClockName.REVIEW),
    ),
    Requirement(
        ("caps", "holds"),
        lambda city: city.caps.holds,
        "holds need reasons: reasons.hold",
        lambda city: city.reasons.hold,
    ),
    Requirement(
        ("caps", "co_handlers"),
        lambda city: city.caps.co_handlers,
        "whistles need grounds: reasons.whistle",
        lambda city: city.reasons.whistle,
    ),
    Requirement(
        ("features", "exclude"),
        lambda city: city.features.exclude,
        "exclusions need reasons: reasons.exclude",
        lambda city: city.reasons.exclude,
    ),
    Requirement(
        ("features", "exclude"),
        lambda city: city.features.exclude,
        "exclusions need a time after closing: limits.aftercare",
        _limit(ClockName.AFTERCARE),
    ),
    Requirement(
        ("features", "ask_citizen"),
        lambda city: city.features.ask_citizen,
        "questions to the citizen need a limit: limits.citizen",
        _limit(ClockName.CITIZEN),
    ),
    Requirement(
        ("features", "appoint"),
        lambda city: city.features.appoint,
        "appointments need a limit: limits.appointment",
        _limit(ClockName.APPOINTMENT),
    ),
    Requirement(
        ("verify",),
        lambda city: city.verify.filing or city.verify.closing,
        "verifications need a limit: limits.verify",
        _limit(ClockName.VERIFY),
    ),
    Requirement(
        ("aftercare", "revisits"),
        lambda city: city.aftercare.revisits,
        "revisits need a time after closing: limits.aftercare",
        _limit(ClockName.AFTERCARE),
    ),
    Requirement(
        ("aftercare", "revisits"),
        lambda city: city.aftercare.revisits,
        "revisits need a limit: limits.revisit",
        _limit(ClockName.REVISIT),
    ),
    Requirement(
        ("severity", "escalate"),
        lambda city: city.severity.escalate is Escalation.RAISE,
        "raising a level is not on: features.raise_level",
        lambda city: city.features.raise_level,
    ),
)


def check_needs(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every cap and feature that is on has what it needs."""
    city = parsed.city.value
    if city is None:
        return
    for need in _NEEDS:
        if need.on(city) and not need.got(city):
            yield parsed.city.problem(need.where, need.what)
    for clock, rules in city.ladder.items():
        for index, rule in enumerate(rules):
            if rule.raises and not city.features.raise_level:
                message = "raising a level is not on: features.raise_level"
                yield parsed.city.problem(("ladder", clock.value, index), message)
    yield from _reviews(parsed, city)
    yield from _levels(parsed, city)


def _reviews(parsed: ParsedPack, city: CityFile) -> Iterator[PackFault]:
    review, hold = city.limits.of(ClockName.REVIEW), city.caps.hold
    if review and hold and city.caps.holds and longer(review, hold):
        message = f"review {review} is longer than the longest hold {hold}"
        yield parsed.city.problem(("limits", "review"), message)


def _levels(parsed: ParsedPack, city: CityFile) -> Iterator[PackFault]:
    if not parsed.units.whole or any(unit.parent for unit in parsed.units.values()):
        return
    if city.caps.delegations:
        message = "no unit has a parent: nothing can be delegated"
        yield parsed.city.problem(("caps", "delegations"), message)
    if city.features.raise_level:
        message = "no unit has a parent: nothing can be raised"
        yield parsed.city.problem(("features", "raise_level"), message)
