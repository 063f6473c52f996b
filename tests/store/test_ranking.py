"""Tests of rankings: no rank without data, one rank for equal values, the good direction first."""

from fractions import Fraction

import pytest

from domain.pack.catalogue import Indicator
from domain.pack.periods import Period
from packs.registry import default_root, load_pack
from store.reporting.figures import Figure, Value
from store.reporting.indicators import Ratio
from store.reporting.ranking import points_ranks, rank_units, ranks
from store.reporting.scores import UnitScore
from tests.store.stories import START

TONGZHOU = load_pack(default_root() / "tongzhou")
CITIES = ("tongzhou", "heping", "huangpu", "jinan", "langfang")
NOVEMBER = Period(START, START)


def _figure(better: str, **units: tuple[int, int]) -> Figure:
    names = {"id": "f", "name": "f", "name_en": "f", "over": "true", "counts": "true"}
    values = {code: Value(Ratio(*share), Ratio(*share)) for code, share in units.items()}
    indicator = Indicator.model_validate(names | {"better": better})
    return Figure(indicator, Value(Ratio(0, 0), Ratio(0, 0)), values, 0, 0, 0, 0)


UNITS = {"a": (1, 2), "b": (9, 10), "c": (50, 100), "d": (0, 0), "e": (0, 4)}


@pytest.mark.parametrize(
    ("better", "expected"),
    [
        ("higher", [("b", 1), ("c", 1), ("a", 1), ("e", 2), ("d", None)]),
        ("lower", [("e", 1), ("c", 1), ("a", 1), ("b", 2), ("d", None)]),
        ("neither", [("b", None), ("c", None), ("a", None), ("e", None), ("d", None)]),
    ],
)
def test_units_are_ranked_by_what_is_good(better: str, expected: list[object]) -> None:
    rows = rank_units(TONGZHOU, [_figure(better, **UNITS)])
    assert [(row.unit.code, row.rank) for row in rows] == expected


def test_the_same_share_is_the_same_rank_however_it_is_divided() -> None:
    rows = rank_units(TONGZHOU, [_figure("higher", a=(1, 3), b=(2, 6), c=(333, 1000))])
    assert {row.unit.code: row.rank for row in rows} == {"a": 1, "b": 1, "c": 1}
    many = [_figure("higher", a=(800, 1000), b=(500, 1000), c=(1, 2))]
    rows = rank_units(TONGZHOU, many)
    assert {row.unit.code: row.rank for row in rows} == {"a": 1, "b": 2, "c": 1}


def test_ranks_leave_out_as_many_as_are_equal() -> None:
    shares = [Fraction(1), Fraction(1), Fraction(1), Fraction(1, 2), None, None]
    assert ranks(shares) == [1, 1, 1, 4, None, None]


def test_a_unit_without_any_event_has_no_rank_by_points() -> None:
    scores = [UnitScore("a", 0.3), UnitScore("b", 0.1 + 0.2), UnitScore("c", -1), UnitScore("d")]
    for score in scores[:3]:
        score.rules["S1"] = 1
    assert points_ranks(scores) == {"a": 1, "b": 1, "c": 3}


@pytest.mark.parametrize("city", CITIES)
def test_what_counts_failures_is_better_low(city: str) -> None:
    """Each figure of rework, returns, cards and repeats says so."""
    pack = load_pack(default_root() / city)
    failures = ("t.reworks", "t.returns", "t.red", "t.yellow", "t.recurred", "t.repeats", "t.late")
    for indicator in pack.indicators:
        counts = indicator.counts.strip()
        if counts.startswith(failures) and counts.endswith(("> 0", ">= 1", *failures)):
            assert indicator.better == "lower", indicator.id
