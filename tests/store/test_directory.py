"""Tests of the directory of places in the store: nearby is what comparing every place says."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.pack.directory import ListedPlace, metres_between
from store.db.engine import Store
from store.directory.listed_places import Directory, PlaceConditions

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CITY = "huangpu"


def place(code: str = "a", **more: Any) -> ListedPlace:
    values = {
        "kind": "toilet",
        "name": f"公厕{code}",
        "area": "440112003",
        "lat": 23.1,
        "lon": 113.45,
    }
    return ListedPlace.model_validate({"code": code, **values, **more})


async def nearest(
    directory: Directory, lat: float, lon: float, within: float, **conditions: Any
) -> list[tuple[float, str]]:
    found = directory.near(lat, lon, within, PlaceConditions(**conditions))
    return [(metres, place.code) async for metres, place in found]


_LAT, _LON = st.floats(23.0, 23.2), st.floats(113.4, 113.6)
_PLACES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        lat=_LAT,
        lon=_LON,
        kind=st.sampled_from(["toilet", "stop"]),
        features=st.sets(st.sampled_from(["nursing", "step_free", "step"])).map(sorted),
        area=st.sampled_from(["440112003", "440112003901001", "440112005"]),
    ),
    max_size=30,
)


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    imported=_PLACES,
    of_pack=_PLACES,
    at=st.tuples(_LAT, _LON),
    within=st.floats(1, 30_000),
    kind=st.sampled_from([None, "toilet"]),
    features=st.sets(st.sampled_from(["nursing", "step"])).map(tuple),
    area=st.sampled_from([None, "440112003", "440112"]),
)
async def test_nearby_is_what_comparing_every_place_says(
    store: Store,
    imported: list[dict[str, Any]],
    of_pack: list[dict[str, Any]],
    at: tuple[float, float],
    within: float,
    kind: str | None,
    features: tuple[str, ...],
    area: str | None,
) -> None:
    begins_with = [place(f"p{n}", **one) for n, one in enumerate(of_pack)]
    # Every third place has the code of one that the pack begins with, which then does not count.
    own = [place(f"p{n}" if n % 3 == 0 else f"i{n}", **one) for n, one in enumerate(imported)]
    directory = Directory(store, CITY, begins_with)
    await directory.change([place("gone")], True, AT)
    await directory.change([], True, AT)
    fresh = Directory(store, "other", begins_with)
    await fresh.change([], False, AT)
    for each, everything in (
        (directory, own),
        (fresh, [*own, *(one for one in begins_with if one.code not in {o.code for o in own})]),
    ):
        await each.change(own, False, AT)
        expected = sorted(
            (metres, one.code)
            for one in everything
            if (kind is None or one.kind == kind)
            and set(features) <= set(one.features)
            and (area is None or (one.area or "").startswith(area))
            and (metres := metres_between((one.lat or 0, one.lon or 0), at)) <= within
        )
        found = await nearest(each, *at, within, kind=kind, features=features, area=area)
        assert found == expected
    for each in (directory, fresh):
        await each.change([], True, AT)
    await _as_if_never_imported(store)


async def _as_if_never_imported(store: Store) -> None:
    from sqlalchemy import delete

    from store.db.directory_tables import directory

    await store.change(delete(directory))


async def test_what_the_pack_begins_with_counts_until_it_is_imported(store: Store) -> None:
    directory = Directory(store, CITY, [place("a"), place("b")])
    assert _codes(await directory.all(PlaceConditions())) == ["a", "b"]
    await directory.change([place("b", name="新的"), place("c")], False, AT)
    everything = await directory.all(PlaceConditions())
    assert [(one.code, one.name) for one in everything] == [
        ("a", "公厕a"), ("b", "新的"), ("c", "公厕c"),
    ]  # fmt: skip
    found = await directory.get("b")
    assert found is not None and found.name == "新的"
    await directory.change([place("c")], True, AT)
    assert _codes(await directory.all(PlaceConditions())) == ["c"]
    assert await directory.get("a") is None
    await directory.change([place("d")], False, AT)
    assert _codes(await directory.all(PlaceConditions())) == ["c", "d"]


async def test_an_import_says_what_it_changes_and_a_second_one_changes_nothing(
    store: Store,
) -> None:
    directory = Directory(store, CITY, [place("a"), place("b"), place("z")])
    new = [
        place("a"),
        place("b", phone="12345"),
        place("c", features=["nursing"], services=["09*"], unit="U"),
    ]
    looked = await directory.change(new, True, AT, dry_run=True)
    assert (looked.added, looked.changed) == (["c"], ["b"])
    assert (looked.unchanged, looked.removed) == (["a"], ["z"])
    assert _codes(await directory.all(PlaceConditions())) == ["a", "b", "z"]
    assert await directory.change(new, True, AT) == looked
    again = await directory.change(new, True, AT)
    assert (again.added, again.changed, again.removed) == ([], [], [])
    assert again.unchanged == ["a", "b", "c"]
    assert await directory.all(PlaceConditions()) == new


async def test_cities_keep_their_places_apart(store: Store) -> None:
    await Directory(store, CITY, []).change([place("a")], True, AT)
    other = Directory(store, "other", [place("b")])
    assert _codes(await other.all(PlaceConditions())) == ["b"]
    await other.change([], True, AT)
    assert _codes(await Directory(store, CITY, []).all(PlaceConditions())) == ["a"]


@pytest.mark.parametrize(
    ("services", "found"),
    [(["0901"], True), (["09*"], True), (["*"], True), (["090*"], True), (["0902"], False),
     (["0901.1"], False), (["09"], False), ([], False)],
)  # fmt: skip
async def test_what_a_place_takes_care_of(store: Store, services: list[str], found: bool) -> None:
    one = place("a", services=services, unit="U")
    for imported in (False, True):
        directory = Directory(store, CITY, [] if imported else [one])
        if imported:
            await directory.change([one], True, AT)
        codes = _codes(await directory.all(PlaceConditions(category="0901")))
        assert codes == (["a"] if found else [])


async def test_marks_in_codes_are_no_patterns(store: Store) -> None:
    await Directory(store, CITY, []).change([place("a", features=["step-free"])], True, AT)
    directory = Directory(store, CITY, [])
    assert await directory.all(PlaceConditions(features=("step_free",))) == []
    assert await directory.all(PlaceConditions(area="44_112")) == []


async def test_a_place_without_a_point_is_listed_and_never_near(store: Store) -> None:
    directory = Directory(store, CITY, [])
    await directory.change([place("a", lat=None, lon=None)], True, AT)
    assert _codes(await directory.all(PlaceConditions(area="440112003"))) == ["a"]
    assert await nearest(directory, 23.1, 113.45, 50_000) == []


def _codes(places: Sequence[ListedPlace]) -> list[str]:
    return [place.code for place in places]
