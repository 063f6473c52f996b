"""`jiesu patrols`: the draws of unannounced checks (暗访抽查), repeated from their seeds."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.installation import installation
from cli.terminal import USAGE, fail, out, print_json, run
from domain.patrol.draw import Redraw, UnknownAlgorithm, redraw
from store.db.errors import StoreError
from store.patrols import draws
from store.patrols.draws import Draw

app = typer.Typer(help="Patrols: the draws of unannounced checks.", no_args_is_help=True)


@app.command("redraw")
def redraw_(
    number: Annotated[str, typer.Argument(help="The number of the draw, such as jinan-3.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Repeat a draw from its seed, and say whether it is what is recorded.

    Exit code 1 when it is not: then it says what comes out now, and which rounds of those days
    only the draw or only the record has.
    """

    async def drawing() -> tuple[Draw, Redraw] | None:
        async with installation() as here:
            made = await draws.get(here.store, number)
            if made is None:
                return None
            known = await draws.population(here.store, made)
            return made, redraw(made.algorithm, made.seed, made.population, made.drawn, known)

    try:
        done = run(drawing())
    except StoreError as error:
        fail(f"{error.code}: {error}", 1)
    except UnknownAlgorithm as error:
        fail(f"unknown_algorithm: {error}", 1)
    if done is None:
        fail(f"no draw {number}", USAGE)
    made, again = done
    if as_json:
        print_json({"id": made.id, "recorded": made.drawn, **asdict(again)})
    else:
        _say(made, again)
    if not again.same:
        raise typer.Exit(1)


def _say(made: Draw, again: Redraw) -> None:
    days = f"{made.since} to {made.until}"
    out.print(f"{made.id}: {made.size} of {len(made.population)} rounds, {days}, {made.algorithm}")
    for one in again.drawn:
        out.print(f"  {one}")
    if again.same:
        out.print("the same as recorded")
        return
    if not again.in_order:
        out.print("the recorded population is not in the order of the seed")
    for one in made.drawn:
        if one not in again.drawn:
            out.print(f"recorded, and not drawn: {one}")
    for word, some in (("no round any more", again.gone), ("not in the draw", again.new)):
        for one in some:
            out.print(f"{word}: {one}")
    out.print("not the same as recorded")
