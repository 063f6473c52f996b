"""The fingerprint of a history: the commands of the workflow, in their order.

Incoming messages, the engine's own events, times and payloads are left out: the rest changes
only if the workflow's code decides differently.
"""

import json
from collections.abc import Iterable

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_COMMANDS = {
    EventType.EVENT_TYPE_MARKER_RECORDED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_TIMER_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED,
    EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,
}


def fingerprint(runs: Iterable[WorkflowHistory]) -> list[str]:
    """Return one word per command, of all runs of a ticket in their order."""
    events = (event for history in runs for event in history.events)
    return [_word(event) for event in events if event.event_type in _COMMANDS]


def _word(event: HistoryEvent) -> str:
    name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
        return f"{name}:{event.activity_task_scheduled_event_attributes.activity_type.name}"
    if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
        return f"{name}:{_marker(event)}"
    return name


def _marker(event: HistoryEvent) -> str:
    """Return the local activity's type, or the patch's id."""
    attributes = event.marker_recorded_event_attributes
    data = attributes.details.get("data") or attributes.details.get("patch-data")
    if data is None or not data.payloads:
        return attributes.marker_name
    payload = json.loads(data.payloads[0].data)
    return str(payload.get("activity_type") or payload.get("id") or attributes.marker_name)
