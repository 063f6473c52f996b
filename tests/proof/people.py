"""Random citizens, officers and staff of a city, who decide the course of each ticket.

Each ticket has a generator that acts, and yields the time until it looks again. Moments are the
engine's, where days pass at once.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from stdnum import verhoeff

from domain.actors import Actor
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.call_back import CallBack
from domain.commands.citizens.recur import Recur
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.raise_level import RaiseLevel
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.decide import Decide
from domain.commands.units.ask import Ask
from domain.commands.units.contact import Contact
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.commands.units.review import Review
from domain.commands.units.sign import Sign
from domain.commands.units.step import Step
from domain.deadlines.registry import ClockName
from domain.messages import Command
from domain.pack.pack import Pack
from domain.ticket.assignment import HandlingResult, Share, WorkOrder
from domain.ticket.complaint import Channel, Complaint, Kind
from domain.ticket.rating import Rating
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from tests.support.desk import CITIZEN, DESK, DISPATCHER, REACHABLE, SUPERVISOR, officer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

YES, NO = Decide(approve=True, reason="属实"), Decide(approve=False, reason="不符")

NEVER = timedelta(days=75)
"""The time of a unit that answers late, longer than any escalation policy."""


class Town(Protocol):
    """The environment of a ticket's generator; commands return whether they were carried out."""

    pack: Pack
    chance: Random
    open: list[str]

    async def now(self) -> datetime: ...
    async def state(self, number: str) -> Ticket: ...
    async def start(self, complaint: Complaint) -> None: ...
    async def act(self, number: str, actor: Actor, command: Command) -> bool: ...
    async def rate(self, number: str, rating: Rating) -> None: ...
    def someone_else(self, ticket: Ticket) -> str | None: ...


@dataclass
class Plan:
    """The planned course of a ticket. `pace`: a unit's share of its time; above 1 it is late."""

    way: str
    complaint: Complaint
    pace: float = 0.3
    found: bool = True

    def takes(self, order: WorkOrder, since: datetime) -> timedelta:
        """Return the time that the unit needs for this share."""
        if order.share is not Share.LEAD:
            return HOUR * self.pace
        if self.pace > 1 and order.rework == 0:
            return NEVER
        limit = order.due_at - since if order.due_at else DAY
        return max(limit, HOUR) * min(self.pace, 0.9)

    def result(self, order: WorkOrder) -> HandlingResult:
        # Only the first verification finds nothing; a later one confirms the unit's result.
        found = self.found or order.share is not Share.VERIFY or order.assignment > 1
        return HandlingResult(
            reply="已安排人员到现场办理，问题已经解决。", evidence=["照片"], resolved=found
        )


Life = AsyncIterator[timedelta]
Way = Callable[[Town, Plan], Life]

GOOD = Rating.model_validate({"contacted": True, "resolved": True, "grade": 5})
BAD = Rating.model_validate({"contacted": True, "resolved": False, "grade": 1})


# --- waiting --------------------------------------------------------------------------------------


async def _until(
    town: Town, plan: Plan, reached: Callable[[Ticket], bool], *, most: timedelta = 90 * DAY
) -> AsyncIterator[timedelta]:
    """Wait for a state, in growing intervals."""
    pause, waited = 2 * HOUR, timedelta()
    while waited < most:
        state = await town.state(plan.complaint.number)
        if reached(state) or not state.open:
            return
        yield pause
        waited, pause = waited + pause, min(pause * 1.5, DAY)


def _at(*stages: Stage) -> Callable[[Ticket], bool]:
    return lambda ticket: ticket.stage in stages


async def _lead(town: Town, plan: Plan) -> Actor:
    return officer((await town.state(plan.complaint.number)).unit or "")


# --- courses --------------------------------------------------------------------------------------


async def _rated(town: Town, plan: Plan, rating: Rating = GOOD) -> Life:
    async for pause in _until(town, plan, _at(Stage.RATE, Stage.SUPERVISE)):
        yield pause
    yield town.chance.random() * 2 * DAY
    if (await town.state(plan.complaint.number)).stage is Stage.RATE:
        await town.rate(plan.complaint.number, rating)


async def well(town: Town, plan: Plan) -> Life:
    """Let the unit sign, call the citizen and finish; rate it well."""
    number = plan.complaint.number
    yield town.chance.random() * HOUR
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    who = await _lead(town, plan)
    await town.act(number, who, Sign())
    await town.act(number, who, Contact(reached=town.chance.random() < 0.8))
    for clock in (await town.state(number)).clocks:
        if clock.name is ClockName.STEP and clock.running and town.chance.random() < 0.7:
            await town.act(number, who, Step(step=clock.label or ""))
    async for pause in _rated(town, plan):
        yield pause


