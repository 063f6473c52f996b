"""The proof of a round: what its stamps say of places and times, and what speaks against it.

A stamp says that a phone was at a point: where it found itself, how exactly, and when by its own
clock. The server adds when it heard of it. See docs/explanation/patrols.md for what this proves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.pack.directory import metres_between
from domain.pack.patrols import Proof, Route, RoutePoint

AT_ONCE = timedelta(minutes=2)
"""A stamp that took longer to arrive was kept on the phone: its time is the phone's word alone."""
SAME_TIME = timedelta(seconds=2)
"""Stamps of different points that are nearer in time were not walked."""
SAME_PLACE = 3.0
"""Metres within which all positions of a phone lie that does not move."""
COPIED = 0.5
"""Metres: no receiver finds itself so exactly where the pack says that a point is."""
SHORT_WAY = 30.0
"""Metres between two points below which a speed says nothing, for positions are not exact."""


class Doubt(StrEnum):
    """Why a round is not proved."""

    POINT_MISSING = "point_missing"
    NO_POSITION = "no_position"
    INEXACT = "inexact"
    TOO_FAR = "too_far"
    OUT_OF_ORDER = "out_of_order"
    TOO_SHORT = "too_short"
    PHOTO_MISSING = "photo_missing"
    PLACE_STANDS_STILL = "place_stands_still"
    PLACE_COPIED = "place_copied"
    TIME_STANDS_STILL = "time_stands_still"
    TOO_FAST = "too_fast"
    CLOCK_OFF = "clock_off"
    OUTSIDE_WINDOW = "outside_window"


@dataclass(frozen=True)
class Stamp:
    """A phone at a point. `at`: by its clock; `skew`: how far that was behind the server's.

    `received`: when the server heard of it.
    """

    point: str
    at: datetime
    received: datetime
    skew: timedelta = timedelta()
    lat: float | None = None
    lon: float | None = None
    accuracy: float | None = None
    photos: int = 0

    @property
    def true_at(self) -> datetime:
        """The time by the server's clock; never later than when the server heard of it."""
        return min(self.at + self.skew, self.received)

    @property
    def kept(self) -> bool:
        """True if it was kept on the phone, and sent only when there was a network again."""
        return self.received - self.true_at > AT_ONCE

    @property
    def clock_off(self) -> timedelta:
        """The error of the phone's clock: as it sent the stamp, or as it made it.

        A stamp that was made later than it was sent was made by a clock that was put back since.
        """
        return max(abs(self.skew), self.at + self.skew - self.received)

    @property
    def position(self) -> tuple[float, float] | None:
        if self.lat is None or self.lon is None:
            return None
        return self.lat, self.lon


@dataclass(frozen=True)
class ProofFault:
    """A doubt, and the point that it is about; none: about the whole round."""

    doubt: Doubt
    point: str | None = None

    def __str__(self) -> str:
        return f"{self.doubt.value}:{self.point}" if self.point else self.doubt.value


@dataclass(frozen=True)
class _Visit:
    """The stamps at one point, the first one first."""

    point: RoutePoint
    stamps: Sequence[Stamp]

    @property
    def came(self) -> datetime:
        return self.stamps[0].true_at

    @property
    def left(self) -> datetime:
        return self.stamps[-1].true_at


def doubts(
    route: Route, proof: Proof, stamps: Sequence[Stamp], starts: datetime
) -> list[ProofFault]:
    """Return why the stamps do not prove a round of the route; nothing: they do.

    `starts`: when the round may be begun.
    """
    visits = _visits(route, stamps)
    been = {visit.point.code for visit in visits}
    found = [
        ProofFault(Doubt.POINT_MISSING, one.code) for one in route.points if one.code not in been
    ]
    for visit in visits:
        found += [ProofFault(doubt, visit.point.code) for doubt in _at_point(route, proof, visit)]
    found += [ProofFault(doubt) for doubt in _on_the_way(route, proof, visits, starts)]
    return found


