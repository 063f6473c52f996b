"""Names in the engine: workflow ids and types, task queues, search attributes. Built here only."""

from datetime import timedelta

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from domain.ticket.complaint import Complaint

TICKETS = "tickets"
"""Task queue of the workflows and of the platform's own activities."""

UNITS = "units"
"""Task queue shared by all units that have no worker of their own."""

TICKET_WORKFLOW = "Ticket"
OUTBOX_WORKFLOW = "Outbox"
BACKLOG_WORKFLOW = "Spool"
RETENTION_WORKFLOW = "Retention"
SWEEP_WORKFLOW = "Sweep"
RENEWAL_WORKFLOW = "Renewal"
REPLAN_WORKFLOW = "Replan"
ARCHIVE_WORKFLOW = "Archive"
REWARDS_WORKFLOW = "Rewards"
HANDOVER_WORKFLOW = "Handover"
LAPSE_WORKFLOW = "Lapse"
PATROL_WORKFLOW = "Patrol"
LISTS_WORKFLOW = "SupervisionLists"
WEBHOOKS_WORKFLOW = "Webhooks"
READINGS_WORKFLOW = "Readings"
INCIDENTS_WORKFLOW = "Incidents"
TOPICS_WORKFLOW = "Topics"
FIGURES_WORKFLOW = "Figures"
MESSAGES_WORKFLOW = "Messages"
OUTBOX_JOB, BACKLOG_JOB = "outbox", "spool"
MESSAGES_JOB = "messages"
"""Schedules of the maintenance jobs whose results somebody waits for."""

PATROL_PREFIX = "patrols-"
"""The beginning of the schedules of cities' patrols; the city's id follows."""

HANDLE_ACTIVITY = "handle_assignment"

CARRY_ON = "carry_on"
"""The signal that lets a ticket go on in a new run of its workflow."""

RECORD_AGAIN = "record_again"
"""The signal that makes a ticket copy its state into the store once more."""

RETENTION = timedelta(days=30)
"""The time that the engine keeps a closed run, where this program sets up its namespace."""

NAMESPACE = "jiesu"
SEARCH_ATTRIBUTES = {"City": "Keyword", "Kind": "Keyword"}
"""The attributes to search by in the engine's own tools. Never personal data."""

_CITY = SearchAttributeKey.for_keyword("City")
_KIND = SearchAttributeKey.for_keyword("Kind")
_PREFIX = "ticket/"


def ticket_workflow_id(number: str) -> str:
    return _PREFIX + number


def number_of(workflow_id: str) -> str:
    """Return the ticket's number; ValueError for a workflow that is no ticket's."""
    if not workflow_id.startswith(_PREFIX):
        raise ValueError(f"not a ticket's workflow id: {workflow_id}")
    return workflow_id.removeprefix(_PREFIX)


def ticket_of(workflow_id: str) -> str | None:
    """Return the ticket's number; None for a workflow that is no ticket's."""
    return workflow_id.removeprefix(_PREFIX) if workflow_id.startswith(_PREFIX) else None


def unit_queue(code: str) -> str:
    """Return the queue of a unit that has a worker of its own."""
    return f"unit.{code}"


def search_attributes(complaint: Complaint) -> TypedSearchAttributes:
    """Return the attributes that a ticket gives the engine unencrypted when it starts."""
    return TypedSearchAttributes(
        [SearchAttributePair(_CITY, complaint.city), SearchAttributePair(_KIND, complaint.kind)]
    )
