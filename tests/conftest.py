"""Stores and an engine for tests, and the seed of every random test.

Every test that takes `store` runs on SQLite and on PostgreSQL.
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from temporalio.client import Client

from store.db import schema
from store.db.engine import Store, default_url
from tests.support.engine import Engine, connect_to, end_leftovers, engine_server, platform
from tests.support.postgres import Cluster, PostgresMissing, cluster
from tests.support.seeds import NAME, forget_constants, settle
from tests.support.shares import in_share, share_of_this_run

# Hypothesis's own profile for CI takes no seed. A busy machine must not fail a test.
settings.register_profile("jiesu", deadline=None, print_blob=True)
settings.load_profile("jiesu")
forget_constants()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed before hypothesis reads it and before other processes are started."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""  # otherwise each of those compiles all it imports
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = settle()


def pytest_report_header() -> str:
    return _seed()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    if exitstatus:
        terminalreporter.write_line(f"{_seed()} draws the same again")


def _seed() -> str:
    return f"{NAME}={settle()}"


_LONG_ONES = tuple(f"tests/{name}/" for name in ("workers", "bench", "demo", "kit", "proof", "cli"))
"""The folders whose tests start whole systems, and wait for them."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that draw from the seed, for `-m chance`; keep only the share asked for.

    Long tests come first: at the end the processes share what is left, and none waits for another.
    """
    share = share_of_this_run()
    if share is not None:
        left_out = [item for item in items if not in_share(item.nodeid, share)]
        items[:] = [item for item in items if in_share(item.nodeid, share)]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG_ONES))
    for item in items:
        drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if drawn or hasattr(getattr(item, "module", None), "dice"):
            item.add_marker("chance")


@pytest.fixture(scope="session", autouse=True)
def _each_number_once() -> Iterator[None]:
    """Draw every ticket number only once per process.

    The tests of a process share an engine, and each has a store of its own, so the intake tables
    cannot keep the numbers apart.
    """
    drawn: set[int] = set()

    def draw(below: int) -> int:
        while (number := secrets.randbelow(below)) in drawn:
            pass
        drawn.add(number)
        return number

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("store.tickets.numbers.secrets", SimpleNamespace(randbelow=draw))
        yield


_TEMPLATE = "jiesu_template"
"""The migrated database that others are copied from, ten times faster than migrating each."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Provide a PostgreSQL cluster for this process, with a migrated template."""
    try:
        with cluster() as running:
            _migrated(running.create(_TEMPLATE))
            yield running
    except PostgresMissing as missing:
        if os.environ.get("JIESU_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"{missing}, and JIESU_REQUIRE_POSTGRES is 1")
        pytest.skip(f"{missing}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file."""
    home = tmp_path_factory.mktemp("template")
    _migrated(default_url(home))
    return home / "jiesu.db"


def _migrated(url: str) -> None:
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(schema.upgrade(url))


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """Provide a migrated, empty PostgreSQL database."""
    name = f"t{secrets.token_hex(6)}"
    yield postgres.create(name, template=_TEMPLATE)
    postgres.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return a migrated, empty SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "jiesu.db")
    return default_url(tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest) -> str:
    """Return a migrated, empty database, of each kind in turn."""
    url: Any = request.getfixturevalue(f"{request.param}_url")
    return str(url)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """Provide a store on a migrated, empty database, of each kind in turn."""
    opened = Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def engine_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real engine, in memory, for this process."""
    with engine_server(tmp_path_factory.mktemp("engine") / "log") as address:
        yield address


@pytest.fixture
async def client(engine_address: str) -> AsyncIterator[Client]:
    """Provide a client of the engine; end the workflows that the test leaves open."""
    connected = await connect_to(engine_address)
    yield connected
    await end_leftovers(connected)


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Store]:
    """Provide a store on SQLite, for tests that do not depend on the database."""
    opened = Store.open(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
async def engine(client: Client, sqlite_store: Store) -> AsyncIterator[Engine]:
    """Provide the engine with a platform worker, on the shipped packs."""
    async with platform(client, sqlite_store) as running:
        yield running
