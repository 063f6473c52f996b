"""Schedules in the engine: created where they are missing, and renewed by a later version."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

log = structlog.get_logger(__name__)


async def keep_schedule(client: Client, name: str, schedule: Schedule) -> None:
    """Create a schedule, or bring the one of this name up to date."""
    try:
        await client.create_schedule(name, schedule, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        log.debug("scheduled already", schedule=name)
        await client.get_schedule_handle(name).update(_renewal(schedule))


def _renewal(schedule: Schedule) -> Callable[[ScheduleUpdateInput], ScheduleUpdate | None]:
    """Return the update of a schedule to what it is by this version.

    One that somebody paused stays paused.
    """

    def renewed(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        known = found.description.schedule
        if _what_of(known) == _what_of(schedule):
            return None
        return ScheduleUpdate(replace(schedule, state=known.state))

    return renewed


def _what_of(schedule: Schedule) -> tuple[object, ...]:
    action, policy = schedule.action, schedule.policy
    workflow = action.workflow if isinstance(action, ScheduleActionStartWorkflow) else None
    intervals = tuple((one.every, one.offset or timedelta()) for one in schedule.spec.intervals)
    return workflow, intervals, policy.overlap, policy.catchup_window
