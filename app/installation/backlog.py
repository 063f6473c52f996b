"""The maintenance jobs and the backlog that they work off."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial

import structlog
from pydantic import Field
from temporalio.client import Client, ScheduleDescription
from temporalio.service import RPCError, RPCStatusCode

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.sending.call_errors import EngineUnavailable, NotRunning
from domain.model import Incoming, Instant, Recorded
from runtime.names import BACKLOG_JOB, OUTBOX_JOB
from store.tickets import backlog as waiting
from store.tickets.backlog import WaitingComplaint, WaitingMessage
from store.tickets.stuck import Stuck, stuck

logger = structlog.stdlib.get_logger("jiesu.api")


_YOUNG = timedelta(seconds=10)
"""Younger registrations are still being started by the API that received them."""


class JobName(StrEnum):
    """The maintenance jobs of the backlog."""

    SPOOL = BACKLOG_JOB
    OUTBOX = OUTBOX_JOB


class MaintenanceJob(Recorded):
    """A maintenance job as scheduled in the engine; null times: never, or not known."""

    name: JobName
    scheduled: bool
    last_at: Instant | None = None
    next_at: Instant | None = None


class BacklogQuery(Incoming):
    limit: int = Field(50, ge=1, le=200, description="Of each sort, the oldest first.")


class Backlog(Recorded):
    """The backlog. `complaints` and `messages` are totals; the lists have the oldest of them.

    `stuck`: what has waited for more than a minute although no person is waited for. `chores` is
    null while the engine is unavailable.
    """

    stuck: list[Stuck]
    complaints: int
    oldest_complaints: list[WaitingComplaint]
    messages: int
    oldest_messages: list[WaitingMessage]
    chores: list[MaintenanceJob] | None


async def backlog(context: AppContext, caller: Caller, limit: int) -> Backlog:
    await permit(context, caller, "see_installation")
    now = datetime.now(UTC)
    complaints, oldest = await waiting.complaints(context.store, caller.city, _YOUNG, limit, now)
    messages, letters = await waiting.messages(context.store, caller.city, limit)
    try:
        jobs = [await context.engine.ask(partial(_job, name=name)) for name in JobName]
    except EngineUnavailable:
        jobs = None
    return Backlog(
        stuck=await stuck(context.store, now, caller.city),
        complaints=complaints,
        oldest_complaints=oldest,
        messages=messages,
        oldest_messages=letters,
        chores=jobs,
    )


async def retry(context: AppContext, caller: Caller, name: JobName) -> MaintenanceJob:
    """Trigger the job's schedule; chore_not_scheduled if no worker has created one."""

    await permit(context, caller, "retry_waiting")

    async def trigger(client: Client) -> MaintenanceJob:
        await client.get_schedule_handle(name).trigger()
        return await _job(client, name)

    try:
        triggered = await context.engine.ask(trigger)
    except NotRunning as error:
        raise Problem("chore_not_scheduled") from error
    logger.info("maintenance job", what="triggered", job=name.value, by=caller.id)
    return triggered


async def _job(client: Client, name: JobName) -> MaintenanceJob:
    try:
        description = await client.get_schedule_handle(name).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return MaintenanceJob(name=name, scheduled=False)
        raise
    return MaintenanceJob(
        name=name, scheduled=True, last_at=_last(description), next_at=_next(description)
    )


def _last(description: ScheduleDescription) -> datetime | None:
    begun = [one.started_at for one in description.info.recent_actions]
    return max(begun, default=None)


def _next(description: ScheduleDescription) -> datetime | None:
    return min(description.info.next_action_times, default=None)
