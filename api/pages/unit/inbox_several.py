"""One command for several tickets of an inbox: each is accepted or refused separately."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import Request

from api.http.networks import exempt_host_of
from api.pages.shared.forms import REFUSALS
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.sending.commands import execute
from app.tickets.assignments import Ref
from domain.messages import Command
from store.tickets.assignments import AssignmentRow

MOST = 200
"""The most lines that may be chosen at once: as many as a page shows."""

_AT_ONCE = 8
"""Commands sent to the engine concurrently: few, so that a long list delays nobody else."""

_AWAY = ("engine_unavailable", "too_late")
"""Refusals that the remaining commands would get too, each after some seconds."""


@dataclass(frozen=True)
class CommandResult:
    """The result of one command: `problem` is the code of the refusal, None if it was done."""

    number: str
    title: str
    problem: str | None = None


@dataclass
class BatchOutcome:
    """The results of all commands; `left`: the refused references, which stay chosen."""

    what: str
    results: list[CommandResult] = field(default_factory=list)
    left: set[str] = field(default_factory=set)

    @property
    def done(self) -> list[CommandResult]:
        return [one for one in self.results if one.problem is None]

    @property
    def refused(self) -> list[CommandResult]:
        return [one for one in self.results if one.problem is not None]


def refs(picked: Sequence[str]) -> list[Ref]:
    """Parse the chosen references, each once; invalid ones are left out."""
    values: dict[Ref, None] = {}
    for one in picked:
        number, _, n = one.partition("-")
        if number.isdecimal() and n.isdecimal() and len(one) <= 20:
            values[number, int(n)] = None
    return list(values)[:MOST]


def ref_of(ref: Ref) -> str:
    number, n = ref
    return f"{number}-{n}"


async def give_all(
    request: Request,
    context: AppContext,
    caller: Caller,
    rows: Mapping[Ref, AssignmentRow],
    chosen: Sequence[Ref],
    command: Callable[[int], Command],
    key: str,
) -> BatchOutcome:
    """Send each its command. Repeating the same key does nothing twice.

    Each counts as a command of the caller, so that a long list does not bypass the rate limit. Once
    the engine or its worker is unavailable the rest is not sent, to avoid waiting for each.
    """
    room, away = asyncio.Semaphore(_AT_ONCE), asyncio.Event()
    exempt = exempt_host_of(request, context.settings)

    async def one(place: int, ref: Ref) -> CommandResult:
        number, n = ref
        title = rows[ref].title if ref in rows else ""
        try:
            if ref not in rows:
                raise Problem("assignment_not_found")
            async with room:
                if away.is_set():
                    raise Problem("too_late")
                if place:  # the first was counted with the request
                    who = f"{caller.actor.role}/{caller.id}"
                    await context.limits.count("commands", who, exempt)
                await execute(context, caller, number, command(n), f"{key}/{ref_of(ref)}")
        except REFUSALS as error:
            code = str(getattr(error, "code", "internal_error"))
            if code in _AWAY:
                away.set()
            return CommandResult(number, title, code)
        return CommandResult(number, title)

    command_results = await asyncio.gather(*(one(place, ref) for place, ref in enumerate(chosen)))
    left = {ref_of(ref) for ref, what in zip(chosen, command_results, strict=True) if what.problem}
    return BatchOutcome(command(1).do, command_results, left)
