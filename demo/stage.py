"""The setting of a demonstration: a temporary folder, and an orderly stop."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cli.terminal import err, fail, run
from demo.pack import shortened_pack
from domain.pack.pack import Pack
from packs.registry import PackError
from workers.supervisor import StackError

T = TypeVar("T")

_STOPPED = 130


@contextmanager
def workshop(keep: bool) -> Iterator[Path]:
    """Provide a folder for the system; keep it and say how to use it, or delete it."""
    folder = Path(tempfile.mkdtemp(prefix="jiesu-demo-"))
    try:
        yield folder
    finally:
        if keep:
            _how_to_look(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def shortened(original: Path, folder: Path, day: float) -> Pack:
    """Return the shortened pack in the folder; exit with one line if it is unusable."""
    try:
        return shortened_pack(original, folder / "cities", day)
    except PackError as error:
        fail(str(error))


def played(playing: Coroutine[Any, Any, T]) -> T:
    """Return the result of `playing`. Ctrl-C and SIGTERM stop everything in order.

    Exits with one line if the system cannot start or be kept alive.
    """
    try:
        return run(_until_stopped(playing))
    except (StackError, TimeoutError) as error:
        fail(str(error) or "the system did not start in time", 1)
    except asyncio.CancelledError:
        fail("stopped", _STOPPED)


async def _until_stopped(playing: Coroutine[Any, Any, T]) -> T:
    loop, showing = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        if showing is not None:
            loop.add_signal_handler(number, showing.cancel)
    return await playing


def _how_to_look(folder: Path) -> None:
    err.print(
        f"kept in {folder}; look at it with\n"
        f"  export JIESU_HOME={folder / 'home'} JIESU_CITIES={folder / 'cities'}\n"
        "  jiesu up\n"
        "  jiesu token create --role supervisor   # beside it: a token for the API\n"
        "  jiesu audit show NUMBER                # and the story of a ticket\n"
        f"and delete it with\n  rm -r {folder}",
    )
