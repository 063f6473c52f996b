"""The rows of contributions and points, written anew for a ticket, and what is added to sums."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, and_, bindparam, delete, select

from domain.pack.city_days import CityDays
from store.db.engine import Insert, ResultRow, Store
from store.db.figure_tables import LAST, contribution, earned_point, figure_sum
from store.db.tables import Row
from store.reporting.contributions import Contribution, Contributions, EarnedPoint
from store.reporting.formulas import EVERY_BY
from store.reporting.judging import Point

POINTS = "points"
"""The name of the sums of points, beside what puts a ticket into a period."""

Key = tuple[int, str, int, int, str, str]
"""The primary key of a sum: formulas, what, month, known, unit, bits."""

_KEY = tuple(column.name for column in figure_sum.primary_key)
_SPAN = ("since", "until", "gap", "filed", "ended", "due", "unit", "bits")
_POINT = ("unit", "part", "rule", "version", "at", "event", "round", "left_out")
_CONTRIBUTION, _EARNED = contribution.c, earned_point.c

_TABLES = (contribution, earned_point)


def _of(table: Any) -> Any:
    return and_(
        table.c.number.in_(bindparam("numbers", expanding=True)),
        table.c.formulas.in_(bindparam("ids", expanding=True)),
    )


_KEPT = {table: select(table).where(_of(table)).order_by(*table.primary_key) for table in _TABLES}
_GONE: dict[Any, Delete] = {
    table: delete(table).where(
        table.c.formulas == bindparam("which"), table.c.number == bindparam("of")
    )
    for table in _TABLES
}
_EMPTY = delete(figure_sum).where(
    *(figure_sum.c[name] == bindparam(f"of_{name}") for name in _KEY), figure_sum.c.n == 0
)


def contribution_of(row: ResultRow) -> Contribution:
    return Contribution(*(getattr(row, name) for name in _SPAN))


def point_of(row: ResultRow, points: float = 0) -> Point:
    """Return the point of a row; how many points its rule gives is the pack's to say."""
    values = {name: getattr(row, name) for name in _POINT}
    return Point(points=points, number=row.number, **values)


def sums(store: Store) -> Insert:
    """Return the statement that adds to sums."""
    insert = store.insert(figure_sum)
    added = figure_sum.c.n + insert.excluded.n
    return insert.on_conflict_do_update(index_elements=list(_KEY), set_={"n": added})


Kept = Mapping[tuple[int, str], Contributions]
"""Contributions by set of formulas and number."""


def write(
    store: Store, connection: Connection, kept: Kept, days: Mapping[int, CityDays]
) -> Counter[Key]:
    """Replace what is kept of these tickets by these sets; return what was added to sums."""
    if not kept:
        return Counter()
    asked = {"numbers": sorted({n for _, n in kept}), "ids": sorted({i for i, _ in kept})}
    before = _before(connection, asked)
    changes = Counter[Key]()
    changed = []
    for which, now in sorted(kept.items()):
        old = before.get(which, Contributions())
        if _rows(old) == _rows(now):
            continue
        changed.append(which)
        changes.update(dict(_summed(which[0], now, days[which[0]])))
        changes.subtract(dict(_summed(which[0], old, days[which[0]])))
    _replace(connection, kept, changed)
    add(store, connection, changes)
    return changes


def _before(connection: Connection, asked: Mapping[str, Any]) -> dict[tuple[int, str], Any]:
    found: dict[tuple[int, str], Contributions] = {}
    for row in connection.execute(_KEPT[contribution], asked).all():
        of = found.setdefault((row.formulas, row.number), Contributions())
        of.spans.append(contribution_of(row))
    for row in connection.execute(_KEPT[earned_point], asked).all():
        of = found.setdefault((row.formulas, row.number), Contributions())
        of.points.append(EarnedPoint(row.since, row.until, row.counted, point_of(row)))
    return found


def _rows(kept: Contributions) -> tuple[list[Row], list[Row]]:
    return _spans(0, "", kept.spans), _points(0, "", kept.points)


def _spans(formulas: int, number: str, spans: Sequence[Contribution]) -> list[Row]:
    return [
        {"formulas": formulas, "number": number, "n": n}
        | {name: getattr(one, name) for name in _SPAN}
        for n, one in enumerate(spans)
    ]


def _points(formulas: int, number: str, points: Sequence[EarnedPoint]) -> list[Row]:
    return [
        {"formulas": formulas, "number": number, "n": n}
        | {"since": one.since, "until": one.until, "counted": one.counted}
        | {name: getattr(one.point, name) for name in _POINT}
        for n, one in enumerate(points)
    ]


def _replace(connection: Connection, kept: Kept, changed: Sequence[tuple[int, str]]) -> None:
    if not changed:
        return
    gone = [{"which": formulas, "of": number} for formulas, number in changed]
    for table in _TABLES:
        connection.execute(_GONE[table], gone)
    insert_rows({key: kept[key] for key in changed}, connection)


def insert_rows(kept: Kept, connection: Connection) -> None:
    """Insert the rows of tickets of which nothing is kept."""
    spans = [row for key, one in kept.items() for row in _spans(*key, one.spans)]
    points = [row for key, one in kept.items() for row in _points(*key, one.points)]
    for table, rows in ((contribution, spans), (earned_point, points)):
        if rows:
            connection.execute(table.insert(), rows)


def add(store: Store, connection: Connection, changes: Counter[Key]) -> None:
    """Add these changes to the sums."""
    # In the order of the keys, so that two processes never wait for each other.
    added = [(key, n) for key, n in sorted(changes.items()) if n]
    if not added:
        return
    rows = [dict(zip(_KEY, key, strict=True)) | {"n": n} for key, n in added]
    connection.execute(store.once(sums), rows)
    less = [
        {f"of_{name}": value for name, value in zip(_KEY, key, strict=True)}
        for key, n in added
        if n < 0
    ]
    if less:
        connection.execute(_EMPTY, less)


def _summed(formulas: int, kept: Contributions, days: CityDays) -> Iterable[tuple[Key, int]]:
    """Return what a ticket adds to each sum."""
    changes = Counter[Key]()
    for key, n in steps(formulas, kept, days):
        changes[key] += n
    return changes.items()


def steps(formulas: int, kept: Contributions, days: CityDays) -> Iterator[tuple[Key, int]]:
    """Yield what the beginning and the end of each span adds to which sum."""
    for span in kept.spans:
        for by in EVERY_BY:
            at = span.at(by)
            if at is not None:
                yield from _both(formulas, by, days.month(at), span, (span.unit, span.bits), days)
    for one in kept.points:
        if not one.point.left_out:
            named = one.point.unit, one.point.rule
            yield from _both(formulas, POINTS, days.month(one.counted), one, named, days)


def _both(
    formulas: int,
    what: str,
    month: int,
    span: Contribution | EarnedPoint,
    named: tuple[str, str],
    days: CityDays,
) -> Iterator[tuple[Key, int]]:
    yield (formulas, what, month, days.known(span.since), *named), 1
    if span.until < LAST:
        yield (formulas, what, month, days.known(span.until), *named), -1
