"""Handle (办理): the unit's own work. Here it is only waited for, without holding anything."""

from temporalio import activity
from temporalio.common import RawValue

from runtime.names import HANDLE_ACTIVITY


@activity.defn(name=HANDLE_ACTIVITY)
async def park_assignment(order: RawValue) -> None:
    """Park: officers work from their inbox and complete the assignment by its id.

    Nothing is kept in this process, so that a worker may stop or die without losing the
    assignment; and nothing is read, so that it needs no key. A department with a program of its
    own serves its queue with `workers.department` instead, and returns the result.
    """
    activity.raise_complete_async()
