"""Maintenance jobs: the workflows that the engine runs on a schedule.

Each run is one activity. A job that somebody waits for works until shortly before the next run, so
that new work is done within a second and a run leaves only a few history events.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from runtime.names import (
    ARCHIVE_WORKFLOW,
    BACKLOG_WORKFLOW,
    FIGURES_WORKFLOW,
    HANDOVER_WORKFLOW,
    INCIDENTS_WORKFLOW,
    LAPSE_WORKFLOW,
    LISTS_WORKFLOW,
    MESSAGES_WORKFLOW,
    OUTBOX_WORKFLOW,
    PATROL_WORKFLOW,
    READINGS_WORKFLOW,
    RENEWAL_WORKFLOW,
    REPLAN_WORKFLOW,
    RETENTION_WORKFLOW,
    REWARDS_WORKFLOW,
    SWEEP_WORKFLOW,
    TOPICS_WORKFLOW,
    WEBHOOKS_WORKFLOW,
)

with workflow.unsafe.imports_passed_through():
    from activities.archive import Archiving
    from activities.deliveries import Deliveries
    from activities.figures import FigureKeeping
    from activities.handover import HandingOver
    from activities.incidents import Incidents
    from activities.intake_backlog import IntakeBacklog
    from activities.maintenance import EVERY
    from activities.outbox import Outbox
    from activities.patrols import Patrolling
    from activities.readings import Readings
    from activities.renewal import Renewal
    from activities.replan import Replanning
    from activities.retention import RetentionActivities
    from activities.rewards import Rewarding
    from activities.supervision import Listing
    from activities.sweep import Sweep
    from activities.topics import TopicKeeping
    from activities.webhooks import Webhooks

_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))


@workflow.defn(name=OUTBOX_WORKFLOW)
class OutboxWorkflow:
    """The delivery of messages."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Outbox.deliver,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(seconds=10),
            retry_policy=_RETRY,
        )


@workflow.defn(name=BACKLOG_WORKFLOW)
class IntakeBacklogWorkflow:
    """The start of tickets whose complaints were taken while the engine was away."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            IntakeBacklog.start_waiting,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(seconds=10),
            retry_policy=_RETRY,
        )


@workflow.defn(name=RETENTION_WORKFLOW)
class RetentionWorkflow:
    """The daily erasure of data whose retention time is over."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            RetentionActivities.apply,
            start_to_close_timeout=timedelta(hours=20),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=_RETRY,
        )


@workflow.defn(name=SWEEP_WORKFLOW)
class SweepWorkflow:
    """The deletion of files that were uploaded and never attached to a ticket."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Sweep.sweep,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(minutes=1),
            retry_policy=_RETRY,
        )


@workflow.defn(name=RENEWAL_WORKFLOW)
class RenewalWorkflow:
    """The move of open tickets of older code to today's; needed after an upgrade."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Renewal.renew,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(minutes=1),
            retry_policy=_RETRY,
        )


@workflow.defn(name=REPLAN_WORKFLOW)
class ReplanWorkflow:
    """The replanning of clocks when a year is published, or its days change."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Replanning.replan,
            start_to_close_timeout=timedelta(hours=20),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=_RETRY,
        )


@workflow.defn(name=ARCHIVE_WORKFLOW)
class ArchiveWorkflow:
    """The export of ended tickets' histories, before the engine forgets them."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Archiving.archive,
            start_to_close_timeout=timedelta(hours=20),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=_RETRY,
        )


@workflow.defn(name=REWARDS_WORKFLOW)
class RewardsWorkflow:
    """The granting of points for reports that have ended, and the return of unfetched prizes'."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Rewarding.grant,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(minutes=1),
            retry_policy=_RETRY,
        )


@workflow.defn(name=LAPSE_WORKFLOW)
class LapseWorkflow:
    """The daily end of points whose time is over."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Rewarding.lapse,
            start_to_close_timeout=timedelta(hours=20),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=_RETRY,
        )


@workflow.defn(name=PATROL_WORKFLOW)
class PatrolWorkflow:
    """A look at a city's patrols: which rounds are due, and which were missed."""

    @workflow.run
    async def run(self, city: str) -> int:
        return await workflow.execute_activity_method(
            Patrolling.patrol,
            city,
            start_to_close_timeout=2 * EVERY,
            retry_policy=_RETRY,
        )


@workflow.defn(name=LISTS_WORKFLOW)
class SupervisionListsWorkflow:
    """The putting of tickets on supervision lists by the rules of the cities."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Listing.fill,
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=timedelta(minutes=1),
            retry_policy=_RETRY,
        )


@workflow.defn(name=HANDOVER_WORKFLOW)
class HandoverWorkflow:
    """The delivery of letters to neighbouring cities, and what theirs ask for."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            HandingOver.hand_over,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=_RETRY,
        )


@workflow.defn(name=WEBHOOKS_WORKFLOW)
class WebhooksWorkflow:
    """The sending of what changed to those who subscribed."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Webhooks.deliver,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=_RETRY,
        )


@workflow.defn(name=READINGS_WORKFLOW)
class ReadingsWorkflow:
    """The judging of the events of sensors, and the filing of the tickets that they cause."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Readings.judge,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=_RETRY,
        )


@workflow.defn(name=INCIDENTS_WORKFLOW)
class IncidentsWorkflow:
    """The proposing of incidents; the start, merging and answering of their members."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Incidents.keep,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(minutes=1),
            retry_policy=_RETRY,
        )


@workflow.defn(name=TOPICS_WORKFLOW)
class TopicsWorkflow:
    """The keeping of topics: tickets that changed are compared with others."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            TopicKeeping.keep,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=_RETRY,
        )


@workflow.defn(name=FIGURES_WORKFLOW)
class FiguresWorkflow:
    """The keeping of what tickets contribute to figures and points."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            FigureKeeping.keep,
            start_to_close_timeout=2 * EVERY,
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=_RETRY,
        )


@workflow.defn(name=MESSAGES_WORKFLOW)
class MessagesWorkflow:
    """The delivery of messages outside the house."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Deliveries.send,
            start_to_close_timeout=2 * EVERY,
            # A step sends some messages, and each may wait for its server.
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=_RETRY,
        )
