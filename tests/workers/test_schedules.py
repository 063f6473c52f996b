"""Tests of the schedules of maintenance jobs: made once, renewed by a later version."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleIntervalSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from workers.serve import JOBS, schedule_jobs


async def test_a_schedule_of_an_earlier_version_gets_its_interval_and_stays_paused(
    client: Client,
) -> None:
    def older(known: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = known.description.schedule
        schedule.spec.intervals = [ScheduleIntervalSpec(every=timedelta(days=3))]
        schedule.state.paused, schedule.state.note = True, "repairs"
        return ScheduleUpdate(schedule)

    await schedule_jobs(client)
    try:
        sweep = client.get_schedule_handle("sweep")
        before = await _scheduled(client)
        await sweep.update(older)
        await _until(client, lambda now: now.state.paused)
        await schedule_jobs(client)
        after = await _until(client, lambda now: now.spec.intervals == before.spec.intervals)
        assert (after.state.paused, after.state.note) == (True, "repairs")
    finally:
        for name in JOBS:
            await client.get_schedule_handle(name).delete()


async def _until(client: Client, holds: Callable[[Schedule], bool]) -> Schedule:
    async with asyncio.timeout(60):
        while not holds(known := await _scheduled(client)):
            await asyncio.sleep(0.05)
    return known


async def _scheduled(client: Client) -> Schedule:
    return (await client.get_schedule_handle("sweep").describe()).schedule
