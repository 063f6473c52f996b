"""`jiesu keys`: the key ring, its rotation, and re-encryption with the current key."""

from typing import Annotated

import typer
from rich.table import Table

from cli.installation import installation
from cli.terminal import err, fail, out, print_json, run, styled
from runtime.settings import Settings
from store.db.errors import StoreError
from store.secrets.key_ring import ring_from_text, rotate_file
from store.secrets.re_encryption import Use, re_encrypt, use_of_keys
from store.secrets.vault import Vault

app = typer.Typer(help="The keys of this installation.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(as_json: Json = False) -> None:
    """The ids of the keys, which one encrypts, and what each still decrypts. Never a key itself."""

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
            "diaries": uses[key].diaries if key in uses else 0,
        }
        for key in sorted({*ids, *uses})
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("key", "", "persons", "tickets", "diaries")
    for row in rows:
        says = [name for name in ("current", "root") if row[name]]
        table.add_row(
            str(row["id"]),
            ", ".join(says) if row["in_ring"] else styled("missing", "red"),
            str(row["persons"]),
            str(row["tickets"]),
            str(row["diaries"]),
        )
    out.print(table)


@app.command()
def rotate() -> None:
    """Add a key, which encrypts from now on; the older ones still decrypt.

    A ring in the home folder is changed in place; each process takes the new key at its next
    start, and decrypts what others encrypt with it meanwhile. A ring from the environment is
    printed as it has to be set: first with the old key in use, then without the mark.
    """
    settings = Settings()
    try:
        if settings.key_text is None:
            ring = rotate_file(settings.key_file)
            out.print(f"key {ring.current} encrypts from the next start of each process on")
            err.print("  copy the key ring to where its copy is kept, then: jiesu keys reseal")
            return
        ring = ring_from_text(settings.key_text)
        ready = ring.with_new_key(in_use=False)
    except StoreError as error:
        fail(str(error))
    err.print("  1. give every process this ring (the key marked * goes on encrypting):")
    typer.echo(f"JIESU_KEYS={ready.text(',')}")
    err.print("  2. when all have it, remove the mark *, and start them again")
    err.print("  3. jiesu keys reseal")


@app.command("reseal")
def reseal() -> None:
    """Encrypt anew, with the current key, what older keys encrypted.

    It may run beside everything else, and again. After it only the root key and the current one
    are needed; histories stay as they are.
    """

    async def encrypting() -> int:
        async with installation() as here:
            vault, done = Vault(here.ring), 0
            while count := await re_encrypt(here.store, vault):
                done += count
            return done

    try:
        out.print(f"{run(encrypting())} encrypted anew")
    except StoreError as error:
        fail(str(error), 1)
