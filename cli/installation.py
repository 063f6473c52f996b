"""Access of commands to this installation: its store, keys and engine client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from audit.archive import HistoryArchive
from cli.store import check_store, warn_simulated
from runtime.engine import connect, encrypting
from runtime.settings import Settings
from store.db.engine import Store
from store.files.objects import Objects
from store.secrets.key_ring import KeyRing, open_ring
from store.secrets.ticket_keys import TicketKeys


@dataclass(frozen=True)
class OpenInstallation:
    """An open installation; `engine` connects on first use."""

    settings: Settings
    store: Store
    ring: KeyRing
    keys: TicketKeys
    engine: Client
    archive: HistoryArchive


@asynccontextmanager
async def installation(settings: Settings | None = None) -> AsyncIterator[OpenInstallation]:
    """Open the installation of `settings`, or of the environment.

    Raises:
        SchemaUnusable: there is no store, or not one of this version; nothing is made.
        BadKey: the key ring is invalid.
    """
    settings = settings or Settings()
    await check_store(settings.store)
    ring = open_ring(settings.key_text, settings.key_file)
    store = Store.open(settings.store)
    keys = TicketKeys(store, ring)
    try:
        await warn_simulated(store)
        client = await connect(settings, encrypting(keys), lazy=True)
        archive = HistoryArchive(store, Objects.open(settings.archive), keys)
        yield OpenInstallation(settings, store, ring, keys, client, archive)
    finally:
        await store.close()
