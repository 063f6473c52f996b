"""Checks for unused limits and escalation policies, which a city would rely on in vain.

The registry of deadlines says which setting starts each clock. A limit of a clock that never
starts, and an escalation policy of a clock without a limit, are reported with their location.
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, get_args

from pydantic import BaseModel

from domain.deadlines.registry import DEADLINES, ClockName, DeadlineSpec
from domain.pack.policies import Limits
from domain.ticket.assignment import Share
from packs.parsed_pack import CityFile, ParsedPack
from packs.problems import Location, PackFault


class BadDeadline(TypeError):
    """A row of the registry of deadlines that names what does not exist."""


def check_deadlines(deadlines: Mapping[ClockName, DeadlineSpec]) -> None:
    """Refuse a deadline that needs an unknown setting, or is started by an unknown share.

    Raises:
        BadDeadline: which row names what.
    """
    kinds = {share.value for share in Share}
    for clock, spec in deadlines.items():
        for need in spec.needs:
            if not _is_setting(CityFile, need):
                raise BadDeadline(f"the deadline '{clock}' needs '{need}', no setting of city.toml")
        for share in spec.shares:
            if share not in kinds:
                known = ", ".join(sorted(kinds))
                raise BadDeadline(
                    f"the deadline '{clock}' names the share '{share}', not of {known}"
                )


def _is_setting(model: type[BaseModel], path: str) -> bool:
    name, _, rest = path.partition(".")
    field = model.model_fields.get(name)
    if field is None:
        return False
    inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
    return not rest or any(_is_setting(one, rest) for one in inner)


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


check_deadlines(DEADLINES)


def starts(city: CityFile, clock: ClockName) -> bool:
    """Return whether anything in this city may start the clock."""
    needs = DEADLINES[clock].needs
    return not needs or any(attrgetter(one)(city) for one in needs)


def check_unused(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every limit and every escalation policy is used."""
    city = parsed.city.value
    if city is None:
        return
    for clock in ClockName:
        spec, may_start = DEADLINES[clock], starts(city, clock)
        limits = _limits(city, clock)
        ladder: list[Location] = [("ladder", clock.value)] if clock in city.ladder else []
        if not may_start:
            message = f"nothing uses {clock}: {spec.unused}: {', '.join(spec.needs)}"
            for place in [*limits, *ladder]:
                yield parsed.city.problem(place, message)
        elif not spec.limited:
            for place in limits:
                yield parsed.city.problem(place, f"nothing uses a limit for {clock}")
        elif not limits:
            for place in ladder:
                yield parsed.city.problem(place, f"no limit is set for {clock}: it never climbs")
        joint = ("joint", clock.value)
        if joint in limits and may_start and not city.caps.co_handlers:
            message = f"nothing uses {clock} of co-handlers: caps.co_handlers"
            yield parsed.city.problem(joint, message)
    yield from _triage(parsed, city)
    yield from _steps(parsed, city)


def _limits(city: CityFile, clock: ClockName) -> list[Location]:
    """Return the locations of a clock's limits."""
    tables: dict[Location, Limits] = {("limits",): city.limits, ("joint",): city.joint}
    tables |= {("tiers", name): tier for name, tier in city.tiers.items()}
    return [(*where, clock.value) for where, table in tables.items() if _sets(table, clock)]


def _sets(table: Limits, clock: ClockName) -> bool:
    return getattr(table, clock.value, None) is not None


def _triage(parsed: ParsedPack, city: CityFile) -> Iterator[PackFault]:
    """Check that only the city's default tier limits triage: before it no other is known."""
    for name, tier in city.tiers.items():
        if name != city.city.tier and tier.of(ClockName.TRIAGE) is not None:
            message = f"nothing uses triage of {name}: before triage all are {city.city.tier}"
            yield parsed.city.problem(("tiers", name, ClockName.TRIAGE.value), message)


def _steps(parsed: ParsedPack, city: CityFile) -> Iterator[PackFault]:
    """Check that a category has steps if there is an escalation policy for steps."""
    categories = parsed.categories
    if ClockName.STEP not in city.ladder or not categories.whole:
        return
    if not any(category.steps for category in categories.values()):
        message = "nothing uses step: no category has steps"
        yield parsed.city.problem(("ladder", ClockName.STEP.value), message)
