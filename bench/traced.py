"""CPU time of a process by function, in all its threads.

    python -m bench.traced FILE MODULE [ARGUMENT ...]

runs MODULE and, when it ends, writes to FILE the CPU time of its functions since `BEGIN` was sent.
Waiting is not counted. Tracing slows everything down, small functions most.
"""

import cProfile
import json
import os
import pstats
import runpy
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

BEGIN = signal.SIGUSR1
_MOST = 150


class Tracer:
    """Profiles of all threads of Python, recorded from `BEGIN` on."""

    def __init__(self) -> None:
        self._begun = False
        self._profiles: list[tuple[str, cProfile.Profile]] = []

    def wait(self) -> None:
        signal.signal(BEGIN, self._begin)
        threading.setprofile(self._look)

    def _begin(self, _signal: int, _frame: FrameType | None) -> None:
        self._begun = True
        self._profile()

    def _look(self, _frame: FrameType, _event: str, _arg: object) -> None:
        """Start profiling the current thread, other than the main one, once `BEGIN` was sent."""
        if self._begun:
            sys.setprofile(None)
            self._profile()

    def _profile(self) -> None:
        profile = cProfile.Profile(time.thread_time)
        self._profiles.append((threading.current_thread().name.rstrip("_-0123456789"), profile))
        profile.enable()

    def write(self, path: Path) -> None:
        threads: dict[str, float] = {}
        own: dict[str, float] = {}
        whole: dict[str, float] = {}
        calls: dict[str, int] = {}
        for thread, profile in self._profiles:
            # (file, line, name) -> (primitive calls, calls, own, whole, callers)
            stats: dict[Any, Any] = vars(pstats.Stats(profile))["stats"]
            for function, (_, count, used, cumulated, _) in stats.items():
                name = _name(*function)
                threads[thread] = threads.get(thread, 0.0) + used
                own[name] = own.get(name, 0.0) + used
                whole[name] = whole.get(name, 0.0) + cumulated
                calls[name] = calls.get(name, 0) + count
        report = {
            "seconds": sum(own.values()),
            "threads": threads,
            "own": (most_own := _most(own)),
            "whole": (most_whole := _most(whole)),
            "calls": {name: calls[name] for name in {**most_own, **most_whole}},
        }
        path.write_text(json.dumps(report), "utf-8")


def _most(used: dict[str, float]) -> dict[str, float]:
    return dict(sorted(used.items(), key=lambda item: -item[1])[:_MOST])


def _name(file: str, line: int, function: str) -> str:
    parts = Path(file).parts
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return f"{'/'.join(parts[-3:])}:{line} {function}" if line else function


def main(path: Path, module: str, arguments: list[str]) -> None:
    tracer = Tracer()
    leave = os._exit  # the product exits this way, without interpreter teardown

    def exit_after_writing(code: int) -> None:
        tracer.write(path)
        leave(code)

    os._exit = exit_after_writing  # type: ignore[assignment]
    # Some programs shut down on SIGTERM and then send it to themselves once more.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.argv = [module, *arguments]
    tracer.wait()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
