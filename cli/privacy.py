"""`jiesu privacy`: erase a ticket on request, and those whose retention has ended."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from temporalio.service import RPCError

from activities.retention import apply_retention
from activities.sweep import swept, swept_histories
from audit.shredding import Readability, delete_runs, prove, running
from cli.installation import installation
from cli.terminal import fail, out, print_json, run, styled
from domain.refusals import Refused
from packs.registry import PackRegistry, default_root
from store.db.errors import StoreError
from store.files.objects import Objects
from store.tickets import erasure
from store.tickets.numbers import parse_number

app = typer.Typer(help="Erasing what is personal.", no_args_is_help=True)

_LOOKS = 60
"""Most checks, a second apart, of whether the engine has deleted a history."""


@app.command()
def erase(
    number: str,
    delete_history: Annotated[
        bool,
        typer.Option(
            "--delete-history",
            help="Also have the engine delete the history: for one older than encryption.",
        ),
    ] = False,
    compact: Annotated[
        bool, typer.Option(help="Also clear the unused space of the database; may take a while.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Erase a ticket that has ended: its key, its citizen, every word and file; then prove it.

    Category, area, times, outcome and grade stay, for statistics. Exit code 1 when something of
    the history can still be read.
    """

    async def erasing() -> Readability:
        async with installation() as here:
            ticket_number = parse_number(number)
            if await running(here.engine, ticket_number):
                raise Refused("not_ended", "Only a ticket that has ended can be erased.")
            await erasure.erase(here.store, ticket_number, datetime.now(UTC))
            here.keys.forget(ticket_number)
            async for _ in swept(here.store, Objects.open(here.settings.files)):
                pass
            async for _ in swept_histories(here.store, here.archive.objects):
                pass
            if delete_history:
                await delete_runs(here.engine, ticket_number)
            if compact:
                await erasure.compact(here.store)
            proof = await prove(here.engine, here.keys, ticket_number)
            for _ in range(_LOOKS if delete_history else 0):
                if proof.holds:
                    break
                await asyncio.sleep(1)
                proof = await prove(here.engine, here.keys, ticket_number)
            return proof

    try:
        proof = run(erasing())
    except Refused as refused:
        fail(f"{refused.code}: {refused.message}", 1)
    except StoreError as error:
        fail(f"{error.code}: {error}", 1)
    except (RuntimeError, RPCError) as error:
        fail(f"cannot reach the engine: {error}", 1)
    if as_json:
        print_json({**asdict(proof), "holds": proof.holds})
    else:
        _tell(proof)
    if not proof.holds:
        raise typer.Exit(1)


def _tell(proof: Readability) -> None:
    if proof.gone:
        out.print("erased; the engine keeps no history of it")
    elif proof.holds:
        runs = f" ({proof.runs} runs)" if proof.runs > 1 else ""
        out.print(
            f"erased; of {proof.sealed} payloads in its history{runs} none can be read any more"
        )
        if proof.theirs:
            out.print(f"{proof.theirs} that it told other tickets are theirs, and go with them")
    else:
        left = proof.clear + proof.readable
        readable = f"the record is erased, but {left} payloads of the history can still be read"
        out.print(styled(readable, "red") + "; again with --delete-history")


@app.command()
def retention() -> None:
    """Erase now what is due by `retention` in the packs' city.toml; also done once a day."""

    async def applying() -> int:
        async with installation() as here:
            packs = PackRegistry(here.settings.cities or default_root())
            now = datetime.now(UTC)
            return sum([count async for count in apply_retention(packs, here.store, now)])

    try:
        out.print(f"{run(applying())} erased")
    except StoreError as error:
        fail(str(error), 1)
