"""The end of a process whose event loop hangs, so that whoever started it starts another."""

import asyncio
import faulthandler
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HUNG_AFTER = 120.0
"""Seconds without a turn of the event loop after which the process is ended."""


@asynccontextmanager
async def watchdog(hung_after: float = HUNG_AFTER) -> AsyncIterator[None]:
    """End the process if its event loop takes no turn for so many seconds.

    The stacks of all threads are written to standard error. The timer is C code: it also runs while
    a lock of the interpreter is held for good.
    """
    beating = asyncio.create_task(_beat(hung_after))
    try:
        yield
    finally:
        beating.cancel()
        faulthandler.cancel_dump_traceback_later()


async def _beat(hung_after: float) -> None:
    while True:
        faulthandler.dump_traceback_later(hung_after, exit=True)
        await asyncio.sleep(hung_after / 10)