async def left_alone(town: Town, plan: Plan) -> Life:
    """Let nobody sign or call; the unit finishes in the end, and is rated well."""
    async for pause in _rated(town, plan):
        yield pause


async def badly(town: Town, plan: Plan) -> Life:
    """Rate every answer badly, until a supervisor concludes."""
    number = plan.complaint.number
    for _ in range(5):
        async for pause in _rated(town, plan, BAD):
            yield pause
        yield HOUR
        state = await town.state(number)
        if state.stage is Stage.DISPATCH and state.by_hand:
            async for pause in _sent_by_hand(town, plan):
                yield pause
        if state.stage is Stage.SUPERVISE:
            yield DAY
            await town.act(number, SUPERVISOR, Conclude(outcome="final_reply", text="最终答复"))
            return


async def _sent_by_hand(town: Town, plan: Plan) -> Life:
    number = plan.complaint.number
    yield timedelta(minutes=3)
    state = await town.state(number)
    unit = town.someone_else(state)
    if unit is not None and state.stage is Stage.DISPATCH:
        await town.act(number, DISPATCHER, Reassign(unit=unit, reason="请承办"))


async def silent(town: Town, plan: Plan) -> Life:
    """Do nothing: it is closed unrated, without rating or call-back."""
    yield HOUR


async def called_back(town: Town, plan: Plan) -> Life:
    """Call the citizen back, as no rating came."""
    number = plan.complaint.number
    async for pause in _until(town, plan, lambda ticket: ticket.call_back_due):
        yield pause
    yield HOUR
    await town.act(number, DESK, CallBack(reached=False))
    yield 2 * HOUR
    await town.act(number, DESK, CallBack(reached=True, rating=GOOD))


async def not_reached(town: Town, plan: Plan) -> Life:
    number = plan.complaint.number
    async for pause in _until(town, plan, lambda ticket: ticket.call_back_due):
        yield pause
    for _ in range(town.pack.caps.call_backs):
        yield HOUR
        await town.act(number, DESK, CallBack(reached=False))


async def withdrawn(town: Town, plan: Plan) -> Life:
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    yield town.chance.random() * 3 * HOUR
    number = plan.complaint.number
    await town.act(number, CITIZEN, Urge())
    await town.act(number, CITIZEN, Withdraw(reason="已自行解决"))


def _concluded(outcome: str) -> Way:
    async def way(town: Town, plan: Plan) -> Life:
        yield timedelta(minutes=4)
        kind = {"declined": "decline", "referred": "refer"}.get(outcome)
        fields = {"outcome": outcome, "text": "答复如下。"}
        if kind is not None:
            fields["reason"] = town.pack.reason_codes(kind)[0]
        await town.act(plan.complaint.number, DESK, Conclude.model_validate(fields))

    return way


async def by_hand(town: Town, plan: Plan) -> Life:
    """Triage by hand, as the automatic triage is unsure."""
    yield timedelta(minutes=4)
    number, category = plan.complaint.number, town.chance.choice(town.pack.categories).code
    await town.act(number, DISPATCHER, Triage(category=category))
    async for pause in well(town, plan):
        yield pause


async def extended(town: Town, plan: Plan) -> Life:
    number = plan.complaint.number
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    who = await _lead(town, plan)
    await town.act(number, who, Sign())
    if await town.act(number, who, Extend(by="1wd", reason="等配件")):
        yield timedelta(minutes=5)
        await town.act(number, SUPERVISOR, YES if town.chance.random() < 0.8 else NO)
    async for pause in _rated(town, plan):
        yield pause


async def held(town: Town, plan: Plan) -> Life:
    """Put it on hold for long works, with one review; the hold ends by itself."""
    number = plan.complaint.number
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    who, until = await _lead(town, plan), await town.now() + 40 * DAY
    [ground, *_] = town.pack.reason_codes("hold") or ["none"]
    if await town.act(number, who, Hold(ground=ground, until=until, reason="施工")):
        yield timedelta(minutes=5)
        await town.act(number, SUPERVISOR, YES)
        yield 5 * DAY
        await town.act(number, who, Review(note="在建"))
    async for pause in _rated(town, plan):
        yield pause


async def asked(town: Town, plan: Plan) -> Life:
    number = plan.complaint.number
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    who = await _lead(town, plan)
    await town.act(number, who, Ask(question="具体在哪里？"))
    if town.chance.random() < 0.5:
        yield 5 * HOUR
        await town.act(number, CITIZEN, AddFacts(text="桥东"))
    async for pause in _rated(town, plan):
        yield pause


