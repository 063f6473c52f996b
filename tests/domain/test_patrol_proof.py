"""Tests of the proof of a round: an honest walk is proved, and what was not walked is not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deadlines.limits import Limit
from domain.pack.patrols import Proof, Route, RoutePoint, Rung, Told
from domain.patrol.draw import ALGORITHM, UnknownAlgorithm, in_order, redraw
from domain.patrol.proof import Doubt, Stamp, doubts

START = datetime(2026, 3, 2, 0, tzinfo=UTC)
METRE = 1 / 111_195
"""Degrees of latitude of a metre."""
ROUTE = Route(
    code="R1",
    name="巡河",
    name_en="Along the river",
    kind="river",
    area="370105014",
    unit="river-keepers",
    every=1,
    start=time(8),
    end=time(18),
    dwell=Limit.parse("2m"),
    tolerance=50,
    points=tuple(
        RoutePoint(
            code=code, name=code, name_en=code, lat=36.69 + n * 600 * METRE, lon=117.0, photo=n == 0
        )
        for n, code in enumerate("ABC")
    ),
    missed=(Rung(tells=(Told.UNIT,)),),
)
PROOF = Proof()


def walked(
    *, metres: float = 12.0, minutes: float = 10.0, stay: float = 2.5, skew: float = 0.0
) -> list[Stamp]:
    """Return an honest walk: at each point a little beside it, on coming and on leaving."""
    stamps = []
    for n, point in enumerate(ROUTE.points):
        came = START + timedelta(minutes=1 + minutes * n)
        for m, after in enumerate((timedelta(), timedelta(minutes=stay))):
            at = came + after
            stamps.append(
                Stamp(
                    point=point.code,
                    at=at - timedelta(seconds=skew),
                    received=at,
                    skew=timedelta(seconds=skew),
                    lat=point.lat + (metres + m) * METRE,
                    lon=point.lon,
                    accuracy=8.0,
                    photos=int(point.photo and not m),
                )
            )
    return stamps


def said(stamps: Sequence[Stamp], route: Route = ROUTE) -> set[Doubt]:
    return {fault.doubt for fault in doubts(route, PROOF, stamps, START)}


@pytest.mark.parametrize(
    ("minutes", "skew", "kept", "off"),
    [
        (0, 0, False, 0),
        (1, 0, False, 0),
        (3, 0, True, 0),
        (300, 240, True, 240),  # by a clock that is four minutes behind
        (-30, 0, False, 1800),  # made by a clock that was put back before it was sent
    ],
)
def test_a_stamp_says_whether_it_was_kept_and_how_far_its_clock_was_off(
    minutes: int, skew: int, kept: bool, off: int
) -> None:
    behind = timedelta(seconds=skew)
    made = Stamp("A", START - timedelta(minutes=minutes) - behind, START, behind)
    assert (made.kept, made.clock_off) == (kept, timedelta(seconds=off))


def test_a_walk_that_was_kept_on_the_phone_is_proved_and_one_by_a_wrong_clock_is_not() -> None:
    arrived = START + timedelta(hours=9)
    kept = [replace(one, received=arrived) for one in walked()]
    assert all(one.kept for one in kept)
    assert said(kept) == set()
    ahead = [replace(one, at=one.at + timedelta(hours=10)) for one in kept]
    assert Doubt.CLOCK_OFF in said(ahead)


def test_an_honest_walk_is_proved() -> None:
    assert doubts(ROUTE, PROOF, walked(), START) == []


@given(
    metres=st.floats(-50, 50).filter(lambda metres: abs(metres) > 1),
    minutes=st.floats(5, 60),
    stay=st.floats(2, 3),
    skew=st.floats(-290, 290),
)
def test_any_honest_walk_is_proved(metres: float, minutes: float, stay: float, skew: float) -> None:
    assert said(walked(metres=metres, minutes=minutes, stay=stay, skew=skew)) == set()


def test_from_a_desk_places_do_not_move_and_are_far() -> None:
    desk = [replace(one, lat=36.65, lon=117.1) for one in walked()]
    assert said(desk) == {Doubt.TOO_FAR, Doubt.PLACE_STANDS_STILL}


def test_from_a_desk_times_do_not_pass() -> None:
    at_once = [replace(one, at=START + timedelta(hours=1), received=START + timedelta(hours=1))
               for one in walked()]  # fmt: skip
    assert said(at_once) == {Doubt.TIME_STANDS_STILL, Doubt.TOO_FAST, Doubt.TOO_SHORT}


def test_the_pack_s_own_points_are_no_positions() -> None:
    copied = [
        replace(one, lat=point.lat, lon=point.lon)
        for one in walked()
        for point in ROUTE.points
        if point.code == one.point
    ]
    assert said(copied) == {Doubt.PLACE_COPIED}


def test_a_time_is_never_after_the_server_heard_of_it() -> None:
    late = [
        replace(one, at=one.at + timedelta(hours=n), received=START + timedelta(minutes=1))
        for n, one in enumerate(walked())
    ]
    assert Doubt.TIME_STANDS_STILL in said(late)


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (lambda stamps: stamps[:4], Doubt.POINT_MISSING),
        (lambda stamps: [replace(one, lat=None, lon=None) for one in stamps], Doubt.NO_POSITION),
        (lambda stamps: [replace(one, accuracy=2000.0) for one in stamps], Doubt.INEXACT),
        (lambda stamps: [replace(one, accuracy=None) for one in stamps], Doubt.INEXACT),
        (lambda stamps: [replace(one, accuracy=0.0) for one in stamps], Doubt.INEXACT),
        (lambda stamps: [replace(one, photos=0) for one in stamps], Doubt.PHOTO_MISSING),
        (lambda _: walked(metres=90), Doubt.TOO_FAR),
        (lambda _: walked(stay=1), Doubt.TOO_SHORT),
        (lambda _: walked(minutes=3), Doubt.TOO_FAST),
        (lambda _: walked(skew=400), Doubt.CLOCK_OFF),
        (lambda _: walked(skew=-400), Doubt.CLOCK_OFF),
    ],
)
def test_what_is_missing_or_wrong_is_said(change: object, doubt: Doubt) -> None:
    assert doubt in said(change(walked()))  # type: ignore[operator]


def test_points_out_of_order_are_said() -> None:
    turned = ROUTE.model_copy(update={"points": tuple(reversed(ROUTE.points))})
    assert said(walked(), turned) == {Doubt.OUT_OF_ORDER}


def test_a_point_before_the_window_is_said() -> None:
    early = doubts(ROUTE, PROOF, walked(), START + timedelta(minutes=5))
    assert [fault.doubt for fault in early] == [Doubt.OUTSIDE_WINDOW]


# --- draws --------------------------------------------------------------------------------------

_MEMBERS = st.sets(st.text("abcdef0123456789.", min_size=1, max_size=12), max_size=40)


def test_the_order_of_a_seed_is_this_one() -> None:
    """A change of the algorithm without a new name would make every earlier draw look false."""
    assert in_order(ALGORITHM, "2026", ["a", "b", "c", "d"]) == ["d", "b", "a", "c"]


@given(seed=st.text(min_size=1), members=_MEMBERS, size=st.integers(0, 10))
def test_a_draw_is_redrawn_identically(seed: str, members: set[str], size: int) -> None:
    order = in_order(ALGORITHM, seed, members)
    assert sorted(order) == sorted(members)
    again = redraw(ALGORITHM, seed, order, order[:size], members)
    assert (again.same, again.drawn) == (True, order[:size])


def test_what_differs_from_a_draw_is_said() -> None:
    order = in_order(ALGORITHM, "seed", "abcdef")
    forged = redraw(ALGORITHM, "seed", order, [order[-1], *order[1:2]], "abcdef")
    assert (forged.same, forged.drawn) == (False, order[:2])
    other = redraw(ALGORITHM, "another", order, order[:2], "abcdef")
    assert not other.same
    assert not other.in_order
    changed = redraw(ALGORITHM, "seed", order, order[:2], "bcdefg")
    assert (changed.same, changed.gone, changed.new) == (False, ["a"], ["g"])
    with pytest.raises(UnknownAlgorithm):
        in_order("dice/1", "seed", "abc")
