"""`jiesu import`: take over the complaints of other systems."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from app.imports.hotline import Imported, import_file
from app.imports.maps import BadMap, codes_of, read_map
from app.imports.open311 import (
    ForeignFeed,
    TakenOver,
    base_of,
    read_open311_map,
    take_over,
)
from app.imports.open311_answers import BadFeed
from app.imports.tables import BadTable
from app.imports.taking import ImportCounts, Importer, Start
from app.sending.engine_gateway import Engine
from cli.city import Json, installed_packs, refuse
from cli.installation import OpenInstallation, installation
from cli.terminal import USAGE, err, fail, one_line, out, print_json, run
from domain.actors import Role
from domain.pack.pack import Pack
from domain.ticket.complaint import Filer
from packs.problems import PackFault
from packs.registry import PackError, UnknownCity
from runtime.outbound import AddressRefused, Outbound, Unreachable
from store.db.errors import StoreError
from store.secrets.vault import Vault
from store.tickets.intake import Registered


class ImportCommands(TyperGroup):
    """The commands; `--from open311` is another spelling of `open311`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args[:1] == ["--from"]:
            args = args[1:]
        elif args and args[0].startswith("--from="):
            args = [args[0].removeprefix("--from="), *args[1:]]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ImportCommands,
    help="Take over the complaints of other systems. See docs/how-to/import.md.",
    no_args_is_help=True,
)

City = Annotated[str, typer.Argument(help="A city's id.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be taken, and take nothing.")
]
_MOST = 100
"""Faults that are printed."""


@app.callback()
def _imports() -> None:
    pass


