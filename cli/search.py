"""`jiesu search`: tickets found by their texts, and the index that finds them."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.tickets.search import FoundPage, SearchOrder, TextSearch, found
from cli.city import Json, from_store, installed_packs, refuse
from cli.terminal import err, fail, one_line, out, print_json, table
from packs.registry import PackError, UnknownCity
from store.db.engine import Store
from store.db.errors import BadCursor
from store.tickets.search_rebuild import rebuild
from store.tickets.tickets import Filters

app = typer.Typer(
    help="Search tickets by all their texts. See docs/how-to/search.md.", no_args_is_help=True
)


@app.command("tickets")
def search_tickets(
    city: Annotated[str, typer.Argument(help="A city's id.")],
    words: Annotated[list[str], typer.Argument(help="Words, phrases in quotes, fields.")],
    order: Annotated[SearchOrder, typer.Option(help="Of what is found.")] = SearchOrder.NEWEST,
    most: Annotated[int, typer.Option(min=1, max=200, help="How many are printed.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Go on after an earlier answer.")] = None,
    as_json: Json = False,
) -> None:
    """Print the tickets whose texts say the words; no reports of wrongdoing, and none by phone."""
    try:
        packs = installed_packs()
        packs.get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
    asked = TextSearch(" ".join(words), Filters(city=city, reports=False), order, cursor, most)

    async def ask(store: Store) -> FoundPage:
        return await found(store, packs, asked, datetime.now(UTC))

    try:
        got = from_store(ask)
    except BadCursor as error:
        fail(str(error))
    if as_json:
        print_json(got.model_dump(mode="json"))
        return
    lines = table("ticket", "stage", "filed", "about")
    for row in got.rows:
        filed = f"{row.filed_at:%Y-%m-%d}"
        lines.add_row(row.number, row.stage.value, filed, one_line(row.title))
    out.print(lines if got.rows else "no tickets")
    _tell(got)


def _tell(got: FoundPage) -> None:
    if got.texts is None:
        return
    if got.texts.withheld:
        err.print("personal numbers are found by those alone who answer calls")
    if not got.texts.complete:
        err.print("older tickets are not indexed yet: jiesu search rebuild")
    if got.next_cursor:
        least = "more than " if got.texts.more else ""
        err.print(f"{least}{got.texts.count} found; go on with --cursor {got.next_cursor}")


@app.command("rebuild")
def rebuild_index(
    anew: Annotated[
        bool, typer.Option("--anew", help="Delete the index first; until then little is found.")
    ] = False,
) -> None:
    """Index the tickets of before the index, while the system runs; may be interrupted."""

    async def work(store: Store) -> int:
        return await rebuild(store, lambda done: err.print(f"{done}"), anew=anew)

    out.print(f"{from_store(work)} tickets indexed")
