"""Tests of parts of a city, points on its map, and the drill-down from each number."""

from datetime import timedelta
from typing import Any

import pytest

from domain.pack.periods import Period
from domain.ticket.complaint import Place
from store.db.engine import Store
from store.db.errors import BadCursor
from store.reporting import hot_spots
from store.reporting.drill_down import NOWHERE, DrillDownQuery, What, by_number, counted_tickets
from store.reporting.indicators import Ratio
from store.reporting.places import places
from tests.store.population import Busy
from tests.store.stories import START, complaint, project

STREET, OTHER = "110112003", "110112004"
DAY = timedelta(days=1)
PERIOD = Period(START, START + DAY)
NOW = START + timedelta(hours=10)


def _at(area: str | None, hours: float = 0, **place: Any) -> Busy:
    filed = START + timedelta(hours=hours)
    return Busy(complaint(filed_at=filed, place=Place(area=area, **place)))


async def _town(store: Store) -> dict[str, Busy]:
    """Write four tickets in one street, one in another, one without a place."""
    town = {
        "late": _at(f"{STREET}001001"),
        "calm": _at(f"{STREET}001002"),
        "good": _at(f"{STREET}002001"),
        "bad": _at(STREET),
        "other": _at(f"{OTHER}001001"),
        "nowhere": _at(None),
        "before": _at(STREET, -30),
    }
    await project(
        store,
        town["late"].begun("water", hours=1),
        town["calm"].begun("water", hours=48),
        [*town["good"].answered_by("water"), town["good"].watched()],
        [*town["bad"].answered_by("water", grade=1), town["bad"].watched()],
        town["other"].begun("water", hours=48),
        town["nowhere"].begun("water", hours=48),
        town["before"].begun("water", hours=72),
    )
    return town


async def test_each_part_of_a_place_has_its_numbers(store: Store) -> None:
    await _town(store)
    streets = await places(store, "demo", "", 9, PERIOD, NOW)
    assert {code: (one.open, one.late, one.filed, one.ended) for code, one in streets.items()} == {
        "": (1, 0, 1, 0),
        STREET: (3, 1, 4, 2),
        OTHER: (1, 0, 1, 0),
    }
    street = streets[STREET]
    assert street.response == Ratio(2, 2)
    assert street.resolution == street.satisfaction == Ratio(1, 2)
    parts = await places(store, "demo", STREET, 12, PERIOD, NOW)
    assert {code: one.filed for code, one in parts.items()} == {
        "": 1,
        f"{STREET}001": 2,
        f"{STREET}002": 1,
    }
    assert await places(store, "other", "", 9, PERIOD, NOW) == {}


@pytest.mark.parametrize(
    ("what", "who"),
    [
        (What.OPEN, ["late", "before", "calm"]),
        (What.LATE, ["late"]),
        (What.FILED, ["late", "calm", "good", "bad"]),
        (What.ENDED, ["good", "bad"]),
        (What.RATED, ["good", "bad"]),
        (What.SATISFIED, ["good"]),
        (What.RESOLVED, ["good"]),
        (What.CONTACTED, ["good", "bad"]),
        (What.ASKED, ["good", "bad"]),
    ],
)
async def test_behind_each_number_are_its_tickets(store: Store, what: What, who: list[str]) -> None:
    town = await _town(store)
    query = DrillDownQuery("demo", what, PERIOD, NOW, area=STREET)
    numbers, cursor = [], None
    while True:
        lines = await counted_tickets(store, query, cursor, limit=1)
        numbers += [row.number for row in lines.rows]
        if (cursor := lines.next_cursor) is None:
            break
    assert sorted(numbers) == sorted(town[name].number for name in who)
    if what is What.OPEN:
        assert numbers == [town[name].number for name in who], "what burns first comes first"


async def test_what_is_told_no_more_exactly_is_a_row_of_its_own(store: Store) -> None:
    town = await _town(store)
    inexact = DrillDownQuery("demo", What.FILED, PERIOD, NOW, area=STREET, exactly=11)
    assert [row.number for row in (await counted_tickets(store, inexact)).rows] == [
        town["bad"].number
    ]
    nowhere = DrillDownQuery("demo", What.FILED, PERIOD, NOW, area=NOWHERE)
    assert [row.number for row in (await counted_tickets(store, nowhere)).rows] == [
        town["nowhere"].number
    ]


async def test_a_list_is_read_on_with_its_own_cursor(store: Store) -> None:
    with pytest.raises(BadCursor):
        await counted_tickets(store, DrillDownQuery("demo", What.FILED, PERIOD, NOW), "nonsense")


async def test_tickets_are_found_by_their_numbers(store: Store) -> None:
    town = await _town(store)
    rows = await by_number(store, [town["good"].number, "0"])
    assert list(rows) == [town["good"].number]
    assert rows[town["good"].number].unit == "water"


async def test_spots_are_squares_in_which_complaints_gather(store: Store) -> None:
    here = [_at(STREET, lat=39.9011 + n / 10_000, lon=116.6012) for n in range(3)]
    story = _at(OTHER, lat=39.95, lon=116.7)
    shifted = _at(OTHER, lat=39.95, lon=116.7, crs="gcj02")
    about = {here[2]: "water"}
    lives = [
        [one.accepted(), one.classified(about.get(one, "lamp"))]
        for one in (*here, story, shifted, _at(None))
    ]
    await project(store, *lives)
    spots = await hot_spots.spots(store, hot_spots.HotSpotsQuery("demo", PERIOD))
    assert [one.tickets for one in spots] == [3, 1, 1]
    first = spots[0]
    assert (first.category, first.of_category) == ("lamp", 2)
    assert (round(first.lat, 4), round(first.lon, 4)) == (39.9012, 116.6012)
    south, north, west, east = square = hot_spots.squares_of(first.row, first.column)
    assert south <= 39.9011 < 39.9013 < north
    assert west <= 116.6012 < east
    query = DrillDownQuery("demo", What.FILED, PERIOD, NOW, square=square)
    assert {row.number for row in (await counted_tickets(store, query)).rows} == {
        one.number for one in here
    }
    lamps = hot_spots.HotSpotsQuery("demo", PERIOD, "lamp")
    assert [one.tickets for one in await hot_spots.spots(store, lamps)] == [2, 1, 1]
    assert len(await hot_spots.spots(store, lamps, most=1)) == 1


async def test_the_most_named_come_first(store: Store) -> None:
    await _town(store)
    query = hot_spots.HotSpotsQuery("demo", PERIOD)
    assert await hot_spots.areas(store, query, 9) == [
        hot_spots.Named(STREET, 4),
        hot_spots.Named(OTHER, 1),
    ]
    assert await hot_spots.areas(store, query, 12, most=1) == [hot_spots.Named(f"{STREET}001", 2)]
    assert await hot_spots.categories(store, query) == [hot_spots.Named("lamp", 6)]
    assert await hot_spots.categories(store, hot_spots.HotSpotsQuery("demo", PERIOD, "none")) == []
