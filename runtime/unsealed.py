"""The mark on payloads that are not encrypted with the key of the ticket they were sent to."""

from temporalio.api.common.v1 import Payload

UNSEALED = "unsealed"
"""The code of what is refused for that."""

_MARK = "jiesu-unsealed"


def marked(payload: Payload) -> Payload:
    """Return the payload with the mark."""
    return Payload(metadata={**payload.metadata, _MARK: b"1"}, data=payload.data)


def is_marked(payload: Payload) -> bool:
    return _MARK in payload.metadata
