"""The state of the installation: engine, queues, findings."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from pydantic import Field
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, GetSystemInfoRequest
from temporalio.client import Client

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.installation.clock_checks import clock_of, record_of
from app.installation.findings import Finding
from app.installation.health_checks import assets_of, home_of, packs_on
from app.installation.history_checks import carried_on_of
from app.installation.incident_checks import incidents_of
from app.installation.neighbour_checks import neighbours_of
from app.installation.officer_checks import officers_of
from app.installation.store_checks import store_of
from app.sending.call_errors import EngineUnavailable
from domain.model import Instant, Recorded
from packs.registry import PackError
from runtime.engine import retention_of
from runtime.names import RETENTION, TICKET_WORKFLOW, TICKETS, UNITS
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.tickets import intake

logger = structlog.stdlib.get_logger("jiesu.api")

_MOST = 20
"""Queues that are described at most; each needs a request to the engine."""


class Poller(Recorded):
    """A worker that took work from a queue within the last minutes."""

    identity: str = Field(examples=["1234@worker-1"])
    seen_at: Instant


class TaskQueueState(Recorded):
    """A task queue; nobody works on one without pollers. `unit`: the unit that owns it."""

    name: str = Field(examples=["tickets"])
    unit: str | None = None
    pollers: list[Poller]


class EngineState(Recorded):
    """The engine. `open_tickets`: running workflows by its own count; null: it does not answer."""

    address: str
    namespace: str
    ready: bool
    version: str | None = None
    open_tickets: int | None = None
    queues: list[TaskQueueState] = Field(default_factory=list)
    ui: str | None = Field(None, description="Where the engine's own pages are, if they are named.")


class Installation(Recorded):
    """The installation. `findings`: those of `jiesu doctor` that a server can check."""

    version: str
    store: str = Field(examples=["sqlite"])
    store_ready: bool
    engine: EngineState
    cities: dict[str, str] = Field(description="Versions of the packs in use, by city.")
    findings: list[Finding]


async def installation(context: AppContext, caller: Caller, version: str) -> Installation:
    """Return the state of the installation; of tickets that are stuck, the caller's city's."""
    await permit(context, caller, "see_installation")
    store, engine, findings = await asyncio.gather(
        store_ready(context), _engine(context), _findings(context, caller.city)
    )
    return Installation(
        version=version,
        store=context.store.dialect,
        store_ready=store,
        engine=engine,
        cities={city: context.packs.get(city).version for city in context.packs.ids()},
        findings=findings,
    )


async def _findings(context: AppContext, city: str | None) -> list[Finding]:
    findings = [
        home_of(context.settings.home),
        *packs_on(context.packs),
        assets_of(context.settings),
    ]
    await context.engine.compare_clocks()
    findings.append(clock_of(context.engine.clock))
    now = context.engine.clock.now()
    retention = RETENTION
    with suppress(EngineUnavailable, StoreUnavailable):  # among the findings in any case
        retention = await context.engine.ask(retention_of)
        findings.append(await context.engine.ask(_carried_on(context.store, now - retention / 2)))
    findings += [finding async for finding in store_of(context.settings, now, city, retention)]
    with suppress(StoreUnavailable):  # already among the findings
        findings.append(await record_of(context.store))
        if city is None:
            findings += await neighbours_of(context.store)
            findings += await incidents_of(context.store, now)
            with suppress(PackError):  # already among the findings
                findings += await officers_of(context.store, context.packs)
    return findings


def _carried_on(store: Store, before: datetime) -> Callable[[Client], Awaitable[Finding]]:
    return lambda client: carried_on_of(client, store, before)


async def _engine(context: AppContext) -> EngineState:
    settings = context.settings
    engine_state = EngineState(
        address=settings.temporal_address,
        namespace=settings.temporal_namespace,
        ready=await context.engine.ready(),
        ui=settings.temporal_ui or None,
    )
    if not engine_state.ready:
        return engine_state
    try:
        engine_state.version = await context.engine.ask(_version)
        engine_state.open_tickets = await context.engine.ask(_open_tickets)
        for name, unit in _queues(context).items():
            engine_state.queues.append(
                TaskQueueState(
                    name=name, unit=unit, pollers=await context.engine.ask(_asking(name))
                )
            )
    except EngineUnavailable:  # it became unavailable: return what is known so far
        engine_state.ready = False
    return engine_state


def _queues(context: AppContext) -> dict[str, str | None]:
    """Return the two queues of the platform, and those of units that have their own workers."""
    names: dict[str, str | None] = {TICKETS: None, UNITS: None}
    for city in context.packs.ids():
        pack = context.packs.get(city)
        for unit in pack.units:
            queue = pack.queue_of(unit)
            if len(names) < _MOST:
                names.setdefault(queue, unit.code)
    return names


async def _version(client: Client) -> str:
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    return str(info.server_version)


async def _open_tickets(client: Client) -> int:
    query = f"ExecutionStatus='Running' AND WorkflowType='{TICKET_WORKFLOW}'"
    return (await client.count_workflows(query)).count


def _asking(name: str) -> Callable[[Client], Awaitable[list[Poller]]]:
    """Return a request for a queue's pollers: of workflows for tickets, of activities for units."""
    kind = (
        TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
        if name == TICKETS
        else TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    )

    async def pollers(client: Client) -> list[Poller]:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind
        )
        response = await client.workflow_service.describe_task_queue(request)
        return [
            Poller(identity=one.identity, seen_at=one.last_access_time.ToDatetime(UTC))
            for one in response.pollers
        ]

    return pollers


async def store_ready(context: AppContext) -> bool:
    try:
        async with asyncio.timeout(1):
            await intake.get(context.store, "")  # a query that needs the tables, not only a server
    except Exception as error:  # any error means that the store is not ready
        logger.warning("store not ready", error=type(error).__name__)
        return False
    return True
