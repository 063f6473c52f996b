"""`jiesu neighbours`: the cities that tickets are handed over to and taken over from."""

import re
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.city import Json, installed_packs, refuse
from cli.installation import OpenInstallation, installation
from cli.terminal import USAGE, fail, one_line, out, print_json, run, table
from domain.refusals import Refused
from packs.registry import PackError, UnknownCity
from store.db.errors import StoreError
from store.handover import letters, neighbours
from store.handover.letters import WaitingFor
from store.handover.neighbours import Neighbour
from store.secrets.encryption import Cipher

app = typer.Typer(
    help="Neighbouring cities, for hand-overs. See docs/how-to/neighbours.md.",
    no_args_is_help=True,
)

Code = Annotated[str, typer.Argument(help="What we call the other city, as langfang.")]
SecretFrom = Annotated[
    Path | None,
    typer.Option(
        "--secret-from",
        metavar="FILE",
        help="Read the secret that the other city made from a file, or from - the input.",
    ),
]

_CODE = re.compile(r"[0-9A-Za-z_.-]{1,32}")
_SHORTEST = 32


@app.command()
def add(
    code: Code,
    url: Annotated[str, typer.Argument(help="Its address, as https://12345.example.")],
    city: Annotated[str, typer.Option(help="Our city, by the id of its pack.")],
    known_as: Annotated[str, typer.Option(help="What the other city calls us.")],
    name: Annotated[str, typer.Option(help="Its name in Chinese.")],
    name_en: Annotated[str, typer.Option(help="Its name in English.")] = "",
    area: Annotated[
        list[str] | None,
        typer.Option(help="A division code or a word of addresses that is theirs; repeatable."),
    ] = None,
    secret_from: SecretFrom = None,
    as_json: Json = False,
) -> None:
    """Enter a neighbouring city; without a secret of theirs a new one is made and printed once."""
    if not _CODE.fullmatch(code) or not _CODE.fullmatch(known_as) or code == known_as:
        fail("CODE and --known-as are two different codes of letters, digits, dots and hyphens")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        fail("URL is an address such as https://12345.example")
    try:
        installed_packs().get(city)
    except (UnknownCity, PackError) as error:
        refuse(error)
    given = _secret(secret_from)
    secret = given or neighbours.new_secret()
    new = Neighbour(
        code=code,
        city=city,
        known_as=known_as,
        name=name,
        name_en=name_en or name,
        url=url,
        areas=tuple(area or ()),
        added_at=datetime.now(UTC),
        rotated_at=None,
        ended_at=None,
    )

    async def adding() -> None:
        async with installation() as here:
            await neighbours.add(here.store, _cipher(here), new, secret)

    _done(adding)
    _told(code, None if given else secret, as_json)


@app.command()
def rotate(
    code: Code,
    secret_from: SecretFrom = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="End the secret before: both cities have the new one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Share another secret; letters signed with the one before are taken until --finish."""
    given = None if finish else _secret(secret_from)
    secret = given or neighbours.new_secret()

    async def rotating() -> None:
        async with installation() as here:
            if finish:
                await neighbours.forget_before(here.store, _cipher(here), code)
            else:
                await neighbours.rotate(here.store, _cipher(here), code, secret, datetime.now(UTC))

    _done(rotating)
    _told(code, None if given or finish else secret, as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Print the neighbouring cities, and what waits for each."""
    found: list[Neighbour] = []
    waits: dict[str, WaitingFor] = {}

    async def listing() -> None:
        async with installation() as here:
            found.extend(await neighbours.listed(here.store))
            waits.update({one.neighbour: one for one in await letters.waiting(here.store)})

    _done(listing)
    if as_json:
        print_json([asdict(one) | {"waiting": _waiting(waits, one.code)} for one in found])
        return
    shown = table("code", "city", "name", "address", "waiting", "error", numbers=("waiting",))
    for one in found:
        wait = waits.get(one.code)
        ended = " (ended)" if one.ended_at else ""
        error = wait.error or "" if wait else ""
        values = (one.code + ended, one.city, one.name, one.url)
        shown.add_row(*map(one_line, values), str(_waiting(waits, one.code)), one_line(error))
    out.print(shown)


@app.command()
def hurry(code: Code) -> None:
    """Send what waits for a city now, not after the pause of its last failure."""

    async def hurrying() -> None:
        async with installation() as here:
            if await neighbours.get(here.store, code) is None:
                raise neighbours.unknown()
            await letters.hurry(here.store, code, datetime.now(UTC))

    _done(hurrying)
    out.print("hurried")


@app.command()
def end(
    code: Code,
    force: Annotated[
        bool, typer.Option("--force", help="Also while letters wait: they are never delivered.")
    ] = False,
) -> None:
    """End with a city: nothing is sent there or taken from there; what is recorded stays.

    While letters wait for it this is refused: a ticket could be with neither city.
    """

    async def ending() -> None:
        async with installation() as here:
            await neighbours.end(here.store, code, datetime.now(UTC), force=force)

    _done(ending)
    out.print("ended")


def _done(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        run(work())
    except Refused as refused:
        fail(f"{refused.code}: {refused}")
    except StoreError as error:
        fail(str(error), 1)


def _secret(source: Path | None) -> str | None:
    if source is None:
        return None
    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        fail("the secret cannot be read", USAGE)
    secret = text.strip()
    if len(secret) < _SHORTEST or not secret.isascii() or not secret.isprintable():
        fail(f"a secret has at least {_SHORTEST} letters and digits")
    return secret


def _told(code: str, secret: str | None, as_json: bool) -> None:
    if as_json:
        print_json({"code": code} | ({"secret": secret} if secret else {}))
    elif secret:
        out.print(one_line(f"Give this secret to the other city; it is not shown again: {secret}"))
    else:
        out.print("done")


def _waiting(waits: dict[str, WaitingFor], code: str) -> int:
    return waits[code].letters if code in waits else 0


def _cipher(here: OpenInstallation) -> Cipher:
    return Cipher(here.ring.root_key, "handover")
