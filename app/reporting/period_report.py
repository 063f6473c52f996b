"""The report of a period (月报、周报): figures with their error, beside the periods before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.pack.catalogue import Indicator
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.uncertainty import Interval, interval
from store.db.engine import Store
from store.reporting import common_problems, period_counts
from store.reporting.common_problems import Topic
from store.reporting.fair_satisfaction import FairSatisfaction, fair_satisfaction
from store.reporting.figures import Figure, figures
from store.reporting.indicators import Ratio
from store.reporting.past_packs import pack_at
from store.reporting.period_counts import PeriodCounts
from store.reporting.ranking import RankingRow, rank_units

_TOPIC = 5
"""The fewest tickets of a common problem."""


@dataclass(frozen=True)
class ComparedFigure:
    """A figure beside those of the period before, and of the same days a year earlier.

    `error`: what the share may be in truth, at 95 in 100, if those who rated stand for all.
    `earlier`, `year_earlier`: after exclusion; None where the formula did not exist, or was another
    one.
    """

    indicator: Indicator
    before: Ratio
    after: Ratio
    error: Interval | None
    tickets: int
    excluded: int
    unrated: int
    earlier: Ratio | None
    year_earlier: Ratio | None


@dataclass(frozen=True)
class GroupCount:
    """The tickets filed of one category, street, channel or kind, beside the periods before."""

    code: str
    count: int
    earlier: int
    year_earlier: int


@dataclass(frozen=True)
class PeriodReport:
    """The report of a period. `first`, `last`: its days. `broken`: tickets that are in no figure.

    `running`: the period was not over at `as_of`, and the periods before are taken as far.
    """

    pack: Pack
    period: Period
    as_of: datetime
    running: bool
    counts: PeriodCounts
    earlier: PeriodCounts
    year_earlier: PeriodCounts
    figures: Sequence[ComparedFigure]
    units: Sequence[RankingRow]
    groups: Mapping[str, Sequence[GroupCount]]
    topics: Sequence[Topic]
    broken: int
    fair: FairSatisfaction


async def period_report(
    store: Store, current: Pack, period: Period, now: datetime, *, running: bool = False
) -> PeriodReport:
    """Return the report of a period, by the formulas that the city had when it ended.

    Raises:
        StoreError, PackError: the pack of then cannot be read.
    """
    pack = await pack_at(store, current, period.until, now)
    before, year_before = earlier_periods(pack, period)
    here = await figures(store, pack, period)
    then = [await _values(store, current, one, now) for one in (before, year_before)]
    counts, earlier, year_earlier = [
        await period_counts.period_counts(store, pack.city.id, one.since, one.until)
        for one in (period, before, year_before)
    ]
    return PeriodReport(
        pack=pack,
        period=period,
        as_of=here.as_of,
        running=running,
        counts=counts,
        earlier=earlier,
        year_earlier=year_earlier,
        figures=[_compared(one, *then) for one in here.figures],
        units=rank_units(pack, here.figures),
        groups={
            name: _grouped(found, earlier.groups[name], year_earlier.groups[name])
            for name, found in counts.groups.items()
        },
        topics=await common_problems.topics(
            store, pack.city.id, period.since, period.until, _TOPIC
        ),
        broken=len(here.broken),
        fair=await fair_satisfaction(store, pack, period),
    )


def earlier_periods(pack: Pack, period: Period) -> tuple[Period, Period]:
    """Return the period before, and the same days a year earlier.

    Before a month comes the month before, as far as the month has gone; before other days come as
    many days.
    """
    zone = pack.calendar.tz
    first, last = period.since.astimezone(zone), period.until.astimezone(zone)
    year = Period(_year_before(first), _year_before(last))
    begins, lasts = period.since - (period.until - period.since), period.until - period.since
    ends = period.since
    next_month = _month_begins(first + timedelta(days=31))
    if first == _month_begins(first) and last <= next_month:
        begins = _month_begins(first - timedelta(days=1)).astimezone(UTC)
        if last < next_month:
            ends = min(begins + lasts, ends)
    return Period(begins, ends), year


def _month_begins(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _year_before(at: datetime) -> datetime:
    day = 28 if (at.month, at.day) == (2, 29) else at.day
    return at.replace(year=at.year - 1, day=day).astimezone(UTC)


async def _values(
    store: Store, current: Pack, period: Period, now: datetime
) -> Mapping[tuple[str, int], Ratio]:
    pack = await pack_at(store, current, period.until, now)
    then = await figures(store, pack, period)
    return {(one.indicator.id, one.indicator.version): one.value.after for one in then.figures}


def _compared(
    figure: Figure,
    earlier: Mapping[tuple[str, int], Ratio],
    year_earlier: Mapping[tuple[str, int], Ratio],
) -> ComparedFigure:
    after, key = figure.value.after, (figure.indicator.id, figure.indicator.version)
    return ComparedFigure(
        indicator=figure.indicator,
        before=figure.value.before,
        after=after,
        error=interval(after.part, after.of),
        tickets=figure.tickets,
        excluded=figure.excluded,
        unrated=figure.unrated,
        earlier=earlier.get(key),
        year_earlier=year_earlier.get(key),
    )


def _grouped(
    counts: Mapping[str, int], earlier: Mapping[str, int], year_earlier: Mapping[str, int]
) -> list[GroupCount]:
    """Return the groups, the largest first; those that were, and are no more, at the end."""
    codes = sorted({*counts, *earlier}, key=lambda code: (-counts.get(code, 0), code))
    return [
        GroupCount(code, counts.get(code, 0), earlier.get(code, 0), year_earlier.get(code, 0))
        for code in codes
    ]
