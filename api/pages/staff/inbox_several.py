"""One command for several tickets of an inbox: each is done or refused by itself, and told so."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import Request

from api.access import hidden_from
from api.caller import Caller
from api.commands import give
from api.door import Door
from api.pages.forms import REFUSALS
from api.problems import Problem
from domain.commands.messages import Command
from store.tickets import assignments
from store.tickets.assignments import AssignmentRow

MOST = 200
"""How many may be chosen at once: as many as a page shows."""

_AT_ONCE = 8
"""Commands on their way to the engine at a time, so that nobody else waits for a long list."""

_AWAY = ("engine_unavailable", "too_late")
"""Refusals that the others would get as well, each after some seconds."""

Ref = tuple[str, int]
"""A ticket's number, and that of the assignment on it."""


@dataclass(frozen=True)
class Told:
    """What became of one: `problem` is the code of the refusal, None when it was done."""

    number: str
    title: str
    problem: str | None = None


@dataclass
class Outcome:
    """What became of all of them; `left` is what was refused, to be chosen still."""

    what: str
    told: list[Told] = field(default_factory=list)
    left: set[str] = field(default_factory=set)

    @property
    def done(self) -> list[Told]:
        return [one for one in self.told if one.problem is None]

    @property
    def refused(self) -> list[Told]:
        return [one for one in self.told if one.problem is not None]


def refs(picked: Sequence[str]) -> list[Ref]:
    """What was chosen, each once; what is not a reference of an assignment is left out."""
    found: dict[Ref, None] = {}
    for one in picked:
        number, _, n = one.partition("-")
        if number.isdecimal() and n.isdecimal() and len(one) <= 20:
            found[number, int(n)] = None
    return list(found)[:MOST]


def ref_of(ref: Ref) -> str:
    number, n = ref
    return f"{number}-{n}"


async def rows_of(
    door: Door, caller: Caller, unit: str, city: str, chosen: Sequence[Ref]
) -> Mapping[Ref, AssignmentRow]:
    """Those of the chosen that are the unit's, and may be known to the caller."""
    hidden = hidden_from(door, caller)
    rows = await assignments.of_refs(door.store, unit, chosen, hidden, city)
    return {(row.number, row.n): row for row in rows}


async def give_all(
    request: Request,
    door: Door,
    caller: Caller,
    rows: Mapping[Ref, AssignmentRow],
    chosen: Sequence[Ref],
    command: Callable[[int], Command],
    key: str,
) -> Outcome:
    """Give each its command. The same key again does nothing twice.

    Each counts as a command of the caller: a long list is not a way around the limit. Where the
    engine or its worker is found to stand still the rest is not sent: nobody waits for each.
    """
    room, away = asyncio.Semaphore(_AT_ONCE), asyncio.Event()

    async def one(place: int, ref: Ref) -> Told:
        number, n = ref
        title = rows[ref].title if ref in rows else ""
        try:
            if ref not in rows:
                raise Problem("assignment_not_found")
            async with room:
                if away.is_set():
                    raise Problem("too_late")
                if place:  # the first is counted with the request
                    who = f"{caller.actor.role}/{caller.id}"
                    await door.limits.count("commands", who, request)
                await give(door, caller, number, command(n), f"{key}/{ref_of(ref)}")
        except REFUSALS as error:
            code = str(getattr(error, "code", "internal_error"))
            if code in _AWAY:
                away.set()
            return Told(number, title, code)
        return Told(number, title)

    told = await asyncio.gather(*(one(place, ref) for place, ref in enumerate(chosen)))
    left = {ref_of(ref) for ref, what in zip(chosen, told, strict=True) if what.problem}
    return Outcome(command(1).do, told, left)
