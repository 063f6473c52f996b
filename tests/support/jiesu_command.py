"""The `jiesu` command for tests: a process of its own for every call, without the cost of starting.

All calls of a test process are children of one process that has imported the commands already.
"""

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import ConsoleDimensions

from cli import terminal
from cli.main import COMMANDS, main
from runtime.settings import Settings
from tests.otherday.sitecustomize import AHEAD

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    sorted({__name__, *(entry.target.partition(":")[0] for entry in COMMANDS.values())})
)


@dataclass
class Done:
    code: int
    out: str
    err: str


@dataclass
class Terminal:
    """A runner of `jiesu` with an installation's settings."""

    settings: Settings

    async def jiesu(self, *arguments: str, **changed: str) -> Done:
        """Run the command; where `changed` changes the environment, in a new interpreter."""
        env = {
            **os.environ,
            "JIESU_HOME": str(self.settings.home),
            "JIESU_TEMPORAL_ADDRESS": self.settings.temporal_address,
            "JIESU_API_PORT": str(self.settings.api_port),
            **changed,
        }
        return await (_started if changed else _forked)(arguments, env)

    async def json(self, *arguments: str) -> Any:
        done = await self.jiesu(*arguments, "--json")
        return json.loads(done.out)


def moved_by(seconds: int) -> dict[str, str]:
    """Return the environment of a command whose clock is that much ahead of this process's."""
    ahead = int(os.environ.get(AHEAD, "0")) + seconds
    return {"PYTHONPATH": f"{ROOT / 'tests' / 'otherday'}:{ROOT}", AHEAD: str(ahead)}


async def _started(arguments: Sequence[str], env: Mapping[str, str]) -> Done:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        cwd=ROOT,
        env={"COLUMNS": "200", **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), _PATIENCE)
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


async def _forked(arguments: Sequence[str], env: Mapping[str, str]) -> Done:
    return await asyncio.to_thread(_done, arguments, env)


def _done(arguments: Sequence[str], env: Mapping[str, str]) -> Done:
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = _FORKING.Process(target=_main, args=(arguments, dict(env), out, err))
        process.start()
        process.join(_PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"jiesu {' '.join(arguments)}: {err.read_text()}")
        return Done(process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _main(arguments: Sequence[str], env: Mapping[str, str], out: Path, err: Path) -> None:
    for path, stream in ((out, 1), (err, 2)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["jiesu", *arguments]
    for console in (terminal.out, terminal.err):
        console.size = ConsoleDimensions(200, 50)
    main()
