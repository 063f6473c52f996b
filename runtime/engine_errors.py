"""Which errors of the engine pass by themselves."""

from temporalio.service import RPCStatusCode

NOT_READY = RPCStatusCode.FAILED_PRECONDITION
"""The workflow's task has failed or timed out several times, and is tried again: until then the
engine takes no update and no query of it."""

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
"""States after which the same call may succeed; any other is what the engine thinks of the call."""
