"""`jiesu record`: tickets whose record is ahead of the engine, because that is an older copy."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from temporalio.service import RPCError

from activities.record_ahead import tickets_ahead
from audit.errors import AuditError
from audit.following import Followed, follow
from cli.installation import OpenInstallation, installation
from cli.terminal import fail, out, print_json, run, table
from store.db.errors import StoreError
from store.tickets import setbacks
from store.tickets.numbers import parse_number
from store.tickets.setbacks import LostEvent

app = typer.Typer(
    help="Tickets whose record is ahead of the engine, an older copy.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
T = TypeVar("T")

_COMPARED = 10_000
"""The tickets that changed last, and are compared in any case."""


@app.command()
def ahead(as_json: Json = False) -> None:
    """Name the tickets with events in the record that the engine does not know. Changes nothing.

    Exit code 1 when there is any.
    """

    numbers = _done(_ahead)
    if as_json:
        print_json(numbers)
    else:
        for number in numbers or ["no ticket's record is ahead of the engine"]:
            out.print(number)
    if numbers:
        raise typer.Exit(1)


@app.command("follow")
def follow_engine(
    numbers: Annotated[list[str] | None, typer.Argument(help="The tickets.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that `ahead` names.")] = False,
    as_json: Json = False,
) -> None:
    """Write the record of tickets from the engine's histories, as these count from now on.

    First make sure that the engine's right database cannot be had any more. Events that the
    record alone has are set aside. Exit code 1 when a history could not be read.
    """
    if bool(numbers) == every:
        fail("name the tickets, or --all")

    async def following(here: OpenInstallation) -> list[Followed | str]:
        chosen = await _ahead(here) if every else [parse_number(one) for one in numbers or []]
        return [await _followed(here, number) for number in chosen]

    results = _done(following)
    failed = [one for one in results if isinstance(one, str)]
    if as_json:
        print_json([{"problem": one} if isinstance(one, str) else asdict(one) for one in results])
    else:
        for one in results:
            out.print(one if isinstance(one, str) else _told(one))
    if failed:
        raise typer.Exit(1)


@app.command()
def aside(
    number: Annotated[str | None, typer.Argument(help="Only of this ticket.")] = None,
    as_json: Json = False,
) -> None:
    """List the events that were set aside, of tickets that are not settled, or of one ticket."""

    async def reading(here: OpenInstallation) -> list[LostEvent]:
        return await setbacks.lost_events(here.store, number and parse_number(number))

    events = _done(reading)
    if as_json:
        print_json([asdict(event) for event in events])
        return
    if not events:
        out.print("nothing is set aside")
        return
    shown = table("ticket", "version", "at", "event", "by", "unit", numbers=("version",))
    for event in events:
        by = f"{event.role} {event.actor}".strip()
        at = f"{event.at:%Y-%m-%d %H:%M:%S}"
        shown.add_row(event.number, str(event.version), at, event.kind, by, event.unit or "")
    out.print(shown)


@app.command()
def settle(numbers: Annotated[list[str], typer.Argument(help="The tickets.")]) -> None:
    """Say that what was set aside of tickets is dealt with: they are no longer shown as stuck."""

    async def settling(here: OpenInstallation) -> list[str]:
        chosen = [parse_number(number) for number in numbers]
        now = datetime.now(UTC)
        return [number for number in chosen if await setbacks.settle(here.store, number, now)]

    settled = _done(settling)
    out.print(f"{len(settled)} settled")


async def _ahead(here: OpenInstallation) -> list[str]:
    now = datetime.now(UTC)
    return sorted(await tickets_ahead(here.engine, here.store, now, look_at=_COMPARED))


async def _followed(here: OpenInstallation, number: str) -> Followed | str:
    try:
        return await follow(here.engine, here.store, number, here.archive)
    except AuditError as error:
        return f"{number}: {error.code}: {error}"


def _told(followed: Followed) -> str:
    return (
        f"{followed.number}: the record was at version {followed.before}, the engine is at "
        f"{followed.version}; {len(followed.aside)} events are set aside"
    )


def _done(work: Callable[[OpenInstallation], Awaitable[T]]) -> T:
    """Do the work on this installation; fail in one line where store or engine do not answer."""

    async def doing() -> T:
        async with installation() as here:
            return await work(here)

    try:
        return run(doing())
    except StoreError as error:
        fail(str(error), 1)
    except (RuntimeError, RPCError) as error:
        fail(f"cannot reach the engine: {error}", 1)
