"""Errors of a question: which are waited for, and which are the answer.

A workflow asks its activities, and waits until it is told (`workflows.calls`). What is merely away
comes back, and the question is asked again: those errors are `WAITED`. Everything else would be the
same error the next time, and the ticket would be with nobody: it is decided, and told as an answer
with a stable code. `asked` applies this to every activity that a ticket asks; nothing else does.
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
    # Without its rules a ticket cannot even be refused, and the complaint is sound: whoever runs
    # the installation has to mend the pack or the key ring, and the ticket goes on by itself.
    PackError: "the pack cannot be read",
    PackChanged: "the pack's folder was changed under the process",
    UnknownCity: "this process has no pack of the city",
    UnknownPackVersion: "no process has kept that version of the pack",
    BadKey: "the key ring of this process lacks a key",
}
"""What passes, or is mended by whoever runs the installation; and why it is thought to."""

PLAN_FAILED = "plan_failed"
"""The code of a decided error that has no code of its own: a defect, or a rule nobody foresaw."""

TOO_FAR = "too_far"

_OURS = frozenset({StoreError.code, SchemaUnusable.code})
"""Codes of errors that are ours to repair, and tell an asker nothing."""

S = TypeVar("S")
Q = TypeVar("Q")
A = TypeVar("A")


def asked(
    name: str,
) -> Callable[[Callable[[S, Q], Awaitable[A]]], Callable[[S, Q], Coroutine[Any, Any, A]]]:
    """Define an activity that a ticket asks: what is not waited for is answered.

    Raises, when asked:
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
    """Whether the same question may have another answer later."""
    if isinstance(error, RPCError):
        return error.status in PASSING
    return isinstance(error, tuple(WAITED))


def decided(name: str, error: Exception) -> ApplicationError:
    """The answer that an error of the activity `name` is; a defect is logged with its traceback.

    `unknown_tier` and the like keep their code and words. `too_far` is a moment beyond the last
    year that there is. `plan_failed` says nothing of the error, whose words nobody has read.
    """
    if isinstance(error, OverflowError):
        return refusal(TOO_FAR, "That is too far away: choose a shorter time.")
    code = getattr(error, "code", None)
    if isinstance(code, str) and code not in _OURS:
        told, words = code, str(error)
    else:
        told, words = PLAN_FAILED, f"{name} has no answer ({type(error).__name__}); it is logged."
    activity.logger.error(
        "a question has no answer", exc_info=error, extra={"activity": name, "code": told}
    )
    return refusal(told, words)


def refusal(code: str, message: str) -> ApplicationError:
    """An error that is the asker's: not retried, and told with its stable code."""
    return ApplicationError(message, type=code, non_retryable=True)
