"""The schedules of cities' patrols in the engine: one for each city that has routes."""

from collections.abc import Iterable
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from packs.registry import PackError, PackRegistry
from runtime.names import PATROL_PREFIX, PATROL_WORKFLOW, TICKETS
from workers.schedules import keep_schedule

LOOK_EVERY = timedelta(minutes=15)
"""The interval between looks at a city's patrols: how late a round is made, or climbs, at most."""


def patrol_schedule(city: str) -> Schedule:
    """Return the schedule of a city's patrols.

    A look while the one before still runs is left out (SKIP): the next one sees all that it would
    have seen. After an outage only a look of the last interval is caught up, for the same reason:
    one makes the rounds of all days that nobody has looked at.
    """
    return Schedule(
        action=ScheduleActionStartWorkflow(
            PATROL_WORKFLOW, city, id=f"chore/{PATROL_PREFIX}{city}", task_queue=TICKETS
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=LOOK_EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=LOOK_EVERY),
    )


def cities_with_patrols(packs: PackRegistry) -> list[str]:
    """Return the cities that have routes. A pack that cannot be read is the doctor's business."""
    return [city for city in packs.ids() if _has_routes(packs, city)]


def _has_routes(packs: PackRegistry, city: str) -> bool:
    try:
        return bool(packs.get(city).patrols.routes)
    except PackError:
        return False


async def schedule_patrols(client: Client, cities: Iterable[str]) -> None:
    """Create the schedules of these cities, or bring them up to date.

    Those of other cities stay: another installation's worker may have them in its packs, and for a
    city without routes a look finds nothing to do.
    """
    for city in cities:
        await keep_schedule(client, f"{PATROL_PREFIX}{city}", patrol_schedule(city))
