"""`jiesu keys`: the key ring, its rotation, and re-encryption with the current key."""

from typing import Annotated

import typer
from rich.table import Table

from cli.installation import installation
from cli.terminal import err, fail, out, print_json, run
from runtime.settings import Settings
from store.db.errors import StoreError
from store.secrets.key_ring import ring_from_text, rotate_file
from store.secrets.re_encryption import Use, reseal, use_of_keys
from store.secrets.vault import Vault

app = typer.Typer(help="The keys of this installation.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(as_json: Json = False) -> None:
    """The ids of the keys, which one seals, and what each still opens. Never a key itself."""

    async def looking() -> tuple[list[int], int, int, dict[int, Use]]:
        async with installation() as here:
            return here.ring.ids, here.ring.root, here.ring.current, await use_of_keys(here.store)

    try:
        ids, root, current, uses = run(looking())
    except StoreError as error:
        fail(str(error), 1)
    rows = [
        {
            "id": key,
            "current": key == current,
            "root": key == root,
            "in_ring": key in ids,
            "persons": uses[key].persons if key in uses else 0,
            "tickets": uses[key].tickets if key in uses else 0,
        }
        for key in sorted({*ids, *uses})
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("key", "", "persons", "tickets")
    for row in rows:
        says = [name for name in ("current", "root") if row[name]]
        table.add_row(
            str(row["id"]),
            ", ".join(says) if row["in_ring"] else "[red]missing[/]",
            str(row["persons"]),
            str(row["tickets"]),
        )
    out.print(table)


@app.command()
def rotate() -> None:
    """Add a key, which seals from now on; the older ones go on opening.

    A ring in the home folder is changed in place; each process takes the new key at its next
    start, and opens what others seal with it meanwhile. A ring from the environment is printed as
    it has to be set: first with the old key in use, then without the mark.
    """
    settings = Settings()
    try:
        if settings.key_text is None:
            ring = rotate_file(settings.key_file)
            out.print(f"key {ring.current} seals from the next start of each process on")
            err.print("  copy the key ring to where its copy is kept, then: jiesu keys reseal")
            return
        ring = ring_from_text(settings.key_text)
        ready = ring.with_new_key(in_use=False)
    except StoreError as error:
        fail(str(error))
    err.print("  1. give every process this ring (the key marked * goes on sealing):")
    typer.echo(f"JIESU_KEYS={ready.text(',')}")
    err.print("  2. when all have it, remove the mark *, and start them again")
    err.print("  3. jiesu keys reseal")


@app.command("reseal")
def reseal_() -> None:
    """Seal anew, with the current key, what older keys sealed. Beside everything else; repeatable.

    After it only the root key and the current one are needed; histories stay as they are.
    """

    async def sealing() -> int:
        async with installation() as here:
            vault, done = Vault(here.ring), 0
            while count := await reseal(here.store, vault):
                done += count
            return done

    try:
        out.print(f"{run(sealing())} sealed anew")
    except StoreError as error:
        fail(str(error), 1)
