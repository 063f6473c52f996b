"""How workflows ask the world: a local activity first, a patient one when the world is away.

A local activity costs one history event and no round trip, but lives inside one workflow task. When
it fails for longer than a few seconds (the database is down, a pack is broken), the question is
handed to a regular activity that is retried until it is answered; timers and messages go on. Which
errors are waited for, and which are the answer, is the table of `activities.errors`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    is_cancelled_exception,
)

Q = TypeVar("Q")
A = TypeVar("A")

_QUICK = RetryPolicy(
    initial_interval=timedelta(milliseconds=100), maximum_attempts=3, backoff_coefficient=2
)
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


async def ask(activity: Callable[[Any, Q], Awaitable[A]], question: Q) -> A:
    """The answer of a stage activity.

    Raises:
        ApplicationError: a refusal or a decided error, with its code; what passes is waited out.
    """
    try:
        return await workflow.execute_local_activity_method(
            activity,
            question,
            schedule_to_close_timeout=timedelta(seconds=3),
            retry_policy=_QUICK,
        )
    except FailureError as error:
        raise_refusal(error)
        workflow.logger.warning("no quick answer; asking patiently")
    return await ask_patiently(activity, question)


async def ask_patiently(activity: Callable[[Any, Q], Awaitable[A]], question: Q) -> A:
    """The same by a regular activity, retried until it is answered or refused."""
    try:
        return await workflow.execute_activity_method(
            activity,
            question,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=_PATIENT,
        )
    except ActivityError as error:
        raise_refusal(error)
        raise


def raise_refusal(error: FailureError) -> None:
    """Raise the refusal inside `error`, as an error of this workflow's; return if there is none.

    A regular activity's failure arrives wrapped in an ActivityError, a local one's arrives bare.
    """
    if is_cancelled_exception(error):
        raise error
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        raise ApplicationError(cause.message, type=cause.type, non_retryable=True) from None
