"""`jiesu city`: write, check, read and compare city packs."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from temporalio.service import RPCError

from activities.replan import replanned
from cli import city_views
from cli.city_new import BadSkeleton, write_skeleton
from cli.installation import installation
from cli.store import open_store
from cli.terminal import USAGE, err, fail, one_line, out, print_json, run
from domain.actors import SYSTEM
from domain.pack.pack import Pack, UnknownInPack
from packs.differences import cell_differences, differences, law_differences
from packs.parsed_pack import CITY, GRIDS, LAW, read_parsed
from packs.registry import (
    PackError,
    PackRegistry,
    UnknownCity,
    check_pack,
    content_of,
    default_root,
    load_pack,
    pack_contents,
)
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import SchemaUnusable, StoreError, StoreUnavailable
from store.packs import archive
from store.packs.archive import ArchivedPacks, UnknownPackVersion

app = typer.Typer(
    help="City packs: one city's rules as data. See docs/reference/city-packs.md.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
T = TypeVar("T")


def refuse(error: Exception, code: int = USAGE) -> NoReturn:
    """Exit with the error on one line, with its stable code."""
    fail(f"{error} ({getattr(error, 'code', 'error')})", code)


def installed_packs() -> PackRegistry:
    """Return the packs of this installation."""
    return PackRegistry(Settings().cities or default_root())


def usable_packs(settings: Settings) -> PackRegistry:
    """Return the packs of an installation, all loaded; fail, naming the problems of the first."""
    packs = PackRegistry(settings.cities or default_root())
    try:
        packs.load_all()
    except PackError as error:
        first, *problems = str(error).splitlines()
        for problem in problems:
            err.print("  " + one_line(problem.strip()))
        fail(first.rstrip(":"))
    return packs


@app.command()
def check(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of packs.")],
    as_json: Json = False,
) -> None:
    """Say everything that is wrong with packs, each with file and line.

    Exit code 0 when all of them can be used, 1 when one cannot, 2 when one is no folder of a pack.
    """
    no_packs = {folder: why for folder in folders if (why := city_views.no_pack(folder))}
    problems_of = {folder: check_pack(folder) for folder in folders if folder not in no_packs}
    if as_json:
        print_json(
            [city_views.checked(folder, problems) for folder, problems in problems_of.items()]
        )
    else:
        for folder, problems in problems_of.items():
            for problem in problems:
                out.print(one_line(city_views.place(folder, problem)))
            if not problems:
                out.print(f"{folder}: {city_views.sound(folder)}")
    for why in no_packs.values():
        err.print(one_line(f"jiesu: {why} (unknown_folder)"))
    if no_packs:
        raise typer.Exit(USAGE)
    if any(problems_of.values()):
        raise typer.Exit(1)


@app.command()
def show(
    city: Annotated[str, typer.Argument(help="A city's id, or the folder of a pack.")],
    unit: Annotated[str | None, typer.Option(help="Only this unit, by its code.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category, by its code.")] = None,
    as_json: Json = False,
) -> None:
    """Show what a city promises: limits, ladder, caps, features, figures.

    With --unit or --category: one of them, and who answers for what.
    """
    if unit and category:
        fail("name a unit or a category, not both")
    pack, folder = loaded(city)
    try:
        if unit:
            values = city_views.unit(pack, unit)
        elif category:
            values = city_views.category(pack, category)
        elif as_json:
            print_json(pack.model_dump(mode="json"))
            return
        else:
            city_views.show(pack, folder)
            return
    except UnknownInPack as error:
        refuse(error)
    if as_json:
        print_json(values)
    else:
        city_views.show_one(values)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A folder, a city's id, or a version.")],
    after: Annotated[str, typer.Argument(help="A folder, a city's id, or a version.")],
    as_json: Json = False,
) -> None:
    """Show what differs between two packs, by file and row.

    A version is one that the store has kept (see `jiesu city versions`), of the city of the other
    side: jiesu city diff 0a1b2c3d4e5f cities/tongzhou
    """
    sides = [_side(before), _side(after)]
    if sides == [None, None]:
        fail("one side at least has to be a folder or a city's id")
    city = next(side[0].city.id for side in sides if side)
    old, new = (
        side or _stored(city, name) for side, name in zip(sides, (before, after), strict=True)
    )
    content_differences = [
        *differences(old[0], new[0]),
        *cell_differences(*(content_of(files, GRIDS) for _, files in (old, new))),
        *law_differences(*(content_of(files, LAW) for _, files in (old, new))),
    ]
    if as_json:
        print_json(city_views.differing(old[0], new[0], content_differences))
    else:
        city_views.show_differences(old[0], new[0], content_differences)


@app.command()
def law(
    city: Annotated[str, typer.Argument(help="A city's id, or the folder of a pack.")],
    as_json: Json = False,
) -> None:
    """Say which clause each limit, cap and duty rests on, and which clauses no rule covers.

    What rests on no clause is illustrative. Documents whose text was not read are named.
    """
    _, folder = loaded(city)
    parsed = read_parsed(folder)
    if as_json:
        print_json(city_views.law(parsed))
    else:
        city_views.show_law(parsed)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    city_id: Annotated[
        str | None, typer.Option("--id", help="The city's id; the pack is then made in DIR/ID.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The city's name; default: its id.")] = None,
    division: Annotated[
        str, typer.Option(help="Its division code (GB/T 2260), six digits.")
    ] = "990101",
) -> None:
    """Begin a pack: a small one that passes `jiesu city check`, with every key explained."""
    if city_id is not None:
        folder = folder / city_id
    folder_id = folder.resolve().name
    try:
        written = write_skeleton(folder, folder_id, name or folder_id, division)
    except BadSkeleton as error:
        refuse(error)
    for path in written:
        out.print(one_line(str(path)))
    out.print(one_line(f"Next: jiesu city check {folder}"))


@app.command()
def versions(
    city: Annotated[str, typer.Argument(help="A city's id.")], as_json: Json = False
) -> None:
    """List the versions of a city's pack that the store has kept, oldest first.

    A version is kept when a process first uses it. Open tickets stay with theirs.
    """
    kept_versions = from_store(lambda store: archive.versions(store, city))
    registry = installed_packs()
    try:
        current = registry.get(city).version
    except UnknownCity as error:
        if not kept_versions:
            refuse(error)
        current = None
    except PackError:
        current = None
    if as_json:
        print_json([city_views.version_line(row, current) for row in kept_versions])
    else:
        city_views.show_versions(city, kept_versions, current)


@app.command()
def replan(
    city: Annotated[str, typer.Argument(help="A city's id.")], as_json: Json = False
) -> None:
    """Plan due times again, now that a year's working calendar is published or has changed.

    Asks every open ticket of the city with a due time that counts a day which the pack has
    published or changed since. It also happens by itself, every quarter of an hour; to do it twice
    is no harm.
    """

    async def replanning() -> int:
        async with installation() as here:
            packs = ArchivedPacks(installed_packs(), here.store)
            await packs.keep_all()
            counts = replanned(installed_packs(), here.store, here.engine, city, SYSTEM)
            return sum([count async for count in counts])

    try:
        count = run(replanning())
    except (UnknownCity, PackError) as error:
        refuse(error)
    except StoreError as error:
        refuse(error, 1)
    except (RuntimeError, RPCError) as error:
        fail(f"cannot reach the engine: {error}", 1)
    if as_json:
        print_json({"city": city, "tickets": count})
    else:
        out.print(f"tickets planned again: {count}")


def loaded(city: str) -> tuple[Pack, Path]:
    """Load the pack of a city's id or of a folder."""
    registry, folder = installed_packs(), Path(city)
    try:
        if city in registry.ids():
            return registry.get(city), registry.folder(city)
        if (folder / CITY).exists():
            return load_pack(folder), folder
        raise UnknownCity(city, registry.ids())
    except (UnknownCity, PackError) as error:
        refuse(error)


Side = tuple[Pack, dict[str, bytes]]


def _side(name: str) -> Side | None:
    """Return a pack and its files; None if `name` can only be a version."""
    if len(name) == 12 and not Path(name).exists() and name not in installed_packs().ids():
        return None
    pack, folder = loaded(name)
    return pack, pack_contents(folder)


def _stored(city: str, version: str) -> Side:
    async def both(store: Store) -> Side:
        files = await archive.contents(store, city, version)
        return await archive.recall(store, city, version), files

    try:
        return from_store(both)
    except (UnknownPackVersion, PackError) as error:
        refuse(error)


def from_store(ask: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
    """Run `ask` on the installation's store; exit with one line on failure."""

    async def asking() -> T:
        async with open_store(Settings().store) as store:
            return await ask(store)

    try:
        return run(asking())
    except SchemaUnusable as error:
        refuse(error)
    except StoreUnavailable as error:
        refuse(error, 1)
