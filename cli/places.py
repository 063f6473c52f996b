"""`jiesu places`: import the places that a city lists for everybody, and see them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.directory.imports import BadPlaces, import_places
from cli.city import Json, from_store, installed_packs, refuse
from cli.terminal import USAGE, err, fail, one_line, out, print_json, table
from domain.pack.directory import ListedPlace
from packs.place_files import ENCODINGS
from packs.registry import PackError, UnknownCity
from store.directory.listed_places import Directory, PlaceConditions

app = typer.Typer(
    help="The places that a city lists for everybody. See docs/how-to/places.md.",
    no_args_is_help=True,
)

City = Annotated[str, typer.Argument(help="A city's id.")]

_MOST = 100
"""Problems of a file that are printed."""


@app.command("import")
def import_(
    city: City,
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A table (CSV) or a map (GeoJSON) of places.")
    ],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Remove all places that are not in the file, the pack's among them."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    encoding: Annotated[
        str | None,
        typer.Option(help=f"One of: {', '.join(ENCODINGS)}. Default: what the file is written in."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Import places: new ones are added, and those with a known code changed.

    A file in which anything is wrong is refused as a whole, each fault with its line; exit code 2.
    To import a file twice is no harm.
    """
    if encoding is not None and encoding not in ENCODINGS:
        fail(f"unknown encoding '{encoding}'; known: {', '.join(ENCODINGS)}")
    packs = installed_packs()
    try:
        changes, file = from_store(
            lambda store: import_places(
                store, packs, city, path, replace=replace, dry_run=dry_run, encoding=encoding
            )
        )
    except (UnknownCity, PackError) as error:
        refuse(error)
    except BadPlaces as bad:
        for problem in bad.problems[:_MOST]:
            err.print(one_line(str(problem)))
        if len(bad.problems) > _MOST:
            err.print(f"and {len(bad.problems) - _MOST} more")
        fail(f"nothing was imported: {bad} ({bad.code})", USAGE)
    if as_json:
        print_json({"city": city, "dry_run": dry_run, "encoding": file.encoding, **asdict(changes)})
        return
    counts = {name: len(codes) for name, codes in asdict(changes).items()}
    out.print(f"read as {file.encoding}; {', '.join(f'{n} {what}' for what, n in counts.items())}")
    if dry_run:
        out.print("nothing was changed: --dry-run")


@app.command("list")
def list_(
    city: City,
    kind: Annotated[str | None, typer.Option(help="Only places of this kind, by its code.")] = None,
    as_json: Json = False,
) -> None:
    """List the places of a city, by code: those imported, and those that its pack begins with."""
    packs = installed_packs()
    try:
        begins_with = packs.places(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
    places = from_store(
        lambda store: Directory(store, city, begins_with).all(PlaceConditions(kind=kind))
    )
    if as_json:
        print_json([place.model_dump() for place in places])
        return
    lines = table("code", "kind", "name", "area", "point", "hours", "unit", "source")
    for place in places:
        lines.add_row(
            place.code,
            place.kind,
            one_line(place.name),
            place.area or "",
            _point(place),
            place.hours,
            place.unit or "",
            one_line(place.source),
        )
    out.print(lines)


def _point(place: ListedPlace) -> str:
    return "" if place.lat is None else f"{place.lat}, {place.lon}"
