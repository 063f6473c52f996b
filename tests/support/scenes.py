"""Random commands to a ticket, sensible or not.

Most of them fit the stage, the role and the unit; the others have to be refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar, get_args

from domain.actors import Actor, Role
from domain.commands import citizens, intake, joint, supervising, units
from domain.commands.messages import Command
from domain.deadlines.clocks import ClockName
from domain.pack.pack import Pack
from domain.policy.guards import asked, leads_to
from domain.policy.transitions import TABLE
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.rating import Rating
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket

T = TypeVar("T")

THE_END = datetime.max.replace(tzinfo=UTC)
"""The latest time that a `datetime` can hold."""

KINDS: tuple[type[Command], ...] = get_args(get_args(Command)[0])

_WEIGHTS: dict[type[Command], int] = {
    citizens.Withdraw: 1,
    intake.Conclude: 1,
    intake.Intervene: 2,
    intake.Merge: 2,
    citizens.AddFacts: 3,
    citizens.Urge: 3,
    supervising.Notice: 1,
    supervising.KeepMinutes: 2,
    supervising.SettleAll: 1,
    supervising.Replan: 4,
    supervising.Appoint: 2,
    supervising.Supervise: 3,
    units.AnswerOrder: 3,
    intake.Reassign: 5,
    supervising.Decide: 3,
    units.Return: 60,
    units.Step: 40,
}
"""The weights of commands that are drawn more rarely or more often than the rest (20)."""


@dataclass(frozen=True)
class Scene:
    """A ticket's state, and the random choices for the next command.

    `units` and `categories` are those that commands name; `others` are tickets of the same city.
    """

    ticket: Ticket
    pack: Pack
    at: datetime
    chance: Random
    units: Sequence[str]
    categories: Sequence[str]
    others: Sequence[str]

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
        command = _MAKERS[kind](self)
        return self._actor(command), command

    def _kind(self) -> type[Command]:
        if asked(self.ticket) is not None and self.likely(0.4):
            return supervising.Decide
        kinds = _AT[self.ticket.stage] if self.likely(0.9) else KINDS
        weights = [_WEIGHTS.get(kind, 20) for kind in kinds]
        return self.chance.choices(kinds or KINDS, weights or None)[0]

    def _actor(self, command: Command) -> Actor:
        """Return an actor, mostly of a permitted role; officers mostly have a share."""
        fact = leads_to(self.ticket, command)
        allowed = {role for row in TABLE if row.fact is fact for role in row.by} - {Role.SYSTEM}
        role = self.one(sorted(allowed), Role.DESK) if self.likely(0.95) else Role.AUDITOR
        if role is not Role.OFFICER:
            return Actor(role=role, id=f"{role}-1")
        having = [each.unit for each in self.ticket.opened] or [self.ticket.unit or "moon"]
        unit = self.chance.choice(having) if self.likely(0.9) else self.unit()
        return Actor(role=role, unit=unit, id=f"officer-of-{unit}")


def _conclude(scene: Scene) -> intake.Conclude:
    ends = ["final_reply"] if scene.ticket.stage is Stage.SUPERVISE else ["answered", "declined"]
    outcome = scene.chance.choice([*ends, "referred"])
    kind = {"declined": "decline", "referred": "refer"}.get(outcome)
    reason = scene.reason(kind) if kind and scene.likely(0.9) else None
    told = {"outcome": outcome, "reason": reason, "text": "答复群众"}
    return intake.Conclude.model_validate(told)


def _call(scene: Scene) -> joint.Call:
    return joint.Call(unit=scene.unit(), task="协助", limit=_limit(scene))


def _limit(scene: Scene) -> str | None:
    """Return mostly the pack's limit, seldom one that reaches beyond the published calendar."""
    return scene.chance.choice([None, None, None, None, "2h", "2h", "2d", "900wd"])


def _whistle(scene: Scene) -> joint.Whistle:
    called = [_call(scene) for _ in range(scene.chance.randint(1, 2))]
    return joint.Whistle(ground=scene.reason("whistle"), reason="请来", units=called)


def _delegate(scene: Scene) -> joint.Delegate:
    """Delegate to a unit below one that has a share, if there is any."""
    having = [each.unit for each in scene.ticket.opened]
    below = [unit.code for unit in scene.pack.units if unit.parent in having]
    unit = scene.one(below, scene.unit()) if scene.likely(0.9) else scene.unit()
    return joint.Delegate(unit=unit, task="请办", assignment=scene.share(), limit=_limit(scene))


def _release(scene: Scene) -> joint.Release:
    helpers = [each.n for each in scene.ticket.opened if each.of is not None]
    return joint.Release(assignment=scene.one(helpers, 1), reason="不再需要")


def _step(scene: Scene) -> units.Step:
    running = [each for each in scene.ticket.clocks if each.running]
    labels = [each.label for each in running if each.name is ClockName.STEP and each.label]
    return units.Step(step=scene.one(labels, "dance"))


def _until(scene: Scene) -> datetime:
    """Return a time some days ahead, seldom one that is past or years away."""
    if scene.likely(0.9):
        return scene.at + timedelta(days=scene.chance.randint(1, 60))
    ages = [scene.at - timedelta(days=1), scene.at + timedelta(days=3000), THE_END]
    return scene.chance.choice(ages)


