"""Reports that are rewarded, on a store alone, and random operations on their points."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from domain.actors import Actor, Role
from domain.pack.rewards import Prize, RewardPolicy, RewardRule
from domain.policy.rewards import RewardState, Signs
from domain.refusals import Refused
from domain.ticket.complaint import Channel, Kind
from domain.ticket.ticket import Ticket
from store.db.engine import Store
from store.rewards import grants, redemptions, wallets
from store.rewards.grants import Judging
from store.rewards.ledger import receipt_account, wallet_account
from store.rewards.redemptions import PrizeChoice
from store.rewards.wallets import Purse
from tests.store.stories import Story, complaint, project

CITY, UNIT = "demo", "shop"
NOW = datetime(2024, 11, 21, 4, 0, tzinfo=UTC)
POLICY = RewardPolicy(channels=(Channel.SNAPSHOT,), kinds=(Kind.COMPLAINT,), per_day=100)
RULE = RewardRule(
    code="R1", name="属实", name_en="Real", when="true", points=10, source="illustrative"
)
SALT = Prize(
    code="salt", name="食盐", name_en="Salt", points=15, stock=1000, unit=UNIT, until=date.max
)
SUPERVISOR = Actor(role=Role.SUPERVISOR, id="supervisor-1")
CLERK = Actor(role=Role.OFFICER, id="clerk-1", unit=UNIT)
SUSPECT = Signs(by_staff=True)


async def a_report(store: Store, **more: object) -> Ticket:
    """Record a snapshot that was handled and has ended."""
    told = {"channel": Channel.SNAPSHOT, "category": "lamp", **more}
    story = Story(complaint(**told))  # type: ignore[arg-type]
    await project(store, story.whole())
    return story.ticket


def judging(
    ticket: Ticket,
    *,
    rule: RewardRule | None = RULE,
    signs: Signs | None = None,
    policy: RewardPolicy = POLICY,
    at: datetime = NOW,
) -> Judging:
    return Judging(ticket, rule, signs or Signs(), policy, "2024-11-20", at)


async def granted(store: Store, **more: object) -> Ticket:
    """Record a report, and grant its points."""
    ticket = await a_report(store, **more)
    assert await grants.judge(store, judging(ticket)) is RewardState.GRANTED
    return ticket


def purse_of(ticket: Ticket) -> Purse:
    return Purse(CITY, receipt_account(ticket.complaint.number))


async def a_wallet(store: Store, name: str = "w1") -> Purse:
    await wallets.create(store, name, CITY, f"mark of {name}", NOW)
    return Purse(CITY, wallet_account(name))


def a_choice(name: str, prize: Prize = SALT, at: datetime = NOW) -> PrizeChoice:
    return PrizeChoice(name, prize, f"mark of {name}", at + timedelta(days=30))


@dataclass
class RandomLife:
    """Random operations on the points of a few reports, side by side.

    `told`: how often what came of them, by operation and code of the refusal.
    """

    store: Store
    chance: Random
    tickets: list[Ticket]
    purses: list[Purse] = field(default_factory=list)
    choices: list[tuple[Purse, str]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    prize: Prize = SALT

    async def live(self, operations: int, at_once: int = 8) -> None:
        """Do so many operations, drawn beforehand in order and done several at a time."""
        self.purses += [purse_of(ticket) for ticket in self.tickets]
        for n in range(5):
            self.purses.append(await a_wallet(self.store, f"w{n}"))
        for start in range(0, operations, at_once):
            some = [self._drawn(start + n) for n in range(min(at_once, operations - start))]
            await asyncio.gather(*some)

    def _drawn(self, n: int) -> Awaitable[None]:
        kinds: list[tuple[int, Callable[[int], Awaitable[object]]]] = [
            (3, self._judge), (3, self._choose), (2, self._confirm), (2, self._cancel),
            (1, self._join), (1, self._decide), (1, self._lapse),
        ]  # fmt: skip
        weights = [weight for weight, _ in kinds]
        (act,) = self.chance.choices([act for _, act in kinds], weights)
        return self._done(act.__name__, act(n))

    async def _done(self, what: str, act: Awaitable[object]) -> None:
        try:
            await act
        except Refused as refused:
            self.told[f"{what}: {refused.code}"] += 1
        else:
            self.told[what] += 1

    async def _judge(self, n: int) -> object:
        signs = SUSPECT if self.chance.random() < 0.3 else Signs()
        ticket = self.chance.choice(self.tickets)
        return await grants.judge(self.store, judging(ticket, signs=signs))

    async def _choose(self, n: int) -> object:
        purse = self.chance.choice(self.purses)
        self.choices.append((purse, f"c{n}"))
        return await redemptions.choose(self.store, purse, a_choice(f"c{n}", self.prize), NOW)

    async def _confirm(self, n: int) -> object:
        _, name = self.chance.choice(self.choices) if self.choices else (None, "none")
        return await redemptions.confirm(self.store, f"mark of {name}", CLERK, CITY, NOW)

    async def _cancel(self, n: int) -> object:
        purse, name = self.chance.choice(self.choices or [(self.purses[0], "none")])
        return await redemptions.cancel(self.store, purse, name, NOW)

    async def _join(self, n: int) -> object:
        ticket = self.chance.choice(self.tickets)
        wallet = self.chance.choice(self.purses[-5:])
        return await wallets.join(self.store, ticket.complaint.number, wallet, NOW)

    async def _decide(self, n: int) -> object:
        number = self.chance.choice(self.tickets).complaint.number
        release = self.chance.random() < 0.5
        return await grants.decide(
            self.store, number, release=release, by=SUPERVISOR, reason="看过照片", at=NOW
        )

    async def _lapse(self, n: int) -> object:
        later = NOW + timedelta(days=400 if self.chance.random() < 0.02 else 0)
        return await grants.lapse(self.store, CITY, later)
