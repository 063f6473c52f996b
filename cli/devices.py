"""`jiesu devices`: import the devices of a city, and see them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.sensors.devices import BadDevices, import_devices
from cli.city import Json, installed_packs, refuse
from cli.installation import installation
from cli.terminal import USAGE, err, fail, one_line, out, print_json, run, table
from domain.pack.sensors import Device
from packs.registry import PackError, UnknownCity
from store.db.errors import StoreError
from store.sensors.register import DeviceChanges, Register

app = typer.Typer(
    help="The sensors of a city. See docs/how-to/sensors.md.",
    no_args_is_help=True,
)

City = Annotated[str, typer.Argument(help="A city's id.")]

_MOST = 100
"""Problems of a file that are printed."""


@app.command("import")
def import_(
    city: City,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A table (CSV) of devices.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Remove imported devices that are not in the file."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import devices: new ones are added, and those with a known code changed.

    A file in which anything is wrong is refused as a whole, each fault with its line; exit code 2.
    """
    packs = installed_packs()

    async def importing() -> DeviceChanges:
        async with installation() as here:
            return await import_devices(
                here.store, here.ring, packs, city, path, replace=replace, dry_run=dry_run
            )

    try:
        changes = run(importing())
    except (UnknownCity, PackError) as error:
        refuse(error)
    except StoreError as error:
        fail(str(error), 1)
    except BadDevices as bad:
        for problem in bad.problems[:_MOST]:
            err.print(one_line(str(problem)))
        if len(bad.problems) > _MOST:
            err.print(f"and {len(bad.problems) - _MOST} more")
        fail(f"nothing was imported: {bad} ({bad.code})", USAGE)
    if as_json:
        print_json({"city": city, "dry_run": dry_run, **asdict(changes)})
        return
    out.print(", ".join(f"{len(codes)} {what}" for what, codes in asdict(changes).items()))
    if dry_run:
        out.print("nothing was changed: --dry-run")


@app.command("list")
def list_(city: City, as_json: Json = False) -> None:
    """List the devices of a city, by code. Where one stands at somebody's home is not said."""
    packs = installed_packs()
    try:
        pack = packs.get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)

    async def listing() -> list[Device]:
        async with installation() as here:
            return await Register(here.store, here.ring, city, pack.devices).listed()

    try:
        found = run(listing())
    except StoreError as error:
        fail(str(error), 1)
    personal = {kind.code for kind in pack.sensors.kinds if kind.personal}
    devices = [
        {
            "code": one.code,
            "kind": one.kind,
            "name": "" if one.kind in personal else one.name,
            "area": one.area or "",
            "source": one.source,
        }
        for one in found
    ]
    if as_json:
        print_json(devices)
        return
    lines = table("code", "kind", "name", "area", "source")
    for device in devices:
        lines.add_row(*(one_line(value) for value in device.values()))
    out.print(lines)
