"""Closed months of contractors' assessment: kept as they were, with objections and decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, exists, insert, select, update

from domain.pack.contractors import AssessmentRule
from domain.refusals import Refused
from store.db import assessment_tables as tables
from store.db.clock import written_at
from store.db.engine import Store
from store.reporting.assessments import SheetLine

_MONTH, _SHEET, _LINE = tables.month.c, tables.sheet.c, tables.line.c
_OBJECTION = tables.objection.c


@dataclass(frozen=True)
class ClosedMonth:
    """A month as it was closed."""

    city: str
    month: str
    closed_at: datetime
    closed_by: str
    pack_version: str
    base: float
    publish: bool
    objections_until: datetime


@dataclass(frozen=True)
class KeptLine:
    """A line with its number in the month."""

    n: int
    name: str
    name_en: str
    line: SheetLine


@dataclass(frozen=True)
class Objection:
    """An objection to a line; `granted` is None until somebody decides."""

    n: int
    unit: str
    text: str
    at: datetime
    granted: bool | None
    reason: str


@dataclass(frozen=True)
class Kept:
    """A closed month, its contractors, its lines, and the objections by the lines' numbers."""

    closed: ClosedMonth
    units: list[str]
    lines: list[KeptLine]
    objections: dict[int, Objection] = field(default_factory=dict)

    def public(self, now: datetime) -> bool:
        """Return whether everybody may read it: nothing can be objected to, all is decided."""
        return self.closed.publish and not self.waiting and now >= self.closed.objections_until

    @property
    def waiting(self) -> int:
        """The number of objections that nobody has decided."""
        return sum(one.granted is None for one in self.objections.values())

    def struck(self, n: int) -> bool:
        """Return whether the line does not count, because an objection was granted."""
        objected = self.objections.get(n)
        return objected is not None and objected.granted is True


async def close(
    store: Store,
    closed: ClosedMonth,
    units: Sequence[str],
    lines: Sequence[SheetLine],
    rules: Mapping[str, AssessmentRule],
) -> None:
    """Keep a month as it is now; of two who close it at once one does.

    Raises:
        Refused: month_closed
    """
    adding = store.insert(tables.month).on_conflict_do_nothing()
    key = {"city": closed.city, "month": closed.month}

    def work(connection: Connection) -> None:
        made = connection.execute(adding.values(**closed.__dict__))
        if not made.rowcount:
            raise Refused("month_closed", "The month is closed already.")
        if units:
            connection.execute(insert(tables.sheet), [key | {"unit": unit} for unit in units])
        rows = [
            key
            | {"n": n, "name": rules[one.rule].name, "name_en": rules[one.rule].name_en}
            | one.model_dump()
            for n, one in enumerate(lines, 1)
        ]
        if rows:
            connection.execute(insert(tables.line), rows)

    await store.write(work)


async def kept(store: Store, city: str, month: str) -> Kept | None:
    """Return a closed month; None of one that is not closed."""

    def work(connection: Connection) -> Kept | None:
        here = select(tables.month).where(_MONTH.city == city, _MONTH.month == month)
        found = connection.execute(here).first()
        if found is None:
            return None
        units = connection.execute(
            select(_SHEET.unit).where(_SHEET.city == city, _SHEET.month == month)
        ).scalars()
        lines = connection.execute(
            select(tables.line).where(_LINE.city == city, _LINE.month == month).order_by(_LINE.n)
        ).all()
        said = connection.execute(
            select(*(_OBJECTION[name] for name in Objection.__dataclass_fields__)).where(
                _OBJECTION.city == city, _OBJECTION.month == month
            )
        ).all()
        return Kept(
            ClosedMonth(*found),
            sorted(units),
            [
                KeptLine(one.n, one.name, one.name_en, SheetLine.model_validate(dict(one._mapping)))
                for one in lines
            ],
            {one.n: Objection(*one) for one in said},
        )

    return await store.read(work)


async def public_months(store: Store, city: str, now: datetime) -> list[str]:
    """Return the months of a city of which `Kept.public` holds, the latest first."""
    undecided = exists().where(
        _OBJECTION.city == _MONTH.city,
        _OBJECTION.month == _MONTH.month,
        _OBJECTION.granted.is_(None),
    )
    query = (
        select(_MONTH.month)
        .where(
            _MONTH.city == city,
            _MONTH.publish.is_(True),
            _MONTH.objections_until <= now,
            ~undecided,
        )
        .order_by(_MONTH.month.desc())
    )
    return [one.month for one in await store.rows(query)]


async def object_to(
    store: Store, closed: ClosedMonth, n: int, unit: str, text: str, by: str
) -> None:
    """Record an objection to a line, once, and in time by when it is written.

    Raises:
        Refused: objection_over, already_objected
    """
    adding = store.insert(tables.objection).on_conflict_do_nothing()
    values = {"city": closed.city, "month": closed.month, "n": n, "unit": unit, "text": text}

    def work(connection: Connection) -> None:
        now = written_at(connection)
        if now >= closed.objections_until:
            raise Refused("objection_over", "The time to object is over.")
        more = {"at": now, "by": by, "granted": None, "reason": "", "decided_by": ""}
        if not connection.execute(adding.values(**values, **more)).rowcount:
            raise Refused("already_objected", "The line was objected to already.")

    await store.write(work)


async def decide(
    store: Store, closed: ClosedMonth, n: int, granted: bool, reason: str, by: str
) -> None:
    """Decide an objection, once.

    Raises:
        Refused: objection_not_found, objection_decided
    """
    where = (_OBJECTION.city == closed.city, _OBJECTION.month == closed.month, _OBJECTION.n == n)
    values = {"granted": granted, "reason": reason, "decided_by": by}

    def work(connection: Connection) -> None:
        found = connection.execute(
            select(_OBJECTION.granted).where(*where).with_for_update()
        ).first()
        if found is None:
            raise Refused("objection_not_found", "Nobody objected to this line.")
        if found.granted is not None:
            raise Refused("objection_decided", "The objection is decided already.")
        changed = values | {"decided_at": written_at(connection)}
        connection.execute(update(tables.objection).where(*where).values(**changed))

    await store.write(work)
