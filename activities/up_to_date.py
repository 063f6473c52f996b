"""The plan of a running clock by today's calendar, if the days that it counts have changed."""

from datetime import datetime

from temporalio import activity

from domain.deadlines.calendar import changed_days
from domain.deadlines.clocks import Clock
from domain.pack.pack import Pack
from domain.pack.planning import counted_span, replan_clock
from packs.calendars import with_years_of
from store.packs.archive import ArchivedPacks


async def up_to_date(
    packs: ArchivedPacks, pack: Pack, clock: Clock, now: datetime | None = None
) -> Clock:
    """Return `clock` planned again by the calendar of `pack`, or itself if nothing changes by that.

    It is planned again if, of the days that it counts, some are worked otherwise, or belong to a
    year published since. A year that was withdrawn stays as it was published. A clock whose
    calendar is not archived stays as it is. `now` as in `replan_clock`.

    Raises:
        StoreUnavailable
    """
    version = clock.calendar_version
    if version in (None, pack.calendar.version):
        return clock
    older = await packs.calendar(version)
    if older is None:
        activity.logger.warning("the calendar of a clock's plan is not kept")
        return clock
    today = with_years_of(pack.calendar, older)
    if not changed_days(older, today, *counted_span(pack, clock)):
        return clock
    again = replan_clock(pack.model_copy(update={"calendar": today}), clock, older, now)
    same = {"calendar_version": clock.calendar_version}
    if again.model_copy(update=same) == clock:
        return clock
    if today is not pack.calendar:
        await packs.keep_calendar(today)
    return again
