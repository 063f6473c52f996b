"""Acting: what the people of a simulated ticket have in common."""

from collections.abc import Callable
from datetime import datetime, timedelta

from demo.history.draws import TicketDraw
from demo.history.life import SimulatedLife
from demo.words import DemoTexts
from domain.actors import Actor, Role
from domain.pack.pack import Pack

Act = tuple[datetime, Callable[[datetime], None]]
"""The next thing that somebody does: when, and what."""


class ActingPeople:
    """The people of one ticket, who act as `drawn` says until `end`.

    `joining`: numbers and texts of tickets that are merged into this one.
    """

    def __init__(
        self, life: SimulatedLife, pack: Pack, drawn: TicketDraw, category: str, end: datetime
    ) -> None:
        self.life, self.pack, self.drawn = life, pack, drawn
        self.category, self.end = category, end
        self.dice = drawn.dice
        self.words = DemoTexts(drawn.dice)
        self.joining: list[tuple[str, str]] = []

    def _soon(self, minutes: float) -> datetime:
        spread = self.dice.lognormvariate(0, 0.7)
        return self._whole(self.life.ticket.updated_at + timedelta(minutes=minutes * spread))

    def _whole(self, at: datetime) -> datetime:
        return at.replace(microsecond=0) + timedelta(seconds=1)

    def _of(self, unit: str) -> Actor:
        return Actor(role=Role.OFFICER, id=f"simulated-{unit}", unit=unit)

    def _another(self, unit: str | None) -> str:
        streets = [one.code for one in self.pack.streets if one.code != unit]
        return self.dice.choice(streets) if streets else self.pack.city.fallback
