"""The tables of patrols: rounds with their stamps, findings and rungs; draws with their sheets.

Lists and tables in one column are JSON. Draws are append-only: triggers refuse changes.
"""

from datetime import date, datetime

from sqlalchemy import Date, Index, Table, Text, text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

CLIMBING = "rung_at IS NOT NULL"
"""The condition of the index of rounds whose ladder goes on."""


class PatrolDayTable(Base, table=True):
    """The last day of each city whose rounds were made."""

    __tablename__ = "patrol_day"

    city: str = Field(primary_key=True)
    made_until: date = Field(sa_type=Date)


class PatrolRoundTable(Base, table=True):
    """Rounds, as `domain.patrol.rounds.PatrolRound` describes them. One for each route and day."""

    __tablename__ = "patrol_round"
    __table_args__ = (
        Index("patrol_round_by_route", "city", "route", "day", unique=True),
        Index("patrol_round_by_day", "city", "day", "id"),
        Index(
            "patrol_round_by_rung",
            "city",
            "rung_at",
            sqlite_where=text(CLIMBING),
            postgresql_where=text(CLIMBING),
        ),
    )

    id: str = Field(primary_key=True)
    city: str
    route: str
    day: date = Field(sa_type=Date)
    unit: str
    reach: str | None = None
    starts: datetime = Field(sa_type=UtcDateTime)
    ends: datetime = Field(sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime)
    state: str
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    walked_by: str = ""
    faults: str = Field(default="[]", sa_type=Text)
    attempt: int = 1
    told: int = 0
    rung_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PatrolStampTable(Base, table=True):
    """A phone's word of itself at a point. `id`: its own, so that twice is once.

    `skew`: how many seconds its clock was behind the server's.
    """

    __tablename__ = "patrol_stamp"

    round: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    attempt: int
    point: str
    at: datetime = Field(sa_type=UtcDateTime)
    received: datetime = Field(sa_type=UtcDateTime)
    skew: float
    lat: float | None = None
    lon: float | None = None
    accuracy: float | None = None
    account: str


class PatrolPhotoTable(Base, table=True):
    """The photos of stamps. No picture of a city counts twice."""

    __tablename__ = "patrol_photo"
    __table_args__ = (
        Index("patrol_photo_once", "city", "sha256", unique=True),
        Index("patrol_photo_by_round", "round"),
    )

    file: str = Field(primary_key=True)
    city: str
    round: str
    stamp: str
    point: str
    sha256: str


class PatrolFindingTable(Base, table=True):
    """The tickets that were opened for what was found on rounds."""

    __tablename__ = "patrol_finding"
    __table_args__ = (
        Index("patrol_finding_by_round", "round"),
        Index("patrol_finding_by_day", "city", "day"),
    )

    number: str = Field(primary_key=True)
    round: str
    city: str
    reach: str | None = None
    unit: str
    day: date = Field(sa_type=Date)
    at: datetime = Field(sa_type=UtcDateTime)
    account: str


class PatrolRungTable(Base, table=True):
    """The rungs that missed rounds climbed: when each was due, when it was climbed, who was told.

    `told`: the units, and the word "supervisor".
    """

    __tablename__ = "patrol_rung"

    round: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
    at: datetime = Field(sa_type=UtcDateTime)
    told: str = Field(sa_type=Text)


class PatrolDrawTable(Base, table=True):
    """Draws of unannounced checks. `population`: all rounds of these days, as the seed orders them.

    The first `size` of them are drawn. `criteria`: those of the sheets, as the pack had them.
    """

    __tablename__ = "patrol_draw"
    __table_args__ = (Index("patrol_draw_by_city", "city", "n", unique=True),)

    id: str = Field(primary_key=True)
    city: str
    n: int
    at: datetime = Field(sa_type=UtcDateTime)
    account: str
    since: date = Field(sa_type=Date)
    until: date = Field(sa_type=Date)
    algorithm: str
    seed: str
    size: int
    population: str = Field(sa_type=Text)
    unit: str
    criteria: str = Field(sa_type=Text)


class PatrolSheetTable(Base, table=True):
    """The filled evaluation sheets of draws. `points`: by criterion; `total`: their sum."""

    __tablename__ = "patrol_sheet"

    draw: str = Field(primary_key=True)
    round: str = Field(primary_key=True)
    filled_at: datetime = Field(sa_type=UtcDateTime)
    account: str
    unit: str | None = None
    points: str = Field(sa_type=Text)
    remarks: str = Field(sa_type=Text)
    total: int


metadata = Base.metadata

patrol_day: Table = metadata.tables["patrol_day"]
patrol_round: Table = metadata.tables["patrol_round"]
patrol_stamp: Table = metadata.tables["patrol_stamp"]
patrol_photo: Table = metadata.tables["patrol_photo"]
patrol_finding: Table = metadata.tables["patrol_finding"]
patrol_rung: Table = metadata.tables["patrol_rung"]
patrol_draw: Table = metadata.tables["patrol_draw"]
patrol_sheet: Table = metadata.tables["patrol_sheet"]
