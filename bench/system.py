"""The measured installation: the real stack in a temporary home, and the floor's worker."""

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select
from temporalio.client import Client

from bench.floor import FLOOR_WORKFLOW
from bench.generator import Mode, RequestedLoad, generate
from bench.load import LoadResult
from bench.product_driver import CITY, UNIT
from domain.actors import Role
from domain.ticket.stages import Outcome as Ending
from domain.ticket.stages import Stage
from runtime.engine import connect
from runtime.names import TICKET_WORKFLOW, ticket_workflow_id
from runtime.ports import free_ports
from runtime.settings import Settings
from store.db.engine import Store
from store.db.tables import ticket
from store.identity import tokens
from workers.children import Child
from workers.stack import Stack


@dataclass(frozen=True)
class BenchSystem:
    """A running installation. Both systems use its engine: one binary, one file, one machine."""

    settings: Settings
    stack: Stack
    store: Store
    client: Client
    officer: str
    floor: Child

    async def offer_floor(self, clients: int, seconds: float) -> LoadResult:
        return await generate(
            RequestedLoad(
                system="floor",
                mode="lives",
                engine=self.settings.temporal_address,
                namespace=self.settings.temporal_namespace,
                clients=clients,
                seconds=seconds,
            )
        )

    async def offer_product(
        self,
        mode: Mode,
        *,
        clients: int = 1,
        seconds: float,
        per_second: float = 0.0,
        most: int = 100_000,
    ) -> LoadResult:
        return await generate(
            RequestedLoad(
                system="product",
                mode=mode,
                engine=self.settings.temporal_address,
                namespace=self.settings.temporal_namespace,
                host=self.settings.api_host,
                port=self.settings.api_port,
                officer=self.officer,
                clients=clients,
                seconds=seconds,
                per_second=per_second,
                most=most,
            )
        )

    async def closed_tickets(self) -> int:
        """Count the tickets that ended as closed, by the store."""
        ended = (ticket.c.stage == Stage.ENDED.value, ticket.c.outcome == Ending.CLOSED.value)
        return await self._count(*ended)

    async def waiting_tickets(self) -> int:
        """Count the tickets that a unit is handling, by the store."""
        return await self._count(ticket.c.stage == Stage.HANDLE.value)

    async def _count(self, *conditions: object) -> int:
        statement = select(func.count()).select_from(ticket).where(*conditions)  # type: ignore[arg-type]
        row = await self.store.first(statement)
        return int(row[0]) if row else 0

    async def completed(self, workflow_type: str) -> int:
        """Count the completed workflows of a type, by the engine."""
        query = f"WorkflowType = '{workflow_type}' AND ExecutionStatus = 'Completed'"
        return (await self.client.count_workflows(query)).count

    async def completed_floors(self) -> int:
        return await self.completed(FLOOR_WORKFLOW)

    async def completed_tickets(self) -> int:
        return await self.completed(TICKET_WORKFLOW)

    async def history_of_one(self, *, latest: bool = False) -> dict[str, int]:
        """Return the events and bytes of a closed ticket's history; `latest`: of the last one."""
        statement = select(ticket.c.number).where(ticket.c.outcome == Ending.CLOSED.value).limit(1)
        if latest:
            statement = statement.order_by(ticket.c.ended_at.desc())
        (number,) = await self.store.first(statement) or ("",)
        run = await self.client.get_workflow_handle(ticket_workflow_id(number)).describe()
        info = run.raw_description.workflow_execution_info
        return {"events": info.history_length, "bytes": info.history_size_bytes}

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds of each process so far."""
        return {child.name: _cpu(child) for child in (*self.stack.children, self.floor)}

    def rss_mb(self) -> dict[str, float]:
        """Return the resident memory of each process, in MB."""
        return {child.name: _rss(child) for child in self.stack.children}


def _rss(child: Child) -> float:
    with suppress(psutil.NoSuchProcess):
        return float(round(psutil.Process(child.pid).memory_info().rss / 1e6, 1))
    return 0.0


def _cpu(child: Child) -> float:
    with suppress(psutil.NoSuchProcess):
        spent = psutil.Process(child.pid).cpu_times()
        return float(spent.user + spent.system)
    return 0.0


StackOf = Callable[[Settings], Stack]


def plain_stack(settings: Settings) -> Stack:
    return Stack(settings, say=lambda _: None)


@asynccontextmanager
async def bench_system(
    stack_of: StackOf = plain_stack,
    *,
    floor: bool = True,
    lean_floor: bool = False,
    keep: Path | None = None,
) -> AsyncIterator[BenchSystem]:
    """Start an unused installation in `keep`, or in a folder that is deleted afterwards."""
    for name in [name for name in os.environ if name.startswith("JIESU_")]:
        del os.environ[name]  # no tickets may be written to an existing installation
    with _home(keep) as home:
        engine_port, api_port = free_ports(2)
        settings = Settings(
            home=home, temporal_address=f"127.0.0.1:{engine_port}", api_port=api_port
        )
        stack = stack_of(settings)
        async with stack.running():
            store = Store.open(settings.store)
            floor_worker = _floor_worker(settings, "lean" if lean_floor else "stock")
            try:
                if floor:
                    await floor_worker.start()
                _, officer = await tokens.issue(store, Role.OFFICER, UNIT, "bench", city=CITY)
                yield BenchSystem(
                    settings, stack, store, await connect(settings), officer, floor_worker
                )
            finally:
                await floor_worker.stop()
                await store.close()


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-", ignore_cleanup_errors=True) as home:
        yield Path(home)


def _floor_worker(settings: Settings, sandbox: str) -> Child:
    return Child(
        "floor worker",
        [
            sys.executable, "-m", "bench.floor_worker",
            settings.temporal_address, settings.temporal_namespace, str(settings.cached_tickets),
            sandbox,
        ],
        settings.home / "logs" / "floor.log",
    )  # fmt: skip
