"""`jiesu simulate`: a store with an invented history, to look at and to measure with."""

import time
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from cli.city import usable_packs
from cli.installation import installation
from cli.terminal import err, fail, out, print_json, run
from demo.history.filling import FilledHistory, HistoryFilling, NotSimulated, fill
from packs.registry import default_root
from runtime.settings import Settings
from store.db.errors import StoreError
from store.db.schema import upgrade
from store.secrets.vault import Vault


def simulate(
    tickets: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many tickets.")],
    months: Annotated[int, typer.Option(min=1, max=36, help="In how many months, up to now.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed: the same history.")] = 1,
    city: Annotated[str, typer.Option(help="The city pack.")] = "tongzhou",
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day before which it ends. Default: today."),
    ] = None,
    closed: Annotated[
        bool, typer.Option("--closed", help="Leave out what would still be open at the end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Fill the store with an invented history, which every page and command calls simulated.

    Refused where there are real tickets. Nobody is told anything, no workflow is started, and a
    ticket that is still open takes no commands (simulated_ticket).
    """
    settings = Settings()
    packs = usable_packs(settings)
    if city not in packs.ids():
        fail(f"there is no city {city}; there are {', '.join(packs.ids())} (unknown_city)")
    last = until.date() if until else _today(packs.get(city).calendar.tz)
    filling = HistoryFilling(city, tickets, months, seed, last, closed)
    began = time.perf_counter()

    def told(count: int) -> None:
        if err.is_terminal:
            err.print(f"  {count} of {tickets}", end="\r")

    async def filled() -> FilledHistory:
        await upgrade(settings.store)
        async with installation(settings) as here:
            root = settings.cities or default_root()
            return await fill(here.store, Vault(here.ring), packs, root, filling, told)

    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        done = run(filled())
    except NotSimulated as refused:
        fail(str(refused))
    except StoreError as error:
        fail(f"{error} ({error.code})", 1)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(
            {
                "city": city,
                "seed": seed,
                "first": filling.first.isoformat(),
                "until": last.isoformat(),
                "tickets": done.tickets,
                "events": done.events,
                "lived": done.lived,
                "seconds": round(seconds, 1),
            }
        )
        return
    out.print(
        f"{done.tickets} simulated tickets of {city} with {done.events} events, "
        f"{filling.first} to {last}, in {seconds:.1f} s"
    )


def _today(zone: object) -> date:
    return datetime.now(UTC).astimezone(zone).date()  # type: ignore[arg-type]
