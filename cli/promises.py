"""`jiesu promises`: what units promised, by its day."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.city import Json, from_store, installed_packs, refuse
from cli.terminal import USAGE, fail, one_line, out, print_json, table
from domain.promise.promise import Promise
from packs.registry import PackError, UnknownCity
from store.tickets import promises
from store.tickets.promises import PromisePart

app = typer.Typer(help="Promises: what units said they do, by its day.", no_args_is_help=True)

_MOST = 1000


@app.command("list")
def list_(
    city: Annotated[str, typer.Argument(help="A city's id.")],
    which: Annotated[
        PromisePart, typer.Option(help="Which of them; waiting: their day is here.")
    ] = PromisePart.WAITING,
    unit: Annotated[str | None, typer.Option(help="Only those of this unit, by its code.")] = None,
    as_json: Json = False,
) -> None:
    """List the promises of a city by their day, at most a thousand.

    `unsaid` are those that were broken by silence, and are with the supervisor.
    """
    packs = installed_packs()
    try:
        pack = packs.get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
    if pack.promises is None:
        fail(f"{city} records no promises", USAGE)
    today = datetime.now(UTC).astimezone(pack.calendar.tz).date()
    found = from_store(lambda store: promises.listed(store, city, which, today, unit, None, _MOST))

    def said(one: Promise) -> dict[str, object]:
        state = {"state": one.state(today).value, "unsaid": one.unsaid(today)}
        return one.model_dump(mode="json", exclude={"id", "made_by", "ended_by"}) | state

    if as_json:
        print_json([said(one) for one in found.items])
        return
    lines = table("ticket", "n", "unit", "due", "state", "text")
    for one in found.items:
        lines.add_row(
            one.number,
            f"{one.n}",
            one.unit,
            f"{one.due}",
            one.state(today).value,
            one_line(one.text),
        )
    out.print(lines)
