"""A worker that can be stalled: on a loop of its own, in a thread that can be held."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from temporalio.api.enums.v1 import PendingWorkflowTaskState
from temporalio.client import WorkflowHandle

from packs.registry import PackRegistry
from store.db.engine import Store
from tests.support.engine import connect_to, platform

_LONGEST = 60.0


async def given_a_task(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until the engine has given a task of this ticket to the worker."""
    started = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED
    async with asyncio.timeout(_LONGEST):
        while (await handle.describe()).raw_description.pending_workflow_task.state != started:
            await asyncio.sleep(0.02)


class StandingWorker:
    """A platform worker; while `standing_still` holds it, it takes nothing and answers nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Hold the worker's event loop inside the block."""
        held, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            held.set()
            go_on.wait(_LONGEST)

        self._loop.call_soon_threadsafe(hold)
        held.wait(_LONGEST)
        try:
            yield
        finally:
            go_on.set()


@asynccontextmanager
async def standing_worker(
    address: str, store_url: str, packs: PackRegistry | None = None
) -> AsyncIterator[StandingWorker]:
    """Run a worker of this store in a thread, and stop it afterwards."""
    started: asyncio.Future[StandingWorker] = asyncio.get_running_loop().create_future()
    here, over = asyncio.get_running_loop(), threading.Event()

    async def work() -> None:
        store = Store.open(store_url)
        try:
            client = await connect_to(address)
            async with platform(client, store, packs):
                worker = StandingWorker(asyncio.get_running_loop())
                here.call_soon_threadsafe(started.set_result, worker)
                await asyncio.to_thread(over.wait)
        finally:
            await store.close()

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:
            if not started.done():
                here.call_soon_threadsafe(started.set_exception, error)
            raise

    thread = threading.Thread(target=run, name="standing worker")
    thread.start()
    try:
        yield await started
    finally:
        over.set()
        await asyncio.to_thread(thread.join)
