"""Findings of the doctor on the archive that the engine has to be asked for."""

from datetime import datetime

from temporalio.client import Client

from app.installation.health_checks import Finding
from audit.archiving import carried_on_unarchived
from store.db.engine import Store


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
