"""Errors of an activity request: which are retried, and which are returned as a refusal.

A workflow waits for the results of its activities (`workflows.calls`). A temporary error passes,
and the request is retried: those errors are `WAITED`. Any other error would occur again, and the
ticket would be with nobody: it is decided, that is, returned as a refusal with a stable code.
`ticket_activity` applies this to every activity that a ticket requests; nothing else does.
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from packs.registry import PackError, UnknownCity
from runtime.engine_errors import PASSING
from store.db.errors import BadKey, ObjectsUnavailable, SchemaUnusable, StoreError, StoreUnavailable
from store.packs.archive import PackChanged, UnknownPackVersion

WAITED: dict[type[Exception], str] = {
    StoreUnavailable: "the database is away, busy or full",
    ObjectsUnavailable: "the place of the files is away",
    RPCError: "the engine is away; see PASSING",
    OSError: "a file, a disk or a connection: also TimeoutError and ConnectionError",
    MemoryError: "this process is short of memory; another one, or later, is not",
    # Without its rules a ticket cannot even be refused, though the complaint is valid: an operator
    # has to repair the pack or the key ring, and the ticket then continues by itself.
    PackError: "the pack cannot be read",
    PackChanged: "the pack's folder was changed under the process",
    UnknownCity: "this process has no pack of the city",
    UnknownPackVersion: "no process has kept that version of the pack",
    BadKey: "the key ring of this process lacks a key",
}
"""The errors that pass by themselves or are repaired by an operator, each with the reason."""

PLAN_FAILED = "plan_failed"
"""The code of a decided error without a code of its own: a defect, or an unforeseen rule."""

TOO_FAR = "too_far"

_OURS = frozenset({StoreError.code, SchemaUnusable.code})
"""Codes of internal errors, which mean nothing to the caller."""

S = TypeVar("S")
Q = TypeVar("Q")
A = TypeVar("A")


def ticket_activity(
    name: str,
) -> Callable[[Callable[[S, Q], Awaitable[A]]], Callable[[S, Q], Coroutine[Any, Any, A]]]:
    """Define an activity that a ticket requests; errors that are not retried become refusals.

    Raises, when called:
        ApplicationError: a refusal of the activity's own; or a decided error, see `decided`.
    """

    def define(ask: Callable[[S, Q], Awaitable[A]]) -> Callable[[S, Q], Coroutine[Any, Any, A]]:
        @wraps(ask)
        async def answer(self: S, question: Q) -> A:
            try:
                return await ask(self, question)
            except Exception as error:
                if isinstance(error, ApplicationError) or is_waited_for(error):
                    raise
                raise decided(name, error) from error

        return activity.defn(name=name)(answer)

    return define


def is_waited_for(error: Exception) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, RPCError):
        return error.status in PASSING
    return isinstance(error, tuple(WAITED))


def decided(name: str, error: Exception) -> ApplicationError:
    """Return the refusal for an error of the activity `name`; log a defect with its traceback.

    `unknown_tier` and the like keep their code and message. `too_far` is a time beyond the year
    9999. `plan_failed` leaves out the error's own message, which nobody has reviewed.
    """
    if isinstance(error, OverflowError):
        return refusal(TOO_FAR, "That is too far away: choose a shorter time.")
    code = getattr(error, "code", None)
    if isinstance(code, str) and code not in _OURS:
        public_code, words = code, str(error)
    else:
        public_code, words = (
            PLAN_FAILED,
            f"{name} has no answer ({type(error).__name__}); it is logged.",
        )
    activity.logger.error(
        "a question has no answer", exc_info=error, extra={"activity": name, "code": public_code}
    )
    return refusal(public_code, words)


def refusal(code: str, message: str) -> ApplicationError:
    """Return an error for the caller: not retried, and reported with its stable code."""
    return ApplicationError(message, type=code, non_retryable=True)
