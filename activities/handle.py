"""Handle (办理): the unit's own work, awaited here without occupying the worker."""

from temporalio import activity
from temporalio.common import RawValue

from runtime.names import HANDLE_ACTIVITY


@activity.defn(name=HANDLE_ACTIVITY)
async def park_assignment(order: RawValue) -> None:
    """Park an assignment; officers complete it by its id from their inbox.

    Nothing is stored in this process, so that a worker may stop or die without losing the
    assignment; and nothing is decoded, so that it needs no key. A department with a program of its
    own serves its queue with the package `jiesu_department` instead, and returns the result.
    """
    activity.raise_complete_async()
