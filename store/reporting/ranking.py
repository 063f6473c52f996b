"""Rankings (排名) of the units of a city, by a figure or by their points."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from domain.pack.catalogue import Indicator, UnitKind
from domain.pack.pack import Pack
from domain.uncertainty import interval
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
    """A unit's line: its value of each indicator, 0 of 0 if it led no ticket.

    `rank`: by the indicator that the rows are ordered by; None without a value of it, and if
    neither direction of it is good.
    """

    unit: NamedUnit
    values: Mapping[str, Value]
    rank: int | None = None


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

    The best value after exclusion comes first, of the indicator `by` or of the first figure: the
    lowest where lower is better. Units that cannot be told apart share a rank (`sure_places`);
    units without a value have none, and are last.

    Raises:
        UnknownIndicator: `by` is none of the figures.
    """
    ids = [figure.indicator.id for figure in figures]
    if by is not None and by not in ids:
        raise UnknownIndicator(by, pack.city.id)
    rows = [
        RankingRow(unit, {one.indicator.id: one.units.get(unit.code, _NOTHING) for one in figures})
        for unit in _units(pack, kind, {code for one in figures for code in one.units})
    ]
    ordering = next((one.indicator for one in figures if by in (None, one.indicator.id)), None)
    if ordering is None:
        return rows
    rows.sort(key=lambda row: _place(row, ordering))
    if ordering.better == "neither":
        return rows
    places = sure_places([row.values[ordering.id].after for row in rows], ordering.better)
    return [replace(row, rank=place) for row, place in zip(rows, places, strict=True)]


def sure_places(shares: Sequence[Ratio], better: str) -> list[int | None]:
    """Return the place of each share: one more than those that are surely better; None of nothing.

    Surely better: its Wilson interval (95 %) lies wholly on the better side. Units that cannot be
    told apart share a place, and a unit with few tickets is not put below others by chance.
    """
    known = [interval(share.part, share.of) for share in shares]
    return [
        None
        if one is None
        else 1
        + sum(
            other.high < one.low if better == "lower" else other.low > one.high
            for other in known
            if other is not None
        )
        for one in known
    ]


def ranks(values: Sequence[Fraction | None]) -> list[int | None]:
    """Return the rank of each value of a list that has the best first; None of what has no value.

    Equal values share a rank, and the next one counts all before it: 1, 1, 3.
    """
    places: list[int | None] = []
    for n, value in enumerate(values):
        same = n > 0 and value == values[n - 1]
        places.append(None if value is None else places[-1] if same else n + 1)
    return places


def points_ranks(scores: Sequence[UnitScore]) -> dict[str, int]:
    """Return the ranks of these units by their points, the most first.

    A unit has none if nothing brought it any points, nor would have, but for an exclusion.
    """
    counted = sorted((one for one in scores if has_points(one)), key=lambda one: -one.points)
    places = ranks([Fraction(str(round(one.points, 6))) for one in counted])
    return {one.unit: place for one, place in zip(counted, places, strict=True) if place}


def has_points(score: UnitScore) -> bool:
    """Return whether anything brought the unit points, or was left out."""
    return bool(score.rules or score.left_out)


def points_table(
    pack: Pack,
    scores: Sequence[UnitScore],
    kind: UnitKind | None = None,
    order: Order = "highest",
) -> list[tuple[NamedUnit, UnitScore]]:
    """List the units with points or with any left out; with `kind`, all units of that kind."""
    by_code = {score.unit: score for score in scores}
    with_points = {score.unit for score in scores if has_points(score)}
    lines = [
        (unit, by_code.get(unit.code, UnitScore(unit.code)))
        for unit in _units(pack, kind, with_points)
    ]
    signs = {"highest": -1, "lowest": 1, "code": 0}
    return sorted(lines, key=lambda line: (signs[order] * line[1].points, line[0].code))


def _units(pack: Pack, kind: UnitKind | None, names: Collection[str]) -> list[NamedUnit]:
    codes = sorted(names) if kind is None else [u.code for u in pack.units if u.kind is kind]
    return [named(pack, code) for code in codes]


def _place(row: RankingRow, by: Indicator) -> tuple[bool, Fraction, int, str]:
    share, sign = _share(row, by), 1 if by.better == "lower" else -1
    return share is None, sign * (share or Fraction(0)), -row.values[by.id].after.of, row.unit.code


def _share(row: RankingRow, by: Indicator) -> Fraction | None:
    after = row.values[by.id].after
    return Fraction(after.part, after.of) if after.of else None
