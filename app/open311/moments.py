"""Moments as clients write them: with an offset, without one, with a blank for its plus, days."""

import re
from datetime import datetime, timedelta

from app.open311.doors import malformed
from domain.pack.pack import Pack

SPAN = timedelta(days=90)
"""The longest time between start_date and end_date, and what is listed without either."""

FILED = ("start_date", "end_date")
UPDATED = ("updated_after", "updated_before")
"""The names of a pair of moments."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST = 40
_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
_YEARS = range(1970, 9000)


def span(
    pack: Pack,
    since: str | None,
    until: str | None,
    names: tuple[str, str] = FILED,
    longest: timedelta | None = SPAN,
) -> tuple[datetime | None, datetime | None]:
    """Return two moments, each with its zone. A day ends with its last moment.

    Raises:
        Problem: invalid_request
    """
    begins = _moment(pack, since, names[0])
    ends = _moment(pack, until, names[1])
    if begins is not None and ends is not None:
        if ends < begins:
            raise malformed(names[1], "malformed", f"is before {names[0]}")
        if longest is not None and ends - begins > longest:
            message = f"is more than {longest.days} days after {names[0]}"
            raise malformed(names[1], "too_long", message)
    if ends is not None and until is not None and _DAY.fullmatch(until.strip()):
        ends += timedelta(days=1) - timedelta(microseconds=1)
    return begins, ends


def _moment(pack: Pack, text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    written = _LOST_PLUS.sub("+", text.strip())
    try:
        if len(written) > _LONGEST or not written.isascii():
            raise ValueError(name)
        moment = datetime.fromisoformat(written)
    except ValueError:
        message = "is no date and time as in 2026-03-02T08:00:00+08:00"
        raise malformed(name, "malformed", message) from None
    if moment.year not in _YEARS:
        raise malformed(name, "malformed", "is of no year that there are requests of")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=pack.calendar.tz)


def local(moment: datetime, pack: Pack) -> str:
    """Return a moment as W3C writes it, with the offset of the city."""
    return moment.astimezone(pack.calendar.tz).replace(microsecond=0).isoformat()
