"""The directory of places: those imported, beside those that the city's pack begins with.

A place of the pack counts until one with its code is imported, or until an import replaces the
whole directory.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, delete, or_, select
from sqlalchemy.sql import ColumnElement

from domain.pack.directory import Bounds, ListedPlace, bounds_around
from store.db import directory_tables
from store.db.engine import ResultRow, Store
from store.db.tables import Row

_PLACE = directory_tables.listed_place.c
_DIRECTORY = directory_tables.directory.c

_FIRST_LOOK = 500.0
"""Metres around a point that are looked at first; then twice as many, and so on."""

_AT_ONCE = 500
"""The most rows of one statement."""


@dataclass(frozen=True)
class PlaceConditions:
    """The places that somebody looks for; what is None or empty does not matter.

    `area`: the beginning of a division code. `category`: one that the place takes care of.
    """

    kind: str | None = None
    area: str | None = None
    features: tuple[str, ...] = ()
    category: str | None = None

    def fit(self, place: ListedPlace) -> bool:
        """Return whether a place is one of them."""
        return (
            (self.kind is None or place.kind == self.kind)
            and (self.area is None or (place.area or "").startswith(self.area))
            and place.has(self.features)
            and (self.category is None or place.serves(self.category))
        )

    def columns(self) -> Iterator[ColumnElement[bool]]:
        """Yield the same for the database."""
        if self.kind is not None:
            yield _PLACE.kind == self.kind
        if self.area is not None:
            yield _PLACE.area.startswith(self.area, autoescape=True)
        for feature in self.features:
            yield _PLACE.features.contains(f"|{feature}|", autoescape=True)
        if self.category is not None:
            patterns = [self.category, *(f"{self.category[:n]}*" for n in range(33))]
            yield or_(
                *(
                    _PLACE.services.contains(f"|{pattern}|", autoescape=True)
                    for pattern in dict.fromkeys(patterns)
                )
            )


@dataclass(frozen=True)
class PlaceChanges:
    """The changes of an import to the directory that people see: the codes, in order."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]
    removed: list[str]


