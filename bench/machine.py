"""The measuring machine, and its other load."""

import os
import platform
import resource
from dataclasses import dataclass
from typing import Any, Self

import psutil


def machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "os": platform.system()}


@dataclass(frozen=True)
class MachineTime:
    """CPU seconds of all cores since the machine started: all, and busy ones; and those of the
    load generators that have ended.
    """

    all: float
    busy: float
    generators: float

    @classmethod
    def now(cls) -> Self:
        times = psutil.cpu_times()._asdict()
        every = sum(spent for name, spent in times.items() if not name.startswith("guest"))
        idle = times["idle"] + times.get("iowait", 0.0)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(every, every - idle, ended.ru_utime + ended.ru_stime)

    def others_since(self, before: Self, ours: float) -> float:
        """Return the machine's share used neither by `ours` (CPU seconds) nor by generators."""
        ours += self.generators - before.generators
        busy = self.busy - before.busy
        return max(0.0, busy - ours) / max(1e-9, self.all - before.all)
