"""Worker construction: the queues, workflows, activities and dependencies of each worker."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from activities.accept import Accept
from activities.archive import Archiving
from activities.clocks import Clocks
from activities.composing import Composer
from activities.deliveries import Deliveries
from activities.dispatch import Dispatch
from activities.feedback import Feedback
from activities.figures import FigureKeeping
from activities.handle import park_assignment
from activities.handover import HandingOver
from activities.handover_tickets import EngineTickets
from activities.incidents import Incidents
from activities.intake_backlog import IntakeBacklog
from activities.merge import Merging
from activities.message_gateways import ways_of
from activities.outbox import Outbox
from activities.patrols import Patrolling
from activities.project import Project
from activities.readings import Readings
from activities.reasons import ReasonActivities
from activities.renewal import Renewal
from activities.replan import Replanning
from activities.retention import RetentionActivities
from activities.rewards import Rewarding
from activities.settle import Settle
from activities.supervision import Listing
from activities.sweep import Sweep
from activities.topics import TopicKeeping
from activities.triage import TriageActivities
from activities.webhooks import Webhooks
from app.tickets.redaction import redacted
from audit.archive import HistoryArchive
from audit.archiving import export_due
from media.handed_over import FetchedFiles
from media.likeness import mark_of
from media.upload_service import Uploads
from packs.registry import PackRegistry
from runtime.engine import retention_of
from runtime.names import TICKETS
from runtime.outbound import Carrier, Outbound
from runtime.release import release
from runtime.settings import Settings
from store.db.engine import Store
from store.files.objects import Objects
from store.packs.archive import ArchivedPacks
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.tickets.projector import Projector
from store.webhooks.subscriptions import cipher_of
from workers.runner import TicketRunner
from workflows.maintenance import (
    ArchiveWorkflow,
    FiguresWorkflow,
    HandoverWorkflow,
    IncidentsWorkflow,
    IntakeBacklogWorkflow,
    LapseWorkflow,
    MessagesWorkflow,
    OutboxWorkflow,
    PatrolWorkflow,
    ReadingsWorkflow,
    RenewalWorkflow,
    ReplanWorkflow,
    RetentionWorkflow,
    RewardsWorkflow,
    SupervisionListsWorkflow,
    SweepWorkflow,
    TopicsWorkflow,
    WebhooksWorkflow,
)
from workflows.ticket import TicketWorkflow

GRACE = timedelta(seconds=5)
"""The time a stopping worker has to finish its activities (a projection, a due time)."""

WORKFLOWS = (
    TicketWorkflow,
    OutboxWorkflow,
    MessagesWorkflow,
    IntakeBacklogWorkflow,
    RetentionWorkflow,
    SweepWorkflow,
    RenewalWorkflow,
    ReplanWorkflow,
    ArchiveWorkflow,
    RewardsWorkflow,
    SupervisionListsWorkflow,
    LapseWorkflow,
    PatrolWorkflow,
    HandoverWorkflow,
    WebhooksWorkflow,
    ReadingsWorkflow,
    IncidentsWorkflow,
    TopicsWorkflow,
    FiguresWorkflow,
)

# All project modules pass through the sandbox (an open ticket then costs about 100 KB instead of
# 400), and so do libraries that workflow code only names in types. A module that would be passed
# through, or imported anew per ticket, without being listed here fails loudly at start.
_PASSED = (
    "domain",
    "packs",
    "runtime",
    "store",
    "activities",
    "workflows",
    "pydantic",
    "sqlmodel",
)
_POLICY = (
    workflow.SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    | workflow.SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
)


def sandboxed_runner() -> TicketRunner:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*_PASSED)
    return TicketRunner(restrictions=restrictions.with_import_notification_policy(_POLICY))


@dataclass(frozen=True)
class ActivityDependencies:
    """The dependencies of the platform's activities."""

    client: Client
    store: Store
    packs: PackRegistry
    projector: Projector
    keys: TicketKeys
    vault: Vault
    objects: Objects
    archive: HistoryArchive
    outbound: Carrier = field(default_factory=Outbound)
    uploads: Uploads | None = None
    settings: Settings = field(default_factory=Settings)

    async def export(self) -> AsyncIterator[str]:
        """Export the histories that are due; see `export_due`."""
        retention = await retention_of(self.client)
        async for became in export_due(self.client, self.archive, retention, datetime.now(UTC)):
            yield became


