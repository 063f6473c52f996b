"""What chores share: work in small steps until the next run takes over, and beat while at it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

EVERY = timedelta(minutes=5)
"""A chore is started this often; each run works until shortly before the next."""

_SHIFT = EVERY - timedelta(seconds=10)
_PAUSE = 0.5


async def keep_doing(step: Callable[[], Awaitable[int]]) -> int:
    """Repeat `step` until the shift is over; its sum. After a step that did nothing, a pause.

    Raises:
        ApplicationError: when the worker is stopping, so that another takes over at once.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _SHIFT.total_seconds()
    done = 0
    while loop.time() < until:
        activity.heartbeat(done)
        count = await step()
        done += count
        if count:
            continue
        try:
            await asyncio.wait_for(activity.wait_for_worker_shutdown(), _PAUSE)
        except TimeoutError:
            continue
        raise ApplicationError(
            "the worker is stopping",
            type="worker_stopping",
            next_retry_delay=timedelta(seconds=1),
            category=ApplicationErrorCategory.BENIGN,  # not worth a traceback in the log
        )
    return done
