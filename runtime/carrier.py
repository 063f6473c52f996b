"""The carrier of requests to others: the real one, or the network of a test."""

from collections.abc import Mapping
from typing import Protocol

from runtime.outbound import HttpReply


class Carrier(Protocol):
    """A carrier of requests: `runtime.outbound.Outbound`, or a test's network."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        within: float = 15.0,
        most: int = 64 * 1024,
    ) -> HttpReply: ...