def ticket_worker(dependencies: ActivityDependencies, *, cached_tickets: int = 1000) -> Worker:
    """Return the platform's worker for the queue `tickets`: workflows, activities, maintenance."""
    packs, store = ArchivedPacks(dependencies.packs, dependencies.store), dependencies.store
    objects = dependencies.objects
    rewarding = Rewarding(packs, dependencies.packs, store, dependencies.vault, objects, mark_of)
    handing_over = HandingOver(
        dependencies.packs,
        store,
        dependencies.vault,
        dependencies.keys,
        dependencies.outbound,
        EngineTickets(store, dependencies.client),
        FetchedFiles(dependencies.uploads, dependencies.outbound) if dependencies.uploads else None,
    )
    triage = TriageActivities(packs, dependencies.packs, store)
    cipher = cipher_of(dependencies.vault.ring)
    webhooks = Webhooks(store, dependencies.packs, cipher, dependencies.outbound)
    readings = Readings(
        dependencies.packs, store, dependencies.client, dependencies.vault, dependencies.keys
    )
    return Worker(
        dependencies.client,
        task_queue=TICKETS,
        workflows=list(WORKFLOWS),
        activities=[
            Accept(packs).accept,
            triage.triage,
            triage.accuse,
            Dispatch(packs).dispatch,
            Feedback(packs).prepare,
            Clocks(packs).plan,
            Clocks(packs).extend,
            Clocks(packs).resume,
            Clocks(packs).replan,
            Clocks(packs).reclassify,
            ReasonActivities(packs).check,
            Merging(store).check,
            Settle(packs, store, dependencies.keys).open_inspections,
            Project(dependencies.projector).project,
            Outbox(store).deliver,
            _deliveries(dependencies).send,
            IntakeBacklog(store, dependencies.client).start_waiting,
            RetentionActivities(dependencies.packs, store).apply,
            Renewal(dependencies.client).renew,
            Sweep(store, objects, dependencies.archive.objects).sweep,
            Archiving(dependencies.export).archive,
            Replanning(dependencies.packs, store, dependencies.client).replan,
            rewarding.grant,
            rewarding.lapse,
            Patrolling(dependencies.packs, store).patrol,
            Listing(dependencies.packs, store).fill,
            handing_over.hand_over,
            webhooks.deliver,
            readings.judge,
            Incidents(dependencies.packs, store, dependencies.client).keep,
            TopicKeeping(dependencies.packs, store).keep,
            FigureKeeping(dependencies.packs, store).keep,
        ],
        workflow_runner=sandboxed_runner(),
        max_cached_workflows=cached_tickets,
        graceful_shutdown_timeout=GRACE,
        build_id=release(),  # else the SDK reads all loaded modules at every start
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )


def _deliveries(dependencies: ActivityDependencies) -> Deliveries:
    settings, store = dependencies.settings, dependencies.store
    composer = Composer(
        store,
        dependencies.packs,
        dependencies.vault,
        redacted,
        settings.public_url,
        {name: one.get_secret_value() for name, one in settings.staff_addresses.items()},
    )
    within = timedelta(hours=settings.sms_receipt_hours)
    return Deliveries(store, composer, ways_of(settings, dependencies.vault.ring), within)


def unit_worker(client: Client, queue: str) -> Worker:
    """Return a worker that parks assignments of `queue` for officers to complete from their inbox.

    It decodes nothing of them: a client without keys is enough.
    """
    return Worker(
        client,
        task_queue=queue,
        activities=[park_assignment],
        build_id=release(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
