"""The names of codes, of a pack and of deadlines, in a reader's language."""

from domain.deadlines.registry import DEADLINES, ClockName
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import City, Pack
from domain.ticket.because import Naming, ParameterKind, Value


def names_of(pack: Pack, language: str) -> Naming:
    """Return the names of the parameters of reasons; an unknown code is its own name."""
    chinese = language == "zh"

    def named(kind: ParameterKind, value: Value) -> str:
        code = str(value)
        entry: Unit | Category | City
        match kind:
            case ParameterKind.UNIT if pack.has_unit(code):
                entry = pack.unit(code)
            case ParameterKind.CATEGORY if pack.knows(code):
                entry = pack.category(code)
            case ParameterKind.AREA if place := pack.community_of(code) or pack.street_of(code):
                entry = place
            case ParameterKind.CITY if code == pack.city.id:
                entry = pack.city
            case ParameterKind.CLOCK if code in set(ClockName):
                clock = DEADLINES[ClockName(code)]
                return clock.label_zh if chinese else clock.label
            case _:
                return code
        return entry.name if chinese else entry.name_en

    return named
