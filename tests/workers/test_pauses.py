"""Tests of a worker that is paused or hangs: no thread is interrupted, no hung process stays."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from runtime.engine import CONVERTER, with_converter
from workers.runner import TicketRunner

ROOT = Path(__file__).parents[2]
LOCK = threading.Lock()
INTERRUPTED: list[str] = []


def _slow() -> None:
    """Hold a lock of the process for longer than the SDK waits, as after a pause."""
    LOCK.acquire()
    try:
        until = monotonic() + 0.6
        while monotonic() < until:
            sleep(0.01)
    except BaseException as error:  # what the SDK raises is none of ours
        INTERRUPTED.append(type(error).__name__)
        raise
    LOCK.release()


@workflow.defn
class SlowOnce:
    @workflow.run
    async def run(self) -> int:
        with workflow.unsafe.sandbox_unrestricted():
            TRIED.append(1)
            if len(TRIED) == 1:
                _slow()
        return 1


TRIED: list[int] = []


@pytest.mark.parametrize(
    ("runner", "interrupted"),
    [(TicketRunner, False), (SandboxedWorkflowRunner, True)],
    ids=["ours", "the SDK's"],
)
async def test_a_slow_task_is_tried_again_and_its_thread_is_not_interrupted(
    client: Client, runner: type[SandboxedWorkflowRunner], interrupted: bool
) -> None:
    """The SDK's own runner shows what ours prevents: the lock stays locked for good."""
    TRIED.clear()
    INTERRUPTED.clear()
    queue = uuid4().hex
    client = with_converter(client, CONVERTER)
    made = runner(SandboxRestrictions.default.with_passthrough_modules("tests"))
    worker = Worker(client, task_queue=queue, workflows=[SlowOnce], workflow_runner=made)
    worker._workflow_worker._deadlock_timeout_seconds = 0.2  # type: ignore[union-attr]
    async with worker:
        done = await client.execute_workflow(
            SlowOnce.run, id=queue, task_queue=queue, execution_timeout=timedelta(seconds=20)
        )
    assert (done, len(TRIED) >= 2) == (1, True)
    assert bool(INTERRUPTED) == LOCK.locked() == interrupted
    if LOCK.locked():
        LOCK.release()


HUNG = """
import asyncio, time
from workers.watchdog import watchdog

async def main():
    async with watchdog(0.5):
        await asyncio.sleep({turns})
        time.sleep({hung})
    print("ended by itself")

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("turns", "hung", "ended"), [(0, 60, False), (1.2, 0, True)], ids=["hung", "alive"]
)
def test_a_process_whose_event_loop_hangs_is_ended_with_its_stacks(
    turns: float, hung: float, ended: bool
) -> None:
    code = HUNG.format(turns=turns, hung=hung)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=50
    )
    assert ("ended by itself" in done.stdout) is ended
    assert (done.returncode == 0) is ended
    assert ("in main" in done.stderr) is not ended
