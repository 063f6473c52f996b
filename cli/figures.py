"""`jiesu city figures`, `scores` and `topics`: results of a period, read from the store."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

import typer

from cli import figure_views
from cli.city import Json, from_store, loaded, refuse
from cli.terminal import fail
from domain.pack.catalogue import UnitKind
from domain.pack.pack import Pack, UnknownInPack, UnknownUnit
from domain.pack.periods import Period, beginning_of, month_at, month_of
from packs.registry import PackError
from store.db.engine import Store
from store.packs.archive import UnknownPackVersion
from store.reporting import common_problems as topics_of
from store.reporting import figures as figures_of
from store.reporting import scores as scores_of
from store.reporting.past_packs import pack_at
from store.reporting.ranking import Order, named, points_table, rank_units

T = TypeVar("T")

City = Annotated[str, typer.Argument(help="A city's id.")]
Month = Annotated[str | None, typer.Option(help="A month, 2026-03. Default: the running one.")]
Since = Annotated[str | None, typer.Option(metavar="DATE", help="The first day, 2026-03-01.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="The day after the last one.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Look at the tickets as they were when that day began, to see what was excluded "
        "since. Default: as they were when the period ended.",
    ),
]
Version = Annotated[
    str | None,
    typer.Option(
        "--pack",
        metavar="VERSION",
        help="Compute by this version of the pack. Default: the one in use when the period ended.",
    ),
]
Kind = Annotated[UnitKind | None, typer.Option(help="All units of that kind, and only them.")]


def figures(
    city: City,
    month: Month = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    version: Version = None,
    units: Annotated[bool, typer.Option("--units", help="Also of each unit that leads.")] = False,
    kind: Kind = None,
    sort: Annotated[
        str | None, typer.Option(metavar="INDICATOR", help="What orders the units, highest first.")
    ] = None,
    tickets: Annotated[
        str | None, typer.Option(metavar="INDICATOR", help="The tickets behind this figure.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The figures that the city's pack defines, before and after exclusion.

    A past period comes out the same whenever it is asked for: by the formulas that the city had
    then, with the tickets as they were then.
    """
    query = requested_period(city, month, since, until, as_of)

    async def compute(store: Store, pack: Pack) -> figures_of.Figures:
        only = None if tickets is None else {tickets}
        return await figures_of.figures(
            store, pack, query.period, as_of=query.as_of, only=only, tickets=tickets is not None
        )

    pack, period_figures = _computed(query, version, compute)
    try:
        rankings = (
            rank_units(pack, period_figures.figures, kind, sort) if units or kind or sort else None
        )
    except UnknownInPack as error:
        refuse(error)
    if as_json:
        figure_views.print_figures(pack, period_figures, rankings)
    elif tickets is not None:
        figure_views.show_drill_down(pack, period_figures)
    else:
        figure_views.show_figures(pack, period_figures, rankings)


def scores(
    city: City,
    month: Month = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    version: Version = None,
    kind: Kind = None,
    unit: Annotated[
        str | None, typer.Option(metavar="CODE", help="One unit, and what earned its points.")
    ] = None,
    order: Annotated[Order, typer.Option(help="Most points first, fewest, or by code.")] = (
        "highest"
    ),
    as_json: Json = False,
) -> None:
    """The units' points by the rules of the city's pack, each traced to the event that earned it.

    Companies that are assessed every month, for instance: jiesu city scores heping --month
    2026-03 --kind contractor
    """
    query = requested_period(city, month, since, until, as_of)

    async def compute(store: Store, pack: Pack) -> scores_of.Scores:
        return await scores_of.scores(store, pack, query.period, as_of=query.as_of, unit=unit)

    pack, unit_scores = _computed(query, version, compute)
    known = {score.unit for score in unit_scores.units}
    if unit is not None and unit not in known:
        refuse(UnknownUnit(unit, pack.city.id))
    table = points_table(pack, unit_scores.units, kind, order)
    if unit is not None:
        table = [(named(pack, one.unit), one) for one in unit_scores.units if one.unit == unit]
    if as_json:
        figure_views.print_scores(pack, unit_scores, table, traced=unit is not None)
    else:
        figure_views.show_scores(pack, unit_scores, table)


def topics(
    city: City,
    month: Month = None,
    since: Since = None,
    until: Until = None,
    least: Annotated[int, typer.Option(min=2, help="So many complaints make a topic.")] = 5,
    as_json: Json = False,
) -> None:
    """Common problems: many complaints about one kind of thing in one street."""
    query = requested_period(city, month, since, until, None)
    period = query.period
    problems = from_store(
        lambda store: topics_of.topics(store, query.pack.city.id, period.since, period.until, least)
    )
    if as_json:
        figure_views.print_topics(query.pack, period, problems)
    else:
        figure_views.show_topics(query.pack, period, problems)


@dataclass(frozen=True)
class RequestedPeriod:
    """The city's current pack, and the requested period, as far as it is over by `now`."""

    pack: Pack
    period: Period
    as_of: datetime
    now: datetime


def requested_period(
    city: str, month: str | None, since: str | None, until: str | None, as_of: str | None
) -> RequestedPeriod:
    """Return the period of these options; exit where they name none."""
    pack, now = loaded(city)[0], datetime.now(UTC)
    try:
        period = _period(pack, month, since, until, now).so_far(now)
        looked = beginning_of(pack, _day(as_of)) if as_of else period.until
        if not period.until <= looked <= now:
            raise ValueError("a period is looked at between its end and now")
    except ValueError as error:
        fail(f"{error} (bad_period)")
    return RequestedPeriod(pack, period, looked, now)


def _period(
    pack: Pack, month: str | None, since: str | None, until: str | None, now: datetime
) -> Period:
    if month is not None and (since or until):
        raise ValueError("name a month, or a first day and the day after the last")
    if since is not None:
        return Period(
            beginning_of(pack, _day(since)), beginning_of(pack, _day(until)) if until else now
        )
    if until is not None:
        raise ValueError("--until needs a --since")
    return month_of(pack, month or month_at(pack, now))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no date: 2026-03-01") from None


def _computed(
    query: RequestedPeriod,
    version: str | None,
    compute: Callable[[Store, Pack], Coroutine[Any, Any, T]],
) -> tuple[Pack, T]:
    """Return the pack used and the result computed by it."""

    async def both(store: Store) -> tuple[Pack, T]:
        pack = await pack_at(store, query.pack, query.period.until, query.now, version)
        return pack, await compute(store, pack)

    try:
        return from_store(both)
    except (UnknownInPack, UnknownPackVersion, PackError) as error:
        refuse(error)
