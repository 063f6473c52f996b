"""The known places of a city (地名): estates, roads, landmarks, by all names that people use.

They are told apart by their code, not by their name: two estates of one name in two streets are two
places.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.pack.coordinates import in_wgs84
from domain.pack.directory import PlaceName
from domain.pack.policies import PackPart
from domain.ticket.complaint import Code, Crs

MOST_KNOWN = 20_000
"""The most known places of a pack."""


class SiteKind(StrEnum):
    """The kinds of known places. A road is one place only together with a house number."""

    ESTATE = "estate"  # 小区
    COMMUNITY = "community"  # 社区、村
    ROAD = "road"  # 道路
    LANDMARK = "landmark"  # 学校、医院、公园、市场


class KnownPlace(PackPart):
    """A known place. `parent`: the finest division that holds all of it, by code."""

    code: Code
    name: PlaceName
    aliases: tuple[PlaceName, ...] = ()
    kind: SiteKind = SiteKind.ESTATE
    parent: Code
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    crs: Crs = Crs.WGS84

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together")
        return self

    @property
    def names(self) -> Iterator[str]:
        """The name and the aliases."""
        yield self.name
        yield from self.aliases

    @property
    def point(self) -> tuple[float, float] | None:
        """Its latitude and longitude in WGS-84."""
        if self.lat is None or self.lon is None:
            return None
        return in_wgs84(self.lat, self.lon, self.crs)


class GazetteerPolicy(PackPart):
    """`[gazetteer]` of city.toml. `clear_from`: the confidence from which a place found in words is
    used without a person. `border`: metres from the border of two cells within which a point may
    be in either.
    """

    clear_from: Annotated[float, Field(gt=0, le=1)] = 0.8
    border: Annotated[float, Field(ge=0, le=100)] = 1.0
