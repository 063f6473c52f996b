"""`jiesu demo`: a whole system, complaints, people who handle them, and the audit of it all."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from cli.terminal import err, fail, out, print_json
from demo.show import Programme, Showing, show
from demo.source import Source, SourceUnusable, read_source
from demo.stage import played, shortened, workshop
from demo.stories.results import tell
from demo.stories.show import STORIES
from domain.ticket.stages import Outcome
from packs.registry import PackRegistry, default_root
from runtime.settings import Settings
from store.reporting.indicators import Ratio

_DAY, _STORY_DAY = 2.5, 1.0


def demo(
    ctx: typer.Context,
    tickets: Annotated[int, typer.Option(min=1, help="How many complaints to file.")] = 200,
    source: Annotated[
        Path | None,
        typer.Option(
            help="CSV file of complaints, with the columns kind, channel, anonymous, title, text, "
            "first_reply, transfers and days_to_final_reply; rows are used again when there are "
            "too few. Default: complaints of our own."
        ),
    ] = None,
    city: Annotated[str, typer.Option(help="The city pack to run.")] = "tongzhou",
    story: Annotated[
        bool, typer.Option("--story", help="Play the city's own story instead, and tell it.")
    ] = False,
    clients: Annotated[
        int, typer.Option(min=1, max=200, help="How many tickets are acted on at the same time.")
    ] = 16,
    day: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=3600, help="How many seconds a day lasts. Default: 2.5; of a story, 1."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed: the same people do the same.")] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the databases and say how to look at them.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON and nothing else.")
    ] = False,
) -> None:
    """Show the whole system at work, on this machine, in a minute or two.

    Starts engine, store, worker and API in a temporary folder, with a copy of
    the city's pack in which days last seconds (--day). Files the complaints
    through the API and plays citizens, desk, dispatchers, officers and
    supervisors until every ticket has ended: some are returned, extended, late,
    urged, withdrawn, handled again or never rated. Then every ticket is replayed
    from its history and compared with the record.

    With --story: what the city's pack is for, a dozen tickets with names, told
    as it happens, and the figures and points that the city makes of them.

    Rows of the file that are not sound are named by their line and left out.
    Nothing of the file is written anywhere but into the temporary folder, which
    is deleted at the end.

    Exit code: 0 all ended and all agree; 1 something did not, a row was left
    out, or the story broke off; 2 the options, the file or the city cannot be
    used, and nothing was started.
    """
    began = time.monotonic()
    if story:
        _refuse_beside_story(ctx, city)
        raise typer.Exit(tell(_original(city), day or _STORY_DAY, began, keep, as_json))
    original = _original(city)
    loaded = _load(source)
    with workshop(keep) as folder:
        pack = shortened(original, folder, day or _DAY)
        programme = Programme(
            pack=pack,
            cities=folder / "cities",
            home=folder / "home",
            tickets=tickets,
            clients=clients,
            seed=seed,
            filings=loaded.filings,
        )
        showing = _run(programme, quiet=as_json)
        seconds = round(time.monotonic() - began, 1)
        if as_json:
            print_json(_figures(showing, loaded, seconds))
        else:
            _print(showing, loaded, seconds)
        _explain(showing, tickets)
    if loaded.skipped or not showing.whole(tickets):
        raise typer.Exit(1)


# --- options and input --------------------------------------------------------------------------


def _refuse_beside_story(ctx: typer.Context, city: str) -> None:
    """Reject options of drawn complaints, which mean nothing in a story."""
    names = [
        f"--{name}"
        for name in ("tickets", "source", "clients", "seed")
        if (origin := ctx.get_parameter_source(name)) and origin.name == "COMMANDLINE"
    ]
    if names:
        fail(f"--story does not go with {', '.join(names)}")
    if city not in STORIES:
        fail(f"no story of '{city}'; there are: {', '.join(STORIES)}")


def _load(path: Path | None) -> Source:
    if path is None:
        return Source([], [])
    try:
        source = read_source(path)
    except SourceUnusable as error:
        fail(str(error))
    for row in source.skipped:
        err.print(f"{path.name} line {row.line}: {row.problem}")
    if not source.filings:
        fail(f"{path} has no row that can be used")
    return source


def _original(city: str) -> Path:
    root = Settings().cities or default_root()
    known = PackRegistry(root).ids()
    if city not in known:
        fail(f"no city pack '{city}'; known: {', '.join(known)}")
    return root / city


# --- progress -----------------------------------------------------------------------------------


class _Board:
    """The progress on standard error; none with --json."""

    def __init__(self, progress: Progress, tickets: int) -> None:
        self._progress = progress
        self._accepted = progress.add_task("accepted", total=tickets)
        self._ended = progress.add_task("ended", total=tickets)
        self._replayed = progress.add_task("replayed", total=tickets)

    def says(self, line: str) -> None:
        if not self._progress.disable:
            self._progress.console.print(f"  {line}")

    def accepted(self) -> None:
        self._progress.advance(self._accepted)

    def ended(self) -> None:
        self._progress.advance(self._ended)

    def replayed(self) -> None:
        self._progress.advance(self._replayed)


def _run(programme: Programme, *, quiet: bool) -> Showing:
    progress = Progress(
        TextColumn("{task.description:9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet,
    )
    with progress:
        return played(show(programme, _Board(progress, programme.tickets)))


# --- output -------------------------------------------------------------------------------------


def _figures(showing: Showing, source: Source, seconds: float) -> dict[str, Any]:
    rates = showing.rates
    if rates is None:
        raise RuntimeError("a show without figures")
    return {
        "accepted": rates.accepted,
        "ended": rates.ended,
        "outcomes": {outcome.value: count for outcome, count in rates.outcomes.items()},
        "rates": {
            name: None if ratio.value is None else round(ratio.value, 4)
            for name, ratio in _three(showing)
        },
        "cards": {"yellow": rates.yellow_cards, "red": rates.red_cards},
        "replayed": sum(verdict.problem is None for verdict in showing.verdicts),
        "disagreements": len(showing.disagreeing),
        "seconds": seconds,
        "skipped_rows": [{"line": row.line, "problem": row.problem} for row in source.skipped],
    }


def _three(showing: Showing) -> list[tuple[str, Ratio]]:
    rates = showing.rates
    if rates is None:
        return []
    return [
        ("response", rates.response),
        ("resolution", rates.resolution),
        ("satisfaction", rates.satisfaction),
    ]


_WORDS = {
    Outcome.CLOSED: "rated well",
    Outcome.UNRATED: "nobody rated",
    Outcome.ANSWERED: "answered at once",
    Outcome.DECLINED: "not the line's business",
    Outcome.REFERRED: "another authority's",
    Outcome.WITHDRAWN: "taken back",
    Outcome.FINAL_REPLY: "the supervisor's last word",
}


def _print(showing: Showing, source: Source, seconds: float) -> None:
    figures = _figures(showing, source, seconds)
    table = Table(show_header=False, title="Jiesu 接诉")
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    table.add_row("accepted", str(figures["accepted"]), "")
    table.add_row("ended", str(figures["ended"]), "")
    for outcome, words in _WORDS.items():
        table.add_row(f"  {outcome.value}", str(figures["outcomes"][outcome.value]), words)
    for name, ratio in _three(showing):
        share = "-" if ratio.value is None else f"{ratio.value:.1%}"
        table.add_row(f"{name} rate", share, f"{ratio.part} of {ratio.of}")
    table.add_row("yellow cards", str(figures["cards"]["yellow"]), "units warned")
    table.add_row("red cards", str(figures["cards"]["red"]), "units late")
    agreeing = len(showing.verdicts) - figures["disagreements"]
    table.add_row("replayed", str(figures["replayed"]), "from history, with today's code")
    table.add_row("agreeing", str(agreeing), "record and history, field by field")
    table.add_row("seconds", str(seconds), "")
    if source.skipped:
        table.add_row("rows left out", str(len(source.skipped)), "named above")
    out.print(table)


def _explain(showing: Showing, tickets: int) -> None:
    """Print failures on standard error, one line each."""
    if not showing.whole(tickets) and showing.refusals:
        counted = ", ".join(f"{code} {count}" for code, count in showing.refusals.most_common())
        err.print(f"refused on the way: {counted}")
    for line in showing.stuck:
        err.print(f"did not end: {line}")
    for verdict in showing.disagreeing:
        reasons = [verdict.problem] if verdict.problem else []
        reasons += [one.path for one in verdict.differences[:3]]
        err.print(f"disagrees: {verdict.number}: {', '.join(reasons)}")
