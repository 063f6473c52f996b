"""Access of commands to the store, where it is one of this version."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cli.terminal import err
from store.db.engine import Store
from store.db.errors import SchemaUnusable
from store.db.schema import SchemaState, inspect
from store.tickets.simulated import simulated_cities


async def check_store(url: str) -> None:
    """Refuse a store that is not up to date; nothing is made where there is none.

    Raises:
        SchemaUnusable: it is missing, as with another home than the one meant, older or newer.
    """
    state = await inspect(url)
    if state is SchemaState.MISSING:
        raise SchemaUnusable("there is no store here: name the right home, or run `jiesu migrate`")
    if state is not SchemaState.CURRENT:
        raise SchemaUnusable("the store is not up to date: run `jiesu migrate`")


async def warn_simulated(store: Store) -> None:
    """Say on standard error if what the store has was simulated."""
    if cities := await simulated_cities(store):
        err.print(f"jiesu: sample data: the history of {', '.join(sorted(cities))} is simulated")


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """Open the store at `url`, and close it.

    Raises:
        SchemaUnusable
    """
    await check_store(url)
    store = Store.open(url)
    try:
        await warn_simulated(store)
        yield store
    finally:
        await store.close()
