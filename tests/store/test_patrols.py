"""Tests of patrols in the store: rounds are made once, proved or not, and climb when missed."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from domain.pack.patrols import Patrols
from domain.patrol.draw import redraw
from domain.patrol.rounds import PatrolRound, RoundState
from domain.refusals import Refused
from domain.ticket.files import FileKind
from store.db.clock import Clock
from store.db.engine import Store
from store.db.errors import StoreError
from store.db.patrol_tables import patrol_draw, patrol_sheet
from store.files import files
from store.files.files import Attaching, Claim
from store.patrols import draws, rounds, walks
from store.patrols.draws import WantedDraw
from store.patrols.rounds import Of
from store.patrols.walks import NewStamp
from tests.support.cities import SHIPPED
from tests.support.patrols import honest, many_routes
from tests.support.uploaded_files import an_uploaded_photo

CITY = "jinan"
PACK = SHIPPED.get(CITY)
TZ = PACK.calendar.tz
MONDAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 0, tzinfo=UTC)
"""Eight o'clock in the city: the window of XQ01 is open since seven."""
ONE = PACK.patrols.model_copy(update={"routes": PACK.patrols.routes[:1]})
ROUTE = ONE.routes[0]


def at(moment: datetime) -> Clock:
    """Return a clock that stands still."""
    return lambda _connection: moment


async def a_round(store: Store, now: datetime = MORNING) -> PatrolRound:
    await rounds.make(store, CITY, ONE, now, TZ)
    made = await rounds.get(store, f"{CITY}.XQ01.{now.astimezone(TZ):%Y%m%d}")
    assert made is not None
    return made


async def stamp_all(store: Store, of: PatrolRound, stamps: Sequence[NewStamp]) -> list[str | None]:
    """Hand in each stamp at its time; return what was said of each."""
    said = []
    for one in stamps:
        heard = await walks.stamp(store, of.id, ONE, [one], "walker", at(one.sent))
        said += [each.code for each in heard]
    return said


async def walk(store: Store, of: PatrolRound, start: datetime, **changes: Any) -> PatrolRound:
    photos = [await an_uploaded_photo(store, start) for _ in range(2)]
    stamps = honest(ROUTE, start, photos=photos, **changes)
    assert await stamp_all(store, of, stamps) == [None] * len(stamps)
    return await walks.finish(store, of.id, ONE, "walker", at(stamps[-1].at))


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


# --- making -------------------------------------------------------------------------------------


async def test_a_round_is_made_once_however_often_it_is_looked(store: Store) -> None:
    patrols = many_routes(PACK.patrols, 30)
    looks = [rounds.make(store, CITY, patrols, MORNING, TZ) for _ in range(6)]
    assert sum(await asyncio.gather(*looks)) == 30
    assert await rounds.make(store, CITY, patrols, MORNING + timedelta(minutes=15), TZ) == 0
    found = await rounds.between(store, CITY, Of(), MONDAY, MONDAY)
    assert len({one.id for one in found}) == len(found) == 30
    assert {one.state for one in found} == {RoundState.WAITING}


async def test_after_an_outage_each_day_has_its_round_and_nobody_missed_it(store: Store) -> None:
    await a_round(store)
    back = MORNING + timedelta(days=3)
    assert await rounds.make(store, CITY, ONE, back, TZ) == 3
    await rounds.climb(store, CITY, ONE, back)
    found = {
        one.day: one.state
        for one in await rounds.between(store, CITY, Of(), MONDAY, MONDAY + timedelta(days=9))
    }
    assert found == {
        MONDAY: RoundState.MISSED,
        MONDAY + timedelta(days=1): RoundState.LAPSED,
        MONDAY + timedelta(days=2): RoundState.LAPSED,
        MONDAY + timedelta(days=3): RoundState.WAITING,
    }
    assert await rounds.make(store, CITY, ONE, back + timedelta(days=30), TZ) == 8


