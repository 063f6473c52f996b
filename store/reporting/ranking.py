"""Rankings (排名) of the units of a city, by a figure or by their points."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.pack.catalogue import UnitKind
from domain.pack.pack import Pack
from store.reporting.figures import Figure, UnknownIndicator, Value
from store.reporting.indicators import Ratio
from store.reporting.scores import UnitScore

Order = Literal["highest", "lowest", "code"]

_NOTHING = Value(Ratio(0, 0), Ratio(0, 0))


@dataclass(frozen=True)
class NamedUnit:
    """A unit with its names in the pack; with its code only if the pack no longer has it."""

    code: str
    name: str
    name_en: str
    kind: UnitKind | None


@dataclass(frozen=True)
class RankingRow:
    """A unit's line: its value of each indicator, 0 of 0 if it led no ticket."""

    unit: NamedUnit
    values: Mapping[str, Value]


def named(pack: Pack, code: str) -> NamedUnit:
    """Return the unit of that code."""
    if not pack.has_unit(code):
        return NamedUnit(code, code, code, None)
    unit = pack.unit(code)
    return NamedUnit(code, unit.name, unit.name_en, unit.kind)


def rank_units(
    pack: Pack, figures: Sequence[Figure], kind: UnitKind | None = None, by: str | None = None
) -> list[RankingRow]:
    """Rank the units that lead tickets of these figures; with `kind`, all units of that kind.

    The highest value after exclusion comes first, of the indicator `by` or of the first figure;
    units without one are last. Whether high is good depends on the indicator.

    Raises:
        UnknownIndicator: `by` is none of the figures.
    """
    ids = [figure.indicator.id for figure in figures]
    if by is not None and by not in ids:
        raise UnknownIndicator(by, pack.city.id)
    lines = [
        RankingRow(unit, {one.indicator.id: one.units.get(unit.code, _NOTHING) for one in figures})
        for unit in _units(pack, kind, {code for one in figures for code in one.units})
    ]
    ordering = by or next(iter(ids), None)
    return lines if ordering is None else sorted(lines, key=lambda line: _place(line, ordering))


def points_table(
    pack: Pack,
    scores: Sequence[UnitScore],
    kind: UnitKind | None = None,
    order: Order = "highest",
) -> list[tuple[NamedUnit, UnitScore]]:
    """List the units with points or with any left out; with `kind`, all units of that kind."""
    by_code = {score.unit: score for score in scores}
    with_points = {score.unit for score in scores if score.rules or score.left_out}
    lines = [
        (unit, by_code.get(unit.code, UnitScore(unit.code)))
        for unit in _units(pack, kind, with_points)
    ]
    signs = {"highest": -1, "lowest": 1, "code": 0}
    return sorted(lines, key=lambda line: (signs[order] * line[1].points, line[0].code))


def _units(pack: Pack, kind: UnitKind | None, names: Collection[str]) -> list[NamedUnit]:
    codes = sorted(names) if kind is None else [u.code for u in pack.units if u.kind is kind]
    return [named(pack, code) for code in codes]


def _place(line: RankingRow, by: str) -> tuple[bool, float, int, str]:
    after = line.values[by].after
    return after.value is None, -(after.value or 0), -after.of, line.unit.code
