"""Patrols for tests: honest walks, and rounds whose window is open now."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from domain.pack.patrols import Patrols, Route
from store.files.files import Attaching
from store.patrols.walks import NewStamp

METRE = 1 / 111_195
"""Degrees of latitude of a metre."""
NOTHING = Attaching([], {}, datetime(2026, 1, 1, tzinfo=UTC))


def many_routes(patrols: Patrols, count: int, **changes: Any) -> Patrols:
    """Return patrols with so many routes, each like the first one of these."""
    first = patrols.routes[0].model_copy(update=changes)
    routes = tuple(first.model_copy(update={"code": f"R{n:03d}"}) for n in range(1, count + 1))
    return patrols.model_copy(update={"routes": routes})


def whole_day(route: Route, **changes: Any) -> Route:
    """Return the route with a round on every day, open all day, and no time to stay."""
    values = {"every": 1, "weekdays": (), "start": time(0, 0), "end": time(23, 59), "dwell": None}
    return route.model_copy(update=values | {"since": date(2026, 1, 1)} | changes)


def honest(
    route: Route,
    start: datetime,
    *,
    minutes: float = 10,
    photos: Sequence[Attaching] = (),
    tag: str = "s",
) -> list[NewStamp]:
    """Return the stamps of an honest walk: twelve metres beside each point, twice at each."""
    stamps, left = [], list(photos)
    for n, point in enumerate(route.points):
        came = start + timedelta(minutes=minutes * n)
        for m, at in enumerate((came, came + route.stay + timedelta(seconds=5))):
            attached = left.pop(0) if point.photo and not m and left else NOTHING
            stamps.append(
                NewStamp(
                    id=f"{tag}{n}-{m}",
                    point=point.code,
                    at=at,
                    sent=at,
                    lat=point.lat + (12 + m) * METRE,
                    lon=point.lon,
                    accuracy=8.0,
                    photos=attached,
                )
            )
    return stamps