async def test_a_new_route_has_no_rounds_of_days_before_it(store: Store) -> None:
    await a_round(store)
    tomorrow = MORNING + timedelta(days=1)
    await rounds.make(store, CITY, ONE, tomorrow, TZ)
    assert await rounds.make(store, CITY, many_routes(ONE, 1), tomorrow, TZ) == 1


async def test_a_missed_round_climbs_each_rung_once(store: Store) -> None:
    made = await a_round(store)
    for hours in (0, 11, 12, 35, 36, 59, 60, 200):
        await rounds.climb(store, CITY, ONE, MORNING + timedelta(hours=hours))
        await rounds.climb(store, CITY, ONE, MORNING + timedelta(hours=hours))
    climbed = await rounds.rungs(store, [made.id])
    assert [(one.n, one.due_at - made.ends, one.told) for one in climbed] == [
        (1, timedelta(), ("river-keepers", "370105014901")),
        (2, timedelta(days=1), ("370105014",)),
        (3, timedelta(days=2), ("370105", "supervisor")),
    ]
    assert all(one.at >= one.due_at for one in climbed)
    again = await rounds.get(store, made.id)
    assert again is not None
    assert (again.state, again.told, again.rung_at) == (RoundState.MISSED, 3, None)


async def test_rungs_that_came_due_in_an_outage_are_all_recorded(store: Store) -> None:
    made = await a_round(store)
    back = MORNING + timedelta(hours=40)
    await rounds.climb(store, CITY, ONE, back)
    assert [(one.n, one.at) for one in await rounds.rungs(store, [made.id])] == [
        (1, back),
        (2, back),
    ]


# --- walking ------------------------------------------------------------------------------------


async def test_an_honest_walk_is_proved_and_climbs_nothing(store: Store) -> None:
    made = await a_round(store)
    done = await walk(store, made, MORNING)
    assert (done.state, done.faults, done.walked_by) == (RoundState.PROVED, [], "walker")
    assert await rounds.climb(store, CITY, ONE, MORNING + timedelta(days=5)) == 0
    assert await rounds.rungs(store, [made.id]) == []
    assert await refusal(walks.finish(store, made.id, ONE, "walker", at(MORNING))) == "round_done"


async def test_a_missed_round_that_is_walked_late_climbs_no_further(store: Store) -> None:
    made = await a_round(store)
    await rounds.climb(store, CITY, ONE, MORNING + timedelta(hours=12))
    done = await walk(store, made, MORNING + timedelta(hours=20))
    assert (done.state, done.rung_at) == (RoundState.LATE, None)
    await rounds.climb(store, CITY, ONE, MORNING + timedelta(days=5))
    assert len(await rounds.rungs(store, [made.id])) == 1


async def test_a_round_from_a_desk_is_not_proved_and_can_be_walked_again(store: Store) -> None:
    made = await a_round(store)
    stamps = honest(ROUTE, MORNING, minutes=0, tag="desk")
    desk = [NewStamp(**vars(one) | {"lat": 36.6, "lon": 117.2}) for one in stamps]
    await stamp_all(store, made, desk)
    done = await walks.finish(store, made.id, ONE, "walker", at(MORNING))
    assert done.state is RoundState.UNPROVED
    said = {fault.partition(":")[0] for fault in done.faults}
    assert {"place_stands_still", "time_stands_still", "too_far", "photo_missing"} <= said
    again = await walk(store, done, MORNING + timedelta(hours=1))
    assert (again.state, again.attempt) == (RoundState.PROVED, 2)
    assert len(await walks.walked(store, made.id)) == 12, "what was tried stays to be seen"


async def test_what_is_not_proved_in_its_window_is_missed(store: Store) -> None:
    made = await a_round(store)
    await stamp_all(store, made, honest(ROUTE, MORNING)[:2])
    await walks.finish(store, made.id, ONE, "walker", at(MORNING + timedelta(hours=1)))
    await rounds.climb(store, CITY, ONE, MORNING + timedelta(hours=12))
    missed = await rounds.get(store, made.id)
    assert missed is not None
    assert (missed.state, missed.told) == (RoundState.MISSED, 1)
    assert "point_missing:P2" in missed.faults


