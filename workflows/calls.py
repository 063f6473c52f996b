"""Activity requests of workflows: a local activity first, a regular one if that fails.

A local activity costs one history event and no round trip, but runs inside one workflow task. When
it fails for longer than a few seconds (the database is down, a pack is broken), the request goes
to a regular activity that is retried until it is answered; timers and messages continue.
`activities.errors` defines which errors are retried and which are returned as a refusal.
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

from domain.refusals import Refused
from runtime.engine_limits import DONE_WITHIN
from runtime.unsealed import UNSEALED
from workflows.traces import result_arrived
from workflows.turns import PATIENCE, Patience

Q = TypeVar("Q")
A = TypeVar("A")

_QUICK = RetryPolicy(
    initial_interval=timedelta(milliseconds=100), maximum_attempts=3, backoff_coefficient=2
)
_AGAIN = timedelta(minutes=1)
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


async def ask(activity: Callable[[Any, Q], Awaitable[A]], question: Q) -> A:
    """Return the result of a stage activity.

    Raises:
        ApplicationError: a refusal or a decided error, with its code; other errors are retried.
        Refused: `gave_up`, when a command made the request and its time is over.
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
    patience = PATIENCE.get()
    if patience is not None:
        return await _ask_in_time(activity, question, patience)
    try:
        answer = await ask_patiently(activity, question)
    except FailureError:
        result_arrived()
        raise
    result_arrived()
    return answer


async def ask_until_answered(activity: Callable[[Any, Q], Awaitable[A]], question: Q) -> A:
    """Return the result of a stage activity without which the ticket itself cannot go on.

    A refusal here is a defect of a pack or of this program: it is logged, and the request repeated
    every minute, as the next pack or release may correct it. Such a ticket is shown on the board
    and by `jiesu doctor` (`store.tickets.stuck`), and a person can always send it to a unit.
    """
    while True:
        try:
            return await ask(activity, question)
        except ApplicationError as error:
            workflow.logger.error("no answer; asking again", extra={"code": error.type})
        await workflow.sleep(_AGAIN)
        result_arrived()


async def _ask_in_time(
    activity: Callable[[Any, Q], Awaitable[A]], question: Q, patience: Patience
) -> A:
    """Return the result of a regular activity, for a command that gives up after a while."""
    asking = workflow.start_activity_method(
        activity,
        question,
        start_to_close_timeout=DONE_WITHIN,
        schedule_to_close_timeout=2 * DONE_WITHIN,
        retry_policy=_PATIENT,
    )
    asking.add_done_callback(lambda done: done.cancelled() or done.exception())
    await patience.wait(asking.done)
    result_arrived()
    try:
        return await asking
    except ActivityError as error:
        raise_refusal(error)
        raise Refused("gave_up", "It took too long, and was not carried out.") from error


async def ask_patiently(activity: Callable[[Any, Q], Awaitable[A]], question: Q) -> A:
    """Return the result of a regular activity, retried until it is answered or refused.

    It is also asked again if somebody without the ticket's key gave the answer.
    """
    while True:
        try:
            return await workflow.execute_activity_method(
                activity,
                question,
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=_PATIENT,
            )
        except ActivityError as error:
            if is_unsealed(error):
                continue
            raise_refusal(error)
            raise


def is_unsealed(error: FailureError) -> bool:
    """Return whether an activity was answered by somebody without the ticket's key."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == UNSEALED


def raise_refusal(error: FailureError) -> None:
    """Raise the refusal inside `error` as this workflow's error; return if there is none.

    A regular activity's failure arrives wrapped in an ActivityError, a local one's arrives bare.
    """
    if is_cancelled_exception(error):
        raise error
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        raise ApplicationError(cause.message, type=cause.type, non_retryable=True) from None
