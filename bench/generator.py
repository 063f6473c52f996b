"""The load generator: a separate process that takes its order on the command line."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any, Literal

from temporalio.client import Client

from bench.floor_driver import Bells, FloorDriver
from bench.http import Connection, Pool
from bench.load import Do, LoadResult, closed_loop, open_loop
from bench.product_driver import ProductDriver
from cli.terminal import leave, run

Mode = Literal["lives", "filing", "offered lives", "offered filing"]


@dataclass(frozen=True)
class RequestedLoad:
    """A requested load. `most` limits the number, `seconds` the time in which actions begin."""

    system: Literal["floor", "product"]
    mode: Mode
    engine: str
    namespace: str
    host: str = ""
    port: int = 0
    officer: str = ""
    clients: int = 1
    seconds: float = 1.0
    most: int = 100_000
    per_second: float = 0.0


async def offer(order: RequestedLoad) -> LoadResult:
    async with AsyncExitStack() as open_things:
        if order.per_second:
            return await open_loop(_offered(order, open_things), order.per_second, order.seconds)
        clients = await _clients(order, open_things)
        return await closed_loop(clients, order.seconds, order.most)


async def _clients(order: RequestedLoad, open_things: AsyncExitStack) -> list[Do]:
    if order.system == "floor":
        client = await Client.connect(order.engine, namespace=order.namespace)
        bells = await open_things.enter_async_context(Bells.listening())
        return [FloorDriver(client, bells).live for _ in range(order.clients)]
    clients: list[Do] = []
    for _ in range(order.clients):
        connection = Connection(order.host, order.port)
        open_things.callback(connection.close)
        driver = ProductDriver(connection, order.officer)
        clients.append(driver.file if order.mode == "filing" else driver.live)
    return clients


def _offered(order: RequestedLoad, open_things: AsyncExitStack) -> Do:
    pool = Pool(order.host, order.port)
    open_things.callback(pool.close)

    async def one() -> float:
        async with pool.connection() as connection:
            driver = ProductDriver(connection, order.officer)
            return await (driver.file if order.mode == "offered filing" else driver.live)()

    return one


def command(order: RequestedLoad) -> list[str]:
    """Return the command of a generator for `order`; it prints its outcome as a line of JSON."""
    return [sys.executable, "-m", "bench.generator", json.dumps(asdict(order))]


def main(arguments: list[str]) -> None:
    payload: dict[str, Any] = json.loads(arguments[0])
    outcome = run(offer(RequestedLoad(**payload)))
    print(json.dumps(outcome.as_dict()))
    leave(0)


async def generate(order: RequestedLoad, *, patience: float = 120.0) -> LoadResult:
    """Run a generator in a process of its own, for no longer than `patience` after its time."""
    process = await asyncio.create_subprocess_exec(*command(order), stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(order.seconds + patience):
            content, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode != 0:
        raise RuntimeError(f"the load generator failed with code {process.returncode}")
    return LoadResult.of(json.loads(content))


if __name__ == "__main__":
    main(sys.argv[1:])
