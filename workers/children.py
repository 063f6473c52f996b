"""Child processes of the embedded stack: start, watch, restart, stop."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

_PR_SET_PDEATHSIG = 1


class Process(Protocol):
    """A child process, with the interface of asyncio's."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Adopted:
    """A child that was started before this process replaced its program (`exec`)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ending = asyncio.create_task(asyncio.to_thread(os.waitpid, pid, 0))

    @property
    def returncode(self) -> int | None:
        """The exit code, as soon as the process has ended: its id may be another's by then."""
        if not self._ending.done():
            return None
        return os.waitstatus_to_exitcode(self._ending.result()[1])

    async def wait(self) -> int:
        _, status = await asyncio.shield(self._ending)
        return os.waitstatus_to_exitcode(status)

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """Terminate this child when its parent is killed (Linux only), so that no orphan remains."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


DEATHS = 10
"""The number of deaths within a minute after which a child is not restarted."""


@dataclass
class Child:
    """One process, its log, and how often it had to be started again."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    process: Process | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the parent."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.env},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    async def wait(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self.process.wait()

    def died(self) -> float | None:
        """Count a death; return the seconds until the next start, None if it dies too often."""
        now = time.monotonic()
        self.deaths.append(now)
        if len(self.deaths) == self.deaths.maxlen and now - self.deaths[0] < 60:
            return None
        return float(min(0.25 * 2 ** (len(self.deaths) - 1), 4.0))

    async def stop(self, patience: float = 10.0) -> None:
        """Terminate the process; kill it after `patience` seconds."""
        if self.process is None or self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), patience)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    def last_words(self) -> str:
        """Return the last line of its log that is not empty."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
