"""An estimate of the engine's clock from its responses; this machine's own clock may be wrong.

A ticket runs by the engine's clock, and a command carries its deadline by it. A machine whose own
clock is two minutes or two years off must neither have its commands refused nor give events a
wrong date.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import inf
from uuid import uuid4

import structlog
from temporalio.api.enums.v1 import TaskQueueKind, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    PollWorkflowTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

logger = structlog.stdlib.get_logger("jiesu.clock")

_DRIFT = 2e-4
"""Seconds by which two clocks may drift apart per second: older readings are less exact."""

_READING = 0.05
"""Seconds by which any reading may be wrong, however new it is."""

WORTH_SAYING = timedelta(seconds=2)
"""The difference below which clocks count as equal: no deadline is that short."""

_POLL = timedelta(seconds=3)
"""The time the engine is given to note a poll; it accepts none that is much shorter."""

_AGAIN = 0.02
"""Seconds after which it is asked again whether it did."""


class EngineClock:
    """This machine's clock, corrected by readings of the engine's.

    Readings are stored relative to a steady clock, so that setting this machine's clock changes
    nothing. Without a reading it is this machine's clock. Belongs to one event loop.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self.steady = wall, steady
        self._low, self._high, self._as_of = -inf, inf, steady()
        self._said = timedelta()

    def now(self) -> datetime:
        """Return the engine's current time, as far as is known."""
        return datetime.fromtimestamp(self.steady() + self._difference(), UTC)

    @property
    def known(self) -> bool:
        """True if there is a reading of the engine's clock."""
        return self._low > -inf or self._high < inf

    @property
    def within(self) -> timedelta | None:
        """The width of what is known of the engine's time; None if it is open on a side."""
        low, high = self._bounds()
        return timedelta(seconds=high - low) if self.known and high - low < inf else None

    @property
    def ahead(self) -> timedelta:
        """The time by which the engine is ahead of this machine; negative: behind; 0: not known."""
        difference = timedelta(seconds=self._difference() - self._own())
        return difference if abs(difference) >= WORTH_SAYING else timedelta()

    def may_be_fast(self, at_most: float) -> float:
        """Return the seconds `now` may be ahead of the engine; `at_most`, if more or unknown."""
        return min(self._difference() - self._bounds()[0], at_most)

    def heard(self, moment: datetime, sent: float, received: float) -> None:
        """Record a reading: the engine's clock showed `moment` between `sent` and `received`."""
        self.between(moment, moment, sent, received)

    def between(
        self, earliest: datetime | None, latest: datetime | None, sent: float, received: float
    ) -> None:
        """Record the engine's time between `sent` and `received`: in `earliest` to `latest`.

        A reading that contradicts the earlier ones replaces them: the engine's clock was set.
        """
        low = earliest.timestamp() - received if earliest else -inf
        high = latest.timestamp() - sent if latest else inf
        known = self._bounds()
        pair = max(low, known[0]), min(high, known[1])
        self._low, self._high = pair if pair[0] <= pair[1] else (low, high)
        self._as_of = self.steady()
        self._say()

    def _own(self) -> float:
        return self._wall().timestamp() - self.steady()

    def _difference(self) -> float:
        """Return the seconds from the steady clock to the engine's: this machine's, in bounds."""
        low, high = self._bounds()
        return min(max(self._own(), low), high)

    def _bounds(self) -> tuple[float, float]:
        blurred = _READING + _DRIFT * (self.steady() - self._as_of)
        return self._low - blurred, self._high + blurred

    def _say(self) -> None:
        if abs(self.ahead - self._said) < WORTH_SAYING:
            return
        self._said = self.ahead
        logger.warning("clocks differ", engine_ahead_seconds=round(self._said.total_seconds(), 1))


async def look(client: Client, clock: EngineClock) -> None:
    """Read the engine's clock, without a request to a ticket and without a lasting trace.

    The engine notes when somebody polls a queue, and tells it at once. The queue is one of no
    tasks; it is of the sticky kind, which the engine does not store.

    Raises:
        RPCError, RuntimeError: the engine is unavailable.
    """
    name = f"clock-{uuid4().hex}"
    queue = TaskQueue(name=name, kind=TaskQueueKind.TASK_QUEUE_KIND_STICKY, normal_name="clock")
    polling = PollWorkflowTaskQueueRequest(
        namespace=client.namespace, task_queue=queue, identity=name
    )
    asking = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=queue,
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    service, sent = client.workflow_service, clock.steady()
    poll = asyncio.ensure_future(service.poll_workflow_task_queue(polling, timeout=_POLL))
    try:
        while not poll.done():
            response = await service.describe_task_queue(asking)
            received = clock.steady()
            polled = [one.last_access_time for one in response.pollers if one.identity == name]
            if polled:
                clock.heard(polled[0].ToDatetime(UTC), sent, received)
                return
            await asyncio.sleep(_AGAIN)
        poll.result()  # an error says why the engine did not note it
    finally:
        poll.cancel()
        with suppress(asyncio.CancelledError, RPCError):
            await poll
