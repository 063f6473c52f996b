"""`jiesu sources`: the programs that may send events of devices, and their secrets."""

from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from cli.city import Json, installed_packs, refuse
from cli.installation import installation
from cli.terminal import USAGE, fail, one_line, out, print_json, run, table
from packs.registry import PackError, UnknownCity
from store.db.errors import StoreError
from store.sensors import book, sources
from store.sensors.sources import (
    MOST_PER_MINUTE,
    PER_MINUTE,
    EventSource,
    SourceExists,
    SourceHeard,
    UnknownSource,
    source_fault,
)

app = typer.Typer(
    help="The sources of events: programs that send what devices say. See docs/how-to/sensors.md.",
    no_args_is_help=True,
)

_COLUMNS = ("source", "city", "name", "prefix", "devices", "by", "heard", "waiting", "removed")

Id = Annotated[str, typer.Argument(metavar="SOURCE", help="The id of a source.")]


@app.command()
def add(
    source: Id,
    city: Annotated[str, typer.Argument(help="A city's id.")],
    prefix: Annotated[
        str, typer.Option(help="How the `source` of all its events begins; no other one's may.")
    ],
    device: Annotated[
        list[str],
        typer.Option(help="A device that it speaks for; * at the end: all that begin so."),
    ],
    name: Annotated[str, typer.Option(help="Whose it is; shown in lists.")] = "",
    signs: Annotated[
        bool, typer.Option("--signs", help="It signs what it sends, and has no token.")
    ] = False,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="An origin that may ask by the handshake of web hooks."),
    ] = None,
    per_minute: Annotated[
        int, typer.Option(min=1, max=MOST_PER_MINUTE, help="The events taken in a minute.")
    ] = PER_MINUTE,
    as_json: Json = False,
) -> None:
    """Register a source, and print its secret. It is shown once."""
    try:
        installed_packs().get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
    new = EventSource(
        id=source,
        city=city,
        name=name,
        prefix=prefix,
        devices=tuple(device),
        origins=tuple(one.lower() for one in origin or ()),
        signs=signs,
        generation=1,
        per_minute=per_minute,
        created_at=datetime.now(UTC),
    )
    if fault := source_fault(new):
        fail(fault)

    async def adding() -> str:
        async with installation() as here:
            return await sources.add(here.store, here.ring, new)

    _show(source, _done(adding), as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all sources, when each was heard last, and how many of its events wait."""

    async def listing() -> list[SourceHeard]:
        async with installation() as here:
            return await sources.listed(here.store, await book.waiting(here.store))

    try:
        found = run(listing())
    except StoreError as error:
        fail(str(error), 1)
    if as_json:
        print_json(
            [
                asdict(one.source) | {"heard_at": one.heard_at, "waiting": one.waiting}
                for one in found
            ]
        )
        return
    lines = table(*_COLUMNS)
    for one in found:
        known = one.source
        lines.add_row(
            known.id,
            known.city,
            one_line(known.name),
            one_line(known.prefix),
            one_line(" ".join(known.devices)),
            "signature" if known.signs else "token",
            _moment(one.heard_at),
            str(one.waiting),
            _moment(known.revoked_at),
        )
    out.print(lines)


@app.command()
def rotate(
    source: Id,
    keep_hours: Annotated[
        int, typer.Option(min=0, max=720, help="The hours for which the secret before stays good.")
    ] = 24,
    as_json: Json = False,
) -> None:
    """Give a source a new secret, and print it. The one before stays good for a while."""
    kept = timedelta(hours=keep_hours)

    async def rotating() -> str:
        async with installation() as here:
            return await sources.rotate(here.store, here.ring, source, datetime.now(UTC), kept)

    _show(source, _done(rotating), as_json)


@app.command()
def remove(source: Id) -> None:
    """Take nothing more of a source. What it sent before is judged."""

    async def removing() -> str:
        async with installation() as here:
            await sources.remove(here.store, source, datetime.now(UTC))
        return ""

    _done(removing)
    out.print(one_line(f"removed: {source}"))


def _done(doing: Callable[[], Coroutine[Any, Any, str]]) -> str:
    try:
        return run(doing())
    except StoreError as error:
        wrong = isinstance(error, SourceExists | UnknownSource)
        fail(f"{error} ({error.code})", USAGE if wrong else 1)


def _show(source: str, secret: str, as_json: bool) -> None:
    print_json({"id": source, "secret": secret}) if as_json else typer.echo(secret)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at is not None else ""
