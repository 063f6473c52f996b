"""Tests of the upload sweep: only uploads that nobody attached are deleted, with their bytes."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer

from activities.sweep import Sweep
from runtime.names import SWEEP_WORKFLOW, TICKETS
from store.db.engine import Store
from store.files import files
from store.files.files import Attaching, Claim
from store.files.objects import Objects, thumbnail_key
from tests.store.test_files import CAPS, NUMBER, ONE
from tests.support.engine import Engine
from workers.factory import sandboxed_runner
from workflows.maintenance import SweepWorkflow

HOUR = timedelta(hours=1)


async def _exists(objects: Objects, key: str) -> bool:
    try:
        await objects.get(key)
    except KeyError:
        return False
    return True


async def _keep(store: Store, objects: Objects, n: int, expires_at: datetime) -> files.FileRow:
    file = replace(ONE, id=f"f{n:032x}", key=f"{n:032x}", expires_at=expires_at)
    await files.record(store, file)
    await objects.put(file.key, io.BytesIO(b"photo"))
    await objects.put(thumbnail_key(file.key), b"small")
    return file


async def test_only_what_expired_goes(sqlite_store: Store) -> None:
    objects, now = Objects.open("memory:"), datetime.now(UTC)
    gone = await _keep(sqlite_store, objects, 1, now - HOUR)
    waiting = await _keep(sqlite_store, objects, 2, now + HOUR)
    stored_file = await _keep(sqlite_store, objects, 3, now + HOUR)
    claim = Attaching([Claim(stored_file.id, None)], CAPS, now)
    await files.attach_to(sqlite_store, NUMBER, claim)
    sweep = Sweep(sqlite_store, objects, Objects.open("memory:"))
    assert await ActivityEnvironment().run(sweep.sweep) == 1
    assert await files.get(sqlite_store, gone.id) is None
    assert not await _exists(objects, gone.key)
    assert not await _exists(objects, thumbnail_key(gone.key))
    for file in (waiting, stored_file):
        assert await files.get(sqlite_store, file.id) is not None
        assert await _exists(objects, file.key)
    assert await ActivityEnvironment().run(sweep.sweep) == 0


async def test_a_file_that_was_never_kept_goes_as_well(sqlite_store: Store) -> None:
    # Left when a process dies after recording a file and before storing its bytes.
    past = datetime.now(UTC) - HOUR
    for n in range(120):
        await files.record(sqlite_store, replace(ONE, id=f"f{n:032x}", expires_at=past))
    sweep = Sweep(sqlite_store, Objects.open("memory:"), Objects.open("memory:"))
    assert await ActivityEnvironment().run(sweep.sweep) == 120
    assert await files.waiting_bytes(sqlite_store) == 0


async def test_the_job_sweeps_and_its_history_replays(engine: Engine) -> None:
    past = datetime.now(UTC) - HOUR
    await files.record(engine.store, replace(ONE, expires_at=past))
    handle = await engine.client.start_workflow(
        SWEEP_WORKFLOW, id="chore/sweep", task_queue=TICKETS
    )
    assert await handle.result() == 1
    assert await files.get(engine.store, ONE.id) is None
    replayer = Replayer(
        workflows=[SweepWorkflow],
        data_converter=engine.client.data_converter,
        workflow_runner=sandboxed_runner(),
    )
    await replayer.replay_workflow(await handle.fetch_history())
