"""`jiesu waiting`: how long tickets took, and whether what was told of it came true."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.city import Json, from_store, installed_packs, refuse
from cli.terminal import USAGE, fail, out, print_json, table
from domain.insight.waiting import LEVELS, WaitedFor
from domain.pack.pack import Pack
from domain.pack.periods import month_at, month_of
from packs.registry import PackError, UnknownCity
from store.reporting import waiting_making, waiting_times
from store.reporting.waiting_times import CheckedStatement, WaitingStatement

app = typer.Typer(
    help="Waiting times: how long tickets took, told as an estimate.", no_args_is_help=True
)

City = Annotated[str, typer.Argument(help="A city's id.")]


@app.command("list")
def list_(
    city: City,
    what: Annotated[WaitedFor, typer.Option(help="Until when.")] = WaitedFor.CLOSURE,
    as_json: Json = False,
) -> None:
    """List this month's statements by subject: the hours of 50 %, 80 % and 95 %."""
    pack, now = _pack(city), datetime.now(UTC)
    found = from_store(lambda store: waiting_times.by_subject(store, pack, what, now))

    def said(one: WaitingStatement) -> dict[str, object]:
        hours = {f"{level:.0%}": one.hours(level) for level in LEVELS}
        return {"category": one.category, "tickets": one.tickets, "over": one.over} | hours

    if as_json:
        print_json([said(one) for one in found])
        return
    lines = table("category", "tickets", "over", *(f"{level:.0%}" for level in LEVELS))
    for one in found:
        hours = (one.hours(level) for level in LEVELS)
        cells = ("-" if each is None else f"{each:.1f} h" for each in hours)
        lines.add_row(one.category, f"{one.tickets}", f"{one.over}", *cells)
    out.print(lines)


@app.command()
def state(city: City) -> None:
    """Make this month's statements, if the job has not made them yet."""
    pack, now = _pack(city), datetime.now(UTC)
    made = from_store(lambda store: waiting_making.state(store, pack, now))
    out.print(f"{month_at(pack, now)}: {made} made")


@app.command()
def check(
    city: City,
    month: Annotated[
        str | None, typer.Option(help="The month, as 2026-11. Default: the last one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare what was told in a month with what became of the tickets filed in it.

    A share holds if it is within the error of what happened. Only tickets are compared for which
    the stated time is over. The lines without a subject are of all.
    """
    pack, now = _pack(city), datetime.now(UTC)
    try:
        asked = month or month_at(pack, month_of(pack, month_at(pack, now)).since - timedelta(1))
        month_of(pack, asked)
    except ValueError:
        fail("--month is a month, as 2026-11", USAGE)
    found = from_store(lambda store: waiting_times.check(store, pack, asked, now))

    def said(one: CheckedStatement) -> dict[str, object]:
        coverage = one.found
        error = coverage.error._asdict() if coverage.error else {"low": None, "high": None}
        values = {"tickets": coverage.tickets, "kept": coverage.kept, "holds": coverage.holds}
        plain = {name: value for name, value in asdict(one).items() if name != "found"}
        return plain | values | error

    if as_json:
        print_json([said(one) for one in found])
        return
    lines = table("until", "category", "unit", "told", "came true", "95 %", "tickets", "holds")
    for one in found:
        coverage = one.found
        error = coverage.error
        lines.add_row(
            one.what.value,
            one.category,
            one.unit,
            f"{one.level:.0%}",
            f"{coverage.kept / coverage.tickets:.1%}" if coverage.tickets else "-",
            f"{error.low:.1%} - {error.high:.1%}" if error else "-",
            f"{coverage.tickets}",
            "yes" if coverage.holds else "no",
        )
    out.print(lines)


def _pack(city: str) -> Pack:
    try:
        return installed_packs().get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
