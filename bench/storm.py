"""A storm: thousands of reports of one outage within minutes, from people and devices, over HTTP.

Among them are ordinary reports and some that are nearly the same. The system has to propose an
incident; the desk of this benchmark then declares it as it was proposed, and later the lead is
answered. Each report has a label of the generator, by which members are judged right or wrong.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bench.machine import machine
from bench.storm_texts import SAME, StormReport, near, ordinary, outage
from bench.system import BenchSystem, bench_system
from domain.actors import Role
from store.db import incident_tables
from store.db.engine import Store
from store.identity import tokens
from store.tickets import tickets

REPORTS, MINUTES = 10_000, 5.0
PRECISION = 0.99
CITY, CATEGORY = "tongzhou", "0401"
_NEAR, _ORDINARY = 0.1, 1.0
"""Reports that are nearly the same, for each of the outage; ordinary reports per second."""

_BEFORE = 15.0
"""Seconds in which only ordinary reports come, to compare with."""

_ANSWER = "供水管已更换，恢复供水。"
_PATIENCE = 120.0
_TRIES = 20
_CONNECTIONS = 48


@dataclass(frozen=True)
class Storm:
    """A storm as it was measured; times in seconds.

    `wrong`: members that are not about the outage, by their labels. `proposed_after`: since the
    first report, with how many by then. `merged_after`, `answered_after`: since the last report.
    """

    reports: int
    minutes: float
    members: int
    precision: float
    recall: float
    wrong: dict[str, int]
    suggested: int
    incidents: int
    of_others: int
    proposed_after: float
    proposed_at: int
    filed_p50: float
    filed_p99: float
    ordinary_before: float
    ordinary_during: float
    ordinary_p99: float
    sent_again: int
    without_number: int
    without_statement: int
    started_per_second: float
    merged_after: float
    answered_after: float
    unanswered: int
    lead_events: int
    lead_state_bytes: int

    @property
    def right(self) -> bool:
        whole = self.without_number == self.without_statement == self.unanswered == 0
        return whole and self.incidents == 1 and self.precision >= PRECISION

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "right": self.right, "machine": machine()}


class _Run:
    """One run: what was filed, with its label, and what was answered."""

    def __init__(
        self, system: BenchSystem, http: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        self.system, self.http, self.headers = system, http, headers
        # httpx looks through all that wait for a connection whenever one is free: none wait there.
        self.turn = asyncio.Semaphore(_CONNECTIONS)
        self.labels: dict[str, str] = {}
        self.untold: list[tuple[str, str]] = []
        self.taken: list[float] = []
        self.ordinary: list[float] = []
        self.lost = self.again = 0
        self.refused: Counter[str] = Counter()
        self.declared: dict[str, Any] | None = None
        self.proposed_after, self.proposed_at = 0.0, 0

    async def file(self, written: StormReport) -> None:
        began = time.monotonic()
        answer = await self._sent(written)
        took = time.monotonic() - began
        if answer is None:
            self.lost += 1
            return
        receipt = answer.json()
        self.labels[receipt["number"]] = written.label
        if written.label == "ordinary":
            self.ordinary.append(took)
            return
        self.taken.append(took)
        if receipt["incident"] is None:
            self.untold.append((receipt["number"], receipt["access_code"]))

    async def _sent(self, written: StormReport) -> httpx.Response | None:
        """Send a report, and again with its key where no answer came, as a good client does."""
        headers = self.headers | {"Idempotency-Key": uuid4().hex}
        for _ in range(_TRIES):
            try:
                async with self.turn:
                    answer = await self.http.post(
                        "/api/v1/complaints", json=written.body, headers=headers
                    )
            except httpx.TransportError:
                self.again += 1
                await asyncio.sleep(1)
                continue
            if answer.status_code in (201, 202):
                return answer
            self.refused[str(answer.status_code)] += 1
            if answer.status_code not in (429, 503):
                return None
            self.again += 1
            await asyncio.sleep(1)
        return None

    async def offered(self, plan: list[tuple[float, StormReport]]) -> None:
        """File each report at its time, however long the others take."""
        began = time.monotonic()

        async def at(when: float, written: StormReport) -> None:
            await asyncio.sleep(max(0.0, began + when - time.monotonic()))
            await self.file(written)

        async with asyncio.TaskGroup() as tasks:
            for when, written in plan:
                tasks.create_task(at(when, written))

    async def declare(self, began: float) -> None:
        """Wait until an incident is proposed, and declare it as it is."""
        while self.declared is None:
            await asyncio.sleep(0.5)
            answer = await self.http.get(f"/api/v1/cities/{CITY}/incidents", headers=self.headers)
            proposed = [one for one in answer.json()["items"] if one["state"] == "proposed"]
            found = [one for one in proposed if CATEGORY in one["scope"]["categories"]]
            if not found:
                continue
            self.proposed_after = time.monotonic() - began
            self.proposed_at = len(self.taken)
            body = {
                "title": found[0]["title"],
                "scope": found[0]["scope"],
                "statement": "供水管爆裂，正在抢修，预计今晚十点恢复供水。",
                "proposal": found[0]["id"],
            }
            path = f"/api/v1/cities/{CITY}/incidents"
            made = await self.http.post(path, json=body, headers=self.headers)
            made.raise_for_status()
            self.declared = made.json()


async def storm(reports: int, minutes: float, say: Callable[[str], None], seed: int = 1) -> Storm:
    """Let a storm of so many reports come within so many minutes."""
    dice = random.Random(seed)
    seconds = minutes * 60
    say(f"{reports} reports in {seconds:.0f} s, others beside")
    async with bench_system(floor=False) as system:
        headers = await _as(system.store, Role.DISPATCHER)
        address = f"http://{system.settings.api_host}:{system.settings.api_port}"
        limits = httpx.Limits(max_connections=_CONNECTIONS + 4, max_keepalive_connections=None)
        async with httpx.AsyncClient(base_url=address, timeout=30, limits=limits) as http:
            run = _Run(system, http, headers)
            await run.offered([(n / _ORDINARY, ordinary(dice)) for n in range(int(_BEFORE))])
            before, run.ordinary = run.ordinary, []
            say("the storm begins")
            began = time.monotonic()
            declaring = asyncio.create_task(run.declare(began))
            await run.offered(_plan(dice, reports, seconds))
            last = time.monotonic()
            say(f"all filed after {last - began:.0f} s")
            async with asyncio.timeout(_PATIENCE):
                await declaring
            return await _followed(run, before, reports, minutes, began, last, say)


def _plan(dice: random.Random, reports: int, seconds: float) -> list[tuple[float, StormReport]]:
    plan = [(dice.uniform(0, seconds), outage(dice, n)) for n in range(reports)]
    plan += [(dice.uniform(0, seconds), near(dice)) for _ in range(int(reports * _NEAR))]
    plan += [(n / _ORDINARY, ordinary(dice)) for n in range(int(seconds * _ORDINARY))]
    return sorted(plan, key=lambda one: one[0])


async def _followed(
    run: _Run,
    before: list[float],
    reports: int,
    minutes: float,
    began: float,
    last: float,
    say: Callable[[str], None],
) -> Storm:
    """Wait until members are merged and answered, and judge what became of the reports."""
    store, incident = run.system.store, run.declared or {}
    await _swept(store, incident["id"])
    during = list(run.ordinary)
    numbers = await _members(store, incident["id"])
    patience = max(_PATIENCE, 0.4 * len(numbers))
    merged = await _until(store, incident["id"], "merged_at", patience)
    merged_after = time.monotonic() - last
    say(f"{merged} of {len(numbers)} members merged")
    lead = str(incident["lead"])
    await _answer_lead(run, lead)
    answered = await _until(store, incident["id"], "answered_at", patience)
    wrong = Counter(run.labels.get(one, "?") for one in numbers)
    same = wrong.pop(SAME, 0) + wrong.pop("?", 0)
    whole = sum(label == SAME for label in run.labels.values())
    ticket = await tickets.state(store, lead)
    events = await tickets.events(store, lead)
    incidents, of_others = await _incidents(store)
    return Storm(
        reports=reports,
        minutes=minutes,
        members=len(numbers),
        precision=round(same / max(len(numbers), 1), 4),
        recall=round((same + 1) / max(whole, 1), 4),  # the lead is one of them
        wrong=dict(wrong),
        suggested=await _count(store, incident["id"], "suggested"),
        incidents=incidents,
        of_others=of_others,
        proposed_after=round(run.proposed_after, 1),
        proposed_at=run.proposed_at,
        filed_p50=round(median(run.taken), 4),
        filed_p99=round(quantiles(run.taken, n=100)[98], 4),
        ordinary_before=round(median(before), 4),
        ordinary_during=round(median(during), 4),
        ordinary_p99=round(quantiles(during, n=100)[98], 4),
        sent_again=run.again,
        without_number=run.lost,
        without_statement=await _untold(run, set(numbers)),
        started_per_second=round(len(numbers) / max(time.monotonic() - began, 1), 1),
        merged_after=round(merged_after, 1),
        answered_after=round(time.monotonic() - last, 1),
        unanswered=await _count(store, incident["id"], "member") - answered,
        lead_events=len(events),
        lead_state_bytes=len(ticket.model_dump_json()) if ticket else 0,
    )


async def _as(store: Store, role: Role, unit: str | None = None) -> dict[str, str]:
    _, text = await tokens.issue(store, role, unit, "storm", city=CITY)
    return {"Authorization": f"Bearer {text}"}


async def _swept(store: Store, id: str) -> None:
    """Wait until the reports from before the incident was declared were looked through."""
    swept = select(incident_tables.incident.c.swept_at).where(incident_tables.incident.c.id == id)
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        row = await store.first(swept)
        if row is not None and row[0] is not None:
            return
        await asyncio.sleep(0.5)


async def _members(store: Store, id: str) -> list[str]:
    member = incident_tables.member.c
    which = select(member.number).where(member.incident == id, member.state == "member")
    return [row.number for row in await store.rows(which)]


async def _count(store: Store, id: str, state: str, **filled: bool) -> int:
    member = incident_tables.member.c
    which = select(func.count()).where(member.incident == id, member.state == state)
    for name in filled:
        which = which.where(member[name].is_not(None))
    row = await store.first(which)
    return int(row[0]) if row else 0


async def _until(store: Store, id: str, name: str, patience: float) -> int:
    """Wait until all members have this moment; return how many have.

    Some that a unit was handling already have been left to it meanwhile.
    """
    ends = time.monotonic() + patience
    while (have := await _count(store, id, "member", **{name: True})) < await _count(
        store, id, "member"
    ):
        if time.monotonic() > ends:
            break
        await asyncio.sleep(1)
    return have


async def _incidents(store: Store) -> tuple[int, int]:
    """Count the incidents of the outage, and those of other matters, which were proposed rightly:
    of thousands of reports that are nearly the same, many are alike as well.
    """
    rows = await store.rows(select(incident_tables.incident.c.scope))
    outages = [CATEGORY in json.loads(row.scope)["categories"] for row in rows]
    return sum(outages), len(outages) - sum(outages)


async def _answer_lead(run: _Run, lead: str) -> None:
    """Let the unit that has the lead hand back the answer."""
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        ticket = await tickets.state(run.system.store, lead)
        if ticket is not None and ticket.stage == "handle" and ticket.unit is not None:
            officer = await _as(run.system.store, Role.OFFICER, ticket.unit)
            path = f"/api/v1/assignments/{lead}-1/complete"
            answer = await run.http.post(path, json={"reply": _ANSWER}, headers=officer)
            answer.raise_for_status()
            return
        await asyncio.sleep(0.5)


async def _untold(run: _Run, numbers: set[str]) -> int:
    """Count the members whose citizens were told nothing, neither at once nor where they follow."""
    untold = 0
    for number, code in run.untold:
        if number in numbers:
            seen = await run.http.get(
                f"/api/v1/tickets/{number}", headers={"Access-Code": code or ""}
            )
            untold += not (seen.json().get("incident") or {}).get("statement")
    return untold


def show(out: Console, values: dict[str, Any]) -> None:
    """Print what was measured, and whether it is within the targets."""
    title = f"{values['reports']} reports of one outage in {values['minutes']:g} minutes"
    table = Table("what", "measured", title=title)
    for what, value in (
        ("incidents, proposals of other matters", f"{values['incidents']}, {values['of_others']}"),
        ("proposed", f"after {values['proposed_after']} s, {values['proposed_at']} reports"),
        ("members", f"{values['members']}, {values['suggested']} more suggested"),
        ("precision, recall", f"{values['precision']:.2%}, {values['recall']:.2%}"),
        ("members that are none", values["wrong"] or "none"),
        ("filing", f"median {values['filed_p50']} s, 99 in 100 within {values['filed_p99']} s"),
        (
            "ordinary reports beside",
            f"median {values['ordinary_during']} s, before {values['ordinary_before']} s; "
            f"99 in 100 within {values['ordinary_p99']} s",
        ),
        ("sent again, without a number", f"{values['sent_again']}, {values['without_number']}"),
        ("members that nothing was said to", values["without_statement"]),
        ("members without the answer", values["unanswered"]),
        ("all merged, answered", f"{values['merged_after']} s, {values['answered_after']} s later"),
        ("the lead", f"{values['lead_events']} events, {values['lead_state_bytes']} bytes"),
    ):
        table.add_row(what, str(value))
    out.print(table)
    out.print("within all targets" if values["right"] else "NOT within all targets")
