"""Checks of supervision lists: posts with an area, units that act for them, rules that compile."""

from collections.abc import Iterator, Sequence

from domain.pack.supervision import Leader
from packs.conditions import OF_TICKETS, ConditionError, compile_condition
from packs.parsed_pack import CityFile, ParsedPack
from packs.problems import PackFault

_TABLE = "supervision"


def check_supervision(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every leader has an area and somebody who acts, and that every rule compiles."""
    city = parsed.city.value
    if city is None:
        return
    policy = city.supervision
    yield from _twice(parsed, "leaders", [one.code for one in policy.leaders])
    yield from _twice(parsed, "rules", [one.code for one in policy.rules])
    for index, leader in enumerate(policy.leaders):
        for message in _leader(parsed, city, leader):
            where = (_TABLE, "leaders", index)
            yield parsed.city.problem(where, f"{leader.code}: {message}")
    if policy.rules and not policy.leaders:
        message = "no leader has a list that the rules could put a ticket on"
        yield parsed.city.problem((_TABLE, "rules"), message)
    for index, rule in enumerate(policy.rules):
        try:
            compile_condition(rule.when, OF_TICKETS)
        except ConditionError as error:
            yield parsed.city.problem((_TABLE, "rules", index), f"{rule.code}: when: {error}")


def _leader(parsed: ParsedPack, city: CityFile, leader: Leader) -> Iterator[str]:
    if not leader.areas and not leader.units:
        yield "has no area: name areas or units"
    for area in leader.areas:
        if not area.startswith(city.city.division):
            yield f"the area {area} is not in the city"
    for unit in (*leader.units, leader.unit):
        if not parsed.units.has(unit):
            yield f"the unit {unit!r} is unknown"


def _twice(parsed: ParsedPack, name: str, codes: Sequence[str]) -> Iterator[PackFault]:
    for index, code in enumerate(codes):
        if code in codes[:index]:
            message = f"{code} is named twice"
            yield parsed.city.problem((_TABLE, name, index), message)
