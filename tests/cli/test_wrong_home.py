"""Tests of commands in a home that has no store, as when somebody forgets to name the right one."""

import stat
from pathlib import Path

import pytest

from runtime.settings import Settings
from store.db.engine import Store
from store.db.schema import SchemaState, inspect, upgrade
from store.tickets import tickets
from tests.support.jiesu_command import Terminal

NUMBER = "2411200000017"

ASKING = [
    ["account", "list"],
    ["account", "sessions", "anna"],
    ["account", "logout", "anna"],
    ["account", "disable", "anna"],
    ["account", "create", "anna", "--role", "auditor"],
    ["token", "list"],
    ["token", "create", "--role", "auditor", "--name", "x"],
    ["token", "revoke", "x"],
    ["audit", "show", NUMBER],
    ["audit", "state", NUMBER, "1"],
    ["audit", "export", NUMBER],
    ["audit", "replay", NUMBER],
    ["audit", "replay", "--all"],
    ["audit", "views", NUMBER],
    ["audit", "exposures"],
    ["record", "ahead"],
    ["record", "follow", NUMBER],
    ["record", "aside"],
    ["record", "settle", NUMBER],
    ["city", "versions", "tongzhou"],
    ["city", "replan", "tongzhou"],
    ["city", "figures", "tongzhou"],
    ["city", "scores", "tongzhou"],
    ["city", "topics", "tongzhou"],
    ["keys", "show"],
    ["keys", "reseal"],
    ["privacy", "erase", NUMBER],
    ["privacy", "retention"],
]


@pytest.mark.parametrize("asked", ASKING, ids=" ".join)
async def test_it_is_said_in_one_line_and_nothing_is_made(asked: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = await Terminal(Settings(home=home)).jiesu(*asked)
    assert done.code in (1, 2), (done.out, done.err)
    [line] = done.err.splitlines()
    assert "jiesu migrate" in line
    assert done.out == ""
    assert list(home.iterdir()) == [], "neither a key nor an empty database"


async def test_a_database_that_somebody_opened_before_is_read_by_its_owner_only(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path)
    store = Store.open(settings.store)
    with pytest.raises(Exception, match="no such table"):
        await tickets.state(store, NUMBER)
    await store.close()
    file = tmp_path / "jiesu.db"
    file.chmod(0o644)
    assert await inspect(settings.store) is SchemaState.MISSING
    await upgrade(settings.store)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    await upgrade(settings.store)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640, "a choice of the operator stays"
