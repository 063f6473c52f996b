"""Fixtures of the product over HTTP, with a real engine and a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from store.db.engine import Store
from tests.api.house import House, open_house
from tests.support.engine import Engine, platform


@pytest.fixture
async def house(engine: Engine, tmp_path: Path) -> AsyncIterator[House]:
    """Open the application on SQLite, for tests that do not depend on the database."""
    async with open_house(tmp_path, engine.store, engine.client, engine.packs) as opened:
        yield opened


@pytest.fixture
async def each_house(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[House]:
    """Open the application on SQLite and on PostgreSQL in turn."""
    async with (
        platform(client, store) as running,
        open_house(tmp_path, store, client, running.packs) as opened,
    ):
        yield opened


@pytest.fixture
async def lonely_house(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[House]:
    """Open the application with a store, and no engine at its address."""
    async with open_house(
        tmp_path, sqlite_store, None, temporal_address="127.0.0.1:1", engine_timeout=1
    ) as opened:
        yield opened
