"""Random commands to a ticket, sensible or not.

Most of them fit the stage, the role and the unit; the others have to be refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from domain.actors import Actor, Role
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.call_back import CallBack
from domain.commands.citizens.leave_contact import LeaveContact
from domain.commands.citizens.open_contact import OpenContact
from domain.commands.citizens.recur import Recur
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.accuse import Accuse
from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.intervene import Intervene
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.reclassify import Reclassify
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.override import Override
from domain.commands.joint.raise_level import RaiseLevel
from domain.commands.joint.release import Release
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.lookups import pending_request
from domain.commands.registry import COMMANDS
from domain.commands.supervising.appoint import Appoint
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.keep_minutes import KeepMinutes
from domain.commands.supervising.notice import Notice
from domain.commands.supervising.replan import Replan
from domain.commands.supervising.revisit import Revisit
from domain.commands.supervising.settle_all import SettleAll
from domain.commands.supervising.supervise import Supervise
from domain.commands.units.answer_order import AnswerOrder
from domain.commands.units.ask import Ask
from domain.commands.units.contact import Contact
from domain.commands.units.exclude import Exclude
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.commands.units.review import Review
from domain.commands.units.sign import Sign
from domain.commands.units.step import Step
from domain.deadlines.registry import ClockName
from domain.facts.transitions import TABLE
from domain.messages import Command
from domain.pack.pack import Pack
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.rating import Rating
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket

T = TypeVar("T")

THE_END = datetime.max.replace(tzinfo=UTC)
"""The latest time that a `datetime` can hold."""

KINDS: tuple[type[Command], ...] = COMMANDS

_WEIGHTS: dict[type[Command], int] = {
    Withdraw: 1,
    Accuse: 8,
    Conclude: 1,
    Intervene: 2,
    Merge: 2,
    AddFacts: 3,
    Urge: 3,
    OpenContact: 3,
    LeaveContact: 3,
    Notice: 1,
    KeepMinutes: 2,
    SettleAll: 1,
    Replan: 4,
    Appoint: 2,
    Supervise: 3,
    AnswerOrder: 3,
    Reassign: 5,
    Reclassify: 8,
    Decide: 3,
    Return: 60,
    Step: 40,
}
"""The weights of commands that are drawn more rarely or more often than the rest (20)."""


@dataclass(frozen=True)
class Scene:
    """A ticket's state, and the random choices for the next command.

    `units` and `categories` are those that commands name; `others` are tickets of the same city.
    `accusing`: somebody may say whom it accuses.
    """

    ticket: Ticket
    pack: Pack
    at: datetime
    chance: Random
    units: Sequence[str]
    categories: Sequence[str]
    others: Sequence[str]
    accusing: bool = True

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def one(self, of: Sequence[T], otherwise: T) -> T:
        return self.chance.choice(of) if of else otherwise

    def unit(self) -> str:
        """Return one of the city's units, seldom an unknown one."""
        return self.chance.choice(self.units) if self.likely(0.97) else "moon"

    def reason(self, kind: str) -> str:
        codes = self.pack.reason_codes(kind)
        return self.one(codes, "whim") if self.likely(0.95) else "whim"

    def share(self) -> int | None:
        """Return mostly None, for the unit's own share, else the number of a share."""
        if self.likely(0.6):
            return None
        opened = [each.n for each in self.ticket.opened]
        return self.one(opened, 1) if self.likely(0.8) else self.chance.randint(1, 9)

    def rating(self) -> Rating:
        grade, resolved = self.chance.randint(1, 5), self.likely(0.7)
        return Rating.model_validate({"grade": grade, "resolved": resolved})

    def command(self) -> tuple[Actor, Command]:
        """Return a random command and its actor."""
        kind = self._kind()
        maker = _MAKERS.get(kind)
        command = maker(self) if maker else kind.model_validate(kind.spec.example)
        return self._actor(command), command

    def _kind(self) -> type[Command]:
        if pending_request(self.ticket) is not None and self.likely(0.4):
            return Decide
        kinds = list(_AT[self.ticket.stage] if self.likely(0.9) else KINDS)
        kinds = [kind for kind in kinds if self.accusing or kind is not Accuse]
        weights = [_WEIGHTS.get(kind, 20) for kind in kinds]
        return self.chance.choices(kinds or KINDS, weights or None)[0]

    def _actor(self, command: Command) -> Actor:
        """Return an actor, mostly of a permitted role; officers mostly have a share."""
        fact = command.fact_of(self.ticket)
        allowed = {role for row in TABLE if row.fact is fact for role in row.by} - {Role.SYSTEM}
        role = self.one(sorted(allowed), Role.DESK) if self.likely(0.95) else Role.AUDITOR
        if role is not Role.OFFICER:
            return Actor(role=role, id=f"{role}-1")
        having = [each.unit for each in self.ticket.opened] or [self.ticket.unit or "moon"]
        unit = self.chance.choice(having) if self.likely(0.9) else self.unit()
        return Actor(role=role, unit=unit, id=f"officer-of-{unit}")


