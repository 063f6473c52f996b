"""The tables of contributions: what each ticket brings to the figures and the points of a period.

Moments are whole microseconds since 1970 in UTC. A row holds for who looks at `since` or later and
before `until`, and `until` is `LAST` for what holds until something happens.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Table, text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

LAST = 2**62
"""The end of what holds until something happens."""

ENDS = f"until < {LAST}"
"""The condition of the index of points that no longer hold."""

LEFT_OUT = "left_out"
"""The condition of the index of points that do not count."""


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class FigureFormulasTable(Base, table=True):
    """The sets of formulas for which contributions are kept: a city's indicators and scoring rules.

    `pack_version`: that of the pack by which it was first asked for. `scanned_to`: the number up to
    which older tickets were marked for it, `scanned`: all of them.
    """

    __tablename__ = "figure_formulas"
    __table_args__ = (
        Index("figure_formulas_by_digest", "city", "digest", unique=True),
        {"sqlite_autoincrement": True},  # what a dropped set left behind is never another's
    )

    id: int | None = Field(default=None, primary_key=True)
    city: str
    digest: str
    pack_version: str
    scanned_to: str = ""
    scanned: bool = False
    asked_at: datetime = Field(sa_type=UtcDateTime)


class FigureMarkTable(Base, table=True):
    """The tickets whose contributions are out of date. Triggers of `event` mark them.

    `token` is another one whenever something is written. `broken`: the events, as they are now,
    cannot be replayed.
    """

    __tablename__ = "figure_mark"
    __table_args__ = (_partial("figure_mark_waiting", "number", where="NOT broken"),)

    number: str = Field(primary_key=True)
    token: int = Field(sa_type=BigInteger)
    broken: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class ContributionTable(Base, table=True):
    """The contributions of tickets to the figures, by each set of formulas, as of each moment.

    `filed`, `ended`, `due`: the moments that put it into a period, where a formula asks for them.
    `bits`: see `store.reporting.contributions`. `gap`: since when, up to this row, it was something
    that is not kept, because it was over before midnight.
    """

    __tablename__ = "contribution"
    __table_args__ = (
        Index("contribution_by_change", "formulas", "since"),
        _partial("contribution_by_filing", "formulas", "filed", where="filed IS NOT NULL"),
        _partial("contribution_by_end", "formulas", "ended", where="ended IS NOT NULL"),
        _partial("contribution_by_due", "formulas", "due", where="due IS NOT NULL"),
    )

    formulas: int = Field(primary_key=True)
    number: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    since: int = Field(sa_type=BigInteger)
    until: int = Field(sa_type=BigInteger)
    gap: int | None = Field(default=None, sa_type=BigInteger)
    filed: int | None = Field(default=None, sa_type=BigInteger)
    ended: int | None = Field(default=None, sa_type=BigInteger)
    due: int | None = Field(default=None, sa_type=BigInteger)
    unit: str
    bits: str


class EarnedPointTable(Base, table=True):
    """The points that an event brings a unit, by each set of formulas, as of each moment.

    `counted` is the moment that puts it into a period, `at` the event's own.
    """

    __tablename__ = "earned_point"
    __table_args__ = (
        Index("earned_point_by_change", "formulas", "since"),
        _partial("earned_point_by_end", "formulas", "until", where=ENDS),
        Index("earned_point_by_time", "formulas", "counted"),
        Index("earned_point_by_unit", "formulas", "unit", "counted"),
        _partial("earned_point_left_out", "formulas", "counted", where=LEFT_OUT),
    )

    formulas: int = Field(primary_key=True)
    number: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    since: int = Field(sa_type=BigInteger)
    until: int = Field(sa_type=BigInteger)
    counted: int = Field(sa_type=BigInteger)
    unit: str
    part: str
    rule: str
    version: int
    at: datetime = Field(sa_type=UtcDateTime)
    event: str
    round: int
    left_out: bool


class FigureSumTable(Base, table=True):
    """Sums of contributions: those that began to hold on a day, less those that ceased to.

    `what`: what puts it into the month: ended, filed, due; or `points`, whose `bits` is the rule.
    `month` counts months since the year 0, `known` days; both are the city's.
    """

    __tablename__ = "figure_sum"

    formulas: int = Field(primary_key=True)
    what: str = Field(primary_key=True)
    month: int = Field(primary_key=True)
    known: int = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    bits: str = Field(primary_key=True)
    n: int


figure_formulas: Table = Base.metadata.tables["figure_formulas"]
figure_mark: Table = Base.metadata.tables["figure_mark"]
contribution: Table = Base.metadata.tables["contribution"]
earned_point: Table = Base.metadata.tables["earned_point"]
figure_sum: Table = Base.metadata.tables["figure_sum"]
