"""Replanning: plan clocks again when a year's calendar is published, or its days change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.up_to_date import up_to_date
from domain.actors import SYSTEM, Actor
from domain.commands.supervising.replan import Replan
from domain.deadlines.calendar import changed_days
from domain.messages import Act
from domain.pack.pack import Pack
from domain.ticket.state import Snapshot
from domain.ticket.ticket import Ticket
from packs.registry import PackError, PackRegistry
from runtime.engine_errors import NOT_READY
from runtime.names import ticket_workflow_id
from store.db.engine import Store
from store.packs.archive import ArchivedPacks, UnknownPackVersion
from store.tickets import counted
from store.tickets.counted import CountedTickets

_AT_ONCE = 10
"""The number of tickets replanned at the same time."""

_PATIENCE = timedelta(seconds=20)

_FAR = timedelta(days=3 * 366)
"""The span in which the calendar is compared where clocks run fast."""


class Replanning:
    def __init__(self, packs: PackRegistry, store: Store, client: Client) -> None:
        self._packs = packs
        self._store = store
        self._client = client

    @activity.defn(name="replan_tickets")
    async def replan(self) -> int:
        """Replan every ticket that a published or changed day concerns; return their number."""
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

    A ticket is replanned if the days that its clocks count are others in the current pack, or only
    now published, and a due time, a level or a mark changes by that. The others are not asked: the
    record tells. A repeated request is harmless: there is nothing left to plan. A ticket that
    cannot be reached now is left to the next run.

    Raises:
        UnknownCity, PackError, StoreUnavailable
    """
    pack, archived_packs = packs.get(city), ArchivedPacks(packs, store)
    few: list[tuple[str, int]] = []
    for found in await counted.by_calendar(store, city):
        span = await _changed_span(archived_packs, pack, found)
        if span is None:
            continue
        async for ticket in counted.states(store, found, *span):
            if not await _is_concerned(archived_packs, ticket):
                continue
            few.append((ticket.complaint.number, ticket.version))
            if len(few) == _AT_ONCE:
                yield await _ask(client, few, pack.calendar.version, by)
                few = []
    if few:
        yield await _ask(client, few, pack.calendar.version, by)


async def _changed_span(
    packs: ArchivedPacks, pack: Pack, found: CountedTickets
) -> tuple[datetime, datetime] | None:
    """Return from when to when days of their calendars changed that tickets may count."""
    new, span = pack.calendar, (found.since, found.until)
    if pack.city.clock_scale != 1:  # their recorded times do not show what was counted
        span = found.since, max(found.until, datetime.now(UTC) + _FAR)
    older = [await packs.calendar(version) for version in sorted(found.versions)]
    days = [day for old in older if old is not None for day in changed_days(old, new, *span)]
    if not days or pack.city.clock_scale != 1:
        return span if days else None
    first, last = (datetime.combine(day, time(), new.tz) for day in (min(days), max(days)))
    return first, last + timedelta(days=1)


async def _is_concerned(packs: ArchivedPacks, ticket: Ticket) -> bool:
    """Return whether a clock of the recorded ticket is planned otherwise by today's calendar."""
    version = ticket.rules.pack_version if ticket.rules else None
    try:
        pack = await packs.of(ticket.complaint.city, version)
    except (UnknownPackVersion, PackError):
        return False
    now = datetime.now(UTC)
    for clock in ticket.counted:
        if await up_to_date(packs, pack, clock, now) is not clock:
            return True
    return False


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
        return False  # there is nothing to plan any more, or it has ended
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling() > 0:  # the activity is to end
            raise asyncio.CancelledError from None
        return False
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, NOT_READY):
            return False  # ended, or its task fails: that must not delay the others
        raise
    return True
