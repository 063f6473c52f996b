"""Errors of calls to the engine, as the sending of commands tells them apart.

What matters is whether the engine may have the command: `Unsent` and `Crowded` say no, `Lost` says
that it may.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError, RPCStatusCode

from app.errors import Problem
from runtime.engine_clock import EngineClock
from runtime.engine_errors import NOT_READY, PASSING

GLANCE = 1.0
"""Seconds for a request that the engine answers at once."""

_NOBODY_LISTENS = ("connect error", "dns error", "trying to connect")
"""The client's messages when it could not connect, so that nothing was sent."""

_BUSY = (RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.ABORTED)
"""Statuses of an engine that takes no command at present. If they come late, it may have been taken
before: the engine retries internally, and answers only the last attempt."""

_LIMITS = {
    "total number of distinct updates": "ticket_too_large",
    "limit for signal events": "ticket_too_large",
    "history size exceeds": "ticket_too_large",
    "history count exceeds": "ticket_too_large",
    "larger than max": "payload_too_large",
    "exceeds size limit": "payload_too_large",
}
"""The engine's messages about its limits, and our code for each."""


class EngineUnavailable(Problem):
    """An unknown outcome: repeating the same request with the same key is safe."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("engine_unavailable", detail)


class NotRunning(Exception):
    """The absence of anything running under that name: not started yet, or ended (`ended`)."""

    def __init__(self, *, ended: bool = False) -> None:
        super().__init__("ended" if ended else "not running")
        self.ended = ended


class Lost(Exception):
    """A lost answer: the engine may have it. `broken`: an answer may have been on its way."""

    def __init__(self, *, broken: bool) -> None:
        super().__init__("no answer")
        self.broken = broken


class Crowded(Exception):
    """The engine's refusal to take more at once; it did not take this one."""


class RunClosed(Exception):
    """The end of a run before it accepted the command; every poll gets the same answer."""


class Unsent(Exception):
    """A connection failure: nothing was sent."""


@contextmanager
def as_ours(clock: EngineClock, timeout: float) -> Iterator[None]:
    """Convert the errors of a call that had so many seconds to our own."""
    began = clock.steady()
    try:
        yield
    except (RPCError, RuntimeError) as error:
        ours = _named(error, clock.steady() - began, timeout)
        if ours is error:
            raise
        raise ours from error


def _named(error: RPCError | RuntimeError, took: float, timeout: float) -> Exception:
    if not isinstance(error, RPCError):  # a lazy client that could not connect
        return Unsent() if "onnect" in str(error) else error
    limit = engine_limit(error)
    if limit is not None:
        return limit
    match error.status:
        case RPCStatusCode.NOT_FOUND if "aborted by closing" in error.message:
            return RunClosed()
        case RPCStatusCode.NOT_FOUND:
            return NotRunning(ended="already completed" in error.message)
        case RPCStatusCode.UNAVAILABLE if any(word in error.message for word in _NOBODY_LISTENS):
            return Unsent()
        case status if status in _BUSY and took < GLANCE:
            return Crowded()
        case status if status == NOT_READY or status in _BUSY:
            return Lost(broken=False)
        case status if status in PASSING:
            return Lost(broken=took < 0.9 * timeout)
        case _:
            return error


def engine_limit(error: RPCError) -> Problem | None:
    """Return the refusal for a limit of the engine that was reached, by its message."""
    for words, code in _LIMITS.items():
        if words in error.message:
            return Problem(code)
    return None
