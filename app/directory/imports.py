"""The import of places from a file: all of them, or none."""

from datetime import UTC, datetime
from pathlib import Path

from packs.listed_places import checked_places, rules_of
from packs.place_files import PlaceFile, read_place_file
from packs.problems import PackFault
from packs.registry import PackRegistry
from store.db.engine import Store
from store.directory.listed_places import Directory, PlaceChanges


class BadPlaces(Exception):
    """A file of places that cannot be imported; `problems` lists all its faults."""

    code = "bad_places"

    def __init__(self, problems: list[PackFault]) -> None:
        super().__init__(f"the file has {len(problems)} problem(s)")
        self.problems = problems


async def import_places(
    store: Store,
    packs: PackRegistry,
    city: str,
    path: Path,
    *,
    replace: bool = False,
    dry_run: bool = False,
    encoding: str | None = None,
) -> tuple[PlaceChanges, PlaceFile]:
    """Import the places of a file, and say what that changes, and how the file was read.

    `replace`: places that are not in the file are removed, those of the pack among them. `dry_run`:
    change nothing.

    Raises:
        UnknownCity, PackError, StoreUnavailable
        BadPlaces: nothing was changed.
    """
    pack = packs.get(city)
    if not pack.places.kinds:
        message = "the city lists no kinds of places: name them in [places] of its city.toml"
        raise BadPlaces([PackFault(path.name, None, message)])
    file = read_place_file(path, encoding)
    places, problems = checked_places(file.rows, rules_of(pack, packs.grid(city)))
    if problems := [*file.problems, *problems]:
        raise BadPlaces(sorted(problems, key=lambda problem: problem.line or 0))
    directory = Directory(store, city, packs.places(city))
    changes = await directory.change(places, replace, datetime.now(UTC), dry_run=dry_run)
    return changes, file
