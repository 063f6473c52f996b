"""Tens of thousands of commands on one ticket, which must stay fast and keep a complete timeline.

Facts, contacts and reassignments in turn, on the real stack, sent directly to its engine. The time
of a command is compared with that of filing a new complaint, measured in between. Commands carry
their own moments, spaced as the pack's cap on facts requires, so that nothing has to wait.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError

from audit.verdicts import judge
from bench.compare import NotWhole
from bench.machine import machine
from bench.product_driver import CATEGORY, CITY, UNIT
from bench.system import BenchSystem, bench_system
from domain.actors import Actor, Role
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.reassign import Reassign
from domain.commands.units.contact import Contact
from domain.messages import Act, Command
from domain.ticket.complaint import Complaint
from runtime.engine import connect, encrypting
from runtime.names import TICKETS, search_attributes, ticket_workflow_id
from store.secrets.key_ring import open_ring
from store.secrets.ticket_keys import TicketKeys
from store.tickets import tickets
from store.tickets.numbers import new_number
from workflows.ticket import TicketWorkflow

COMMANDS = 2000
_EVERY = 20
"""Commands between two new complaints."""

_FACTS_APART = timedelta(minutes=75)
"""The spacing that stays within the pack's daily cap on a citizen's facts."""

_UNITS = (UNIT, "water")
_AGAIN = ("carrying_on", "not_now", "not_your_unit", "overtaken")
"""Temporary refusals: the ticket is being continued as a new run, or reassigned."""

_PATIENCE = 60.0
TARGET = 2.0
"""The highest permitted p99 of commands, as a multiple of the p99 of new tickets."""


@dataclass
class ManyCommandsResult:
    """The result; times in milliseconds. `wrong`: the defects found in the end."""

    commands: int = 0
    seconds: float = 0.0
    runs: int = 1
    events: int = 0
    command_ms: dict[str, float] = field(default_factory=dict)
    filing_ms: dict[str, float] = field(default_factory=dict)
    last_tenth_ms: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        filing = self.filing_ms.get("p99", 0.0)
        return round(self.command_ms.get("p99", 0.0) / filing, 2) if filing else 0.0

    @property
    def right(self) -> bool:
        return not self.wrong and self.ratio <= TARGET

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "target": TARGET, "machine": machine()}


class _One:
    """The ticket that receives all commands."""

    def __init__(self, client: Client, number: str) -> None:
        self.client, self.number = client, number
        self.handle = client.get_workflow_handle(ticket_workflow_id(number))
        self.at = datetime.now(UTC)
        self.given: Counter[str] = Counter()
        self.unit = 0

    async def give(self, n: int) -> float:
        """Send the next command; return its seconds, `carrying_on` retries included."""
        match n % 3:
            case 0:
                self.at += _FACTS_APART
                return await self.act(Actor(role=Role.CITIZEN), AddFacts(text="补充"), n)
            case 1:
                unit = _UNITS[self.unit]
                officer = Actor(role=Role.OFFICER, unit=unit, id=f"officer-{unit}")
                return await self.act(officer, Contact(reached=False), n)
            case _:
                self.unit = 1 - self.unit
                dispatcher = Actor(role=Role.DISPATCHER, id="dispatcher")
                command = Reassign(unit=_UNITS[self.unit], reason="改派")
                return await self.act(dispatcher, command, n)

    async def act(self, actor: Actor, command: Command, n: int) -> float:
        act, begun = Act(actor=actor, command=command, at=self.at), time.perf_counter()
        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    await self.handle.execute_update(TicketWorkflow.act, act, id=f"command-{n}")
                except WorkflowUpdateFailedError as error:
                    code = getattr(error.cause, "type", None)
                    if not isinstance(error.cause, ApplicationError) or code not in _AGAIN:
                        raise NotWhole(f"command {n}, {command.do}: refused, {code}") from error
                    if code != "carrying_on":
                        begun = time.perf_counter()  # it was too early: the wait does not count
                    await asyncio.sleep(0.02)
                else:
                    self.given[command.do] += 1
                    return time.perf_counter() - begun


async def many_commands(commands: int, say: Callable[[str], None]) -> ManyCommandsResult:
    """Give `commands` commands to one ticket of a fresh installation.

    Raises:
        NotWhole: a command was not accepted.
    """
    async with bench_system(floor=False) as built:
        keys = TicketKeys(built.store, open_ring(built.settings.key_text, built.settings.key_file))
        client = await connect(built.settings, encrypting(keys))
        for _ in range(5):
            await _file(client)  # warming up
        number, _ = await _file(client)
        one, took, filed = _One(client, number), list[float](), list[float]()
        begun = time.perf_counter()
        for n in range(commands):
            took.append(await one.give(n))
            if n % _EVERY == 0:
                filed.append((await _file(client))[1])
            if n and n % max(commands // 10, 1) == 0:
                say(f"{n} commands, {n / (time.perf_counter() - begun):.0f} a second")
        result = ManyCommandsResult(
            commands=commands,
            seconds=round(time.perf_counter() - begun, 1),
            command_ms=_spread(took),
            filing_ms=_spread(filed),
            last_tenth_ms=_spread(took[-max(commands // 10, 1) :]),
        )
        await _look(built, client, one, result)
        return result


async def _file(client: Client) -> tuple[str, float]:
    """File a complaint; return its number and the seconds until its receipt."""
    now = datetime.now(UTC)
    complaint = Complaint.model_validate(
        {
            "number": new_number(now.date()),
            "city": CITY,
            "text": "小区门口路灯不亮，请尽快维修。",
            "category": CATEGORY,
            "filed_at": now,
        }
    )
    begun = time.perf_counter()
    start = WithStartWorkflowOperation(
        TicketWorkflow.run,
        complaint,
        id=ticket_workflow_id(complaint.number),
        task_queue=TICKETS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=search_attributes(complaint),
    )
    receipt: Awaitable[Any] = client.execute_update_with_start_workflow(
        TicketWorkflow.receipt, start_workflow_operation=start
    )
    await receipt
    return complaint.number, time.perf_counter() - begun


async def _look(built: BenchSystem, client: Client, one: _One, result: ManyCommandsResult) -> None:
    """Check that it still accepts a command, and that timeline and replay are complete."""
    counts = Counter(one.given)
    await one.act(Actor(role=Role.CITIZEN), Withdraw(reason="已自行解决"), result.commands)
    await one.handle.result()
    state, events = (
        await tickets.state(built.store, one.number),
        await tickets.events(built.store, one.number),
    )
    result.events = len(events)
    kinds = Counter(event.kind for event in events)
    wanted = {
        "facts_added": counts["add_facts"],
        "contacted": counts["contact"],
        "reassigned": counts["reassign"],
        "withdrawn": 1,
    }
    result.wrong += [
        f"{kind}: {kinds[kind]} events of {count} commands"
        for kind, count in wanted.items()
        if kinds[kind] != count
    ]
    if [event.version for event in events] != list(range(1, len(events) + 1)):
        result.wrong.append("the timeline has a gap")
    if state is None or state.version != len(events) or state.open:
        result.wrong.append("the record does not end where the timeline does")
    verdict = await judge(client, built.store, one.number)
    if not verdict.agrees:
        result.wrong.append(f"replay: {verdict.problem or verdict.differences[:3]}")
    query = f"WorkflowId='{ticket_workflow_id(one.number)}'"
    result.runs = (await client.count_workflows(query)).count


def _spread(seconds: list[float]) -> dict[str, float]:
    """Return the median, the p99 and the maximum, in milliseconds."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000, 1)

    return {"p50": at(0.5), "p99": at(0.99), "max": at(1.0)} if ordered else {}


def show(out: Console, result: ManyCommandsResult) -> None:
    """Print the figures, and whether the target is reached."""
    for what, spread in (
        ("a command", result.command_ms),
        ("one of the last tenth", result.last_tenth_ms),
        ("a new ticket", result.filing_ms),
    ):
        ends = ", ".join(f"{name} {value:g} ms" for name, value in spread.items())
        out.print(f"{what}: {ends}")
    verdict = "within" if result.ratio <= TARGET else "ABOVE"
    out.print(
        f"{result.commands} commands in {result.seconds:g} s, "
        f"{result.events} events in {result.runs} runs;"
        f" p99 is {result.ratio:g} times that of a new ticket: {verdict} the target of {TARGET:g}"
    )
    for line in result.wrong or ["timeline and replay are whole"]:
        out.print(line, markup=False)