async def returned(town: Town, plan: Plan) -> Life:
    number = plan.complaint.number
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    [ground, *_] = town.pack.reason_codes("return") or ["none"]
    who = await _lead(town, plan)
    if await town.act(number, who, Return(ground=ground, reason="不属于本单位")):
        yield timedelta(minutes=5)
        await town.act(number, DISPATCHER, YES)
        async for pause in _sent_by_hand(town, plan):
            yield pause
    async for pause in _rated(town, plan):
        yield pause


async def shared(town: Town, plan: Plan) -> Life:
    """Call in other units, delegate the work, and ask the citizen."""
    number = plan.complaint.number
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    state, who = await town.state(number), await _lead(town, plan)
    [ground, *_] = town.pack.reason_codes("whistle") or ["none"]
    if (other := town.someone_else(state)) is not None:
        call = Call(unit=other, task="协助")
        await town.act(number, who, Whistle(ground=ground, reason="请来", units=[call]))
    below = [unit.code for unit in town.pack.units if unit.parent == who.unit]
    if below:
        await town.act(number, who, Delegate(unit=below[0], task="请办"))
    await town.act(number, who, Ask(question="几号楼？"))
    async for pause in _rated(town, plan):
        yield pause


async def raised(town: Town, plan: Plan) -> Life:
    number = plan.complaint.number
    async for pause in _until(town, plan, _at(Stage.HANDLE)):
        yield pause
    await town.act(number, await _lead(town, plan), RaiseLevel(reason="超出事权"))
    async for pause in _rated(town, plan):
        yield pause


async def recurring(town: Town, plan: Plan) -> Life:
    """Let it be closed, and reopened a few days later."""
    number = plan.complaint.number
    async for pause in _rated(town, plan):
        yield pause
    yield 3 * DAY
    if (await town.state(number)).stage is Stage.AFTERCARE:
        await town.act(number, CITIZEN, Recur(text="又反弹了"))
        async for pause in _rated(town, plan):
            yield pause


async def merged(town: Town, plan: Plan) -> Life:
    """Merge it into another; each citizen rates the answer."""
    number = plan.complaint.number
    yield timedelta(minutes=10)
    for other in town.chance.sample(town.open, min(5, len(town.open))):
        state = await town.state(other)
        waits = state.stage is Stage.HANDLE and state.parent is None
        if other != number and waits:
            await town.act(number, DISPATCHER, Merge(into=other, reason="同一处"))
            break
    async for pause in _rated(town, plan):
        yield pause


WAYS: dict[str, tuple[Way, int]] = {
    "well": (well, 6),
    "left_alone": (left_alone, 3),
    "late": (left_alone, 4),
    "badly": (badly, 3),
    "silent": (silent, 3),
    "called_back": (called_back, 2),
    "not_reached": (not_reached, 1),
    "withdrawn": (withdrawn, 1),
    "declined": (_concluded("declined"), 1),
    "referred": (_concluded("referred"), 1),
    "answered": (_concluded("answered"), 1),
    "by_hand": (by_hand, 2),
    "extended": (extended, 2),
    "held": (held, 2),
    "asked": (asked, 2),
    "returned": (returned, 2),
    "shared": (shared, 2),
    "raised": (raised, 1),
    "recurring": (recurring, 1),
    "merged": (merged, 2),
    "unfounded": (silent, 1),
}
"""The courses of a ticket, each with its frequency."""

_UNCLEAR = {"declined", "referred", "answered", "by_hand"}
"""Courses that begin with an unsure automatic triage."""


def _number(chance: Random, filed_at: datetime) -> str:
    """Draw a number as `store.tickets.numbers.new_number` does; verification lots depend on it."""
    digits = f"{filed_at:%y%m%d}{chance.randrange(1_000_000):06d}"
    return digits + str(verhoeff.calc_check_digit(digits))


def plan_of(town: Town, way: str, category: str, filed_at: datetime, n: int) -> Plan:
    """Plan the course of a complaint about a place of its own."""
    chance = town.chance
    areas = [unit.area for unit in town.pack.units if unit.area and unit.kind == "street"]
    fields: dict[str, Any] = {
        "number": _number(chance, filed_at),
        "city": town.pack.city.id,
        "title": "",
        "text": "请尽快处理。",
        "category": category,
        "channel": chance.choice([Channel.HOTLINE, Channel.WEB, Channel.APP]),
        "place": {"area": chance.choice(areas) if areas else None, "address": f"试验路 {n} 号"},
        "filed_at": filed_at,
        **REACHABLE,
    }
    if way in _UNCLEAR:
        fields |= {"category": None, "text": "管管吧", "place": {}}
    if way == "answered":
        fields["kind"] = Kind.CONSULTATION
    if way == "unfounded":
        fields |= {"anonymous": True, "channel": Channel.SNAPSHOT}
    pace = 2.0 if way == "late" else 0.05 + 0.6 * chance.random()
    return Plan(way, Complaint.model_validate(fields), pace, found=way != "unfounded")