@app.command()
def hotline(
    city: City,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A table: CSV or XLSX.")],
    mapping_file: Annotated[
        Path, typer.Option("--map", help="Which column is what, and how it is written (TOML).")
    ],
    dry_run: DryRun = False,
    refused: Annotated[
        Path | None,
        typer.Option(
            help="Where the rows that were not taken are written, to be mended and imported again. "
            "Default: beside FILE, as NAME.refused.csv."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Import the export of a hotline: each row becomes a ticket, once.

    Whoever imports the same file again takes up what is left of it. A row that cannot be taken
    stops no other; exit code 1 if there was one.
    """
    pack = _pack(city)
    kept = refused or path.with_name(f"{path.stem}.refused.csv")
    if kept.resolve() == path.resolve():
        fail("the refused rows need a file of their own: --refused")
    try:
        mapping, codes = read_map(mapping_file, pack)
    except BadMap as bad:
        _refuse_all(bad.problems, f"{bad} ({bad.code})")

    async def importing() -> Imported:
        async with installation() as here:
            importer = importer_of(here, pack, mapping.source, dry_run)
            told = None if dry_run else kept
            return await import_file(
                importer, path, mapping, codes, told, most_faults=_MOST, progress=_progress
            )

    try:
        done = run(importing())
    except BadTable as error:
        refuse(error)
    except StoreError as error:
        fail(f"{error}; start it again: nothing is taken twice", 1)
    if as_json:
        print_json(
            {"city": city, "dry_run": dry_run, "encoding": done.encoding, **asdict(done.counts)}
            | {"faults": [asdict(one) for one in done.faults]}
        )
    else:
        for fault in done.faults:
            err.print(one_line(str(fault)))
        out.print(one_line(f"read as {done.encoding}; {said(done.counts)}"))
        if dry_run:
            out.print("nothing was taken: --dry-run")
        elif done.counts.refused:
            out.print(one_line(f"refused rows, to be mended and imported again: {kept}"))
    if done.counts.refused:
        raise typer.Exit(1)


@app.command()
def open311(
    url: Annotated[
        str, typer.Argument(help="The other system, as https://city.example/open311/v2.")
    ],
    city: Annotated[
        str, typer.Option(help="The city that the requests come to; of several it has to be said.")
    ] = "",
    mapping_file: Annotated[
        Path | None,
        typer.Option("--map", help="Which of its services is which subject of here (TOML)."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The first day; default: a year ago."),
    ] = None,
    jurisdiction: Annotated[str, typer.Option(help="Its jurisdiction_id, if it has several.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take over the open requests of another system over Open311, with their dates, each once.

    Whoever does it again takes up what is left. Addresses in private networks are refused unless
    JIESU_OUTBOUND_ALLOW names them. Also written: jiesu import --from open311 URL.
    """
    pack, base = _pack(city or _only_city()), base_of(url)
    try:
        mapping = read_open311_map(mapping_file, base, pack)
    except BadMap as bad:
        _refuse_all(bad.problems, f"{bad} ({bad.code})")
    codes = codes_of(mapping, pack)
    begins = (since or datetime.now(UTC) - timedelta(days=365)).date()

    async def taking() -> TakenOver:
        async with installation() as here:
            importer = importer_of(here, pack, mapping.source, dry_run)
            feed = ForeignFeed(Outbound.of(here.settings), base, jurisdiction)
            return await take_over(
                importer, feed, mapping, codes, begins, most_faults=_MOST, progress=_progress
            )

    try:
        done = run(taking())
    except (AddressRefused, BadFeed) as error:
        refuse(error)
    except Unreachable as error:
        fail(f"{error} ({error.code}); start it again", 1)
    except StoreError as error:
        fail(f"{error}; start it again: nothing is taken twice", 1)
    if as_json:
        print_json(
            {"city": pack.city.id, "source": mapping.source, "dry_run": dry_run}
            | asdict(done.counts)
            | {"faults": [asdict(one) for one in done.faults]}
        )
    else:
        _print_taken(mapping.source, done, dry_run=dry_run)
    if done.counts.refused:
        raise typer.Exit(1)


def _print_taken(source: str, done: TakenOver, *, dry_run: bool) -> None:
    for fault in done.faults:
        err.print(one_line(str(fault)))
    out.print(one_line(f"{source}: {said(done.counts)}"))
    if dry_run:
        out.print("nothing was taken: --dry-run")


def _only_city() -> str:
    try:
        served = installed_packs().ids()
    except PackError as error:
        refuse(error)
    if len(served) != 1:
        fail(f"several cities are served: say --city, one of {', '.join(served)}")
    return served[0]


def importer_of(here: OpenInstallation, pack: Pack, source: str, dry_run: bool) -> Importer:
    """Return what takes the complaints of a system into a city of this installation."""
    return Importer(
        store=here.store,
        vault=Vault(here.ring),
        keys=here.keys,
        pack=pack,
        source=source,
        filer=Filer(role=Role.SYSTEM),
        now=lambda: datetime.now(UTC),
        start=None if dry_run else _starter(here),
    )


def _starter(here: OpenInstallation) -> Start:
    engine = Engine(here.engine, timeout=here.settings.engine_timeout)

    async def start(registered: Registered) -> bool:
        return await engine.file(registered.complaint, new=registered.new) is not None

    return start


def said(counts: ImportCounts) -> str:
    """Return what became of the rows, in words."""
    parts = [
        f"{counts.rows} rows",
        f"{counts.taken} taken",
        f"{counts.known} known",
        f"{counts.history} closed there",
        f"{counts.refused} refused",
    ]
    if counts.waiting:
        parts.append(f"{counts.waiting} start when the engine answers")
    return ", ".join(parts)


def _progress(counts: ImportCounts) -> None:
    """Say how far it is: on one line that the result replaces, or line by line into a file."""
    err.print(f"so far: {said(counts)}", end="\r" if err.is_terminal else "\n")


def _pack(city: str) -> Pack:
    try:
        return installed_packs().get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)


def _refuse_all(problems: list[PackFault], message: str) -> NoReturn:
    for problem in problems[:_MOST]:
        err.print(one_line(str(problem)))
    fail(f"nothing was taken: {message}", USAGE)
