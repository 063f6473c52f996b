"""`jiesu rewards`: the points ledger of a city, told again from its postings."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.installation import installation
from cli.terminal import USAGE, fail, out, print_json, run
from packs.registry import PackRegistry, default_root
from store.db.errors import StoreError
from store.rewards import checks, ledger
from store.rewards.ledger import Totals

app = typer.Typer(help="Rewards: the points ledger of a city.", no_args_is_help=True)


@app.command()
def check(
    city: str,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compute a city's balances again, and look whether all that has to hold of them holds.

    Every entry adds up to zero, no account but the fund was ever below zero, every grant has its
    ticket, and the accounts say what reports and prizes say. Exit code 1 when anything does not.
    """

    async def checking() -> tuple[list[str], Totals] | None:
        async with installation() as here:
            if city not in PackRegistry(here.settings.cities or default_root()).ids():
                return None
            return await checks.faults(here.store, city), await ledger.totals(here.store, city)

    try:
        done = run(checking())
    except StoreError as error:
        fail(f"{error.code}: {error}", 1)
    if done is None:
        fail(f"no city {city}", USAGE)
    faults, totals = done
    if as_json:
        print_json({"city": city, "faults": faults, **asdict(totals)})
    else:
        for fault in faults:
            out.print(fault)
        out.print(
            f"{totals.granted} points granted: citizens {totals.citizens}, held {totals.held}, "
            f"chosen {totals.pledged}, handed out {totals.handed_out}; "
            f"{len(faults) or 'no'} fault{'' if len(faults) == 1 else 's'}"
        )
    if faults:
        raise typer.Exit(1)