def _conclude(scene: Scene) -> Conclude:
    ends = ["final_reply"] if scene.ticket.stage is Stage.SUPERVISE else ["answered", "declined"]
    outcome = scene.chance.choice([*ends, "referred"])
    kind = {"declined": "decline", "referred": "refer"}.get(outcome)
    reason = scene.reason(kind) if kind and scene.likely(0.9) else None
    fields = {"outcome": outcome, "reason": reason, "text": "答复市民"}
    return Conclude.model_validate(fields)


def _call(scene: Scene) -> Call:
    return Call(unit=scene.unit(), task="协助", limit=_limit(scene))


def _limit(scene: Scene) -> str | None:
    """Return mostly the pack's limit, seldom one that reaches beyond the published calendar."""
    return scene.chance.choice([None, None, None, None, "2h", "2h", "2d", "900wd"])


def _whistle(scene: Scene) -> Whistle:
    called = [_call(scene) for _ in range(scene.chance.randint(1, 2))]
    return Whistle(ground=scene.reason("whistle"), reason="请来", units=called)


def _delegate(scene: Scene) -> Delegate:
    """Delegate to a unit below one that has a share, if there is any."""
    having = [each.unit for each in scene.ticket.opened]
    below = [unit.code for unit in scene.pack.units if unit.parent in having]
    unit = scene.one(below, scene.unit()) if scene.likely(0.9) else scene.unit()
    return Delegate(unit=unit, task="请办", assignment=scene.share(), limit=_limit(scene))


def _release(scene: Scene) -> Release:
    helpers = [each.n for each in scene.ticket.opened if each.of is not None]
    return Release(assignment=scene.one(helpers, 1), reason="不再需要")


def _step(scene: Scene) -> Step:
    running = [each for each in scene.ticket.clocks if each.running]
    labels = [each.label for each in running if each.name is ClockName.STEP and each.label]
    return Step(step=scene.one(labels, "dance"))


def _until(scene: Scene) -> datetime:
    """Return a time some days ahead, seldom one that is past or years away."""
    if scene.likely(0.9):
        return scene.at + timedelta(days=scene.chance.randint(1, 60))
    ages = [scene.at - timedelta(days=1), scene.at + timedelta(days=3000), THE_END]
    return scene.chance.choice(ages)


def _triage(scene: Scene) -> Triage:
    return Triage(
        category=scene.chance.choice(scene.categories) if scene.likely(0.95) else "7777",
        unit=None if scene.likely(0.7) else scene.unit(),
        accused=[scene.unit()] if scene.accusing and scene.likely(0.3) else [],
        nobody=scene.accusing and scene.likely(0.5),
    )


def _reclassify(scene: Scene) -> Reclassify:
    """Correct the classification: mostly another category, sometimes only its limits."""
    tiers = [None, None, None, *scene.pack.tiers, "moon"]
    return Reclassify(
        category=scene.chance.choice(scene.categories) if scene.likely(0.95) else "7777",
        tier=scene.chance.choice(tiers) if scene.likely(0.5) else None,
        unit=scene.unit() if scene.likely(0.2) else None,
        reason="更正分类",
        longer=scene.likely(0.4),
    )


def _accuse(scene: Scene) -> Accuse:
    """Accuse one or two units, mostly those that have it; seldom nobody, or nothing clear."""
    having = [each.unit for each in scene.ticket.opened]
    if scene.likely(0.2):  # nobody is left whom the rules name
        pack = scene.pack
        return Accuse(units=[pack.city.fallback, pack.reports.unit or pack.city.fallback])
    accused = [
        scene.one(having, scene.unit()) if scene.likely(0.5) else scene.unit()
        for _ in range(scene.chance.choice([0, 1, 1, 2]))
    ]
    nobody, note = not accused and scene.likely(0.9), "核实有误" if scene.likely(0.7) else ""
    return Accuse(units=accused, nobody=nobody, note=note)


