"""Quiet hours and days, in a city's own time."""

from datetime import datetime, time, timedelta, tzinfo

from domain.pack.messages import QuietHours


def next_open(quiet: QuietHours | None, zone: tzinfo, now: datetime) -> datetime:
    """Return when people may be told: now, or when the quiet hours end."""
    if quiet is None:
        return now
    local = now.astimezone(zone)
    at, since, until = local.time().replace(tzinfo=None), quiet.since, quiet.until
    inside = since <= at < until if since < until else at >= since or at < until
    if not inside:
        return now
    ends = datetime.combine(local.date(), until, zone)
    return ends if ends > now else datetime.combine(local.date() + _DAY, until, zone)


def day_begun(zone: tzinfo, now: datetime) -> datetime:
    """Return the midnight that began this day."""
    return datetime.combine(now.astimezone(zone).date(), time(0), zone)


def next_day(quiet: QuietHours | None, zone: tzinfo, now: datetime) -> datetime:
    """Return when people may be told on the next day; in the morning also without quiet hours."""
    midnight = datetime.combine(now.astimezone(zone).date() + _DAY, time(0), zone)
    opened = next_open(quiet, zone, midnight)
    return opened if opened > midnight else midnight + _MORNING


_DAY, _MORNING = timedelta(days=1), timedelta(hours=9)
