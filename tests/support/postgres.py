"""A private PostgreSQL cluster for tests, deleted when they end."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.ports import free_port

_USER = "postgres"
_PATIENCE = 30.0
_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3
"""Bytes that must be free in memory: a container often has no more than 64 MB of it."""


class PostgresMissing(Exception):
    """This machine has no PostgreSQL, or no account to run it as."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster; it trusts every connection, so it listens on 127.0.0.1 only."""

    binaries: Path
    port: int

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{_USER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str | None = None) -> str:
        """Create a database, as a copy of `template` if given, and return its URL."""
        copied = ["--template", template] if template else []
        self._run("createdb", *copied, database)
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, even while there are connections to it."""
        self._run("dropdb", "--force", "--if-exists", database)

    def _run(self, program: str, *args: str) -> None:
        where = ["--host=127.0.0.1", f"--port={self.port}", f"--username={_USER}"]
        _run([str(self.binaries / program), *where, *args])


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs, of the newest version if there are several.

    Raises:
        PostgresMissing: PostgreSQL is not installed.
    """
    result = shutil.which("initdb")
    if result is not None:
        return Path(result).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    if not versions:
        raise PostgresMissing("PostgreSQL is not installed")
    return versions[-1].parent


def _account() -> dict[str, object]:
    """Return the account that runs the programs: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    try:
        group = pwd.getpwnam(_USER).pw_gid
    except KeyError:
        raise PostgresMissing("running as root, and there is no user postgres") from None
    return {"user": _USER, "group": group, "extra_groups": []}


def _run(command: list[str], **account: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **account)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


def _place() -> Path | None:
    """Return the folder for a cluster: memory if there is room, else None for the usual one.

    A database is three hundred small files, made and deleted for every test, which costs a file
    system on a disk several times what it costs memory, synced or not.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM
    return _MEMORY if roomy and os.access(_MEMORY, os.W_OK | os.X_OK) else None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a new cluster, tuned for speed and not for durability; stop and delete it at the end.

    Raises:
        PostgresMissing: PostgreSQL or its account is missing.
    """
    programs, account = binaries(), _account()
    # A short path, and not below pytest's folder: a socket's path has at most 100 characters.
    home = Path(tempfile.mkdtemp(prefix="jiesu-pg-", dir=_place()))
    try:
        if account:
            shutil.chown(home, _USER)
        data = home / "data"
        options = ["--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--locale=C"]
        _run([str(programs / "initdb"), "--no-sync", f"--pgdata={data}", *options], **account)
        with _server(programs, data, home, account) as running:
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _server(
    programs: Path, data: Path, home: Path, account: dict[str, object]
) -> Iterator[Cluster]:
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": home,
        "max_connections": 200,
        "shared_buffers": "32MB",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "max_wal_size": "128MB",
    }
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(  # type: ignore[call-overload]
            [str(programs / "postgres"), "-D", str(data), *flags],
            stdout=log,
            stderr=log,
            cwd="/",
            **account,
        )
    try:
        running = Cluster(programs, port)
        _await_ready(running, server, home / "log")
        yield running
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            # A client is still connected: do not wait for it.
            server.kill()
            server.wait()


def _await_ready(running: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    ready = [str(running.binaries / "pg_isready"), "--quiet", "--host=127.0.0.1"]
    deadline = time.monotonic() + _PATIENCE
    while subprocess.run([*ready, f"--port={running.port}"]).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
        time.sleep(0.05)