def _triage(scene: Scene) -> intake.Triage:
    return intake.Triage(
        category=scene.chance.choice(scene.categories) if scene.likely(0.95) else "7777",
        unit=None if scene.likely(0.7) else scene.unit(),
        accused=None if scene.likely(0.9) else scene.unit(),
    )


def _call_back(scene: Scene) -> citizens.CallBack:
    reached = scene.likely(0.5)
    rating = scene.rating() if reached is scene.likely(0.9) else None
    return citizens.CallBack(reached=reached, rating=rating)


def _minutes(scene: Scene) -> supervising.KeepMinutes:
    came = [each.unit for each in scene.ticket.opened if scene.likely(0.5)]
    what = scene.chance.choice(list(Meeting))
    return supervising.KeepMinutes(minutes=Minutes(what=what, text="纪要", units=came))


def _merge(scene: Scene) -> intake.Merge:
    own = scene.ticket.complaint.number
    into = scene.one(scene.others, own) if scene.likely(0.95) else own
    return intake.Merge(into=into, reason="同一问题")


def _decide(scene: Scene) -> supervising.Decide:
    named = None if scene.likely(0.7) else scene.unit()
    return supervising.Decide(approve=scene.likely(0.6), reason="审定", unit=named)


_MAKERS: dict[type[Command], Callable[[Scene], Command]] = {
    intake.Triage: _triage,
    intake.Reassign: lambda scene: intake.Reassign(unit=scene.unit(), reason="改派"),
    intake.Arbitrate: lambda scene: intake.Arbitrate(unit=scene.unit(), text="协调会"),
    intake.Intervene: lambda scene: intake.Intervene(unit=scene.unit(), reason="接管"),
    intake.Merge: _merge,
    intake.Unmerge: lambda scene: intake.Unmerge(reason="另一件事"),
    intake.Conclude: _conclude,
    units.Sign: lambda scene: units.Sign(assignment=scene.share()),
    units.Contact: lambda scene: units.Contact(assignment=scene.share(), reached=scene.likely(0.7)),
    units.Return: lambda scene: units.Return(
        assignment=scene.share(), ground=scene.reason("return"), reason="退单"
    ),
    units.Extend: lambda scene: units.Extend(
        assignment=scene.share(),
        by=scene.chance.choice(["1d", "2wd", "3h", "900d", "900wd"]),
        reason="延期",
    ),
    units.Hold: lambda scene: units.Hold(
        assignment=scene.share(), ground=scene.reason("hold"), until=_until(scene), reason="挂账"
    ),
    units.Review: lambda scene: units.Review(
        assignment=scene.share(), note="看过", resume=scene.likely(0.4)
    ),
    units.Ask: lambda scene: units.Ask(assignment=scene.share(), question="在哪里？"),
    units.Step: _step,
    units.Exclude: lambda scene: units.Exclude(
        ground=scene.reason("exclude"), reason="误评", evidence=["e"]
    ),
    units.AnswerOrder: lambda scene: units.AnswerOrder(
        order=scene.chance.randint(1, len(scene.ticket.orders) + 1), answer="已办"
    ),
    joint.Whistle: _whistle,
    joint.Delegate: _delegate,
    joint.Release: _release,
    joint.Override: lambda scene: joint.Override(reason="协办已无事"),
    joint.RaiseLevel: lambda scene: joint.RaiseLevel(reason="超出事权"),
    supervising.Decide: _decide,
    supervising.Supervise: lambda scene: supervising.Supervise(text="限期办结"),
    supervising.Notice: lambda scene: supervising.Notice(text="通报"),
    supervising.KeepMinutes: _minutes,
    supervising.SettleAll: lambda scene: supervising.SettleAll(text="举一反三"),
    supervising.Appoint: lambda scene: supervising.Appoint(starts_at=_until(scene)),
    supervising.Replan: lambda scene: supervising.Replan(),
    supervising.Revisit: lambda scene: supervising.Revisit(holds=scene.likely(0.7), note="看过"),
    citizens.AddFacts: lambda scene: citizens.AddFacts(text="补充"),
    citizens.Urge: lambda scene: citizens.Urge(),
    citizens.Withdraw: lambda scene: citizens.Withdraw(),
    citizens.Recur: lambda scene: citizens.Recur(text="又来了"),
    citizens.CallBack: _call_back,
}

_STAGES: dict[type[Command], set[Stage]] = {
    supervising.Decide: {Stage.HANDLE, Stage.AFTERCARE},
    intake.Conclude: {Stage.TRIAGE, Stage.DISPATCH, Stage.SUPERVISE},
}
"""The stages of commands that lead to one fact or another."""


def _stages(kind: type[Command]) -> set[Stage]:
    found = {stage for row in TABLE if row.fact is kind.leads_to for stage in row.since}
    return _STAGES.get(kind, found)


_AT = {stage: [kind for kind in KINDS if stage in _stages(kind)] for stage in Stage}
"""The commands that the table may allow at each stage."""
