"""Tests of points in other datums, against an independent library."""

import math

import eviltransform
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.pack.coordinates import from_wgs84, in_wgs84
from domain.pack.directory import metres_between
from domain.ticket.complaint import Crs, Place

IN_CHINA = st.tuples(st.floats(18.2, 53.5), st.floats(73.6, 134.7))
ELSEWHERE = st.tuples(st.floats(-80, 80), st.floats(-170, 71))
SHIFTED = [Crs.GCJ02, Crs.BD09]


@given(IN_CHINA)
@pytest.mark.parametrize("crs", SHIFTED)
def test_there_and_back_is_less_than_half_a_metre(crs: Crs, point: tuple[float, float]) -> None:
    assert metres_between(point, in_wgs84(*from_wgs84(*point, crs), crs)) < 0.01


@given(IN_CHINA)
def test_an_independent_library_says_the_same(point: tuple[float, float]) -> None:
    theirs = {Crs.GCJ02: eviltransform.wgs2gcj(*point), Crs.BD09: eviltransform.wgs2bd(*point)}
    for crs, there in theirs.items():
        # Its ellipsoid's axis is a few metres another, which makes no difference on the ground.
        assert metres_between(from_wgs84(*point, crs), there) < 0.05


@given(ELSEWHERE)
@pytest.mark.parametrize("crs", SHIFTED)
def test_points_outside_china_are_not_shifted(crs: Crs, point: tuple[float, float]) -> None:
    assert from_wgs84(*point, crs) == point
    assert in_wgs84(*point, crs) == point


def test_the_shift_is_some_hundred_metres() -> None:
    beijing = (39.9086, 116.6568)
    assert 400 < metres_between(beijing, from_wgs84(*beijing, Crs.GCJ02)) < 700
    assert 800 < metres_between(beijing, from_wgs84(*beijing, Crs.BD09)) < 1600


@pytest.mark.parametrize(
    ("said", "crs"),
    [
        ("CGCS2000", Crs.WGS84),
        ("WGS-84", Crs.WGS84),
        ("EPSG:4490", Crs.WGS84),
        ("GCJ-02", Crs.GCJ02),
        ("BD09LL", Crs.BD09),
    ],
)
def test_a_datum_is_known_by_its_usual_names(said: str, crs: Crs) -> None:
    assert Place.model_validate({"lat": 39.9, "lon": 116.6, "crs": said}).crs is crs


@pytest.mark.parametrize("said", ["", "utm", 4326, None])
def test_an_unknown_datum_is_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        Place.model_validate({"lat": 39.9, "lon": 116.6, "crs": said})


@pytest.mark.parametrize("number", [float, str])
def test_a_swapped_point_is_refused_with_the_likely_intention(number: type) -> None:
    with pytest.raises(ValidationError, match=r"swapped.*lat 39\.9, lon 116\.6"):
        Place.model_validate({"lat": number(116.6), "lon": number(39.9)})


@pytest.mark.parametrize("bad", [math.nan, math.inf, "north", "39°54′", 10**400])
def test_what_is_no_number_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        Place.model_validate({"lat": bad, "lon": 116.6})


def test_a_number_in_a_text_is_taken() -> None:
    place = Place.model_validate({"lat": "39.9", "lon": "116.6"})
    assert (place.lat, place.lon) == (39.9, 116.6)
