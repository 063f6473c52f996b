"""`jiesu export`: the tickets of a city as a file."""

from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.errors import Problem
from app.exports.columns import columns
from app.exports.exporting import Export, write
from app.exports.scratch import folder_of
from app.exports.writers import ExportFormat, FormatMissing, check_format
from cli.city import installed_packs, refuse
from cli.installation import installation
from cli.terminal import fail, one_line, out, run
from domain.actors import Actor
from domain.canonical import says_nothing
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from packs.registry import PackError, UnknownCity
from store.db.engine import Store
from store.db.errors import StoreError
from store.identity import accounts
from store.secrets.vault import Vault

_DAYS = ["%Y-%m-%d"]


def export(
    city: Annotated[str, typer.Argument(help="A city's id.")],
    file: Annotated[Path, typer.Argument(help="The file to write; an old one is replaced.")],
    form: Annotated[
        ExportFormat, typer.Option("--format", help="csv, xlsx, parquet or open311.")
    ] = ExportFormat.CSV,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=_DAYS, help="The first day of filing.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=_DAYS, help="The last day of filing.")
    ] = None,
    reports: Annotated[
        bool, typer.Option("--reports", help="With reports of wrongdoing, without their people.")
    ] = False,
    personal: Annotated[
        bool,
        typer.Option(
            "--personal", help="With names, phones and all words; needs --account and --purpose."
        ),
    ] = False,
    account: Annotated[
        str, typer.Option(help="Who sees personal data: an account with the right to it.")
    ] = "",
    purpose: Annotated[
        str, typer.Option(help="Why; entered in the log of views with every ticket.")
    ] = "",
) -> None:
    """Export the tickets of a city, with a data dictionary beside them.

    Until the file is whole it has the ending .part; stopped with Ctrl-C, nothing is left of it.
    """
    if personal and (not account or says_nothing(purpose)):
        fail("personal data need --account and --purpose")
    if since and until and until < since:
        fail("the last day is before the first one")
    pack = _pack_for(city, form)

    async def exporting() -> int:
        async with installation() as here:
            wanted = Export(
                store=here.store,
                vault=Vault(here.ring),
                pack=pack,
                form=form,
                since=since.date() if since else None,
                until=until.date() if until else None,
                reports=reports,
                now=datetime.now(UTC),
                viewer=await _viewer(here.store, account, city) if personal else None,
                purpose=purpose,
                folder=folder_of(here.settings.home),
            )
            return await write(wanted, file)

    size = _made(exporting(), file)
    columns_told = len(columns(personal))
    out.print(one_line(f"{file}: {size} bytes, {columns_told} columns ({file}.dictionary.csv)"))


def _pack_for(city: str, form: ExportFormat) -> Pack:
    try:
        check_format(form)
        return installed_packs().get(city)
    except (FormatMissing, UnknownCity, PackError) as error:
        refuse(error)


def _made(exporting: Coroutine[Any, Any, int], file: Path) -> int:
    try:
        return run(exporting)
    except (StoreError, Problem) as error:
        fail(str(error), 1)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", 1)


async def _viewer(store: Store, name: str, city: str) -> Actor:
    """Return the account as the log of views names it; exit if it has no right to this."""
    found = await accounts.by_name(store, name)
    if found is None or not found.enabled:
        fail(f"there is no account {name!r} in use")
    right = RIGHTS["export_personal_data"]
    if found.role not in right.roles or found.city not in (None, city):
        fail(f"the account {name!r} may not do this: {right.key}")
    return Actor(role=found.role, id=found.id, unit=found.unit)
