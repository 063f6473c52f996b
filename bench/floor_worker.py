"""The floor's worker: a separate process, like the product's worker."""

import asyncio
import signal
import sys

from temporalio.client import Client

from bench.floor import workers
from cli.terminal import leave, run


async def serve(address: str, namespace: str, cached: int, *, lean: bool) -> None:
    client = await Client.connect(address, namespace=namespace)
    stop_signal = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop_signal.set)
    runs, units = workers(client, cached=cached, lean=lean)
    async with runs, units:
        await stop_signal.wait()


if __name__ == "__main__":
    address, namespace, cached, sandbox = sys.argv[1:]
    run(serve(address, namespace, int(cached), lean=sandbox == "lean"))
    leave(0)
