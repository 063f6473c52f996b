"""The report card of a period (向群众汇报): figures, topics, typical cases, and promises kept."""

from datetime import date, datetime, timedelta

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.cities.periods import ReckoningQuery, bad_period, reckoning
from app.context import AppContext
from app.errors import Problem
from app.reporting.figures import FigureLine, counted, figure_line
from app.tickets.citizen_view import category_name
from app.tickets.promise_views import PromiseOut, promise_out
from app.tickets.publications import PublicAnswer, public_answer, published_among
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import Period, days_of
from domain.pack.policies import ReportCardPolicy
from domain.ticket.complaint import Code
from store.reporting import public_promises, report_cards
from store.reporting.report_cards import ChosenCase
from store.tickets import promises
from store.tickets.promises import PromisePart

_MOST_PROMISES = 200


class CardQuery(Incoming):
    """The period: a year, or a quarter or a month of it. Without `year`: the current one."""

    year: int | None = Field(None, ge=2000, le=2999)
    quarter: int | None = Field(None, ge=1, le=4)
    month: int | None = Field(None, ge=1, le=12)


class CaseIn(CardQuery):
    """A typical case of a period. `chosen`: false to take it out again."""

    number: Code
    chosen: bool = True


class CardTopic(Recorded):
    """A category, and how many tickets of it were filed."""

    category: str
    name: str
    count: int


class CardPromises(Recorded):
    """The promises whose day lies in the period, public or not; `items`: the public ones. Those of
    reports of wrongdoing are not counted.

    `open`: the day is still to come, or the days of grace are running.
    """

    total: int
    kept: int
    broken: int
    excused: int
    open: int
    items: list[PromiseOut]


class ReportCard(Recorded):
    """The report card of a period. Figures of a past period do not change."""

    city: str
    period: str = Field(examples=["2026-11", "2026-Q4", "2026"])
    public: bool
    pack_version: str
    since: Instant
    until: Instant
    as_of: Instant
    running: bool = Field(description="The period is not over: the figures still change.")
    figures: list[FigureLine]
    topics: list[CardTopic]
    cases: list[PublicAnswer]
    promises: CardPromises | None = Field(description="Null where the city records none.")


async def report_card(
    context: AppContext, caller: Caller | None, city: str, query: CardQuery
) -> ReportCard:
    """Return the report card of a period.

    Raises:
        Problem: not_in_this_city, unauthenticated where it is for staff, not_your_city,
            invalid_request
        UnknownCity
    """
    await permit(context, caller, "get_report_card")
    pack = context.packs.get(city)
    policy = _policy(pack)
    if caller is not None:
        city_of(caller, city)
    elif not policy.public:
        raise Problem("unauthenticated", "This city's report card is for staff.")
    now = context.now()
    named, first, after = _days(query, now.astimezone(pack.calendar.tz).date())
    period = _period(pack, first, after)
    moments = ReckoningQuery(since=period.since, until=period.until)
    computed, _ = await counted(context, caller, reckoning(moments, pack, now), None)
    counts = await report_cards.categories(
        context.store, city, period.since, period.until, policy.topics
    )
    return ReportCard(
        city=city,
        period=named,
        public=policy.public,
        pack_version=computed.pack_version,
        since=period.since,
        until=period.until,
        as_of=computed.as_of,
        running=now < period.until,
        figures=[figure_line(figure) for figure in computed.figures],
        topics=[
            CardTopic(
                category=one.category,
                name=category_name(pack, one.category) or one.category,
                count=one.count,
            )
            for one in counts
        ],
        cases=await _cases(context, pack, named),
        promises=await _promises(context, pack, (first, after - timedelta(days=1)), now),
    )


async def choose_case(context: AppContext, caller: Caller, city: str, body: CaseIn) -> None:
    """Choose a published ticket as a typical case of a period, or take it out again.

    Raises:
        Problem, Refused: not_in_this_city, case_not_published, case_cap, not_your_city
        UnknownCity
    """
    await permit(context, caller, "choose_case")
    city_of(caller, city)
    pack = context.packs.get(city)
    policy = _policy(pack)
    now = context.now()
    named, _, _ = _days(body, now.astimezone(pack.calendar.tz).date())
    if not body.chosen:
        await report_cards.give_up(context.store, city, named, body.number)
        return
    if not await published_among(context, pack, [body.number]):
        raise Problem("case_not_published")
    case = ChosenCase(city, named, body.number, caller.id, now)
    await report_cards.choose(context.store, case, policy.cases)


def _policy(pack: Pack) -> ReportCardPolicy:
    if pack.report_card is None:
        raise Problem("not_in_this_city")
    return pack.report_card


def _days(query: CardQuery, today: date) -> tuple[str, date, date]:
    """Return the name of the period, its first day, and the day after its last."""
    year = query.year or today.year
    if query.quarter is not None and query.month is not None:
        raise bad_period("month", "A quarter or a month: not both.")
    if query.month is not None:
        return f"{year}-{query.month:02}", *_months(year, query.month, 1)
    if query.quarter is not None:
        return f"{year}-Q{query.quarter}", *_months(year, query.quarter * 3 - 2, 3)
    return f"{year}", *_months(year, 1, 12)


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    last = month - 1 + count
    return date(year, month, 1), date(year + last // 12, last % 12 + 1, 1)


def _period(pack: Pack, first: date, after: date) -> Period:
    try:
        return days_of(pack, first, after)
    except ValueError as error:
        raise bad_period("year", "There are no records of that year.") from error


async def _cases(context: AppContext, pack: Pack, period: str) -> list[PublicAnswer]:
    """Return the chosen cases that are still published, as chosen."""
    chosen = await report_cards.cases(context.store, pack.city.id, period)
    found = {one.number: one for one in await published_among(context, pack, chosen)}
    return [public_answer(found[number], pack) for number in chosen if number in found]


async def _promises(
    context: AppContext, pack: Pack, days: tuple[date, date], now: datetime
) -> CardPromises | None:
    if pack.promises is None:
        return None
    today, city = now.astimezone(pack.calendar.tz).date(), pack.city.id
    counts = await public_promises.counts(context.store, city, *days, today)
    found = await public_promises.listed(
        context.store, city, PromisePart.ALL, today, None, _MOST_PROMISES, days
    )
    followers = await promises.followers(context.store, found.items)
    told = {state.value: count for state, count in counts.states.items()}
    return CardPromises(
        total=counts.total,
        kept=told["kept"],
        broken=told["broken"],
        excused=told["excused"],
        open=told["open"] + told["due"],
        items=[promise_out(one, pack, today, followers, staff=False) for one in found.items],
    )
