"""The tables of the directory of places."""

from datetime import datetime

from sqlalchemy import Index, Table, Text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime


class ListedPlaceTable(Base, table=True):
    """The places that an installation imported, each by its code in its city.

    The point is WGS-84. `features` and `services`: codes, each between bars: "|0901|0902|".
    """

    __tablename__ = "listed_place"
    __table_args__ = (
        Index("listed_place_point", "city", "lat", "lon"),
        Index("listed_place_area", "city", "area"),
    )

    city: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    kind: str
    name: str
    name_en: str
    address: str
    area: str
    lat: float | None
    lon: float | None
    hours: str
    features: str = Field(sa_type=Text)
    phone: str
    unit: str | None
    services: str = Field(sa_type=Text)
    source: str


class DirectoryTable(Base, table=True):
    """The directory of a city that has imported places.

    `instead_of_pack`: the places of the pack do not count any more.
    """

    __tablename__ = "directory"

    city: str = Field(primary_key=True)
    instead_of_pack: bool
    imported_at: datetime = Field(sa_type=UtcDateTime)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

listed_place: Table = metadata.tables["listed_place"]
directory: Table = metadata.tables["directory"]
