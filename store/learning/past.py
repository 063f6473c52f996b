"""The past tickets that a city's model learns from, and how suggestions fared.

A ticket teaches once it has ended, with the category that a person gave it last, or that a machine
gave it and no unit returned. Reports of wrongdoing, and erased tickets, teach nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from domain.actors import Actor, Role
from domain.facts.intake import Classified, TriageUnsure
from domain.ticket.erasure import GONE
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import Store
from store.tickets.tickets import FACTS
from store.tickets.view_log import entry

LEARNING = "learning"
"""The kind of data that the log of views names: title and text, read by a program."""
_PAGE = 500
_T, _E = tables.ticket.c, tables.event.c
_CLASSIFIED = ("classified", "reclassified")


@dataclass(frozen=True, slots=True)
class PastTicket:
    """A ticket that teaches."""

    number: str
    category: str
    title: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Fared:
    """Suggestions compared with the category that tickets have: of all, and of the sure ones.

    `decided`: those that triage followed by itself.
    """

    suggested: int
    right: int
    sure: int
    sure_right: int
    decided: int


async def read_past(
    store: Store, city: str, who: Actor, at: datetime, purpose: str, most: int
) -> list[PastTicket]:
    """Return the tickets that teach, the newest `most` of them; each view is logged first.

    Raises:
        StoreUnavailable: nothing was read.
    """
    found: list[PastTicket] = []
    before: tuple[datetime, str] | None = None
    while len(found) < most:
        page = await _page(store, city, before, who, at, purpose)
        if not page:
            break
        before = page[-1][1]
        found += [past for past, _ in page if past is not None]
    return found[:most][::-1]


async def _page(
    store: Store,
    city: str,
    before: tuple[datetime, str] | None,
    who: Actor,
    at: datetime,
    purpose: str,
) -> Sequence[tuple[PastTicket | None, tuple[datetime, str]]]:
    by_person = (
        select(_E.number)
        .where(_E.number == _T.number, _E.kind.in_(_CLASSIFIED), _E.role != Role.SYSTEM.value)
        .exists()
    )
    query = (
        select(_T.number, _T.ended_at, _T.category, _T.state)
        .where(_T.city == city, _T.ended_at.is_not(None), _T.category.is_not(None))
        .where(_T.of_wrongdoing.is_(False), or_(_T.returns == 0, by_person))
        .order_by(_T.ended_at.desc(), _T.number.desc())
        .limit(_PAGE)
    )
    if before is not None:
        moment, number = before
        query = query.where(
            or_(_T.ended_at < moment, and_(_T.ended_at == moment, _T.number < number))
        )

    def work(
        connection: Connection,
    ) -> list[tuple[PastTicket | None, tuple[datetime, str]]]:
        rows = connection.execute(query).all()
        read = [(_past(row.category, row.state), (row.ended_at, row.number)) for row in rows]
        entries = [entry(one.number, who, at, [LEARNING], purpose) for one, _ in read if one]
        if entries:
            connection.execute(tables.view_log.insert(), entries)
        return read

    return await store.write(work)


def _past(category: str, state: str) -> PastTicket | None:
    ticket = Ticket.model_validate_json(state)
    complaint = ticket.complaint
    if complaint.text == GONE or not complaint.text.strip():
        return None
    return PastTicket(complaint.number, category, complaint.title, complaint.text, ticket.kind)


async def fared(store: Store, city: str, model: str, since: datetime) -> Fared:
    """Return how a model's suggestions since then fared against the category of their tickets.

    Only tickets that a person classified, or that have ended, are counted: of the others nobody
    has said yet whether it was right.
    """
    person = tables.event.alias()
    judged = (
        select(func.max(person.c.version))
        .where(
            person.c.number == _E.number,
            person.c.kind.in_(_CLASSIFIED),
            person.c.role != Role.SYSTEM.value,
        )
        .scalar_subquery()
    )
    query = (
        select(_E.fact, _T.category)
        .join(tables.ticket, _T.number == _E.number)
        .where(_E.city == city, _E.at >= since, _E.kind.in_(("classified", "triage_unsure")))
        .where(_E.role == Role.SYSTEM.value, _T.category.is_not(None))
        .where(or_(judged.is_not(None), _T.ended_at.is_not(None)))
        .where(_E.fact.contains(model))
    )
    counts = [0] * 5
    for row in await store.rows(query):
        fact = FACTS.validate_json(row.fact)
        learned = fact.learned if isinstance(fact, Classified | TriageUnsure) else None
        if learned is None or learned.model != model:
            continue
        right = learned.category == row.category
        told = (True, right, learned.sure, learned.sure and right, learned.decided)
        counts = [count + value for count, value in zip(counts, told, strict=True)]
    return Fared(*counts)
