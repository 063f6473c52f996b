"""The fate of commands while the worker is repeatedly stopped for seconds.

The worker process of the real stack is stopped (SIGSTOP) and resumed (SIGCONT). Meanwhile clients
send commands of all kinds over HTTP, each with a unique mark. In the end the record shows which of
them were carried out: every command answered as done must be, no refused one may be.
"""

import asyncio
import os
import random
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from bench.product_driver import API, CITY, COMPLAINT
from bench.system import BenchSystem, bench_system
from domain.actors import Role
from store.db.engine import Store
from store.identity import tokens
from store.tickets import tickets

STALLS = 1000
SHORTEST, LONGEST = 1.0, 20.0
"""Seconds that a worker is stopped; `scale` shortens both."""

_BETWEEN = 0.5
"""Average seconds that it runs between two stalls."""

_CLIENTS, _TICKETS = 12, 8
_ENOUGH = 25
"""Commands after which a ticket is replaced by a new one."""

_PATIENCE = 60.0
_SETTLING = 20.0
"""Seconds after the last stall in which a refused command could still be carried out."""

_FOLLOWING = 120.0
"""Seconds within which the record must show what was done: after repeated task timeouts the engine
issues the next task late (`workers.stack.ENGINE_SETTINGS`)."""

UNITS = ("city-management", "water", "market", "housing", "transport", "environment")
_UNKNOWN = "engine_unavailable"
_RECORDED_REFUSALS = ("result_overtaken", "rating_refused")
"""Events that record a command's content although it was not carried out."""


