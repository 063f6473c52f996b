"""Replanning: plan provisional clocks again when a year's calendar is published."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from domain.actors import SYSTEM, Actor
from domain.commands.supervising.replan import Replan
from domain.messages import Act
from domain.ticket.ticket import Snapshot
from packs.registry import PackError, PackRegistry
from runtime.engine_errors import NOT_READY
from runtime.names import ticket_workflow_id
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from store.tickets import provisional

_AT_ONCE = 10
"""The number of tickets replanned at the same time."""

_PATIENCE = timedelta(seconds=20)


class Replanning:
    def __init__(self, packs: PackRegistry, store: Store, client: Client) -> None:
        self._packs = packs
        self._store = store
        self._client = client

    @activity.defn(name="replan_tickets")
    async def replan(self) -> int:
        """Replan every ticket that a published year concerns; return their number."""
        done = 0
        for city in self._packs.ids():
            try:
                async for changed in replanned(
                    self._packs, self._store, self._client, city, SYSTEM
                ):
                    done += changed
                    activity.heartbeat(done)
            except PackError:
                activity.logger.warning("a pack cannot be read", extra={"city": city})
        return done


async def replanned(
    packs: PackRegistry, store: Store, client: Client, city: str, by: Actor
) -> AsyncIterator[int]:
    """Replan the tickets of a city; yield the number replanned after each batch.

    A ticket is replanned if the current pack has published years that the calendar it was planned
    with had not. A repeated request is harmless: there is nothing left to plan. A ticket that
    cannot be reached now is left to the next run.

    Raises:
        UnknownCity, PackError, StoreUnavailable
    """
    current, archived_packs = packs.get(city).calendar, ArchivedPacks(packs, store)
    for versions in await provisional.planned_with(store, city):
        older = [await archived_packs.calendar(version) for version in sorted(versions)]
        if all(one is None or current.published <= one.published for one in older):
            continue
        few: list[tuple[str, int]] = []
        async for ticket in provisional.tickets(store, city, versions):
            few.append(ticket)
            if len(few) == _AT_ONCE:
                yield await _ask(client, few, current.version, by)
                few = []
        if few:
            yield await _ask(client, few, current.version, by)


async def _ask(client: Client, few: list[tuple[str, int]], calendar: str, by: Actor) -> int:
    asking = (_replan(client, number, version, calendar, by) for number, version in few)
    return sum(await asyncio.gather(*asking))


async def _replan(client: Client, number: str, version: int, calendar: str, by: Actor) -> bool:
    """Replan the ticket; return whether it was replanned."""
    handle = client.get_workflow_handle(ticket_workflow_id(number))
    try:
        await handle.execute_update(
            "act",
            Act(actor=by, command=Replan(), at=datetime.now(UTC)),
            id=f"replan-{calendar}-{version}",
            result_type=Snapshot,
            rpc_timeout=_PATIENCE,
        )
    except WorkflowUpdateFailedError:
        return False  # nothing is provisional any more, or it has ended
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        return False
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, NOT_READY):
            return False  # ended, or its task fails: that must not delay the others
        raise
    return True
