"""The CPU time of an installation that nobody uses, beside that of other code.

Each checkout runs `jiesu up` with its own Python, in turns and in a folder of its own. Measured is
CPU time of all its processes, which other load on the machine changes little.
"""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bench.machine import MachineTime
from runtime.ports import free_ports
from workers.supervisor import StackError

SECONDS, SETTLING, ROUNDS = 60.0, 20.0, 2
_PATIENCE = 180.0
_HERE = Path(__file__).resolve().parent.parent


async def idle(
    others: list[Path],
    say: Callable[[str], None],
    *,
    seconds: float = SECONDS,
    settling: float = SETTLING,
    rounds: int = ROUNDS,
) -> dict[str, Any]:
    """Return the CPU seconds of each checkout's idle installation, by its processes.

    Raises:
        StackError: when an installation does not start.
    """
    sides = [_HERE, *others]
    spent: dict[Path, list[dict[str, float]]] = {side: [] for side in sides}
    for turn in range(rounds):
        for side in sides if turn % 2 == 0 else reversed(sides):
            async with _up(side) as root:
                await asyncio.sleep(settling)
                before, machine = cpu_by_process(root), MachineTime.now()
                await asyncio.sleep(seconds)
                used = grown(before, cpu_by_process(root))
                busy = MachineTime.now().others_since(machine, sum(used.values()))
            spent[side].append(used)
            say(f"{side}: {sum(used.values()):.2f} s of CPU; others used {busy:.0%} of the machine")
    return {"seconds": seconds, "rounds": rounds, "sides": [_side(*one) for one in spent.items()]}


def _side(side: Path, spent: list[dict[str, float]]) -> dict[str, Any]:
    names = sorted({name for one in spent for name in one})
    by_process = {name: round(median(one.get(name, 0.0) for one in spent), 2) for name in names}
    totals = [round(sum(one.values()), 2) for one in spent]
    return {"code": str(side), "cpu": median(totals), "each": totals, "processes": by_process}


def cpu_by_process(root: psutil.Process) -> dict[str, float]:
    """Return the CPU seconds so far of a process and all below it, by what they run."""
    spent: dict[str, float] = {}
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            words = process.cmdline()
            name = next((one for one in words[1:] if one in _NAMES), Path(words[0]).name)
            times = process.cpu_times()
            spent[name] = spent.get(name, 0.0) + times.user + times.system
    return spent


_NAMES = ("up", "worker", "api")


def grown(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return the CPU seconds that were spent between two looks."""
    return {name: max(0.0, value - before.get(name, 0.0)) for name, value in after.items()}


@asynccontextmanager
async def _up(code: Path) -> AsyncIterator[psutil.Process]:
    """Run `jiesu up` of this checkout in an unused folder."""
    python = code / ".venv" / "bin" / "python"
    command = str(python if python.exists() else sys.executable)
    engine, api = free_ports(2)
    unset = {name: value for name, value in os.environ.items() if not name.startswith("JIESU_")}
    with tempfile.TemporaryDirectory(prefix="jiesu-idle-", ignore_cleanup_errors=True) as home:
        arguments = ("-m", "cli", "up", "--home", home, "--port", str(api))
        running = await asyncio.create_subprocess_exec(
            command, *arguments, "--temporal-port", str(engine),
            cwd=code, env=unset | {"PYTHONUNBUFFERED": "1"}, stdout=PIPE, stderr=DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_PATIENCE):
                await _said(running, b"Jiesu is up")
            yield psutil.Process(running.pid)
        except TimeoutError as error:
            raise StackError(f"{code} did not start within {_PATIENCE:.0f} s") from error
        finally:
            if running.returncode is None:
                running.terminate()
            await running.communicate()


async def _said(running: Process, words: bytes) -> None:
    assert running.stdout is not None
    while line := await running.stdout.readline():
        if words in line:
            return
    raise StackError("an installation ended before it was up")


def show(out: Console, values: dict[str, Any]) -> None:
    """Print the CPU seconds of each checkout, and their ratio to the first of the others."""
    table = Table("code", "CPU s", "each round", "by process")
    for side in values["sides"]:
        by_process = ", ".join(f"{name} {spent:.1f}" for name, spent in side["processes"].items())
        each = ", ".join(f"{one:.2f}" for one in side["each"])
        table.add_row(side["code"], f"{side['cpu']:.2f}", each, by_process)
    out.print(table)
    if len(values["sides"]) > 1:
        first, other = (side["cpu"] for side in values["sides"][:2])
        out.print(f"this code to the other: {first / max(other, 1e-9):.2f}")