class AnsweredCommand(NamedTuple):
    """One command: its mark, and the status and code of the answer."""

    mark: str
    what: str
    number: str
    status: int
    code: str

    @property
    def done(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        return self.status >= 400 and self.code != _UNKNOWN


@dataclass
class StallsResult:
    """The result. `lost`: answered as done, in no event; `undead`: refused, yet carried out."""

    stalls: int = 0
    seconds: float = 0.0
    commands: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    unknown: int = 0
    broken: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    undead: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not (self.lost or self.undead or self.broken)


@dataclass
class _Ticket:
    number: str
    citizen: dict[str, str]
    unit: str = UNITS[0]
    assignment: int = 1
    given: int = 0


class _Town:
    """Citizens, officers and a dispatcher, who send random commands."""

    def __init__(
        self, http: httpx.AsyncClient, badges: dict[str, dict[str, str]], chance: random.Random
    ) -> None:
        self._http, self._badges, self._chance = http, badges, chance
        self._open: list[_Ticket] = []
        self.numbers: list[str] = []
        self.said: list[AnsweredCommand] = []
        self.over = False

    async def live(self) -> None:
        """Run one client: one command after another until the end."""
        while not self.over:
            ticket = await self._ticket()
            if ticket is None:
                await asyncio.sleep(0.2)
                continue
            await self._do(ticket)
            await asyncio.sleep(self._chance.uniform(0, 0.2))

    async def _ticket(self) -> _Ticket | None:
        self._open = [one for one in self._open if one.given < _ENOUGH]
        if len(self._open) >= _TICKETS:
            return self._chance.choice(self._open)
        key = {"Idempotency-Key": secrets.token_hex(16)}
        with suppress(httpx.HTTPError):
            answer = await self._http.post(f"{API}/complaints", json=COMPLAINT, headers=key)
            if answer.status_code in (201, 202):
                payload = answer.json()
                filed = _Ticket(payload["number"], {"Access-Code": payload["access_code"]})
                self._open.append(filed)
                self.numbers.append(filed.number)
        return self._chance.choice(self._open) if self._open else None

    async def _do(self, ticket: _Ticket) -> None:
        mark = secrets.token_hex(8)
        what, path, body, headers = self._chance.choice(_REQUESTS)(self, ticket, mark)
        ticket.given += 1
        status, code = 0, ""
        try:
            answer = await self._http.post(
                path, json=body, headers=headers | {"Idempotency-Key": mark}
            )
            payload = answer.json()
            status, code = answer.status_code, str(payload.get("code", ""))
            if "unit" in payload and answer.is_success:
                ticket.unit = payload["unit"] or ticket.unit
                ticket.assignment = payload.get("assignment") or ticket.assignment
            if code == "ticket_ended":
                ticket.given = _ENOUGH
        except httpx.HTTPError as error:
            code = type(error).__name__
        self.said.append(AnsweredCommand(mark, what, ticket.number, status, code))

    # --- random commands --------------------------------------------------------------------------

    def _facts(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        return self._at(ticket, "facts", {"text": mark}, ticket.citizen)

    def _urge(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        return self._at(ticket, "urge", {"text": mark}, ticket.citizen)

    def _withdraw(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        return self._at(ticket, "withdraw", {"reason": mark}, ticket.citizen)

    def _contact(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        return self._at(ticket, "contact", {"note": mark}, self._badge_of(ticket))

    def _extend(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        return self._at(ticket, "extend", {"by": "1d", "reason": mark}, self._badge_of(ticket))

    def _decide(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        body = {"approve": self._chance.random() < 0.5, "reason": mark}
        return self._at(ticket, "decide", body, self._badges["dispatcher"])

    def _reassign(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        body = {"unit": self._chance.choice(UNITS), "reason": mark}
        return self._at(ticket, "reassign", body, self._badges["dispatcher"])

    def _complete(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        path = f"{API}/assignments/{ticket.number}-{ticket.assignment}/complete"
        return _PlannedRequest("complete", path, {"reply": mark}, self._badge_of(ticket))

    def _rate(self, ticket: _Ticket, mark: str) -> "_PlannedRequest":
        grade = self._chance.choice((1, 5))
        body = {"contacted": True, "resolved": grade == 5, "grade": grade, "words": mark}
        return self._at(ticket, "rating", body, ticket.citizen)

    def _badge_of(self, ticket: _Ticket) -> dict[str, str]:
        """Return the headers of an officer of the ticket's unit, by the last answer."""
        return self._badges.get(ticket.unit, self._badges[UNITS[0]])

    def _at(
        self, ticket: _Ticket, what: str, body: Any, headers: dict[str, str]
    ) -> "_PlannedRequest":
        return _PlannedRequest(what, f"{API}/tickets/{ticket.number}/{what}", body, headers)


class _PlannedRequest(NamedTuple):
    what: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str]


_REQUESTS: Sequence[Callable[[_Town, _Ticket, str], _PlannedRequest]] = (
    *(_Town._facts, _Town._urge, _Town._contact, _Town._reassign, _Town._reassign) * 2,
    *(_Town._extend, _Town._decide, _Town._complete, _Town._complete, _Town._rate),
    _Town._withdraw,
)


async def stalled(
    stalls: int = STALLS,
    scale: float = 1.0,
    minutes: float = 240.0,
    say: Callable[[str], None] = lambda _: None,
    keep: Path | None = None,
) -> StallsResult:
    """Stop the worker `stalls` times, or as often as fits into `minutes`.

    `keep`: the folder in which the installation is kept, to look up what became of a command.
    """
    chance, result = random.Random(), StallsResult()
    async with (
        bench_system(floor=False, keep=keep) as running,
        _town(running, chance) as town,
    ):
        clients = [asyncio.create_task(town.live()) for _ in range(_CLIENTS)]
        began = time.monotonic()
        while result.stalls < stalls and time.monotonic() - began < minutes * 60:
            await asyncio.sleep(chance.expovariate(1 / _BETWEEN))
            await _stand_still(running, scale * chance.uniform(SHORTEST, LONGEST))
            result.stalls += 1
            if result.stalls % 50 == 0:
                say(f"{result.stalls} stalls, {len(town.said)} commands")
        town.over = True
        await asyncio.gather(*clients)
        result.seconds = time.monotonic() - began
        await asyncio.sleep(_SETTLING)
        await _judge(town, running.store, result)
        late = time.monotonic() + _FOLLOWING
        while result.lost and time.monotonic() < late:
            await asyncio.sleep(5)
            await _judge(town, running.store, result)
    return result


async def _stand_still(running: BenchSystem, seconds: float) -> None:
    pids = [c.pid for c in running.stack.children if c.name == "worker" and c.pid is not None]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def _town(running: BenchSystem, chance: random.Random) -> AsyncIterator[_Town]:
    badges: dict[str, dict[str, str]] = {}
    for unit in UNITS:
        badges[unit] = await _badge(running.store, Role.OFFICER, unit)
    badges["dispatcher"] = await _badge(running.store, Role.DISPATCHER, None)
    async with httpx.AsyncClient(base_url=running.stack.url, timeout=_PATIENCE) as http:
        yield _Town(http, badges, chance)


async def _badge(store: Store, role: Role, unit: str | None) -> dict[str, str]:
    _, secret = await tokens.issue(store, role, unit, "bench", city=CITY)
    return {"Authorization": f"Bearer {secret}"}


async def _judge(town: _Town, store: Store, result: StallsResult) -> None:
    """Look up every mark in the record."""
    done, stored = set[str](), set[str]()
    marks = {said.mark for said in town.said}
    for number in town.numbers:
        for event in await tickets.events(store, number):
            text = event.fact.model_dump_json()
            existing = {mark for mark in marks if mark in text}
            (stored if event.kind in _RECORDED_REFUSALS else done).update(existing)
    result.commands, result.unknown = len(town.said), 0
    result.answers, result.broken, result.lost, result.undead = {}, [], [], []
    for command in town.said:
        outcome = f"{command.status} {command.code}"
        line = f"{command.what} {command.mark} on {command.number}: {outcome}".rstrip()
        answer = f"{command.what}: {outcome}".rstrip()
        result.answers[answer] = result.answers.get(answer, 0) + 1
        result.unknown += not command.done and not command.refused
        if command.status == 500:
            result.broken.append(line)
        if command.done and command.mark not in done | stored:
            result.lost.append(line)
        if command.refused and command.mark in done:
            result.undead.append(line)


def show(out: Console, result: StallsResult) -> None:
    table = Table(title=f"{result.stalls} stalls in {result.seconds:.0f} s")
    table.add_column("what")
    table.add_column("times", justify="right")
    rows = {
        "commands": result.commands,
        "answered as done, and lost": len(result.lost),
        "refused, and carried out": len(result.undead),
        "not known": result.unknown,
        "a defect (500)": len(result.broken),
    }
    for what, times in rows.items():
        table.add_row(what, str(times))
    out.print(table)
    for line in (*result.lost, *result.undead, *result.broken):
        out.print(f"  {line}", markup=False)
    out.print("right" if result.right else "WRONG", highlight=False)
