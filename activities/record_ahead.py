"""Search for tickets whose record is ahead of the engine: its database is an older copy."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from runtime.names import ticket_workflow_id
from store.db.engine import Store
from store.tickets.setbacks import SHOWN, Candidate, changed_last, noted

MOST = 5000
"""The most tickets that are found: more are not needed to see what happened."""

_AT_ONCE = 20


async def tickets_ahead(
    client: Client,
    store: Store,
    now: datetime,
    *,
    look_at: int,
    going_on: Callable[[], None] = lambda: None,
) -> dict[str, str]:
    """Return the cities of the tickets, by number, with a longer history in the record than in the
    engine.

    An older copy lacks what happened last, so that the tickets that changed last show it: `look_at`
    of them are compared, then as many more as long as any is found, and those that were found
    before. The engine is asked once for each. `now`: by its clock; what is younger than a minute
    may be on its way. `going_on` is called every few tickets: after a setback this takes a while.

    Raises:
        RPCError, StoreUnavailable
    """
    found = await _ahead_of(client, await noted(store, MOST), now, going_on)
    offset = 0
    while len(found) < MOST:
        candidates = await changed_last(store, offset, look_at)
        some = await _ahead_of(client, candidates, now, going_on)
        found |= some
        offset += len(candidates)
        if not some:
            break
    return found


async def _ahead_of(
    client: Client, candidates: Sequence[Candidate], now: datetime, going_on: Callable[[], None]
) -> dict[str, str]:
    due = [one for one in candidates if one.length and one.at <= now - SHOWN]
    found = {}
    for start in range(0, len(due), _AT_ONCE):
        going_on()
        some = due[start : start + _AT_ONCE]
        lengths = await asyncio.gather(*(history_length(client, one.number) for one in some))
        for one, length in zip(some, lengths, strict=True):
            if length is not None and length < one.length:
                found[one.number] = one.city
    return found


async def history_length(client: Client, number: str) -> int | None:
    """Return the length of a ticket's history over all runs; None if the engine lacks a part.

    Of a ticket in several runs it is up to two events per run longer than the ticket counts.

    Raises:
        RPCError
    """
    workflow_id, total, run_id = ticket_workflow_id(number), 0, ""
    try:
        while True:
            handle = client.get_workflow_handle(workflow_id, run_id=run_id or None)
            described = await handle.describe()
            total += described.history_length
            first = described.raw_description.workflow_execution_info.first_run_id
            if described.run_id == first:
                return total
            run_id = await _run_before(client, workflow_id, described.run_id)
            if not run_id:
                return total
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _run_before(client: Client, workflow_id: str, run_id: str) -> str:
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    async for event in handle.fetch_history_events(page_size=1):
        return event.workflow_execution_started_event_attributes.continued_execution_run_id
    return ""
