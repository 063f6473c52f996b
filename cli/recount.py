"""`jiesu city recount`: figures and points held against the events of every ticket."""

from dataclasses import asdict

import typer

from cli.city import Json, from_store, refuse
from cli.figures import AsOf, City, Month, Since, Until, Version, requested_period
from cli.terminal import out, print_json, table
from domain.pack.pack import Pack
from packs.registry import PackError
from store.db.engine import Store
from store.packs.archive import UnknownPackVersion
from store.reporting.past_packs import pack_at
from store.reporting.recount import Recount, recount


def recount_figures(
    city: City,
    month: Month = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Compute all figures and points of a period from events alone, and name every difference.

    It takes some milliseconds for each ticket of the period; 1 is returned if anything differs.
    """
    query = requested_period(city, month, since, until, as_of)

    async def compute(store: Store) -> tuple[Pack, Recount]:
        pack = await pack_at(store, query.pack, query.period.until, query.now, version)
        return pack, await recount(store, pack, query.period, query.as_of)

    try:
        pack, found = from_store(compute)
    except (UnknownPackVersion, PackError) as error:
        refuse(error)
    if as_json:
        print_json({"city": pack.city.id, "pack_version": pack.version} | asdict(found))
    else:
        _show(found)
    if found.differences:
        raise typer.Exit(1)


def _show(found: Recount) -> None:
    if not found.kept:
        out.print("not all tickets are counted by these formulas yet: figures come from events")
    if not found.differences:
        out.print(f"{found.tickets} tickets: every figure and every point agrees")
        return
    listed = table("of", "which", "published", "from events")
    for one in found.differences:
        listed.add_row(one.of, one.which, one.published, one.recounted)
    out.print(listed)
