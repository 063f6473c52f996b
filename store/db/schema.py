"""The schema of a database: its state, and its upgrade to this version."""

from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy import inspect as inspected

from store.db.all_tables import metadata
from store.db.engine import Store, parse_url
from store.db.errors import SchemaUnusable
from store.db.search_tables import INDEX_TABLES

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
# Any number will do, as long as every process that migrates takes the same.
_LOCK = 12345_2019_51


class SchemaState(StrEnum):
    """The state of a database's schema, seen from this version."""

    MISSING = "missing"  # nothing, or no database yet
    OLDER = "older"  # ours, before some of our migrations
    CURRENT = "current"
    NEWER = "newer"  # ours, after a migration we do not know
    FOREIGN = "foreign"  # tables of something else


async def inspect(url: str) -> SchemaState:
    """Return the schema state of the database at `url`, without changing it.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    file = _file(url)
    if file is not None and not file.exists():
        return SchemaState.MISSING  # SQLite would create the file
    store = Store.open(url)
    try:
        return await store.read(_state)
    finally:
        await store.close()


async def upgrade(url: str) -> None:
    """Bring the database at `url` up to date, from nothing if need be; in one transaction.

    Concurrent processes wait for each other, and the second has nothing to do.

    Raises:
        SchemaUnusable: it is foreign or newer; nothing has changed.
        StoreUnavailable: it cannot be reached.
    """
    file = _file(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Other users of a shared machine must not read what citizens wrote. An empty database may
        # have been made by somebody who only looked.
        new = await inspect(url) is SchemaState.MISSING
        file.touch(mode=0o600, exist_ok=True)
        if new:
            file.chmod(0o600)
    store = Store.open(url)
    try:
        await store.write(_upgrade)
    finally:
        await store.close()


def _file(url: str) -> Path | None:
    parsed = parse_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    state = _state(connection)
    if state in (SchemaState.FOREIGN, SchemaState.NEWER):
        raise SchemaUnusable(f"the database is {state}")
    if state is not SchemaState.CURRENT:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    # The configuration interpolates %: a path may hold one.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _state(connection: Connection) -> SchemaState:
    names = set(inspected(connection).get_table_names())
    if not names:
        return SchemaState.MISSING
    ours = set(metadata.tables)
    revision = _revision(connection) if VERSION_TABLE in names else None
    script = ScriptDirectory.from_config(_config())
    known = {known.revision for known in script.walk_revisions()}
    if revision is not None and revision not in known:
        # Another program may use Alembic too; a newer version of ours still has our tables.
        return SchemaState.NEWER if ours <= names else SchemaState.FOREIGN
    if names - ours - INDEX_TABLES - {VERSION_TABLE} or (revision is None and names & ours):
        return SchemaState.FOREIGN
    if revision is None:
        return SchemaState.MISSING
    return SchemaState.CURRENT if revision == script.get_current_head() else SchemaState.OLDER


def _revision(connection: Connection) -> str | None:
    row = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().first()
    return None if row is None else str(row)