async def test_points_before_the_window_or_elsewhere_are_refused(store: Store) -> None:
    early = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight in the city
    made = await a_round(store, early)
    one = honest(ROUTE, early)[0]
    assert await refusal(walks.stamp(store, made.id, ONE, [one], "walker", at(early))) == (
        "round_not_open"
    )
    before = NewStamp(**vars(one) | {"at": made.starts - timedelta(minutes=1), "sent": MORNING})
    unknown = NewStamp(**vars(one) | {"id": "x", "point": "P9", "at": MORNING, "sent": MORNING})
    assert await stamp_all(store, made, [before, unknown]) == ["round_not_open", "unknown_point"]
    assert await walks.walked(store, made.id) == []
    nothing = walks.finish(store, made.id, ONE, "walker", at(MORNING))
    assert await refusal(nothing) == "nothing_walked"
    long_over = at(MORNING + timedelta(days=8))
    assert await refusal(walks.finish(store, made.id, ONE, "walker", long_over)) == "round_over"


async def test_points_out_of_order_are_not_proved(store: Store) -> None:
    made = await a_round(store)
    turned = ROUTE.model_copy(update={"points": tuple(reversed(ROUTE.points))})
    photos = [await an_uploaded_photo(store, MORNING) for _ in range(2)]
    stamps = honest(turned, MORNING, photos=photos)
    await stamp_all(store, made, stamps)
    done = await walks.finish(store, made.id, ONE, "walker", at(stamps[-1].at))
    assert (done.state, done.faults) == (RoundState.UNPROVED, ["out_of_order"])


async def test_the_same_photo_counts_once_in_a_city(store: Store) -> None:
    made = await a_round(store)
    first, other = [
        NewStamp(
            **vars(one)
            | {"id": f"p{n}", "photos": await an_uploaded_photo(store, MORNING, sha256="5" * 64)}
        )
        for n, one in enumerate(honest(ROUTE, MORNING)[:2])
    ]
    assert await stamp_all(store, made, [first, other]) == [None, "same_photo"]
    assert await stamp_all(store, made, [first]) == [None], "sent again it is the same stamp"
    tomorrow = MORNING + timedelta(days=1)
    next_one = await a_round(store, tomorrow)
    late = NewStamp(
        **vars(other)
        | {"at": tomorrow, "sent": tomorrow}
        | {"photos": await an_uploaded_photo(store, tomorrow, sha256="5" * 64)}
    )
    assert await stamp_all(store, next_one, [late]) == ["same_photo"]
    assert [photo.point for photo in await walks.photos_of(store, made.id)] == ["P1"]


async def test_a_photo_counts_once_also_where_two_rounds_have_it_at_once(store: Store) -> None:
    two = many_routes(PACK.patrols, 2)
    await rounds.make(store, CITY, two, MORNING, TZ)
    both = [f"{CITY}.R00{n}.20260302" for n in (1, 2)]
    first = honest(ROUTE, MORNING)[0]
    for n in range(5):
        mark = str(n) * 64
        stamps = [
            NewStamp(
                **vars(first)
                | {"id": f"s{n}", "photos": await an_uploaded_photo(store, MORNING, sha256=mark)}
            )
            for _ in both
        ]
        answers = await asyncio.gather(
            *(
                walks.stamp(store, of, two, [one], "walker", at(MORNING))
                for of, one in zip(both, stamps, strict=True)
            )
        )
        codes = [one.code for heard in answers for one in heard]
        assert codes.count(None) == 1
        assert codes.count("same_photo") == 1


