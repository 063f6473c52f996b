"""A worker process: connect, serve, and stop gracefully on SIGTERM or Ctrl-C."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from activities.maintenance import EVERY
from audit.archive import HistoryArchive
from media.upload_service import Uploads
from packs.registry import PackRegistry, default_root
from runtime.engine import CONVERTER, connect, encrypting, with_converter
from runtime.names import (
    ARCHIVE_WORKFLOW,
    BACKLOG_JOB,
    BACKLOG_WORKFLOW,
    FIGURES_WORKFLOW,
    HANDOVER_WORKFLOW,
    INCIDENTS_WORKFLOW,
    LAPSE_WORKFLOW,
    LISTS_WORKFLOW,
    MESSAGES_JOB,
    MESSAGES_WORKFLOW,
    OUTBOX_JOB,
    OUTBOX_WORKFLOW,
    READINGS_WORKFLOW,
    RENEWAL_WORKFLOW,
    REPLAN_WORKFLOW,
    RETENTION_WORKFLOW,
    REWARDS_WORKFLOW,
    SWEEP_WORKFLOW,
    TICKETS,
    TOPICS_WORKFLOW,
    UNITS,
    WEBHOOKS_WORKFLOW,
    unit_queue,
)
from runtime.outbound import Outbound
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.files.objects import Objects
from store.packs.archive import ArchivedPacks
from store.secrets.key_ring import open_ring
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.tickets.projector import Projector
from workers.factory import ActivityDependencies, ticket_worker, unit_worker
from workers.patrol_schedules import cities_with_patrols, schedule_patrols
from workers.schedules import keep_schedule
from workers.watchdog import watchdog

log = structlog.get_logger(__name__)

_AGAIN = 5.0
"""Seconds until the next attempt to reach the store."""

JOBS = {
    OUTBOX_JOB: (OUTBOX_WORKFLOW, EVERY),
    MESSAGES_JOB: (MESSAGES_WORKFLOW, EVERY),
    BACKLOG_JOB: (BACKLOG_WORKFLOW, EVERY),
    "sweep": (SWEEP_WORKFLOW, EVERY),
    "replan": (REPLAN_WORKFLOW, timedelta(minutes=15)),
    "retention": (RETENTION_WORKFLOW, timedelta(days=1)),
    "renewal": (RENEWAL_WORKFLOW, EVERY),
    "archive": (ARCHIVE_WORKFLOW, timedelta(hours=1)),
    "rewards": (REWARDS_WORKFLOW, EVERY),
    "handover": (HANDOVER_WORKFLOW, EVERY),
    "lapse": (LAPSE_WORKFLOW, timedelta(days=1)),
    "supervision_lists": (LISTS_WORKFLOW, timedelta(hours=1)),
    "webhooks": (WEBHOOKS_WORKFLOW, EVERY),
    "readings": (READINGS_WORKFLOW, EVERY),
    "incidents": (INCIDENTS_WORKFLOW, EVERY),
    "topics": (TOPICS_WORKFLOW, EVERY),
    "figures": (FIGURES_WORKFLOW, EVERY),
}


async def serve_platform(settings: Settings) -> None:
    """Serve tickets, maintenance jobs, and units without a worker of their own, until stopped."""
    store = Store.open(settings.store)
    ring = open_ring(settings.key_text, settings.key_file)
    keys = TicketKeys(store, ring)
    client = await connect(settings, encrypting(keys))
    projector = Projector(store)
    packs, objects = PackRegistry(settings.cities or default_root()), Objects.open(settings.files)
    archive = HistoryArchive(store, Objects.open(settings.archive), keys)
    dependencies = ActivityDependencies(
        client,
        store,
        packs,
        projector,
        keys,
        Vault(ring),
        objects,
        archive,
        Outbound.of(settings),
        Uploads(settings, store, objects, ring.root_key),
        settings,
    )
    keeping = asyncio.create_task(keep_packs(ArchivedPacks(dependencies.packs, store)))
    try:
        async with (
            watchdog(),
            ticket_worker(dependencies, cached_tickets=settings.cached_tickets),
            unit_worker(with_converter(client, CONVERTER), UNITS),
        ):
            await schedule_jobs(client)
            await schedule_patrols(client, cities_with_patrols(packs))
            log.info("worker ready", queues=[TICKETS, UNITS])
            await _until_stopped()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await projector.close()
        await store.close()


async def keep_packs(packs: ArchivedPacks) -> None:
    """Archive the packs in use in the store, so that tickets keep the rules they began under.

    A store that is away delays no ticket: the packs are written when it is back.
    """
    while True:
        try:
            values = await packs.keep_all()
        except StoreUnavailable:
            await asyncio.sleep(_AGAIN)
        else:
            log.info("packs kept", versions=values)
            return


async def serve_unit(settings: Settings, unit: str) -> None:
    """Serve the queue of one unit; its officers complete assignments from their inbox."""
    client = await connect(settings)
    async with watchdog(), unit_worker(client, unit_queue(unit)):
        log.info("worker ready", queues=[unit_queue(unit)])
        await _until_stopped()


async def schedule_jobs(client: Client) -> None:
    """Create the schedules of the maintenance jobs; renew those of an earlier version."""
    for name, (workflow_type, every) in JOBS.items():
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                workflow_type, id=f"chore/{name}", task_queue=TICKETS
            ),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE),
        )
        await keep_schedule(client, name, schedule)


async def _until_stopped() -> None:
    stop_signal = asyncio.Event()
    with _on_signals(stop_signal):
        await stop_signal.wait()


@contextmanager
def _on_signals(stop_signal: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_signal.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
