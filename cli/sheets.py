"""`jiesu sheets`: the monthly assessment sheets of a city's contractors."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.reporting.contractor_sheets import SheetOut, kept_or_computed, sheets_of, state_of
from cli.city import Json, from_store, installed_packs, refuse
from cli.terminal import USAGE, fail, one_line, out, print_json, table
from domain.pack.pack import Pack, UnknownUnit
from domain.pack.periods import Period, month_of
from domain.refusals import Refused
from packs.registry import PackError, UnknownCity
from store.db.engine import Store
from store.packs.archive import UnknownPackVersion
from store.reporting import closed_months
from store.reporting.assessments import computed
from store.reporting.closed_months import Kept
from store.reporting.month_closing import close_as_computed
from store.reporting.past_packs import pack_at

app = typer.Typer(help="Sheets: what contractors earned and lost in a month.", no_args_is_help=True)

City = Annotated[str, typer.Argument(help="A city's id.")]
Month = Annotated[str, typer.Argument(help="A month of the city, 2026-03.")]

_OPERATOR = "operator"
"""The name for whoever closed a month from the command line, where there is no account."""


@app.command()
def show(
    city: City,
    month: Month,
    unit: Annotated[
        str | None, typer.Option(metavar="CODE", help="One contractor, with its lines.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the sheets of a month, the best first: as it was closed, else as it is computed now."""
    pack, period = _month(city, month)
    if unit is not None and unit not in pack.contractors.units:
        refuse(UnknownUnit(unit, city))
    now = datetime.now(UTC)

    async def read(store: Store) -> tuple[Kept | None, list[SheetOut]]:
        kept = await closed_months.kept(store, city, month)
        if kept is not None:
            return kept, sheets_of(kept.lines, kept, pack, unit)
        part = period.so_far(now)
        then = await pack_at(store, pack, part.until, now, None)
        lines = kept_or_computed(None, await computed(store, then, part, now), then)
        return None, sheets_of(lines, None, then, unit)

    try:
        kept, sheets = from_store(read)
    except (UnknownPackVersion, PackError, ValueError) as error:
        refuse(error)
    state = state_of(kept, now, over=period.until <= now)
    waiting = kept.waiting if kept else 0
    if as_json:
        print_json(
            {
                "city": city,
                "month": month,
                "state": state,
                "objections_until": kept.closed.objections_until.isoformat() if kept else None,
                "waiting": waiting,
                "sheets": [one.model_dump(mode="json") for one in sheets],
            }
        )
        return
    out.print(f"{city} {month}: {state}")
    if waiting:
        out.print(f"objections that wait for a supervisor: {waiting}")
    _print(sheets)


@app.command()
def close(city: City, month: Month) -> None:
    """Close a month that is over: its sheets stay as they are now, and can be objected to.

    Nothing publishes it: it is public when the time to object is over and all objections are
    decided, if the city's pack says so.
    """
    pack, period = _month(city, month)
    now = datetime.now(UTC)
    if period.until > now:
        fail(f"{month} is not over (month_not_over)", 1)

    async def work(store: Store) -> Kept | None:
        then = await pack_at(store, pack, period.until, now, None)
        await close_as_computed(store, then, month, period, now, _OPERATOR)
        return await closed_months.kept(store, city, month)

    try:
        kept = from_store(work)
    except Refused as refused:
        fail(f"{month} is closed already ({refused.code})", 1)
    except (UnknownPackVersion, PackError) as error:
        refuse(error)
    if kept is not None:
        until = kept.closed.objections_until.astimezone(pack.calendar.tz)
        out.print(f"{city} {month} is closed; objections until {until:%Y-%m-%d %H:%M}")


def _month(city: str, month: str) -> tuple[Pack, Period]:
    try:
        pack = installed_packs().get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
    if not pack.contractors.units:
        fail(f"{city} assesses no contractors", USAGE)
    try:
        return pack, month_of(pack, month)
    except ValueError:
        fail(f"there is no month {month}", USAGE)


def _print(sheets: list[SheetOut]) -> None:
    totals = table("unit", "name", "total", "plus", "minus", "struck out")
    for one in sheets:
        totals.add_row(
            one.unit,
            one_line(one.name),
            f"{one.total:g}",
            f"{one.plus:g}",
            f"{one.minus:g}",
            f"{one.struck}",
        )
    out.print(totals)
    for one in sheets:
        if one.lines is None:
            continue
        lines = table("n", "rule", "name", "points", "ticket", "event", "objection")
        for line in one.lines:
            objected = line.objection.text if line.objection else ""
            lines.add_row(
                f"{line.n or ''}",
                line.rule,
                one_line(line.name),
                f"{line.points:g}, struck out" if line.struck else f"{line.points:g}",
                line.number,
                line.event,
                one_line(objected),
            )
        out.print(lines)
