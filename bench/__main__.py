"""`python -m bench`: how fast the product is, against the engine alone."""

import sys
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from bench import (
    archive,
    board,
    call,
    counting,
    due_time,
    durability,
    events,
    grid,
    growth,
    idle,
    inbox,
    many_commands,
    packs,
    patrols,
    place,
    report,
    search,
    stalls,
    store,
    storm,
)
from bench.compare import QUICK, NotWhole, Plan, compare
from bench.encryption import encryption
from bench.open_tickets import OFFERED_SECONDS, crowd
from bench.profiling import profile
from cli.terminal import leave, print_json, run
from store.db.engine import default_url
from tests.support.postgres import cluster
from workers.supervisor import StackError

T = TypeVar("T")

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def say(line: str) -> None:
    err.print(f"  {line}", markup=False)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    clients: Annotated[
        list[int] | None, typer.Option(min=1, max=500, help="Repeat for several; default 1 10 50.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.2, max=120, help="Of one round; default 6.")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, max=21, help="Of floor and product in turns; default 3.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One short round: does it work?")] = False,
    lean_floor: Annotated[
        bool, typer.Option("--lean-floor", help="Give the floor the product's sandbox, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Lifecycles per second of the engine's floor and of the product over HTTP, in turns."""
    if context.invoked_subcommand is not None:
        return
    plan = QUICK if quick else Plan()
    plan = replace(
        plan,
        clients=tuple(clients) if clients else plan.clients,
        seconds=seconds or plan.seconds,
        rounds=rounds or plan.rounds,
        lean_floor=lean_floor,
    )
    values = _run(compare(plan, say)).as_dict()
    print_json(values) if as_json else report.show_figures(out, values)


@app.command("open")
def open_(
    tickets: Annotated[int, typer.Option(min=1, max=100_000)] = 5000,
    seconds: Annotated[
        float, typer.Option(min=1, max=120, help="Of offering, before and after.")
    ] = OFFERED_SECONDS,
    as_json: Json = False,
) -> None:
    """Memory, and the time until a receipt, with thousands of tickets open at their units."""
    values = _run(crowd(tickets, say, seconds=seconds)).as_dict()
    print_json(values) if as_json else report.show_crowd(out, values)


@app.command("encryption")
def encryption_(
    clients: Annotated[int, typer.Option(min=1, max=500)] = 50,
    seconds: Annotated[float, typer.Option(min=0.2, max=120, help="Of one round.")] = 8.0,
    rounds: Annotated[int, typer.Option(min=1, max=21, help="With and without, in turns.")] = 4,
    as_json: Json = False,
) -> None:
    """Measure what encryption costs: the product as it is, and with payloads left in the clear."""
    values = _run(encryption(clients, seconds, rounds, say)).as_dict()
    print_json(values) if as_json else report.show_encryption(out, values)


@app.command("profile")
def profile_(
    clients: Annotated[int, typer.Option(min=1, max=500)] = 50,
    seconds: Annotated[float, typer.Option(min=1, max=120)] = 15.0,
    lines: Annotated[int, typer.Option(min=1, help="Functions to show per table.")] = 30,
    as_json: Json = False,
) -> None:
    """Show where the worker and the API spend their CPU time; calls are per lifecycle."""
    values = asdict(_run(profile(clients, seconds, say)))
    print_json(values) if as_json else report.show_profile(out, values, lines)


@app.command("call")
def call_(
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Of each question.")] = 40,
    as_json: Json = False,
) -> None:
    """Measure how long an operator waits on the call screen; fails where it is a second or more."""
    waited = _run(call.call(rounds))
    print_json([asdict(each) for each in waited]) if as_json else call.show(out, waited)
    if any(each.median >= call.SECOND for each in waited):
        raise typer.Exit(1)


@app.command("packs")
def packs_(as_json: Json = False) -> None:
    """Measure the loading of a city pack, with 3,000 grid cells for instance."""
    measured = packs.measure_all()
    print_json([asdict(each) for each in measured]) if as_json else packs.show(out, measured)


@app.command("storm")
def storm_(
    reports: Annotated[int, typer.Option(min=100, max=100_000)] = storm.REPORTS,
    minutes: Annotated[float, typer.Option(min=0.2, max=60)] = storm.MINUTES,
    seed: Annotated[int, typer.Option(help="The same seed writes the same reports.")] = 1,
    as_json: Json = False,
) -> None:
    """Measure thousands of reports of one outage: one incident, each told at once and answered."""
    values = _run(storm.storm(reports, minutes, say, seed)).as_dict()
    print_json(values) if as_json else storm.show(out, values)
    if not values["right"]:
        raise typer.Exit(1)


@app.command("inbox")
def inbox_(
    rows: Annotated[int, typer.Option(min=1, max=inbox.ROWS, help="Lines.")] = inbox.ROWS,
    as_json: Json = False,
) -> None:
    """Measure the opening of a unit's inbox: the whole answer, and the queries alone."""
    opening = _run(inbox.measure(rows))
    print_json(asdict(opening)) if as_json else inbox.show(out, opening)


@app.command("board")
def board_(
    viewers: Annotated[int, typer.Option(min=1, max=2000)] = board.VIEWERS,
    ticks: Annotated[int, typer.Option(min=1, max=100)] = 5,
    store: Annotated[
        str | None, typer.Option(help="URL of a store with tickets; default: an empty one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the delay of a board's snapshot at hundreds of viewers, and its queries."""
    watched = _run(board.watched(viewers, ticks, store))
    print_json(asdict(watched)) if as_json else board.show(out, watched)


@app.command("growth")
def growth_(
    tickets: Annotated[int, typer.Option(min=100, max=1_000_000)] = growth.TICKETS,
    store: Annotated[
        str | None, typer.Option(help="URL of a store; an empty one is filled, and stays.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Published answers and search in a large store, and the end of figures nobody waits for."""
    asked = _run(growth.growth(tickets, say, store))
    print_json([asdict(each) for each in asked]) if as_json else growth.show(out, asked)


@app.command("counting")
def counting_(
    tickets: Annotated[int, typer.Option(min=1000, max=1_000_000)] = counting.TICKETS,
    store: Annotated[
        str | None, typer.Option(help="URL of a store; an empty one is filled, and stays.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Figures, points and leagues of months and years, from what very many tickets contribute."""
    asked = _run(counting.counting(tickets, say, store))
    print_json([asdict(each) for each in asked]) if as_json else counting.show(out, asked)


@app.command("search")
def search_(
    tickets: Annotated[int, typer.Option(min=1000, max=1_000_000)] = search.TICKETS,
    store: Annotated[
        str | None, typer.Option(help="URL of a store; an empty one is filled, and stays.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The search in a large store, and what the index costs; fails above the target."""
    figures = _run(search.search(tickets, say, store))
    print_json(figures.as_dict()) if as_json else search.show(out, figures)
    if not figures.right:
        raise typer.Exit(1)


@app.command("stalls")
def stalls_(
    times: Annotated[int, typer.Option("--stalls", min=1, max=100_000)] = stalls.STALLS,
    scale: Annotated[
        float, typer.Option(min=0.01, max=2, help="1: of 1 to 20 seconds; 0.1: of a tenth.")
    ] = 1.0,
    minutes: Annotated[float, typer.Option(min=0.1, help="No new stall after so many.")] = 240.0,
    keep: Annotated[
        Path | None,
        typer.Option(exists=False, help="Keep the installation in this new folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Commands while the worker stands still; fails where one is lost, or done though refused."""
    result = _run(stalls.stalled(times, scale, minutes, say, keep))
    print_json(asdict(result)) if as_json else stalls.show(out, result)
    if not result.right:
        raise typer.Exit(1)


@app.command("many-commands")
def many_commands_(
    commands: Annotated[int, typer.Option(min=30, max=1_000_000)] = many_commands.COMMANDS,
    as_json: Json = False,
) -> None:
    """Commands without end on one ticket; fails where its story is not whole, or it grows slow."""
    result = _run(many_commands.many_commands(commands, say))
    print_json(result.as_dict()) if as_json else many_commands.show(out, result)
    if not result.right:
        raise typer.Exit(1)


@app.command("durability")
def durability_(
    clients: Annotated[int, typer.Option(min=1, max=500)] = 50,
    seconds: Annotated[float, typer.Option(min=0.2, max=120, help="Of one round.")] = 8.0,
    rounds: Annotated[int, typer.Option(min=1, max=21, help="With and without, in turns.")] = 3,
    as_json: Json = False,
) -> None:
    """Measure what it costs that every answer is on the disk before it is given."""
    result = _run(durability.durability(clients, seconds, rounds, say))
    print_json(result.as_dict()) if as_json else durability.show(out, result)


@app.command("archive")
def archive_(
    tickets: Annotated[int, typer.Option(min=1, max=1_000_000)] = archive.TICKETS,
    as_json: Json = False,
) -> None:
    """Archive ended tickets, have the engine forget them, replay each; fails where one differs."""
    result = _run(archive.archived(tickets, say))
    print_json(result.as_dict()) if as_json else archive.show(out, result)
    if not result.right:
        raise typer.Exit(1)


@app.command("patrols")
def patrols_(
    routes: Annotated[int, typer.Option(min=1, max=2000)] = patrols.ROUTES,
    store: Annotated[
        str | None, typer.Option(help="URL of an empty store; default: a temporary SQLite file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A simulated week of patrols, and the engine's events of a look; fails above a target."""
    costs = _run(patrols.patrols(routes, say, store))
    print_json(costs.as_dict()) if as_json else patrols.show(out, costs)
    if not costs.right:
        raise typer.Exit(1)


@app.command("grid")
def grid_(
    workers: Annotated[int, typer.Option(min=1, max=20_000)] = grid.WORKERS,
    days: Annotated[int, typer.Option(min=1, max=31)] = grid.DAYS,
    as_json: Json = False,
) -> None:
    """A week of grid workers' phones; fails where an entry is lost, or there twice."""
    week = _run(grid.grid_week(workers, days, say))
    print_json(week.as_dict()) if as_json else grid.show(out, week)
    if not week.right:
        raise typer.Exit(1)


@app.command("events")
def events_(
    rate: Annotated[int, typer.Option(min=60, max=100_000, help="Events a minute.")] = events.RATE,
    minutes: Annotated[float, typer.Option(min=0.1, max=60)] = events.MINUTES,
    devices: Annotated[int, typer.Option(min=1, max=10_000)] = events.DEVICES,
    tickets: Annotated[
        float, typer.Option(min=0, max=50, help="Tickets filed beside, a second.")
    ] = events.TICKETS,
    as_json: Json = False,
) -> None:
    """Events of sensors beside tickets; fails where one is lost, or tickets are not causes."""
    result = _run(events.events(events.EventLoad(rate, minutes, devices, tickets), say))
    print_json(result.as_dict()) if as_json else events.show(out, result)
    if not result.right:
        raise typer.Exit(1)


@app.command("idle")
def idle_(
    beside: Annotated[
        list[Path] | None, typer.Option(help="Another checkout, to compare with; may be repeated.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Of looking.")] = idle.SECONDS,
    rounds: Annotated[int, typer.Option(min=1, max=21, help="Of all, in turns.")] = idle.ROUNDS,
    as_json: Json = False,
) -> None:
    """CPU time of an installation that nobody uses."""
    others = [one.resolve() for one in beside or []]
    values = _run(idle.idle(others, say, seconds=seconds, rounds=rounds))
    print_json(values) if as_json else idle.show(out, values)


_STORES = ("large", "empty")


@app.command("store")
def store_(
    tickets: Annotated[int, typer.Option(min=100, help="In the store, if it is new.")] = 100_000,
    store_url: Annotated[
        list[str] | None,
        typer.Option(help="Of a store to fill, or that is filled; may be repeated."),
    ] = None,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="Also a PostgreSQL server of its own.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Milliseconds of every question, with a large simulated history in the store."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="jiesu-bench-"))
        for name in _STORES:
            Path(folder, name).mkdir()
        urls: list[tuple[str, str, str | None]] = []
        for url in store_url or ():
            urls.append((url.partition(":")[0], url, None))
        if not urls:
            large, empty = (default_url(Path(folder, name)) for name in _STORES)
            urls.append(("sqlite", large, empty))
        if postgres:
            server = stack.enter_context(cluster())
            large, empty = (server.create(name) for name in _STORES)
            urls.append(("postgresql", large, empty))
        result = _run(store.measure_store(tickets, say, urls))
    print_json(store.as_dict(result)) if as_json else store.show(out, result)


@app.command("place")
def place_() -> None:
    """Milliseconds to find the names of places in a long text, among thousands."""
    place.show(out)


@app.command("due-times")
def due_times() -> None:
    """Measure what the due time of a clock costs, in calendar and in working time."""
    due_time.show(out)


def _run(measuring: Coroutine[Any, Any, T]) -> T:
    try:
        return run(measuring)
    except (NotWhole, StackError) as error:
        err.print(f"bench: {error}", markup=False)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    try:
        app()
    except SystemExit as done:
        leave(done.code if isinstance(done.code, int) else 0)
    except Exception:
        sys.excepthook(*sys.exc_info())
        leave(1)
