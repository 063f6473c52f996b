"""The mapping of an import (TOML): which column is what, and how the other system writes it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from domain.model import Incoming
from domain.ticket.complaint import Channel, Code, Crs, Kind

SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
"""The name of another system. With the number that it gave, it tells complaints apart."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Unmapped = Literal["refuse", "leave"]
"""The fate of a row with a value that nobody mapped: refused, or left to triage."""

NUMBER_IN_LINK = "{number}"


class Columns(Incoming):
    """The headings of the columns. `number`: that of the other system; `state`: open or closed."""

    number: ColumnName
    text: ColumnName
    title: ColumnName | None = None
    filed_at: ColumnName | None = None
    closed_at: ColumnName | None = None
    state: ColumnName | None = None
    kind: ColumnName | None = None
    channel: ColumnName | None = None
    category: ColumnName | None = None
    area: ColumnName | None = None
    unit: ColumnName | None = None
    address: ColumnName | None = None
    lat: ColumnName | None = None
    lon: ColumnName | None = None
    name: ColumnName | None = None
    phone: ColumnName | None = None
    email: ColumnName | None = None
    home: ColumnName | None = None


class SheetLayout(Incoming):
    """The file. `name`: of the sheet in a workbook; `header_row`: that of the headings, from 1."""

    name: str = ""
    header_row: int = Field(1, ge=1, le=100)
    encoding: Literal["", "utf-8", "gb18030", "utf-16"] = ""
    delimiter: Literal["", ",", ";", "\t", "|"] = ""


class Dates(Incoming):
    """The notations of moments, as `strptime` reads them; `zone`: where they are counted.

    The notations that everybody reads the same (2026-03-05 08:30, 2026年3月5日) need no format.
    """

    formats: tuple[str, ...] = ()
    zone: str = ""


class States(Incoming):
    """The words of the state column. One that is in neither list is refused."""

    open: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()


class Phones(Incoming):
    """The notation of phones. `area_code`: of numbers of seven or eight digits."""

    area_code: Annotated[str, StringConstraints(pattern=r"^(0\d{2,3})?$")] = ""


class Constants(Incoming):
    """The values of rows that do not say it themselves."""

    kind: Kind = Kind.COMPLAINT
    channel: Channel = Channel.HOTLINE
    category: Code | None = None
    area: Code | None = None
    unit: Code | None = None
    crs: Crs = Crs.WGS84
    public: bool = False
    anonymous: bool = False


class UnmappedValues(Incoming):
    category: Unmapped = "refuse"
    area: Unmapped = "refuse"
    unit: Unmapped = "refuse"


class ImportMap(Incoming):
    """A mapping. `link`: the address of a complaint in the other system, with {number} in it."""

    source: SourceName
    link: Annotated[str, StringConstraints(max_length=300)] = ""
    columns: Columns
    sheet: SheetLayout = Field(default_factory=SheetLayout)
    dates: Dates = Field(default_factory=Dates)
    states: States = Field(default_factory=States)
    phones: Phones = Field(default_factory=Phones)
    constants: Constants = Field(default_factory=Constants)
    unmapped: UnmappedValues = Field(default_factory=UnmappedValues)
    kinds: dict[str, Kind] = Field(default_factory=dict)
    channels: dict[str, Channel] = Field(default_factory=dict)
    categories: dict[str, Code] = Field(default_factory=dict)
    areas: dict[str, Code] = Field(default_factory=dict)
    units: dict[str, Code] = Field(default_factory=dict)

    @field_validator("link")
    @classmethod
    def _leads_somewhere(cls, link: str) -> str:
        if not link:
            return link
        if not link.startswith(("https://", "http://")):
            raise ValueError("a link begins with https:// or http://")
        if NUMBER_IN_LINK not in link:
            raise ValueError("a link has {number} in it")
        return link
