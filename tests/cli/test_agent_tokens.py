"""Tests of `jiesu token create --agent`: only what a machine may have is issued."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.policy.permissions import Scope
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.db.schema import upgrade
from store.identity import tokens
from tests.support.agents import EVERYTHING
from tests.support.cities import city_with
from tests.support.jiesu_command import Terminal


@pytest.fixture
async def terminal(tmp_path: Path) -> Terminal:
    settings = Settings(home=tmp_path, temporal_address=f"127.0.0.1:{free_port()}")
    await upgrade(settings.store)
    return Terminal(settings)


async def test_a_machine_gets_a_token_of_one_city_and_never_to_see_people(
    terminal: Terminal, tmp_path: Path
) -> None:
    city_with(tmp_path / "cities", agents=EVERYTHING)
    here = {"JIESU_CITIES": str(tmp_path / "cities")}
    agent = ("token", "create", "--agent", "--role", "desk")
    nowhere = await terminal.jiesu(*agent, **here)
    assert nowhere.code == 2
    assert "An agent is of one city." in nowhere.err
    unmasking = await terminal.jiesu(*agent, "--city", "tongzhou", "--scope", "unmask", **here)
    assert unmasking.code == 2
    admin = await terminal.jiesu("token", "create", "--agent", "--role", "admin", **here)
    assert admin.code == 2
    made = await terminal.jiesu(*agent, "--city", "tongzhou", **here)
    assert made.code == 0, made.err
    store = Store.open(terminal.settings.store)
    try:
        [row] = await tokens.listing(store)
        found = await tokens.find(store, made.out.strip(), datetime.now(UTC))
    finally:
        await store.close()
    assert found is not None
    assert (row.agent, row.city) == (True, "tongzhou")
    assert row.scopes == {Scope.READ, Scope.ACT, Scope.FILE}
    assert row.actor_id == f"agent:{row.id}"


async def test_a_city_that_serves_no_machines_gives_them_no_token(terminal: Terminal) -> None:
    agent = ("token", "create", "--agent", "--role", "desk", "--city", "heping")
    refused = await terminal.jiesu(*agent)
    assert refused.code == 2
    assert "[agents]" in refused.err
