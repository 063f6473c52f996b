"""The engine's floor: a workflow with the history of a plain ticket, and nothing else.

The same events in the same order and of about the same size as the product's plain path (a test
compares them), made by the same engine and by the library's own worker with the same settings. No
rules, no models, no store, no HTTP: this measures the cost of the engine alone.
"""

import asyncio
import socket
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

FLOOR = "floor"
FLOOR_UNITS = "floor-units"
FLOOR_WORKFLOW = "Floor"
HANDLE_ID = "handle-floor-1"

# Bytes, as in the history of a plain ticket, encryption included.
COMPLAINT = 576
ACCEPTANCE = 1337
TRIAGE = 834
DISPATCH = 2348
WORK_ORDER = 509
SNAPSHOT = 343
SIGN = 252
CONTACT = 280
RESULT = 278
REPLY = 702
VERDICT = 283

_FOREVER = timedelta(days=3650)
_QUICK = timedelta(seconds=3)


@dataclass
class FloorStep:
    """The input of a local activity: the bytes to return, and the driver to notify."""

    size: int = 0
    bell: int = 0
    name: str = ""
    news: str = ""


@dataclass
class FloorStart:
    """The input of a run. `bell`: UDP port on which its driver waits for news of `name`."""

    bell: int
    name: str
    filling: str = "x" * COMPLAINT


@activity.defn(name="floor_step")
async def step(asked: FloorStep) -> bytes | None:
    """Notify the driver by a datagram, as there is no store to read, and return the bytes."""
    if asked.bell:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(f"{asked.name} {asked.news}".encode(), ("127.0.0.1", asked.bell))
    return bytes(asked.size) if asked.size else None


@activity.defn(name="floor_handle")
async def park(_order: bytes) -> bytes:
    activity.raise_complete_async()


@workflow.defn(name=FLOOR_WORKFLOW)
class FloorWorkflow:
    @workflow.init
    def __init__(self, start: FloorStart) -> None:
        self.start = start
        self.registered = False
        self.verdict = False
        workflow.patched("floor")  # a ticket requests the version of its lifecycle

    @workflow.run
    async def run(self, start: FloorStart) -> bytes:
        await self.ask(ACCEPTANCE)
        clock = asyncio.create_task(workflow.sleep(timedelta(hours=1)))
        await self.ask(TRIAGE)
        await self.ask(DISPATCH)
        work = workflow.start_activity(
            park,
            bytes(WORK_ORDER),
            activity_id=HANDLE_ID,
            task_queue=FLOOR_UNITS,
            start_to_close_timeout=_FOREVER,
            cancellation_type=workflow.ActivityCancellationType.ABANDON,
        )
        await self.note()
        self.registered = True
        await workflow.wait_condition(work.done)
        await work
        workflow.upsert_memo({"trace": None})
        await self.ask(REPLY)
        await self.note("handled")
        await workflow.wait_condition(lambda: self.verdict)
        clock.cancel()
        await self.note("ended")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return bytes(SNAPSHOT)

    @workflow.update
    async def receipt(self) -> bytes:
        await workflow.wait_condition(lambda: self.registered)
        return bytes(SNAPSHOT)

    @workflow.update
    async def act(self, _command: bytes) -> bytes:
        await self.note()
        return bytes(SNAPSHOT)

    @workflow.signal
    async def rate(self, _verdict: bytes) -> None:
        self.verdict = True

    async def ask(self, size: int) -> None:
        await self._local(FloorStep(size))

    async def note(self, news: str = "") -> None:
        await self._local(FloorStep(0, self.start.bell if news else 0, self.start.name, news))

    async def _local(self, floor_step: FloorStep) -> None:
        await workflow.execute_local_activity(step, floor_step, schedule_to_close_timeout=_QUICK)


def workers(client: Client, *, cached: int, lean: bool = False) -> tuple[Worker, Worker]:
    """Return the floor's counterparts of `ticket_worker` and `unit_worker`, same settings.

    The sandbox is the library's default; `lean`: the product's, which is entered less often.
    """
    from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

    from workers.factory import sandboxed_runner

    product = sandboxed_runner()
    restrictions = product.restrictions.with_passthrough_modules("bench")
    stock = SandboxedWorkflowRunner(restrictions=restrictions)
    runner = replace(product, restrictions=restrictions) if lean else stock
    runs = Worker(
        client,
        task_queue=FLOOR,
        workflows=[FloorWorkflow],
        activities=[step],
        workflow_runner=runner,
        max_cached_workflows=cached,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    units = Worker(
        client,
        task_queue=FLOOR_UNITS,
        activities=[park],
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    return runs, units
