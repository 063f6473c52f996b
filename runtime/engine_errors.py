"""The transient errors of the engine."""

from temporalio.service import RPCStatusCode

NOT_READY = RPCStatusCode.FAILED_PRECONDITION
"""The status while a workflow task that failed or timed out several times is retried: until it
succeeds, the engine accepts no update or query of the workflow."""

PASSING = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
        NOT_READY,
    }
)
"""Statuses after which the same call may succeed; with any other, it would fail again."""
