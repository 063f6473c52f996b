"""The directory of places (便民服务点): what a city's kinds of places may have, and the places.

The kinds are the city's rules and stand in its pack; the places are the installation's, and those
of a pack are what it begins with.
"""

from collections.abc import Iterable
from math import asin, cos, degrees, hypot, radians, sin, sqrt
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from domain.pack.catalogue import Pattern, matches
from domain.pack.coordinates import in_wgs84
from domain.pack.opening_hours import HoursText, OpeningHours, read_hours
from domain.pack.policies import PackPart, Words
from domain.ticket.complaint import Code, Crs, cleaned, required

EARTH = 6_371_008.8
"""The mean radius of the earth in metres."""

MOST_OF_PACK = 1000
"""The most places of a pack; an import may have more."""

_FORMULA = ("=", "\uff1d")
_DECIMALS = 6
"""Decimals of a degree of a place's point: a tenth of a metre."""


class PlaceFeature(PackPart):
    """Something that places may have: a nursing room, parking, light at night."""

    code: Code
    name: Words
    name_en: Words


class PlaceKind(PackPart):
    """A kind of places, and the features that places of this kind may have."""

    code: Code
    name: Words
    name_en: Words
    features: tuple[Code, ...] = ()


class Places(PackPart):
    """The kinds of places that a city lists, and their features; none: it lists no places."""

    kinds: tuple[PlaceKind, ...] = ()
    features: tuple[PlaceFeature, ...] = ()

    def kind(self, code: str) -> PlaceKind | None:
        """Return the kind of that code, if there is one."""
        return next((kind for kind in self.kinds if kind.code == code), None)

    def feature(self, code: str) -> PlaceFeature | None:
        """Return the feature of that code, if there is one."""
        return next((feature for feature in self.features if feature.code == code), None)


def _no_formula(text: str) -> str:
    if text.startswith(_FORMULA):
        raise ValueError("it is a formula: save the table with its values")
    return text


PlaceName = Annotated[
    str, StringConstraints(max_length=100), AfterValidator(required), AfterValidator(_no_formula)
]
ShortLine = Annotated[
    str, StringConstraints(max_length=200), AfterValidator(cleaned), AfterValidator(_no_formula)
]
Telephone = Annotated[str, StringConstraints(pattern=r"^([0-9+][0-9 ()-]{2,30})?$")]
"""A public telephone number, as people write it; empty where there is none."""


class ListedPlace(PackPart):
    """A place of the directory. The point is WGS-84.

    `area`: the division that it lies in. `unit`: the unit that runs it. `services`: the categories
    of which it takes care, by code or prefix. `source`: where the data is from.
    """

    code: Code
    kind: Code
    name: PlaceName
    name_en: ShortLine = ""
    address: ShortLine = ""
    area: Code | None = None
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    hours: HoursText = ""
    features: tuple[Code, ...] = ()
    phone: Telephone = ""
    unit: Code | None = None
    services: tuple[Pattern, ...] = ()
    source: ShortLine = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together")
        if self.lat is None and self.area is None:
            raise ValueError("it has neither a point (lat, lon) nor an area")
        if self.services and self.unit is None:
            raise ValueError("services need the unit that answers for them")
        for each in (self.features, self.services):
            if len(set(each)) < len(each):
                raise ValueError(f"something is said twice: {'|'.join(each)}")
        return self

    @property
    def opening(self) -> OpeningHours | None:
        """Its opening hours; None where nobody knows them."""
        return read_hours(self.hours) if self.hours else None

    def has(self, features: Iterable[str]) -> bool:
        """Return whether it has all of the features."""
        return set(features) <= set(self.features)

    def serves(self, category: str) -> bool:
        """Return whether it takes care of a category."""
        return any(matches(pattern, category) for pattern in self.services)

    def metres_to(self, lat: float, lon: float) -> float | None:
        """Return how far a point is from it; None where its own point is not known."""
        if self.lat is None or self.lon is None:
            return None
        return metres_between((self.lat, self.lon), (lat, lon))


class PlaceRow(ListedPlace):
    """A place as a table or a map has it. `crs`: the datum of its point."""

    crs: Crs = Crs.WGS84

    def listed(self, area: str | None) -> ListedPlace:
        """Return the place in this area, with its point in WGS-84."""
        values = self.model_dump(exclude={"crs"}) | {"area": area}
        if self.lat is not None and self.lon is not None:
            lat, lon = self.point or (self.lat, self.lon)
            values |= {"lat": round(lat, _DECIMALS), "lon": round(lon, _DECIMALS)}
        return ListedPlace.model_construct(**values)

    @property
    def point(self) -> tuple[float, float] | None:
        """Its latitude and longitude in WGS-84."""
        if self.lat is None or self.lon is None:
            return None
        return in_wgs84(self.lat, self.lon, self.crs)


class Bounds(NamedTuple):
    """Bounds in degrees; every point within some metres of a point lies inside them."""

    south: float
    north: float
    west: float
    east: float


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance of two points, each a latitude and a longitude."""
    (lat, lon), (lat2, lon2) = (map(radians, point) for point in (one, other))
    north, east = sin((lat2 - lat) / 2), sin((lon2 - lon) / 2)
    chord = hypot(north, sqrt(cos(lat) * cos(lat2)) * east)
    return 2 * EARTH * asin(min(1.0, chord))


def bounds_around(lat: float, lon: float, metres: float) -> Bounds:
    """Return bounds that hold every point within so many metres of a point."""
    angle = metres / EARTH
    wide = cos(radians(lat))
    north = degrees(angle) + _MARGIN
    reach = sin(min(angle, radians(90)))
    if wide <= reach or abs(lat) + north >= 90:  # a pole is inside: so are all longitudes
        return Bounds(lat - north, lat + north, -180.0, 180.0)
    east = degrees(asin(reach / wide)) + _MARGIN
    if lon - east < -180 or lon + east > 180:  # over the date line
        return Bounds(lat - north, lat + north, -180.0, 180.0)
    return Bounds(lat - north, lat + north, lon - east, lon + east)


_MARGIN = 1e-9
"""Degrees by which a bounds is wider than need be, for the errors of rounding."""
