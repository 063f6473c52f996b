"""Published answers (政民零距离): answered tickets that their citizens agreed to publish."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, or_, select, text, tuple_

from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of, moment
from store.db.engine import Store

_TICKET = tables.ticket.c

_ANSWERED_OUTCOMES = (Outcome.CLOSED, Outcome.UNRATED, Outcome.ANSWERED, Outcome.FINAL_REPLY)
"""The outcomes that have an answer; what was declined, withdrawn or unfounded has none."""

# Word for word as in the index, so that both databases see that it applies. Without reports of
# wrongdoing, whose texts might reveal who reported.
PUBLISHED = text(tables.PUBLISHED)

IS_ANSWERED = or_(_TICKET.stage == Stage.RATE, _TICKET.outcome.in_(_ANSWERED_OUTCOMES))
_ANSWERED = select(_TICKET.state, _TICKET.filed_at, _TICKET.number).where(
    _TICKET.city == bindparam("city"), PUBLISHED, IS_ANSWERED
)
_NEWEST_FIRST = (_TICKET.filed_at.desc(), _TICKET.number.desc())


@dataclass(frozen=True)
class Answers:
    """Part of the list; `next_cursor` is None at its end."""

    tickets: list[Ticket]
    next_cursor: str | None


async def answers(store: Store, city: str, cursor: str | None = None, limit: int = 20) -> Answers:
    """List the public tickets of `city` that are answered, the last filed first.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    statement = _ANSWERED
    if cursor is not None:
        at, number = key_of(cursor, str, str)
        statement = statement.where(tuple_(_TICKET.filed_at, _TICKET.number) < (moment(at), number))
    read = await store.rows(statement.order_by(*_NEWEST_FIRST).limit(limit + 1), {"city": city})
    more, rows = len(read) > limit, read[:limit]
    following = cursor_of(rows[-1].filed_at.isoformat(), rows[-1].number) if more else None
    return Answers([Ticket.model_validate_json(row.state) for row in rows], following)


def published_numbers(city: str) -> Select[tuple[str]]:
    """Return the selection of the numbers of all that `answers` lists, for other statements."""
    return select(_TICKET.number).where(_TICKET.city == city, PUBLISHED, IS_ANSWERED)


async def among(store: Store, city: str, numbers: Collection[str]) -> list[Ticket]:
    """Return those of the tickets that `answers` lists, by number."""
    chosen = published_numbers(city).where(_TICKET.number.in_(numbers))
    statement = select(_TICKET.state).where(_TICKET.number.in_(chosen)).order_by(_TICKET.number)
    return [Ticket.model_validate_json(row.state) for row in await store.rows(statement)]
