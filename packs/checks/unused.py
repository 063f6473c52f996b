"""Checks for unused limits and escalation policies, which a city would rely on in vain.

`STARTS` defines what starts each clock. A limit of a clock that never starts, and an escalation
policy of a clock without a limit, are reported with their location.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.deadlines.clocks import ClockName
from domain.pack.policies import Limits
from packs.parsed_pack import CityFile, ParsedPack
from packs.problems import Location, PackFault


class ClockStart(NamedTuple):
    """The start of a clock. `when`: whether a city starts it; `what`: the setting it lacks if not.

    `limited`: it has a limit in city.toml. Otherwise its length is set elsewhere, or a person
    chooses its time, and city.toml has only its escalation policy.
    """

    when: Callable[[CityFile], object]
    what: str = ""
    limited: bool = True


_ALWAYS = ClockStart(lambda _city: True)

STARTS: dict[str, ClockStart] = {
    "triage": _ALWAYS,
    "dispatch": _ALWAYS,
    "sign": _ALWAYS,
    "return_window": ClockStart(
        lambda city: city.caps.returns, "units do not return: caps.returns"
    ),
    "contact": _ALWAYS,
    "handle": _ALWAYS,
    "step": ClockStart(lambda _city: True, limited=False),  # see `_steps`
    "meet": ClockStart(
        lambda city: city.caps.co_handlers, "no unit is called in: caps.co_handlers"
    ),
    "decide": ClockStart(
        lambda city: (
            city.caps.returns or city.caps.extensions or city.caps.holds or city.features.exclude
        ),
        "units ask for nothing: caps.returns, caps.extensions, caps.holds, features.exclude",
    ),
    "arbitrate": ClockStart(
        lambda city: city.caps.returns,
        "arbitration follows the last return, and there is none: caps.returns",
    ),
    "review": ClockStart(lambda city: city.caps.holds, "nothing is put aside: caps.holds"),
    "hold": ClockStart(
        lambda city: city.caps.holds, "nothing is put aside: caps.holds", limited=False
    ),
    "citizen": ClockStart(
        lambda city: city.features.ask_citizen, "citizens are not asked: features.ask_citizen"
    ),
    "verify": ClockStart(
        lambda city: city.verify.filing or city.verify.closing,
        "nothing is verified: verify.filing, verify.closing",
    ),
    "order": _ALWAYS,
    "appointment": ClockStart(
        lambda city: city.features.appoint, "nothing is promised for a time: features.appoint"
    ),
    "feedback": ClockStart(
        lambda city: city.verify.closing,
        "an answer goes out at once where nobody looks first: verify.closing",
    ),
    "promise": ClockStart(lambda _city: True, limited=False),
    "rate": _ALWAYS,
    "call_back": _ALWAYS,
    "supervise": _ALWAYS,
    "revisit": ClockStart(
        lambda city: city.aftercare.revisits, "nobody looks back: aftercare.revisits"
    ),
    "aftercare": _ALWAYS,  # setting its limit turns it on
}
"""The start of each clock, by its name."""


def check_unused(draft: ParsedPack) -> Iterator[PackFault]:
    """Check that every limit and every escalation policy is used."""
    city = draft.city.value
    if city is None:
        return
    for clock in ClockName:
        start = STARTS.get(clock.value, _ALWAYS)
        limits = _limits(city, clock)
        ladder: list[Location] = [("ladder", clock.value)] if clock in city.ladder else []
        if not start.when(city):
            for place in [*limits, *ladder]:
                yield draft.city.problem(place, f"nothing uses {clock}: {start.what}")
        elif not start.limited:
            for place in limits:
                yield draft.city.problem(place, f"nothing uses a limit for {clock}")
        elif not limits:
            for place in ladder:
                yield draft.city.problem(place, f"no limit is set for {clock}: it never climbs")
        joint = ("joint", clock.value)
        if joint in limits and start.when(city) and not city.caps.co_handlers:
            message = f"nothing uses {clock} of co-handlers: caps.co_handlers"
            yield draft.city.problem(joint, message)
    yield from _triage(draft, city)
    yield from _steps(draft, city)


def _limits(city: CityFile, clock: ClockName) -> list[Location]:
    """Return the locations of a clock's limits."""
    tables: dict[Location, Limits] = {("limits",): city.limits, ("joint",): city.joint}
    tables |= {("tiers", name): tier for name, tier in city.tiers.items()}
    return [(*where, clock.value) for where, table in tables.items() if _sets(table, clock)]


def _sets(table: Limits, clock: ClockName) -> bool:
    return getattr(table, clock.value, None) is not None


def _triage(draft: ParsedPack, city: CityFile) -> Iterator[PackFault]:
    """Check that only the city's default tier limits triage: before it no other is known."""
    for name, tier in city.tiers.items():
        if name != city.city.tier and tier.triage is not None:
            message = f"nothing uses triage of {name}: before triage all are {city.city.tier}"
            yield draft.city.problem(("tiers", name, ClockName.TRIAGE.value), message)


def _steps(draft: ParsedPack, city: CityFile) -> Iterator[PackFault]:
    """Check that a category has steps if there is an escalation policy for steps."""
    categories = draft.categories
    if ClockName.STEP not in city.ladder or not categories.whole:
        return
    if not any(category.steps for category in categories.values()):
        message = "nothing uses step: no category has steps"
        yield draft.city.problem(("ladder", ClockName.STEP.value), message)
