"""Findings of the doctor on histories and open tickets, for which the engine has to be asked."""

from datetime import datetime

from temporalio.client import Client

from activities.record_ahead import tickets_ahead
from app.installation.findings import Finding, Part
from audit.archiving import carried_on_unarchived
from audit.shredding import running
from domain.words import N_, listed, phrase
from runtime.names import TICKET_WORKFLOW, number_of
from store.db.engine import Store
from store.tickets import tickets

_RUNNING = f"WorkflowType = '{TICKET_WORKFLOW}' AND ExecutionStatus = 'Running'"


async def carried_on_of(client: Client, store: Store, before: datetime) -> Finding:
    """Check that runs which tickets have behind them, and closed before then, are archived.

    Raises:
        RPCError, StoreUnavailable
    """
    numbers = await carried_on_unarchived(client, store, before)
    if not numbers:
        says = phrase(N_("archived in time, where tickets go on in a new run"))
        return Finding(Part.EARLIER_RUNS, "ok", says)
    message = N_("the engine soon forgets runs that are not archived; tickets: %(n)s (%(numbers)s)")
    named = listed([*numbers[:_NAMED], *(["…"] if len(numbers) > _NAMED else [])])
    says = phrase(message, n=len(numbers), numbers=named)
    return Finding(Part.EARLIER_RUNS, "wrong", says)


_NAMED = 5
_LOOKED_AT = 20


async def missing_of(client: Client, store: Store) -> Finding:
    """Check that the engine runs the tickets that are open in the record.

    Raises:
        RPCError, StoreUnavailable
    """
    running_ones = {number_of(one.id) async for one in client.list_workflows(_RUNNING)}
    missing = [n async for n in tickets.numbers(store, ended=False) if n not in running_ones]
    # The list may be a second late.
    named = [number for number in missing[:_LOOKED_AT] if not await running(client, number)]
    if not named:
        says = phrase(N_("the engine runs every ticket that is open"))
        return Finding(Part.OPEN_TICKETS, "ok", says)
    count = len(named) if len(missing) <= _LOOKED_AT else len(missing)
    message = N_(
        "open in the record, and not run by the engine: %(n)s (%(numbers)s); its database was "
        "lost or is an older copy, or somebody terminated them"
    )
    says = phrase(message, n=count, numbers=listed(named[:_NAMED]))
    return Finding(Part.OPEN_TICKETS, "wrong", says)


_COMPARED = 2000
"""The tickets that changed last, and are compared in any case: a second or two."""


async def ahead_of(client: Client, store: Store, now: datetime) -> Finding:
    """Check that the engine knows everything that the record has. `now`: the engine's time.

    Raises:
        RPCError, StoreUnavailable
    """
    numbers = sorted(await tickets_ahead(client, store, now, look_at=_COMPARED))
    if not numbers:
        says = phrase(N_("the record is not ahead of the engine, where it changed last"))
        return Finding(Part.AHEAD, "ok", says)
    message = N_(
        "the record has events that the engine does not know: %(n)s (%(numbers)s); the engine's "
        "database is an older copy: put the right one back, or `jiesu record follow`"
    )
    says = phrase(message, n=len(numbers), numbers=listed(numbers[:_NAMED]))
    return Finding(Part.AHEAD, "wrong", says)
