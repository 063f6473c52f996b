"""Tests of the job of patrols: a simulated week with 300 routes, and the schedule in an engine.

The engine's test server that skips time knows no schedules. So the schedule is read back from a
real engine, fired and caught up there; and the look itself is taken at every quarter of an hour of
a week, with the times given to it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError

from activities.patrols import Patrolling
from domain.patrol.rounds import RoundState
from packs.registry import PackRegistry, default_root
from runtime.names import PATROL_PREFIX, PATROL_WORKFLOW
from store.db.engine import Store
from store.patrols import rounds
from store.patrols.rounds import Of
from tests.support.engine import furnish, platform
from tests.support.patrols import many_routes
from workers.patrol_schedules import LOOK_EVERY, cities_with_patrols, schedule_patrols

CITY = "jinan"
START = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""Midnight in the city, before a Monday."""
DAYS, ROUTES = 7, 300


def patrolling(routes: int) -> PackRegistry:
    """Return the shipped packs, with so many routes in Jinan."""
    packs = PackRegistry(default_root())
    pack = packs.get(CITY)
    changed = pack.model_copy(update={"patrols": many_routes(pack.patrols, routes)})
    packs._packs[CITY] = changed
    return packs


async def test_a_week_of_300_routes_is_on_time_and_nothing_piles_up(store: Store) -> None:
    job = Patrolling(patrolling(ROUTES), store)
    looks = DAYS * timedelta(days=1) // LOOK_EVERY
    done = [await job.due(CITY, START + n * LOOK_EVERY) for n in range(looks)]
    found = await rounds.between(store, CITY, Of(), START.date(), START.date() + timedelta(30))
    assert len(found) == DAYS * ROUTES
    assert {one.made_at - one.starts for one in found} == {timedelta(hours=-7)}, "at midnight"
    waiting = sum(one.state is RoundState.WAITING for one in found)
    assert (waiting, len(found) - waiting) == (0, DAYS * ROUTES), "the last window is over, too"
    climbed = await rounds.rungs(store, [one.id for one in found])
    assert all(timedelta() <= one.at - one.due_at < LOOK_EVERY for one in climbed)
    rungs = [DAYS, DAYS - 1, DAYS - 2]
    assert len(climbed) == ROUTES * sum(rungs)
    assert sum(done) == DAYS * ROUTES + ROUTES * sum(rungs)
    busy = sum(1 for one in done if one)
    assert busy <= 2 * DAYS, "all other looks find nothing to do"


async def test_the_schedule_says_what_it_is_meant_to(client: Client, sqlite_store: Store) -> None:
    packs = patrolling(3)
    furnish(client, sqlite_store)
    assert cities_with_patrols(packs) == [CITY]
    async with unscheduled(client):
        handle = client.get_schedule_handle(f"{PATROL_PREFIX}{CITY}")
        for _ in range(2):  # a second worker finds it there
            await schedule_patrols(client, [CITY])
        await handle.update(_slower)  # as an earlier version had it, and somebody paused it
        await schedule_patrols(client, [CITY])
        told = await handle.describe()
        policy, action = told.schedule.policy, told.schedule.action
        assert told.schedule.state.paused
        assert policy.overlap is ScheduleOverlapPolicy.SKIP
        assert policy.catchup_window == LOOK_EVERY
        assert [each.every for each in told.schedule.spec.intervals] == [LOOK_EVERY]
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.workflow == PATROL_WORKFLOW
        coming = told.info.next_action_times
        assert {(at.minute % 15, at.second) for at in coming} == {(0, 0)}
        apart = {later - sooner for sooner, later in pairwise(coming)}
        assert apart == {LOOK_EVERY}


def _slower(given: ScheduleUpdateInput) -> ScheduleUpdate:
    """Return the update of a schedule to another interval, and to a pause."""
    known = given.description.schedule
    known.spec.intervals = [ScheduleIntervalSpec(every=timedelta(hours=6))]
    known.state.paused = True
    return ScheduleUpdate(schedule=known)


async def test_fired_and_caught_up_it_makes_each_round_once(
    client: Client, sqlite_store: Store
) -> None:
    packs = patrolling(5)
    since = datetime.now(UTC)
    async with unscheduled(client), platform(client, sqlite_store, packs, units=False):
        await schedule_patrols(client, [CITY])
        handle = client.get_schedule_handle(f"{PATROL_PREFIX}{CITY}")
        await _finished(client, since, 1)
        await handle.trigger()
        await _finished(client, since, 2)
        until = datetime.now(UTC) - timedelta(hours=1)
        await handle.backfill(
            ScheduleBackfill(
                start_at=until - timedelta(hours=2),
                end_at=until,
                overlap=ScheduleOverlapPolicy.BUFFER_ALL,
            )
        )
        await _finished(client, since, 2 + 8)
        today = datetime.now(packs.get(CITY).calendar.tz).date()
        days = (today - timedelta(days=1), today + timedelta(days=1))
        found = await rounds.between(sqlite_store, CITY, Of(), *days)
        assert len(found) in (5, 10), "ten if midnight passed meanwhile"
        assert len({(one.route, one.day) for one in found}) == len(found)
        assert len({one.day for one in found}) == len(found) // 5


@asynccontextmanager
async def unscheduled(client: Client) -> AsyncIterator[None]:
    """Remove the schedule after a test, and the looks that nobody has worked on."""
    try:
        yield
    finally:
        with suppress(RPCError):
            await client.get_schedule_handle(f"{PATROL_PREFIX}{CITY}").delete()
        query = f"WorkflowType = '{PATROL_WORKFLOW}' AND ExecutionStatus = 'Running'"
        async for one in client.list_workflows(query):
            with suppress(RPCError):
                await client.get_workflow_handle(one.id, run_id=one.run_id).terminate()


async def _finished(client: Client, since: datetime, count: int) -> None:
    """Wait until so many looks begun since then have ended well, and none runs."""
    query = f"WorkflowType = '{PATROL_WORKFLOW}' AND StartTime >= '{since.isoformat()}'"
    async with asyncio.timeout(60):
        while True:
            states = [one.status async for one in client.list_workflows(query)]
            ended = [one for one in states if one is WorkflowExecutionStatus.COMPLETED]
            if len(ended) >= count and len(ended) == len(states):
                return
            await asyncio.sleep(0.1)
