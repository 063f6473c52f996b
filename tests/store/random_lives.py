"""Random lives of tickets over months, with merges, reopenings, exclusions and late records."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

from domain.activity_io import Projection
from domain.actors import SYSTEM, Actor
from domain.events import Fact
from domain.facts.aftercare import Reopened
from domain.facts.closing import CallBackDue, CalledBack
from domain.facts.intake import Reassigned
from domain.facts.merging import Merged, RepliedWithParent
from domain.ticket.complaint import Channel, Kind, Place
from tests.store.population import AREA, LIVES, Busy
from tests.store.stories import CITIZEN, DESK, DISPATCHER, START, complaint

CATEGORIES = ("lamp", "0301", "0102", "0501")
UNITS = ("water", "market", "110112003", "U1", "U2")
_SPREAD = 300 * 24 * 60
"""The minutes over which complaints are filed."""


class Rambling(Busy):
    """A story whose steps take a random time; some are recorded late, under their own time."""

    def __init__(self, dice: Random, city: str) -> None:
        filed = START - timedelta(days=200) + timedelta(minutes=dice.randrange(_SPREAD))
        if dice.random() < 0.05:
            filed = filed.replace(hour=16, minute=0)  # midnight in China
        super().__init__(
            complaint(
                city=city,
                filed_at=filed,
                place=Place(area=AREA, address="1" if dice.random() < 0.5 else ""),
                channel=dice.choice(list(Channel)),
                anonymous=dice.random() < 0.2,
                public=dice.random() < 0.3,
            )
        )
        self.dice = dice

    def tell(self, *facts: Fact, by: Actor = SYSTEM, minutes: float = 1) -> Projection:
        roll = self.dice.random()
        if roll < 0.25:
            minutes += self.dice.randrange(3 * 24 * 60)
        elif roll < 0.28:
            minutes += self.dice.randrange(40 * 24 * 60)
        elif roll < 0.33:
            before = self.at  # it is recorded late, under its own time
            self.at -= timedelta(minutes=self.dice.randrange(1, 300))
            told = super().tell(*facts, by=by, minutes=minutes)
            self.at = max(before, self.at)
            return told
        elif roll < 0.36:
            midnight = self.at.replace(hour=16, minute=0, second=0, microsecond=0)
            self.at = max(self.at, midnight)
            minutes = 0
        return super().tell(*facts, by=by, minutes=minutes)

    def classified(self, category: str = "") -> Projection:
        return super().classified(category or self.dice.choice(CATEGORIES))

    @property
    def some_unit(self) -> str:
        return self.dice.choice(UNITS)


def _rated(one: Rambling) -> list[Projection]:
    grade = one.dice.randint(1, 5)
    end = one.watched if one.dice.random() < 0.5 else one.closed
    return [*one.answered_by(one.some_unit, grade=grade), end()]


def _excluded(one: Rambling) -> list[Projection]:
    life = [*one.answered_by(one.some_unit, grade=one.dice.randint(1, 5)), one.watched()]
    return [*life, *one.excluded(granted=one.dice.random() < 0.7)]


def _reopened(one: Rambling) -> list[Projection]:
    life = _excluded(one) if one.dice.random() < 0.4 else _watched(one)
    back = one.tell(Reopened(reason="recurred", text="Dark again."), by=CITIZEN)
    n = one.ticket.assignment_count + 1
    again = [one.led_by(one.some_unit), one.done(n), one.replied()]
    if one.dice.random() < 0.6:
        again += [one.rated(one.dice.randint(1, 5)), one.watched()]
        if one.dice.random() < 0.4:
            again += one.excluded()
    return [*life, back, *again]


def _watched(one: Rambling) -> list[Projection]:
    return [*one.answered_by(one.some_unit, grade=one.dice.randint(3, 5)), one.watched()]


def _merged(one: Rambling) -> list[Projection]:
    life = one.begun(one.some_unit, hours=one.dice.choice([1, 8, 48]))
    merged = Merged(parent="2411200000017", category="lamp", tier="normal", reason="r")
    life.append(one.tell(merged, by=DISPATCHER))
    if one.dice.random() < 0.7:
        answered = RepliedWithParent(parent="2411200000017", text="Lit.", resolved=True)
        life.append(one.tell(answered))
    return life


def _silent(one: Rambling) -> list[Projection]:
    life = [*one.begun(one.some_unit), one.done(1), one.replied(), one.tell(CallBackDue())]
    for _ in range(one.dice.randint(0, 3)):
        life.append(one.tell(CalledBack(reached=one.dice.random() < 0.3), by=DESK))
    return [*life, one.unrated()]


def _passed_on(one: Rambling) -> list[Projection]:
    life = one.begun(one.some_unit, hours=one.dice.choice([2, 24, 240]))
    life.append(one.tell(Reassigned(assignment=1, unit="market", reason="r"), by=DISPATCHER))
    return [*life, one.led_by("market"), one.done(2), one.replied(), one.rated(4), one.watched()]


def _open(one: Rambling) -> list[Projection]:
    return one.begun(one.some_unit, hours=one.dice.choice([2, 24, 24 * 40]))


_OWN: tuple[Callable[[Rambling], list[Projection]], ...] = (
    _rated,
    _excluded,
    _reopened,
    _merged,
    _silent,
    _passed_on,
    _open,
)


def lives(dice: Random, city: str, count: int) -> Iterator[list[Projection]]:
    """Yield the projections of so many tickets."""
    for _ in range(count):
        one = Rambling(dice, city)
        if dice.random() < 0.25:
            live = dice.choice(LIVES)
            if live.__name__ == "_praise":
                one.ticket.complaint.__dict__["kind"] = Kind.PRAISE
            yield live(one)
        else:
            yield dice.choice(_OWN)(one)
