"""Periods in a query: two moments or a month of the city, and the time they are viewed at."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from app.context import AppContext
from app.errors import FieldProblem, Problem
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.pack.periods import Period, month_at, month_of
from packs.registry import PackError
from store.packs.archive import UnknownPackVersion
from store.reporting.past_packs import pack_at


def _ordinary(moment: datetime) -> datetime:
    # The first and last years of the calendar cannot be converted to UTC.
    if not 1900 <= moment.year <= 2999:
        raise ValueError("a year between 1900 and 2999 is needed")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_ordinary)]
"""A moment in a query, with its zone: 2026-03-02T00:00:00+08:00."""


LONGEST = timedelta(days=366)

DEFAULT = timedelta(days=30)
"""The length of a period without `since`."""


class PeriodQuery(Incoming):
    since: Moment | None = Field(None, description="Default: thirty days before `until`.")
    until: Moment | None = Field(None, description="Default: now. Itself not included.")


class MonthQuery(PeriodQuery):
    """A month, or two moments. Neither: the current month so far."""

    month: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}$")] | None = Field(
        None, description="A calendar month of the city.", examples=["2026-03"]
    )

    @property
    def is_month(self) -> bool:
        return self.since is None and self.until is None


class ReckoningQuery(MonthQuery):
    """A period, the time it is viewed at, and the version of the city's pack to use."""

    as_of: Moment | None = Field(
        None, description="The tickets as they were then. Default: at the end of the period."
    )
    pack: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")] | None = Field(
        None,
        description="A version of the city's pack. Default: the one in use at the period's end.",
    )

    @property
    def is_plain(self) -> bool:
        """True if it is a month as it was when it ended."""
        return self.is_month and self.as_of is None and self.pack is None


RECKONING = (
    "unauthenticated",
    "forbidden",
    "unknown_city",
    "unknown_pack_version",
    "pack_invalid",
    "invalid_request",
    "store_unavailable",
)
"""The refusals of a reckoning."""


@dataclass(frozen=True)
class Reckoning:
    """A computation: `pack` is the city's pack now, `version` the requested one."""

    pack: Pack
    period: Period
    as_of: datetime
    now: datetime
    version: str | None
    cache_key: tuple[object, ...]
    """A cache key, equal for equal requests, also while the period is running."""

    async def pack_then(self, context: AppContext) -> Pack:
        """Return the pack to compute by; raise a Problem if there is none."""
        try:
            return await pack_at(
                context.store, self.pack, self.period.until, self.now, self.version
            )
        except UnknownPackVersion as error:
            raise Problem("unknown_pack_version", str(error)) from error
        except PackError as error:
            raise Problem("pack_invalid") from error


def reckoning(query: ReckoningQuery, pack: Pack, now: datetime) -> Reckoning:
    """Return the requested computation; raise a Problem if it is not possible."""
    period = month_or_span(query, pack, now)
    as_of = query.as_of or period.until
    if not period.until <= as_of <= now:
        raise bad_period("as_of", "Between the end of the period and now.")
    month = (query.month or month_at(pack, now)) if query.is_month else None
    cache_key = (pack.city.id, month, query.since, query.until, query.as_of, query.pack)
    return Reckoning(pack, period, as_of, now, query.pack, cache_key)


def span(query: PeriodQuery, now: datetime) -> Period:
    """Return the period between the moments; raise a Problem if it is empty or over 366 days."""
    until = query.until or now
    since = query.since or until - DEFAULT
    if not timedelta(0) < until - since <= LONGEST:
        raise bad_period("since", "Up to 366 days, since before until.")
    return Period(since, until)


def month_or_span(query: MonthQuery, pack: Pack, now: datetime) -> Period:
    """Return the requested period up to now; raise a Problem if it has not begun."""
    if query.month is not None and not query.is_month:
        raise bad_period("month", "A month, or since and until: not both.")
    try:
        period = month_of(pack, query.month or month_at(pack, now)) if query.is_month else None
    except ValueError as error:
        raise bad_period("month", "There is no such month.") from error
    try:
        return (period or span(query, now)).so_far(now)
    except ValueError as error:
        raise bad_period("month" if period else "since", "It has not begun yet.") from error


def bad_period(field: str, message: str) -> Problem:
    wrong = FieldProblem(field=f"query.{field}", code="bad_period", message=message)
    return Problem("invalid_request", errors=[wrong])
