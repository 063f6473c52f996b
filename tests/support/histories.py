"""Checks of the engine's histories that hold for every ticket."""

from collections.abc import Iterable

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

_RESULTS = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_TIMER_FIRED,
}
"""Events that the SDK delivers after the messages of the same task."""

_STARTED = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_NOT_COMMANDS = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
    *_RESULTS,
}


def silent_tasks(history: Iterable[HistoryEvent]) -> list[int]:
    """Return the tasks that were given a result and issued no command, by their last event.

    The SDK may present such a task together with the next one (ADR 0026).
    """
    versions, results, taken = list[int](), 0, 0
    events = list(history)
    for event, following in zip(events, [*events[1:], None], strict=True):
        if event.event_type in _RESULTS:
            results += 1
        elif event.event_type == _STARTED:
            taken = results
        elif event.event_type == _COMPLETED:
            silent = following is None or following.event_type in _NOT_COMMANDS
            if taken and silent:
                versions.append(event.event_id)
            results, taken = results - taken, 0
    return versions