async def test_a_refused_stamp_stops_no_other_and_is_refused_as_often_as_it_is_sent(
    store: Store,
) -> None:
    made = await a_round(store)
    first, second, third = honest(ROUTE, MORNING)[:3]
    photos = [await an_uploaded_photo(store, MORNING) for _ in range(2)]
    many = Attaching([one.claims[0] for one in photos], {FileKind.PHOTO: 1}, MORNING)
    unknown = Attaching([Claim("f" * 32, "walker")], {FileKind.PHOTO: 9}, MORNING)
    sent = [
        NewStamp(**vars(first) | {"photos": many}),
        NewStamp(**vars(first) | {"photos": many}),
        NewStamp(**vars(second) | {"photos": unknown}),
        third,
    ]
    heard = await walks.stamp(store, made.id, ONE, sent, "walker", at(third.sent))
    assert [one.code for one in heard] == [
        "too_many_files",
        "too_many_files",
        "unknown_file",
        None,
    ]
    assert len(await walks.walked(store, made.id)) == 1


async def test_a_day_sent_twice_is_there_once(store: Store) -> None:
    made = await a_round(store)
    stamps = honest(ROUTE, MORNING)
    evening = at(MORNING + timedelta(hours=10))
    sent = [NewStamp(**vars(one) | {"sent": MORNING + timedelta(hours=10)}) for one in stamps]
    both = [walks.stamp(store, made.id, ONE, sent, "walker", evening) for _ in range(2)]
    for heard in await asyncio.gather(*both):
        assert [one.code for one in heard] == [None] * 6
    kept = await walks.walked(store, made.id)
    assert [stamp.true_at for stamp, _ in kept] == sorted(one.at for one in stamps)


async def test_after_its_time_only_what_was_judged_of_a_walk_is_left(store: Store) -> None:
    old, day = await walk(store, await a_round(store), MORNING), timedelta(days=1)
    new = await walk(store, await a_round(store, MORNING + day), MORNING + day, tag="n")
    [_, photo] = await files.of_ticket(store, old.id)
    assert await walks.forget(store, "elsewhere", new.day, 9) == 0
    assert await walks.forget(store, CITY, old.day, 9) == 0
    assert await walks.forget(store, CITY, new.day, 9) == 1
    assert await walks.forget(store, CITY, new.day, 9) == 0
    assert await walks.walked(store, old.id) == []
    assert await files.of_ticket(store, old.id) == []
    assert len(await files.expired(store, datetime.now(UTC), 9)) == 2, "a job deletes them"
    assert await rounds.get(store, old.id) == old
    assert len(await walks.walked(store, new.id)) == 6
    again = await an_uploaded_photo(store, MORNING + 2 * day, sha256=photo.sha256)
    next_one = await a_round(store, MORNING + 2 * day)
    stamps = honest(ROUTE, MORNING + 2 * day, photos=[again])
    assert (await stamp_all(store, next_one, stamps))[0] == "same_photo"


# --- unannounced checks -------------------------------------------------------------------------

AFTER = MONDAY + timedelta(days=3)


async def _drawn(store: Store, size: int = 3) -> draws.Draw:
    patrols = many_routes(PACK.patrols, 12)
    await rounds.make(store, CITY, patrols, MORNING, TZ)
    rules = PACK.patrols.checks
    assert rules is not None
    wanted = WantedDraw(CITY, MONDAY, MONDAY, size, rules, "supervisor")
    return await draws.draw(store, wanted, AFTER, lambda: secrets.token_hex(32), at(MORNING))


async def test_a_draw_is_recorded_and_redrawn(store: Store) -> None:
    made = await _drawn(store)
    assert (made.id, len(made.drawn), len(made.population)) == ("jinan-1", 3, 12)
    kept = await draws.get(store, made.id)
    assert kept == made
    known = await draws.population(store, kept)
    again = redraw(kept.algorithm, kept.seed, kept.population, kept.drawn, known)
    assert (again.same, again.drawn) == (True, made.drawn)
    assert (await _drawn(store)).id == "jinan-2", "another draw is seen to be another"
    await rounds.make(store, CITY, ONE, MORNING, TZ)  # a round that the draw did not know
    known = await draws.population(store, kept)
    other = redraw(kept.algorithm, kept.seed, kept.population, kept.drawn, known)
    assert (other.same, other.new) == (False, ["jinan.XQ01.20260302"])


