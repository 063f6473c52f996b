"""CPU time of the product, by process, by thread and by function."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.system import bench_system
from bench.traced import BEGIN
from runtime.settings import Settings
from workers.children import Child
from workers.stack import Stack

TRACED = ("worker", "api")


@dataclass
class Traced:
    """CPU seconds of the traced processes: by thread, by function, and calls of functions."""

    lifecycles: int
    processes: dict[str, Any]


class TracedStack(Stack):
    """A stack whose Python programs run under the tracer."""

    def _own(self, command: str) -> Child:
        child = super()._own(command)
        file = str(_written(self.settings, command))
        traced = [sys.executable, "-m", "bench.traced", file, *child.command[2:]]
        return Child(child.name, traced, child.log, child.env)

    async def _follow(self, child: Child) -> None:
        """Restart nothing: a process writes its profile when it is stopped."""


def _traced(settings: Settings) -> Stack:
    return TracedStack(settings, say=lambda _: None)


def _written(settings: Settings, command: str) -> Path:
    return settings.home / f"{command}.profile.json"


async def profile(clients: int, seconds: float, say: Callable[[str], None]) -> Traced:
    """Profile the worker and the API under `clients` clients for `seconds`."""
    async with bench_system(_traced, floor=False) as built:
        say("warming up")
        await built.offer_product("lives", clients=clients, seconds=min(seconds, 4.0))
        traced = [child for child in built.stack.children if child.name in TRACED]
        for child in traced:
            os.kill(child.pid or 0, BEGIN)
        say(f"{clients} clients for {seconds:g} s")
        outcome = await built.offer_product("lives", clients=clients, seconds=seconds)
        processes: dict[str, Any] = {}
        for child in traced:
            await child.stop()
            processes[child.name] = json.loads(_written(built.settings, child.name).read_text())
        return Traced(outcome.lived, processes)
