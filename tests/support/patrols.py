"""Patrols for tests: honest walks, and rounds whose window is open now."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert

from domain.pack.patrols import Patrols, Route
from domain.patrol.rounds import PatrolRound, round_id
from store.db.engine import Store
from store.db.patrol_tables import patrol_round
from store.files.files import Attaching
from store.patrols import draws
from store.patrols.draws import WantedDraw
from store.patrols.walks import NewStamp
from tests.support.cities import SHIPPED

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


async def open_round(
    store: Store, city: str, route: Route, now: datetime, *, hours: float = 2, days_ago: int = 0
) -> PatrolRound:
    """Record a round whose window is open: since so many hours, and for as many more."""
    day = (now - timedelta(days=days_ago)).date()
    made = PatrolRound(
        id=round_id(city, route.code, day),
        city=city,
        route=route.code,
        day=day,
        unit=route.unit,
        reach=route.reach,
        starts=now - timedelta(hours=hours),
        ends=now + timedelta(hours=hours),
        made_at=now - timedelta(hours=hours),
        rung_at=now + timedelta(hours=hours),
    )
    row = {name: getattr(made, name) for name in PatrolRound.model_fields}
    await store.change(insert(patrol_round), row | {"state": made.state.value, "faults": "[]"})
    return made


def as_sent(stamps: Sequence[NewStamp], sent: datetime) -> dict[str, Any]:
    """Return stamps as a phone sends them all together."""
    fields = ("id", "point", "lat", "lon", "accuracy")
    lines = [
        {name: getattr(one, name) for name in fields}
        | {"at": one.at.isoformat(), "photos": [claim.id for claim in one.photos.claims]}
        for one in stamps
    ]
    return {"sent_at": sent.isoformat(), "stamps": lines}


async def a_draw(store: Store) -> tuple[str, str]:
    """Record a round of Jinan and a draw of it; return their numbers."""
    patrols, now = SHIPPED.get("jinan").patrols, datetime.now(UTC)
    made = await open_round(store, "jinan", patrols.routes[0], now - timedelta(days=2))
    assert patrols.checks is not None
    wanted = WantedDraw("jinan", made.day, made.day, 1, patrols.checks, "test")
    return made.id, (await draws.draw(store, wanted, now.date(), lambda: "seed")).id
