"""A worker that serves a unit's queue with the department's own program.

In the city's pack the unit needs `queue = program`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timezone

from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.exceptions import ApplicationError
from temporalio.service import TLSConfig
from temporalio.worker import Worker

from jiesu_department.codec import RemoteCodec, api_client
from jiesu_department.orders import UnitOrder, UnitResult

Handler = Callable[[UnitOrder], Awaitable[UnitResult]]

NAMESPACE = "jiesu"
_ACTIVITY = "handle_assignment"
_CODE = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_BEAT = 15.0
"""Seconds between heartbeats; the engine considers a program dead after 60 without one."""


class CannotHandle(ApplicationError):
    """An error that gives the assignment up: a dispatcher then chooses another unit.

    Any other error is considered temporary, and the assignment is retried, with growing pauses of
    at most an hour. `code`: ASCII letters, digits, "_", "." and "-", at most 64. The engine keeps
    it unencrypted, and it outlives the erasure of the ticket: of another one nothing is told but
    "cannot_handle", and its words go into the message, which is encrypted.
    """

    def __init__(self, code: str, message: str) -> None:
        if _CODE.fullmatch(code):
            super().__init__(message, type=code, non_retryable=True)
        else:
            super().__init__(f"{code}: {message}", type="cannot_handle", non_retryable=True)


def department_worker(client: Client, unit: str, handler: Handler, *, at_once: int = 100) -> Worker:
    """Return a worker that gives every assignment of `unit` to `handler`, `at_once` at a time.

    `handler` may take days: it is kept alive by heartbeats, and called again (with the same order)
    when its process dies. It may thus get an order twice: use `order.number` and
    `order.assignment` as its identity.
    """

    @activity.defn(name=_ACTIVITY)
    async def handle(order: UnitOrder) -> UnitResult:
        beating = asyncio.create_task(_beat())
        try:
            result = await handler(order)
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
        # Validated here: a result of the wrong shape must fail this program, not the ticket.
        result = UnitResult.model_validate(result)
        now = datetime.now(timezone.utc)  # noqa: UP017 - Python 3.10 has no datetime.UTC
        return result.model_copy(update={"by": result.by or f"program:{unit}", "at": now})

    return Worker(
        client, task_queue=f"unit.{unit}", activities=[handle], max_concurrent_activities=at_once
    )


async def serve_department(
    unit: str,
    handler: Handler,
    *,
    api: str,
    token: str,
    address: str = "127.0.0.1:7233",
    namespace: str = NAMESPACE,
    tls: TLSConfig | bool = False,
    api_key: str | None = None,
) -> None:
    """Connect to the engine at `address` and serve until cancelled.

    Orders are encrypted; the API at `api` decrypts them for `token`, of an officer of the unit.
    `tls`, `api_key`: as the engine asks for them.
    """
    async with api_client(api, token) as http:
        converter = DataConverter(
            payload_converter_class=PydanticPayloadConverter,
            payload_codec=RemoteCodec(http),
            failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        )
        client = await Client.connect(
            address,
            namespace=namespace,
            data_converter=converter,
            tls=tls or api_key is not None,
            api_key=api_key,
        )
        await department_worker(client, unit, handler).run()


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(_BEAT)
