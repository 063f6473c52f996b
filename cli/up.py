"""`jiesu up`: the whole system on this machine."""

import asyncio
import os
import signal
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from cli.city import usable_packs
from cli.terminal import err, fail, out, printable, run, styled
from runtime.settings import OWN_ENGINE, Settings
from runtime.trusted_proxies import unsafe
from store.identity.accounts import FIRST
from workers.stack import Stack, engine_port
from workers.supervisor import Say, StackError

_HOME, _SAMPLE_HOME = Path(".jiesu"), Path(".jiesu-sample")
"""The folders without --home: what is invented has one of its own, beside what is real."""


def up(
    home: Annotated[
        Path | None,
        typer.Option(
            envvar="JIESU_HOME",
            help="Folder of databases, keys and logs; otherwise .jiesu, or .jiesu-sample with "
            "--sample.",
        ),
    ] = None,
    port: Annotated[int, typer.Option(envvar="JIESU_API_PORT", help="Port of the API.")] = 8000,
    temporal_port: Annotated[
        int | None,
        # As a setting, which every other command reads, too; so the default is not shown by itself.
        typer.Option(help="Port of the engine; otherwise JIESU_TEMPORAL_PORT, otherwise 7233."),
    ] = None,
    ui_port: Annotated[
        int | None,
        typer.Option(envvar="JIESU_UI_PORT", help="Also serve the engine's own pages here."),
    ] = None,
    cities: Annotated[
        Path | None, typer.Option(envvar="JIESU_CITIES", help="Folder of city packs.")
    ] = None,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample",
            help="Fill an empty home with an invented city: history, open tickets, accounts.",
        ),
    ] = False,
) -> None:
    """Start engine, store, worker and API; print the URL; stop all of it on Ctrl-C.

    Everything listens on 127.0.0.1 only. Starting again continues every open ticket. The engine
    is Temporal's development server on a file: right for one machine; see docs/how-to/production.md
    for more.
    """
    engine = temporal_port or engine_port(Settings())
    settings = Settings(
        home=home or (_SAMPLE_HOME if sample else _HOME),
        api_port=port,
        temporal_address=f"127.0.0.1:{engine}",
        cities=cities,
        **OWN_ENGINE,
    )
    if (problem := unsafe(settings)) is not None:
        fail(problem.text())
    usable_packs(settings)  # here, where it is read, rather than in the logs of the parts
    say: Say = lambda line: err.print(f"  {line}")  # noqa: E731
    filling = _Sample(settings, say) if sample else None
    prepare = filling.fill if filling else None
    stack = Stack(settings, say=say, ui_port=ui_port, prepare=prepare)
    try:
        run(_up(stack, filling))
    except StackError as error:
        fail(str(error))


async def _up(stack: Stack, sample: "_Sample | None" = None) -> None:
    loop = asyncio.get_running_loop()
    starting = asyncio.current_task()

    def on_signal() -> None:
        stack.stop()
        if starting is not None and not healthy:
            starting.cancel()

    healthy = False
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    try:
        async with stack.running():
            furnished = sample is not None and await sample.furnish(stack)
            healthy = True
            out.print("Jiesu is up:", styled(stack.url, "bold"), " (stop with Ctrl-C)")
            if stack.first_password is not None and not furnished:
                out.print(
                    f"Sign in at {stack.url}/staff as",
                    styled(FIRST, "bold"),
                    "with the password",
                    styled(stack.first_password, "bold"),
                    f" (shown only now; choose your own within "
                    f"{stack.settings.first_password_days} days)",
                )
            home = stack.settings.home
            if home != _HOME and "JIESU_HOME" not in os.environ:
                out.print(printable(f"Other commands need: export JIESU_HOME={quote(str(home))}"))
            await stack.leave_to_supervisor()
            err.print("  stopping")
    except asyncio.CancelledError:
        err.print("  stopped while starting")


class _Sample:
    """The filling of an empty home with an invented city."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings, self._say, self._new = settings, say, False

    async def fill(self) -> None:
        """Invent the history, unless this is a sample home already."""
        from demo.history.filling import NotSimulated
        from demo.history.sample import FILE, fill_home

        try:
            self._new = await fill_home(self._settings, self._say)
        except NotSimulated as refused:
            raise StackError(f"{refused}; name an empty folder with --home") from refused
        if self._new:
            return
        if not (accounts := self._settings.home / FILE).exists():
            raise StackError(
                f"{self._settings.home} has a simulated history and no {FILE}: it was filled by"
                " `jiesu simulate`, or interrupted while it was filled; start it without --sample,"
                " or delete it and start again"
            )
        self._say(f"this is a sample home already; its accounts are in {accounts}")

    async def furnish(self, stack: Stack) -> bool:
        """Create accounts and open tickets, and print the accounts; return False if there are."""
        from demo.history.sample import furnish

        if not self._new:
            return False
        file = await furnish(self._settings, stack.url, stack.first_password, self._say)
        out.print(await asyncio.to_thread(file.read_text))
        out.print(f"(shown only now, and kept in {file})")
        return True
