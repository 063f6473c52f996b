"""Checks of contractors: units of that kind, and criteria by which they are assessed."""

from collections.abc import Iterator

from domain.pack.catalogue import UnitKind
from packs.parsed_pack import ASSESSMENT, ParsedPack
from packs.problems import PackFault

_WHERE = ("contractors", "units")


def check_contractors(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that `[contractors]` and assessment.csv are there together, and name contractors."""
    city = parsed.city.value
    if city is None:
        return
    kinds = {unit.code: unit.kind for unit in parsed.units.values()}
    units = city.contractors.units
    for index, unit in enumerate(units):
        if not parsed.units.has(unit):
            yield parsed.city.problem(_WHERE, f"the unit {unit!r} is unknown")
        elif kinds.get(unit, UnitKind.CONTRACTOR) is not UnitKind.CONTRACTOR:
            yield parsed.city.problem(_WHERE, f"{unit} is no unit of the kind contractor")
        if unit in units[:index]:
            yield parsed.city.problem(_WHERE, f"{unit} is named twice")
    if units and not parsed.assessment.rows and parsed.assessment.whole:
        yield parsed.city.problem(_WHERE, f"they are assessed, and {ASSESSMENT} has no criterion")
    if parsed.assessment.rows and not units:
        message = "nobody is assessed: [contractors] names no units"
        yield PackFault(ASSESSMENT, parsed.assessment.rows[0].line, message)
