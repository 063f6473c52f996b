"""The complainants of tickets: everybody whose data the vault has for them, not the present contact
alone.
"""

import json
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from domain.facts.anytime import ContactLeft
from store.db import tables
from store.db.engine import Store

_INTAKE, _TICKET, _EVENT = tables.intake.c, tables.ticket.c, tables.event.c
_LEFT = str(ContactLeft.model_fields["kind"].default)


async def complainants_of(
    store: Store, numbers: Sequence[str], most: int
) -> dict[str, frozenset[str]]:
    """Return for each ticket the ids in the vault of everybody who complained.

    Those who filed it, whose contact was left later, and the same of what was merged with it, of
    what it was merged into, and of what it follows; `most`: tickets that are looked at.
    """
    family = await _family(store, numbers, most)
    asked = sorted({one for members in family.values() for one in members})
    persons = await _persons(store, asked)
    return {
        number: frozenset(person for one in members for person in persons[one])
        for number, members in family.items()
    }


async def _family(store: Store, numbers: Sequence[str], most: int) -> dict[str, set[str]]:
    family = {number: {number} for number in numbers}
    rows = await store.rows(
        select(_TICKET.number, _TICKET.parent)
        .where(_TICKET.parent.in_(numbers))
        .order_by(_TICKET.number)
        .limit(most)
    )
    for row in rows:
        family[row.parent].add(row.number)
    rows = await store.rows(
        select(_INTAKE.number, _INTAKE.complaint, _TICKET.parent)
        .select_from(tables.intake.outerjoin(tables.ticket, _TICKET.number == _INTAKE.number))
        .where(_INTAKE.number.in_(numbers))
    )
    for row in rows:
        before = json.loads(row.complaint).get("follows")
        family[row.number] |= {one for one in (row.parent, before) if one}
    return family


async def _persons(store: Store, numbers: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    filed = select(_INTAKE.number, _INTAKE.complaint).where(_INTAKE.number.in_(numbers))
    now = select(_TICKET.number, _TICKET.person).where(_TICKET.number.in_(numbers))
    left = select(_EVENT.number, _EVENT.fact).where(
        _EVENT.number.in_(numbers), _EVENT.kind == _LEFT
    )
    said = [(row.number, json.loads(row[1]).get("person")) for row in await store.rows(filed)]
    said += [(row.number, row.person) for row in await store.rows(now)]
    said += [(row.number, json.loads(row[1]).get("person")) for row in await store.rows(left)]
    for number, person in said:
        if person:
            found[number].add(person)
    return found
