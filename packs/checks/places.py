"""Checks of the directory of places: its kinds and features, and the places of the pack."""

from collections import Counter
from collections.abc import Iterator

from domain.pack.directory import MOST_OF_PACK
from packs.listed_places import PlaceRules, areas_of, checked_places
from packs.parsed_pack import GRIDS, PLACES, ParsedPack
from packs.problems import PackFault


def check_kinds(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that codes of kinds and features are unique, and that kinds name known features."""
    if parsed.city.value is None:
        return
    places = parsed.city.value.places
    for table in ("kinds", "features"):
        entries = getattr(places, table)
        times = Counter(entry.code for entry in entries)
        for index, entry in enumerate(entries):
            if times[entry.code] > 1:
                message = f"{entry.code} is there more than once"
                yield parsed.city.problem(("places", table, index, "code"), message)
    for index, kind in enumerate(places.kinds):
        for feature in kind.features:
            if places.feature(feature) is None:
                message = f"the feature {feature!r} is unknown"
                yield parsed.city.problem(("places", "kinds", index, "features"), message)


def check_places(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check the places of the pack, if it has any."""
    city, rows = parsed.city.value, parsed.places.rows
    if city is None or not rows:
        return
    if len(rows) > MOST_OF_PACK:
        message = f"more than {MOST_OF_PACK} places: import them with `jiesu places import`"
        yield PackFault(PLACES, rows[MOST_OF_PACK].line, message)
        return
    grid = None
    if parsed.files.exists(GRIDS):
        # It imports a geometry library: too slow for commands that load no pack.
        from packs.grids import Grid

        try:
            grid = Grid.read(parsed.files.path(GRIDS))
        except ValueError:  # told by the check of the cells
            return
    rules = PlaceRules(
        city.city.division,
        city.places,
        areas_of(city.city.division, parsed.units.values()) if parsed.units.whole else None,
        parsed.units.has,
        parsed.categories.has_match,
        grid,
    )
    yield from checked_places(rows, rules)[1]
