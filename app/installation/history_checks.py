"""Findings of the doctor on histories and open tickets, for which the engine has to be asked."""

from datetime import datetime

from temporalio.client import Client

from activities.record_ahead import tickets_ahead
from app.installation.health_checks import Finding
from audit.archiving import carried_on_unarchived
from audit.shredding import running
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
        return Finding("earlier runs", "ok", "archived in time, where tickets go on in a new run")
    named = ", ".join(numbers[:5]) + (", …" if len(numbers) > 5 else "")
    says = f"of {len(numbers)} tickets the engine soon forgets a run that is not archived: {named}"
    return Finding("earlier runs", "wrong", says)


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
        return Finding("open tickets", "ok", "the engine runs every ticket that is open")
    count = len(named) if len(missing) <= _LOOKED_AT else len(missing)
    says = (
        f"{count} are open in the record, and the engine does not run them: "
        f"{', '.join(named[:5])}; its database was lost or is an older copy, or somebody "
        "terminated them"
    )
    return Finding("open tickets", "wrong", says)


_COMPARED = 2000
"""The tickets that changed last, and are compared in any case: a second or two."""


async def ahead_of(client: Client, store: Store, now: datetime) -> Finding:
    """Check that the engine knows everything that the record has. `now`: the engine's time.

    Raises:
        RPCError, StoreUnavailable
    """
    numbers = sorted(await tickets_ahead(client, store, now, look_at=_COMPARED))
    if not numbers:
        return Finding("engine's data", "ok", "not ahead of the engine, where it changed last")
    named = ", ".join(numbers[:5]) + (", …" if len(numbers) > 5 else "")
    says = (
        f"of {len(numbers)} tickets it has events that the engine does not know: {named}; the "
        "engine's database is an older copy: put the right one back, or `jiesu record follow`"
    )
    return Finding("engine's data", "wrong", says)
