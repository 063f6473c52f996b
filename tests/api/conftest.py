"""Fixtures of the product over HTTP, with a real engine and a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.support.engine import Engine, platform


@pytest.fixture
async def api(engine: Engine, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application on SQLite, for tests that do not depend on the database."""
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as opened:
        yield opened


@pytest.fixture
async def each_api(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application on SQLite and on PostgreSQL in turn."""
    async with (
        platform(client, store) as running,
        serve_api(tmp_path, store, client, running.packs) as opened,
    ):
        yield opened


@pytest.fixture
async def engineless_api(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application with a store, and no engine at its address."""
    async with serve_api(
        tmp_path, sqlite_store, None, temporal_address="127.0.0.1:1", engine_timeout=1
    ) as opened:
        yield opened
