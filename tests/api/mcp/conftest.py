"""The door for agents, of a city that lets them do all that any city may."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from store.db.engine import Store
from tests.api.running_api import Api
from tests.support.agents import serving_agents


@pytest.fixture
async def agents(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_agents(client, sqlite_store, tmp_path) as opened:
        yield opened
