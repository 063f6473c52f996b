"""The parts of a record that name a ticket: numbers, and events of merges.

Somebody may not be allowed to know of that ticket.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from pydantic import BaseModel

from domain.events import Event
from domain.facts.merging import OF_MERGING, Merged, Unmerged, UnmergedUnclassified

_NUMBER = re.compile(r"\d{13}")


def named_in(model: BaseModel) -> Iterator[str]:
    """Yield the numbers of tickets in the fields of a model."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and _NUMBER.fullmatch(one):
                yield one


def about(gone: Collection[str], events: Sequence[Event]) -> set[int]:
    """Return the versions of the events of a merge with one of these tickets.

    `events`: all of a ticket, the first one first.
    """
    found, apart = set[int](), True
    for event in events if gone else ():
        fact = event.fact
        if isinstance(fact, Merged):
            apart = fact.parent not in gone
        parted = isinstance(fact, Unmerged | UnmergedUnclassified) and not apart
        other = getattr(fact, "parent", None) or getattr(fact, "number", None)
        if parted or (isinstance(fact, OF_MERGING) and other in gone):
            found.add(event.version)
        apart = apart or parted
    return found
