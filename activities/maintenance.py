"""Maintenance jobs: a loop of small steps, with heartbeats, until the next run takes over."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

EVERY = timedelta(minutes=5)
"""The interval between starts of a maintenance job; a run lasts until shortly before the next."""

_SHIFT = EVERY - timedelta(seconds=10)
_PAUSE, _LONG_PAUSE = 0.5, 1.0
"""Seconds. A message passes two jobs, and the first one after a quiet time leaves within two."""

_QUIET = 10
"""The steps without work after which the pauses become longer."""


async def keep_doing(step: Callable[[], Awaitable[int]]) -> int:
    """Repeat `step` until the run window ends; return the sum. Pause after a step without work.

    Where many had none the pauses are longer: an installation that nobody uses costs little.

    Raises:
        ApplicationError: when the worker is stopping, so that another takes over at once.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _SHIFT.total_seconds()
    done = quiet = 0
    while loop.time() < until:
        activity.heartbeat(done)
        count = await step()
        done += count
        quiet = 0 if count else quiet + 1
        if count:
            continue
        pause = _PAUSE if quiet < _QUIET else _LONG_PAUSE
        try:
            await asyncio.wait_for(activity.wait_for_worker_shutdown(), pause)
        except TimeoutError:
            continue
        raise ApplicationError(
            "the worker is stopping",
            type="worker_stopping",
            next_retry_delay=timedelta(seconds=1),
            category=ApplicationErrorCategory.BENIGN,  # not worth a traceback in the log
        )
    return done
