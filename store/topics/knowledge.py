"""The usual terms of a city: in how many tickets each occurs, learned from the tickets."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from domain.ticket.ticket import Ticket
from domain.topics.terms import counted_terms
from store.db import tables, topic_tables
from store.db.engine import Store

_KNOWN, _TICKET = topic_tables.knowledge.c, tables.ticket.c

SAMPLE = 5000
"""The newest tickets that are learned from: more change little, and cost a minute each."""

_TWICE = 2
"""Terms of a single ticket are not kept: they say nothing, and may name its citizen."""


class Knowledge(NamedTuple):
    """In how many of `tickets` each term occurs. `read_until`: the change that was read last."""

    terms: dict[str, int]
    tickets: int
    learned_at: datetime | None
    read_until: datetime | None
    swept_at: datetime | None


NONE = Knowledge({}, 0, None, None, None)


async def knowledge(store: Store, city: str) -> Knowledge:
    """Return what was learned of a city; nothing yet of a new one."""
    row = await store.first(select(topic_tables.knowledge).where(_KNOWN.city == city))
    if row is None:
        return NONE
    return Knowledge(
        json.loads(row.terms), row.tickets, row.learned_at, row.read_until, row.swept_at
    )


async def learn(store: Store, city: str, now: datetime) -> Knowledge:
    """Count the terms of the city's newest tickets, and keep the counts."""
    counts, tickets = counted(
        [Ticket.model_validate_json(row.state) for row in await store.rows(_newest(city))]
    )
    values = {
        "learned_at": now,
        "tickets": tickets,
        "terms": json.dumps(counts, ensure_ascii=False),
    }
    await _keep(store, city, values)
    return await knowledge(store, city)


async def note_read(
    store: Store, city: str, until: datetime, swept_at: datetime | None = None
) -> None:
    """Note up to which change the city's tickets were read."""
    swept = {} if swept_at is None else {"swept_at": swept_at}
    await _keep(store, city, {"read_until": until, **swept})


def counted(tickets: Iterable[Ticket]) -> tuple[dict[str, int], int]:
    """Return in how many tickets each term occurs, and how many tickets there are."""
    counts: Counter[str] = Counter()
    total = 0
    for ticket in tickets:
        if ticket.of_wrongdoing:
            continue
        counts.update(counted_terms(ticket.complaint.title, ticket.complaint.text).keys())
        total += 1
    return {term: count for term, count in counts.items() if count >= _TWICE}, total


def _newest(city: str) -> Select[Any]:
    return (
        select(_TICKET.state)
        .where(_TICKET.city == city, _TICKET.of_wrongdoing.is_(False))
        .order_by(_TICKET.filed_at.desc())
        .limit(SAMPLE)
    )


async def _keep(store: Store, city: str, values: dict[str, object]) -> None:
    adding = store.insert(topic_tables.knowledge).values(
        **({"city": city, "tickets": 0, "terms": "{}"} | values)
    )
    await store.change(adding.on_conflict_do_update(index_elements=["city"], set_=values))
