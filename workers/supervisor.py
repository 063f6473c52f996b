"""Supervision of the embedded stack's processes, until it is stopped.

`jiesu up` starts everything, which imports many libraries, and then becomes this program (`exec`):
it keeps its process id, its children and its lock, and needs a tenth of the memory. It imports
only the standard library.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from workers.children import Adopted, Child

_CHILDREN_VARIABLE = "JIESU_CHILDREN"
"""The environment variable of the children; a command line would show the store's password."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

Say = Callable[[str], None]


class StackError(Exception):
    """A failure to start or to go on; the message is one line for the operator."""


class Supervisor:
    """A supervisor that restarts a child that died; one that keeps dying stops everything."""

    def __init__(self, say: Say) -> None:
        self.children: list[Child] = []
        self._say = say
        self._stopping = asyncio.Event()
        self._failure: StackError | None = None
        self._watchers: list[asyncio.Task[None]] = []

    def watch(self) -> None:
        """Start watching every child."""
        self._watchers = [asyncio.create_task(self._follow(child)) for child in self.children]

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """Ask the supervisor to stop."""
        self._stopping.set()

    async def until_stopped(self) -> None:
        """Wait for `stop`; raises StackError when a child cannot be kept alive."""
        await self._stopping.wait()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Stop every child, the last one first."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for child in reversed(self.children):
            await child.stop()

    async def _follow(self, child: Child) -> None:
        while True:
            code = await child.wait()
            pause = child.died()
            if pause is None:
                self._failure = StackError(
                    f"{child.name} keeps dying (code {code}): {child.last_words()}"
                )
                self._stopping.set()
                return
            self._say(f"{child.name} died (code {code}); starting it again")
            await asyncio.sleep(pause)
            await child.start()


@contextmanager
def kept_signals() -> Iterator[int]:
    """Keep `SIGNALS` that arrive from now on for the program that this process becomes.

    Yields the file descriptor of a pipe with the signals that another thread received: blocking
    them in this thread does not reach those, and a signal that is received is no longer pending.
    """
    received, record = os.pipe()
    os.set_blocking(record, False)
    before = signal.set_wakeup_fd(record)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield received
    finally:
        signal.set_wakeup_fd(before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.close(received)
        os.close(record)


def become_supervisor(children: Sequence[Child], lock: int, received: int) -> NoReturn:
    """Replace the running program with this module, which keeps its children.

    `lock`: the file descriptor of the home folder's lock, which stays locked. `received`: the pipe
    of `kept_signals`; those that this thread blocks stay pending until this module handles them.
    """
    commands = [
        {
            "name": child.name,
            "command": list(child.command),
            "log": str(child.log),
            "env": dict(child.env),
            "pid": child.pid,
        }
        for child in children
    ]
    os.set_inheritable(lock, True)
    os.set_inheritable(received, True)
    sys.stdout.flush()
    sys.stderr.flush()
    values = {"children": commands, "received": received}
    os.environ[_CHILDREN_VARIABLE] = json.dumps(values)
    # This very package, whatever lies in the folder that the command was started in.
    folder = str(Path(__file__).parent.parent)
    code = f"import sys; sys.path[0] = {folder!r}; from workers.supervisor import main; main()"
    os.execv(sys.executable, [sys.executable, "-c", code])  # noqa: S606  # nosec B606


async def supervise(items: Sequence[dict[str, Any]], received: int) -> int:
    """Supervise these children of this process; return the exit code.

    `received`: the pipe with the signals that arrived while this program was being started.
    """
    supervisor = Supervisor(_say)
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, supervisor.stop)
    for each in items:
        child = Child(each["name"], each["command"], Path(each["log"]), each["env"])
        child.process = Adopted(each["pid"])
        supervisor.children.append(child)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    if signalled(received):
        supervisor.stop()
    supervisor.watch()
    failure: StackError | None = None
    try:
        await supervisor.until_stopped()
        _say("stopping")
    except StackError as error:
        failure = error
    finally:
        await supervisor.close()
    if failure is None:
        return 0
    _write(f"jiesu: {failure}")
    return 2


def signalled(received: int) -> bool:
    """Return whether one of `SIGNALS` is in the pipe, and close it."""
    os.set_blocking(received, False)
    try:
        numbers = os.read(received, 64)
    except BlockingIOError:
        numbers = b""
    os.close(received)
    return any(number in numbers for number in SIGNALS)


def _say(line: str) -> None:
    _write(f"  {line}")


def _write(line: str) -> None:
    """Write a line for the operator, whose terminal may be gone."""
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def main() -> None:
    """Supervise the children that this process had as another program."""
    values = json.loads(os.environ.pop(_CHILDREN_VARIABLE))
    sys.exit(asyncio.run(supervise(values["children"], values["received"])))
