"""A driver of the floor: the same engine calls as the API for a ticket, in the same order."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from bench import floor
from bench.load import Failed
from domain.ticket.complaint import Complaint
from runtime.names import search_attributes

_PATIENCE = 30.0
_OPENLY = search_attributes(
    Complaint(number="", city="tongzhou", text="-", filed_at=datetime.now(UTC))
)


class Bells(asyncio.DatagramProtocol):
    """A listener for notifications of the floor's worker."""

    def __init__(self) -> None:
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator[Self]:
        transport, bells = await asyncio.get_running_loop().create_datagram_endpoint(
            cls, local_addr=("127.0.0.1", 0)
        )
        bells.port = transport.get_extra_info("sockname")[1]
        try:
            yield bells
        finally:
            transport.close()

    def datagram_received(self, data: bytes, _address: object) -> None:
        waiting = self._awaited.pop(data.decode(), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def expect(self, name: str, news: str) -> "asyncio.Future[None]":
        """Return a future of the news; call before its cause."""
        coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[f"{name} {news}"] = coming
        return coming


class FloorDriver:
    """One client of the floor."""

    def __init__(self, client: Client, bells: Bells) -> None:
        self._client = client
        self._bells = bells

    async def live(self) -> float:
        """Drive one run to its end; return the seconds until its receipt."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._live(f"floor/{secrets.token_hex(8)}")
        except (RPCError, TimeoutError) as error:
            raise Failed(f"floor: {type(error).__name__}") from error

    async def _live(self, name: str) -> float:
        handled = self._bells.expect(name, "handled")
        ended = self._bells.expect(name, "ended")
        begun = time.perf_counter()
        start = WithStartWorkflowOperation(
            floor.FloorWorkflow.run,
            floor.FloorStart(bell=self._bells.port, name=name),
            id=name,
            task_queue=floor.FLOOR,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=_OPENLY,
        )
        await self._client.execute_update_with_start_workflow(
            floor.FloorWorkflow.receipt, start_workflow_operation=start, id="receipt"
        )
        accepted = time.perf_counter() - begun
        run = self._client.get_workflow_handle(name)
        await run.execute_update(floor.FloorWorkflow.act, bytes(floor.SIGN))
        await run.execute_update(floor.FloorWorkflow.act, bytes(floor.CONTACT))
        work = self._client.get_async_activity_handle(
            workflow_id=name, run_id=None, activity_id=floor.HANDLE_ID
        )
        await work.complete(bytes(floor.RESULT), rpc_timeout=timedelta(seconds=_PATIENCE))
        await handled
        await run.signal(floor.FloorWorkflow.rate, bytes(floor.VERDICT))
        await ended
        return accepted
