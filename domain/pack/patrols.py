"""Patrols (巡查、巡河): a city's routes, who walks them and when, and how a round is proved."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from domain.deadlines.limits import Limit
from domain.pack.policies import PackPart, RetentionLimit, Words
from domain.ticket.complaint import Code

MOST_ROUTES = 2000
"""The most routes of a city."""
MOST_POINTS = 50
"""The most points of a route."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

RouteCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,24}$")]
"""The code of a route. It is a part of the numbers of its rounds."""


class Rank(StrEnum):
    """The levels of chiefs of a river, highest first."""

    DISTRICT = "district"  # 区级河长
    STREET = "street"  # 镇街级河长
    COMMUNITY = "community"  # 村居级河长


class Told(StrEnum):
    """The people whom a rung of the ladder tells."""

    UNIT = "unit"  # who should have walked
    COMMUNITY_CHIEF = "community_chief"
    STREET_CHIEF = "street_chief"
    DISTRICT_CHIEF = "district_chief"
    SUPERVISOR = "supervisor"


RANK_OF = {
    Told.COMMUNITY_CHIEF: Rank.COMMUNITY,
    Told.STREET_CHIEF: Rank.STREET,
    Told.DISTRICT_CHIEF: Rank.DISTRICT,
}
"""The ranks of the chiefs that are told."""


def _clock_time(value: object) -> object:
    """Read "08:30"; anything else is left to be refused."""
    if isinstance(value, str) and len(value) == 5:
        try:
            return time.fromisoformat(value)
        except ValueError:
            return value
    return value


ClockTime = Annotated[time, BeforeValidator(_clock_time)]
"""A time of day in the city, "08:30"."""


class Proof(PackPart):
    """The proof of a round: how exact a position has to be, how fast one walks, whose clock counts.

    `accuracy`: the greatest radius in metres of a position that counts. `speed`: the greatest
    speed between two points, in km/h. `clock`: how far the phone's clock may be from the server's.
    """

    accuracy: int = Field(100, ge=5, le=1000)
    speed: int = Field(20, ge=1, le=120)
    clock: RetentionLimit = Limit.parse("5m")


class Criterion(PackPart):
    """A thing that an evaluator looks at in an unannounced check, and the most points for it."""

    code: Code
    name: Words
    name_en: Words
    points: int = Field(ge=1, le=1000)


class Checks(PackPart):
    """Unannounced checks (暗访抽查): the unit that evaluates, and the criteria of its sheets."""

    unit: Code
    criteria: tuple[Criterion, ...] = Field(min_length=1, max_length=30)


class RiverReach(PackPart):
    """A reach of a river (河段), or another thing that is watched, and its chiefs by level."""

    code: Code
    name: Words
    name_en: Words
    river: Words
    chiefs: dict[Rank, Code] = Field(default_factory=dict)


class RoutePoint(PackPart):
    """A point of a route, in WGS-84. `photo`: one has to be taken there."""

    code: Code
    name: Words
    name_en: Words
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    photo: bool = False


class Rung(PackPart):
    """A rung of a missed round's ladder: how long after the window, and who is told."""

    after: RetentionLimit | None = None
    tells: tuple[Told, ...] = Field(min_length=1)

    @property
    def delay(self) -> timedelta:
        """The time after the window's end; none: at its end."""
        return self.after.length if self.after else timedelta()


class Route(PackPart):
    """A route (巡查路线): `unit` walks its points, in their order.

    It is due every `every` days, counted from `since`, or on `weekdays`; between the times `start`
    and `end` of that day. `dwell`: how long one stays at each point. `tolerance`: how many metres
    beside the point still count. `missed`: the ladder of a round that was not walked.
    """

    code: RouteCode
    name: Words
    name_en: Words
    kind: Words
    reach: Code | None = None
    area: Code
    unit: Code
    every: int | None = Field(None, ge=1, le=366)
    since: date = date(2026, 1, 1)
    weekdays: tuple[Weekday, ...] = ()
    start: ClockTime
    end: ClockTime
    dwell: RetentionLimit | None = None
    tolerance: int = Field(50, ge=5, le=1000)
    points: tuple[RoutePoint, ...] = Field(min_length=2, max_length=MOST_POINTS)
    missed: tuple[Rung, ...] = Field(min_length=1, max_length=9)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.every is None) == (not self.weekdays):
            raise ValueError("say either how many days lie between rounds (every), or the weekdays")
        if self.start >= self.end:
            raise ValueError("the window has to end after it starts, on the same day")
        codes = [point.code for point in self.points]
        if len(set(codes)) < len(codes):
            raise ValueError("two points have the same code")
        delays = [rung.delay for rung in self.missed]
        if delays != sorted(set(delays)):
            raise ValueError("each rung comes later than the one before")
        return self

    @property
    def stay(self) -> timedelta:
        """The time that one has to stay at each point."""
        return self.dwell.length if self.dwell else timedelta()

    def is_due(self, day: date) -> bool:
        """Return whether a round is walked on that day."""
        if self.every is None:
            return _WEEKDAYS[day.weekday()] in self.weekdays
        return day >= self.since and (day - self.since).days % self.every == 0

    def window(self, day: date, tz: tzinfo) -> tuple[datetime, datetime]:
        """Return when a round of that day may be begun, and until when it has to be finished."""
        starts, ends = (datetime.combine(day, at, tz) for at in (self.start, self.end))
        return starts, ends

    def point(self, code: str) -> RoutePoint | None:
        """Return the point of that code, if there is one."""
        return next((point for point in self.points if point.code == code), None)


class Patrols(PackPart):
    """The whole of patrols.toml. A city without it has no patrols."""

    proof: Proof = Proof()
    checks: Checks | None = None
    reaches: tuple[RiverReach, ...] = ()
    routes: tuple[Route, ...] = Field((), max_length=MOST_ROUTES)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy without the original's cached values."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[cached]
        return copy

    def route(self, code: str) -> Route | None:
        """Return the route of that code, if the city still has it."""
        return self._routes.get(code)

    def reach(self, code: str | None) -> RiverReach | None:
        """Return the reach of that code, if there is one."""
        return next((reach for reach in self.reaches if reach.code == code), None)

    def reaches_of(self, unit: str) -> tuple[str, ...]:
        """Return the codes of the reaches that a unit is a chief of."""
        return tuple(reach.code for reach in self.reaches if unit in reach.chiefs.values())

    @cached_property
    def _routes(self) -> dict[str, Route]:
        return {route.code: route for route in self.routes}
