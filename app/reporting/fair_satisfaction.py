"""The satisfaction of a period with its error, for everybody: set apart, asked again, corrected."""

from datetime import UTC, datetime

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.cities.cities import Fraction, share
from app.cities.periods import Reckoning, ReckoningQuery, reckoning
from app.context import AppContext
from app.errors import Problem
from domain.model import Instant, Recorded
from domain.ticket.rating import Apart
from store.reporting.fair_satisfaction import FairSatisfaction, fair_satisfaction


class RateBounds(Recorded):
    """The bounds at 95 % of a share, between 0 and 1."""

    low: float
    high: float


class CorrectedOut(RateBounds):
    """The share of satisfied citizens among all who rated, by those who were asked again."""

    share: float


class UsedDrawOut(Recorded):
    """A draw of those who are asked again: its seed orders the numbers of the tickets."""

    id: str
    algorithm: str
    seed: str
    size: int
    population: int


class FairSatisfactionOut(Recorded):
    """The satisfaction of the tickets that ended in a period.

    `counted`: of the ratings that count; `error`: where the true share lies with 95 % confidence if
    those who rated stand for all. `set_apart`: ratings that count in no figure, by the reason.
    `lifted`: set apart, and counting again by a supervisor's decision. `drawn`, `asked`: tickets
    drawn to be asked again, and citizens who answered. `corrected`: null while fewer than `least`
    answered.
    """

    city: str
    since: Instant
    until: Instant
    as_of: Instant
    counted: Fraction
    error: RateBounds | None
    set_apart: dict[Apart, int]
    lifted: int
    drawn: int
    asked: int
    least: int = Field(description="The fewest answers that correct the rate.")
    corrected: CorrectedOut | None
    draws: list[UsedDrawOut]


async def fair_page(
    context: AppContext, caller: Caller | None, city: str, query: ReckoningQuery
) -> FairSatisfactionOut:
    """Return the satisfaction of a month with its error; with a token of any period.

    Raises:
        Problem, UnknownCity
    """
    await permit(context, caller, "get_figures")
    if caller is None and not query.is_plain:
        raise Problem("unauthenticated", "Without a token: months, as they were when they ended.")
    if caller is not None:
        city_of(caller, city)
    requested = reckoning(query, context.packs.get(city), datetime.now(UTC))
    found = await fair_of(context, caller, requested)
    return FairSatisfactionOut(
        city=city,
        since=requested.period.since,
        until=requested.period.until,
        as_of=requested.as_of,
        counted=share(found.counted),
        error=found.error and RateBounds(low=found.error.low, high=found.error.high),
        set_apart=dict(found.apart),
        lifted=found.lifted,
        drawn=found.drawn,
        asked=found.asked,
        least=requested.pack.satisfaction.least,
        corrected=found.corrected and CorrectedOut(**found.corrected._asdict()),
        draws=[UsedDrawOut(**vars(one)) for one in found.draws],
    )


async def fair_of(
    context: AppContext, caller: Caller | None, requested: Reckoning
) -> FairSatisfaction:
    """Return the satisfaction of a period, cached for a while as figures are."""
    await permit(context, caller, "get_figures")

    async def find() -> FairSatisfaction:
        return await fair_satisfaction(
            context.store, requested.pack, requested.period, requested.as_of
        )

    cache = context.figures if caller is None else context.staff_figures
    return await cache.get(("satisfaction", *requested.cache_key), find)