def _visits(route: Route, stamps: Sequence[Stamp]) -> list[_Visit]:
    """Return the points that were stamped, in the route's order."""
    at = {
        point.code: sorted(
            (one for one in stamps if one.point == point.code), key=lambda one: one.true_at
        )
        for point in route.points
    }
    return [_Visit(point, at[point.code]) for point in route.points if at[point.code]]


def _at_point(route: Route, proof: Proof, visit: _Visit) -> Iterator[Doubt]:
    positions = [(stamp, stamp.position) for stamp in visit.stamps]
    if any(position is None for _, position in positions):
        yield Doubt.NO_POSITION
    place = (visit.point.lat, visit.point.lon)
    known = [(stamp, position) for stamp, position in positions if position is not None]
    exact = [pair for pair in known if _is_exact(proof, pair[0])]
    if len(exact) < len(known):
        yield Doubt.INEXACT
    if any(
        metres_between(position, place) > route.tolerance + (stamp.accuracy or 0)
        for stamp, position in exact
    ):
        yield Doubt.TOO_FAR
    if visit.left - visit.came < route.stay:
        yield Doubt.TOO_SHORT
    if visit.point.photo and not any(stamp.photos for stamp in visit.stamps):
        yield Doubt.PHOTO_MISSING
    if any(stamp.clock_off > proof.clock.length for stamp in visit.stamps):
        yield Doubt.CLOCK_OFF


def _is_exact(proof: Proof, stamp: Stamp) -> bool:
    return stamp.accuracy is not None and 0 < stamp.accuracy <= proof.accuracy


def _on_the_way(
    route: Route, proof: Proof, visits: Sequence[_Visit], starts: datetime
) -> Iterator[Doubt]:
    came = [visit.came for visit in visits]
    if came != sorted(came):
        yield Doubt.OUT_OF_ORDER
    if came and min(came) < starts:
        yield Doubt.OUTSIDE_WINDOW
    if any(abs(later - sooner) < SAME_TIME for sooner, later in pairwise(sorted(came))):
        yield Doubt.TIME_STANDS_STILL
    if _stands_still(route, visits):
        yield Doubt.PLACE_STANDS_STILL
    if sum(_is_copied(visit) for visit in visits) >= 2:
        yield Doubt.PLACE_COPIED
    if any(_too_fast(proof, one, other) for one, other in _in_time(visits)):
        yield Doubt.TOO_FAST


def _stands_still(route: Route, visits: Sequence[_Visit]) -> bool:
    """Return whether all positions are one place, while the points are not."""
    found = [one.position for visit in visits for one in visit.stamps if one.position is not None]
    points = [(visit.point.lat, visit.point.lon) for visit in visits]
    if len(points) < 2 or len(found) < 2:
        return False
    apart = max(metres_between(points[0], other) for other in points)
    moved = max(metres_between(found[0], other) for other in found)
    return moved <= SAME_PLACE and apart > SAME_PLACE + 2 * route.tolerance


def _is_copied(visit: _Visit) -> bool:
    place = (visit.point.lat, visit.point.lon)
    found = [one.position for one in visit.stamps if one.position is not None]
    return bool(found) and all(metres_between(one, place) <= COPIED for one in found)


def _in_time(visits: Sequence[_Visit]) -> Iterator[tuple[_Visit, _Visit]]:
    yield from pairwise(sorted(visits, key=lambda visit: visit.came))


def _too_fast(proof: Proof, one: _Visit, other: _Visit) -> bool:
    """Return whether nobody walks from the last position at one point to the first at the next."""
    left, came = one.stamps[-1].position, other.stamps[0].position
    if left is None or came is None:
        return False
    inexact = (one.stamps[-1].accuracy or 0) + (other.stamps[0].accuracy or 0)
    way = metres_between(left, came) - min(inexact, 2 * proof.accuracy)
    if way < SHORT_WAY:
        return False
    seconds = max((other.came - one.left).total_seconds(), 0.001)
    return way / seconds > proof.speed / 3.6