async def test_draws_at_once_have_a_number_each(store: Store) -> None:
    await rounds.make(store, CITY, many_routes(PACK.patrols, 12), MORNING, TZ)
    made = await asyncio.gather(*(_drawn(store) for _ in range(4)))
    assert sorted(one.id for one in made) == [f"jinan-{n}" for n in range(1, 5)]
    for one in made:
        assert await draws.get(store, one.id) == one


async def test_what_is_asked_for_twice_after_the_same_draw_is_drawn_once(store: Store) -> None:
    first = await _drawn(store)
    rules = PACK.patrols.checks
    assert rules is not None

    async def drawn(size: int, after: int, account: str = "supervisor") -> str:
        wanted = WantedDraw(CITY, MONDAY, MONDAY, size, rules, account, after)
        made = await draws.draw(store, wanted, AFTER, lambda: secrets.token_hex(32), at(MORNING))
        return made.id

    taps = await asyncio.gather(*(drawn(2, first.n) for _ in range(4)))
    assert set(taps) == {"jinan-2"}
    assert await drawn(2, 2) == "jinan-3", "who has seen it draws another"
    assert await drawn(3, first.n) == "jinan-4", "another size is another draw"
    assert await drawn(2, first.n, "other") == "jinan-5", "and so is another supervisor's"


async def test_a_draw_cannot_be_changed_by_hand(store: Store) -> None:
    made = await _drawn(store)
    for statement in (
        update(patrol_draw).values(seed="chosen"),
        delete(patrol_draw),
    ):
        with pytest.raises((StoreError, DBAPIError)):
            await store.change(statement)
    points = {criterion.code: criterion.points for criterion in made.criteria}
    await draws.fill(store, made, made.drawn[0], points, "", ("a", None), at(MORNING))
    with pytest.raises((StoreError, DBAPIError)):
        await store.change(update(patrol_sheet).values(total=100))


async def test_days_that_are_not_over_and_too_few_rounds_are_refused(store: Store) -> None:
    rules = PACK.patrols.checks
    assert rules is not None
    for since, until, size, code in (
        (MONDAY, AFTER, 1, "draw_too_early"),
        (AFTER, MONDAY, 1, "draw_period"),
        (MONDAY - timedelta(days=100), MONDAY, 1, "draw_period"),
        (MONDAY, MONDAY, 1, "draw_too_large"),
    ):
        wanted = WantedDraw(CITY, since, until, size, rules, "supervisor")
        assert await refusal(draws.draw(store, wanted, AFTER, lambda: "s", at(MORNING))) == code


async def test_a_sheet_is_filled_once_and_its_total_is_computed(store: Store) -> None:
    made = await _drawn(store)
    first, left_out = made.drawn[0], made.population[-1]
    points = {"water": 30, "banks": 20, "outfalls": 20, "sign": 0}

    async def fill(of: str, given: dict[str, int]) -> str:
        return await refusal(draws.fill(store, made, of, given, "", ("eva", "evaluators")))

    assert await fill(left_out, points) == "not_drawn"
    assert await fill(first, points | {"water": 31}) == "sheet_points"
    assert await fill(first, points | {"water": -1}) == "sheet_points"
    assert await fill(first, {"water": 3}) == "sheet_incomplete"
    assert await fill(first, points) == ""
    assert await fill(first, points) == "sheet_filled"
    (sheet,) = await draws.sheets(store, made.id)
    assert (sheet.total, sheet.unit) == (70, "evaluators")
    assert await draws.filled(store, [made.id]) == {made.id: (1, 70)}


def test_the_routes_of_these_tests_are_the_pack_s() -> None:
    assert isinstance(ONE, Patrols)
    assert [route.code for route in ONE.routes] == ["XQ01"]