def _call_back(scene: Scene) -> CallBack:
    reached = scene.likely(0.5)
    rating = scene.rating() if reached is scene.likely(0.9) else None
    return CallBack(reached=reached, rating=rating)


def _minutes(scene: Scene) -> KeepMinutes:
    values = [each.unit for each in scene.ticket.opened if scene.likely(0.5)]
    what = scene.chance.choice(list(Meeting))
    return KeepMinutes(minutes=Minutes(what=what, text="纪要", units=values))


def _merge(scene: Scene) -> Merge:
    own = scene.ticket.complaint.number
    into = scene.one(scene.others, own) if scene.likely(0.95) else own
    return Merge(into=into, reason="同一问题")


def _decide(scene: Scene) -> Decide:
    named = None if scene.likely(0.7) else scene.unit()
    return Decide(approve=scene.likely(0.6), reason="审定", unit=named)


_MAKERS: dict[type[Command], Callable[[Scene], Command]] = {
    Accuse: _accuse,
    Triage: _triage,
    Reclassify: _reclassify,
    Reassign: lambda scene: Reassign(unit=scene.unit(), reason="改派"),
    Arbitrate: lambda scene: Arbitrate(unit=scene.unit(), text="协调会"),
    Intervene: lambda scene: Intervene(unit=scene.unit(), reason="接管"),
    Merge: _merge,
    Unmerge: lambda scene: Unmerge(reason="另一件事"),
    Conclude: _conclude,
    Sign: lambda scene: Sign(assignment=scene.share()),
    Contact: lambda scene: Contact(assignment=scene.share(), reached=scene.likely(0.7)),
    Return: lambda scene: Return(
        assignment=scene.share(), ground=scene.reason("return"), reason="退单"
    ),
    Extend: lambda scene: Extend(
        assignment=scene.share(),
        by=scene.chance.choice(["1d", "2wd", "3h", "900d", "900wd"]),
        reason="延期",
    ),
    Hold: lambda scene: Hold(
        assignment=scene.share(), ground=scene.reason("hold"), until=_until(scene), reason="挂账"
    ),
    Review: lambda scene: Review(assignment=scene.share(), note="看过", resume=scene.likely(0.4)),
    Ask: lambda scene: Ask(assignment=scene.share(), question="在哪里？"),
    Step: _step,
    Exclude: lambda scene: Exclude(ground=scene.reason("exclude"), reason="误评", evidence=["e"]),
    AnswerOrder: lambda scene: AnswerOrder(
        order=scene.chance.randint(1, len(scene.ticket.orders) + 1), answer="已办"
    ),
    Whistle: _whistle,
    Delegate: _delegate,
    Release: _release,
    Override: lambda scene: Override(reason="协办已无事"),
    RaiseLevel: lambda scene: RaiseLevel(reason="超出事权"),
    Decide: _decide,
    Supervise: lambda scene: Supervise(text="限期办结"),
    Notice: lambda scene: Notice(text="通报"),
    KeepMinutes: _minutes,
    SettleAll: lambda scene: SettleAll(text="举一反三"),
    Appoint: lambda scene: Appoint(starts_at=_until(scene)),
    Replan: lambda scene: Replan(),
    Revisit: lambda scene: Revisit(holds=scene.likely(0.7), note="看过"),
    AddFacts: lambda scene: AddFacts(text="补充"),
    Urge: lambda scene: Urge(),
    OpenContact: lambda scene: OpenContact(),
    LeaveContact: lambda scene: LeaveContact(person="0" * 32),
    Withdraw: lambda scene: Withdraw(),
    Recur: lambda scene: Recur(text="又来了"),
    CallBack: _call_back,
}

_STAGES: dict[type[Command], set[Stage]] = {
    Decide: {Stage.HANDLE, Stage.AFTERCARE},
    Conclude: {Stage.TRIAGE, Stage.DISPATCH, Stage.SUPERVISE},
}
"""The stages of commands that lead to one fact or another."""


def _stages(kind: type[Command]) -> set[Stage]:
    stages = {stage for row in TABLE if row.fact is kind.leads_to for stage in row.since}
    return _STAGES.get(kind, stages)


_AT = {stage: [kind for kind in KINDS if stage in _stages(kind)] for stage in Stage}
"""The commands that the table may allow at each stage."""