class Directory:
    """The directory of one city; `begins_with` are the places of its pack."""

    def __init__(self, store: Store, city: str, begins_with: Sequence[ListedPlace]) -> None:
        self._store, self._city, self._pack = store, city, begins_with

    async def near(
        self, lat: float, lon: float, within: float, conditions: PlaceConditions
    ) -> AsyncIterator[tuple[float, ListedPlace]]:
        """Yield the places around a point that fit, the nearest first, each with its metres.

        They are read ring by ring: whoever needs only the nearest reads no more.
        """
        of_pack = await self._of_pack(conditions)
        done, radius = -1.0, min(_FIRST_LOOK, within)
        while True:
            found = _select(self._city, conditions, bounds_around(lat, lon, radius))
            places = [*of_pack, *map(_place, await self._store.rows(found))]
            away = [(place.metres_to(lat, lon), place) for place in places]
            ring = [
                (metres, place)
                for metres, place in away
                if metres is not None and done < metres <= radius
            ]
            for each in sorted(ring, key=lambda one: (one[0], one[1].code)):
                yield each
            if radius >= within:
                return
            done, radius = radius, min(radius * 2, within)

    async def all(self, conditions: PlaceConditions) -> list[ListedPlace]:
        """Return all the places that fit, by code."""
        rows = await self._store.rows(_select(self._city, conditions, None))
        places = [*await self._of_pack(conditions), *map(_place, rows)]
        return sorted(places, key=lambda place: place.code)

    async def get(self, code: str) -> ListedPlace | None:
        """Return the place of that code, if it is listed."""
        row = await self._store.first(
            select(directory_tables.listed_place).where(
                _PLACE.city == self._city, _PLACE.code == code
            )
        )
        if row is not None:
            return _place(row)
        shown = await self._of_pack(PlaceConditions())
        return next((place for place in shown if place.code == code), None)

    async def change(
        self, places: Sequence[ListedPlace], replace: bool, at: datetime, *, dry_run: bool = False
    ) -> PlaceChanges:
        """Import places, and say what that changes. `replace`: all others are removed.

        `dry_run`: say it, and change nothing. Imports of a city wait for each other.
        """
        if dry_run:
            return await self._store.read(
                lambda connection: self._compared(connection, places, replace)
            )
        return await self._store.write(
            lambda connection: self._changed(connection, places, replace, at)
        )

    def _changed(
        self, connection: Connection, places: Sequence[ListedPlace], replace: bool, at: datetime
    ) -> PlaceChanges:
        # This row first: its lock is what a second import waits for.
        own = {"city": self._city, "instead_of_pack": replace, "imported_at": at}
        entry = self._store.insert(directory_tables.directory)
        update = {"imported_at": at} | ({"instead_of_pack": True} if replace else {})
        before = self._instead(connection)
        connection.execute(entry.on_conflict_do_update(index_elements=["city"], set_=update), own)
        changes = self._compared(connection, places, replace, before)
        if replace:
            kept = {place.code for place in places}
            gone = [code for code in self._codes(connection) if code not in kept]
            for codes in _batches(gone):
                connection.execute(
                    delete(directory_tables.listed_place).where(
                        _PLACE.city == self._city, _PLACE.code.in_(codes)
                    )
                )
        row = self._store.insert(directory_tables.listed_place)
        names = [name for name in _PLACE.keys() if name not in ("city", "code")]  # noqa: SIM118
        statement = row.on_conflict_do_update(
            index_elements=["city", "code"], set_={name: row.excluded[name] for name in names}
        )
        for some in _batches(places):
            connection.execute(statement, [_row(self._city, place) for place in some])
        return changes

    def _compared(
        self,
        connection: Connection,
        places: Sequence[ListedPlace],
        replace: bool,
        instead: bool | None = None,
    ) -> PlaceChanges:
        rows = connection.execute(_select(self._city, PlaceConditions(), None)).all()
        hidden = self._instead(connection) if instead is None else instead
        shown = {} if hidden else {place.code: place for place in self._pack}
        shown |= {place.code: place for place in map(_place, rows)}
        new = {place.code: place for place in places}
        return PlaceChanges(
            added=sorted(new.keys() - shown.keys()),
            changed=sorted(code for code in new.keys() & shown.keys() if new[code] != shown[code]),
            unchanged=sorted(
                code for code in new.keys() & shown.keys() if new[code] == shown[code]
            ),
            removed=sorted(shown.keys() - new.keys()) if replace else [],
        )

    def _instead(self, connection: Connection) -> bool:
        """Return whether the places of the pack do not count any more."""
        found = connection.execute(
            select(_DIRECTORY.instead_of_pack).where(_DIRECTORY.city == self._city)
        ).first()
        return found is not None and bool(found.instead_of_pack)

    def _codes(self, connection: Connection) -> list[str]:
        rows = connection.execute(select(_PLACE.code).where(_PLACE.city == self._city))
        return [row.code for row in rows]

    async def _of_pack(self, conditions: PlaceConditions) -> list[ListedPlace]:
        """Return the places of the pack that fit, and that no import has replaced."""
        fitting = {place.code: place for place in self._pack if conditions.fit(place)}
        if not fitting:
            return []

        def left(connection: Connection) -> list[ListedPlace]:
            if self._instead(connection):
                return []
            overridden = select(_PLACE.code).where(
                _PLACE.city == self._city, _PLACE.code.in_(list(fitting))
            )
            gone = {row.code for row in connection.execute(overridden)}
            return [place for code, place in fitting.items() if code not in gone]

        return await self._store.read(left)


def _select(city: str, conditions: PlaceConditions, bounds: Bounds | None) -> Select[Any]:
    statement = select(directory_tables.listed_place).where(
        _PLACE.city == city, *conditions.columns()
    )
    if bounds is None:
        return statement
    return statement.where(
        _PLACE.lat.between(bounds.south, bounds.north), _PLACE.lon.between(bounds.west, bounds.east)
    )


def _place(row: ResultRow) -> ListedPlace:
    values = dict(row._mapping)
    del values["city"]
    # What was checked when it was imported is not checked again: a search reads hundreds.
    return ListedPlace.model_construct(
        **values | {name: _codes_of(values[name]) for name in ("features", "services")}
    )


def _row(city: str, place: ListedPlace) -> Row:
    values = place.model_dump() | {"city": city, "area": place.area or ""}
    return values | {name: _bars(values[name]) for name in ("features", "services")}


def _bars(codes: Sequence[str]) -> str:
    return f"|{'|'.join(codes)}|" if codes else ""


def _codes_of(text: str) -> tuple[str, ...]:
    return tuple(text.strip("|").split("|")) if text else ()


Item = TypeVar("Item")


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for begin in range(0, len(items), _AT_ONCE):
        yield items[begin : begin + _AT_ONCE]
