"""Telling a story: its people act through the API, and what happens is told as it happens."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.demonstration.people import People, Refusal
from cli.stories.words import words_of
from domain.actors import Role
from domain.events import Event
from domain.pack import Pack
from domain.ticket import Ticket
from store import tickets
from store.engine import Store

Say = Callable[[str], None]

_GLANCE = 0.05
_PATIENCE = 60.0
"""Seconds; and as many days of the story as `_DAYS`."""
_DAYS = 30


class StoryBroken(Exception):
    """The story did not go as it is told."""


@dataclass
class Telling:
    """One performance. `tickets`: those of the story, by the name it gives them."""

    people: People
    store: Store
    pack: Pack
    say: Say
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    tickets: dict[str, "Told"] = field(default_factory=dict)

    @property
    def day(self) -> float:
        """Seconds that a day of the story lasts."""
        return self.pack.city.clock_scale * timedelta(days=1).total_seconds()

    def clock(self, at: datetime) -> str:
        """A moment, in days and hours of the story."""
        days = max((at - self.began).total_seconds(), 0) / self.day
        hours = days % 1 * 24
        return f"第{int(days) + 1:>2}天 {int(hours):02}:{int(hours % 1 * 60):02}"

    def narrate(self, line: str) -> None:
        self.say(f"\n{line}")

    async def file(self, name: str, **body: Any) -> "Told":
        """Somebody reports something; the ticket is known as `name` from then on."""
        said = {"city": self.pack.city.id} | body
        number, code = await self.people.file(said, secrets.token_hex(12))
        self.adopt(name, number, code)
        return self.tickets[name]

    def adopt(self, name: str, number: str, code: str = "") -> "Told":
        """A ticket that the story did not file itself: an inspection, a linked one."""
        self.tickets[name] = Told(self, name, number, code)
        return self.tickets[name]

    async def follow(self) -> None:
        """Tell what happens to the story's tickets, until cancelled."""
        while True:
            await self.catch_up()
            await asyncio.sleep(_GLANCE * 4)

    async def catch_up(self) -> None:
        """Tell what has happened since the last time."""
        news: list[tuple[datetime, str]] = []
        for told in list(self.tickets.values()):
            news += [(event.at, self._line(told, event)) for event in await told.news()]
        for _, line in sorted(news):
            self.say(line)

    def _line(self, told: "Told", event: Event) -> str:
        return f"  {self.clock(event.at)}  {told.name}：{words_of(event, self.pack)}"


@dataclass
class Told:
    """One ticket of the story."""

    story: Telling
    name: str
    number: str
    code: str
    _told: int = 0

    # --- looking ------------------------------------------------------------------------------

    async def look(self) -> Ticket:
        return await self.story.people.look(self.number)

    async def events(self) -> list[Event]:
        return await tickets.events(self.story.store, self.number)

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.events()]

    async def news(self) -> list[Event]:
        events = [event for event in await self.events() if event.version > self._told]
        self._told += len(events)
        return events

    async def until(self, what: str, reached: Callable[[Ticket], bool]) -> Ticket:
        """The ticket, once it is as it should be.

        Raises:
            StoryBroken: it never was.
        """
        try:
            async with asyncio.timeout(_PATIENCE + _DAYS * self.story.day):
                while not reached(ticket := await self._seen()):
                    await asyncio.sleep(_GLANCE)
        except TimeoutError:
            kinds = ", ".join((await self.kinds())[-6:])
            raise StoryBroken(f"{self.name}: never {what}; last: {kinds}") from None
        return ticket

    async def _seen(self) -> Ticket:
        found = await tickets.state(self.story.store, self.number)
        return found if found is not None else await self.look()

    async def at(self, stage: str) -> Ticket:
        return await self.until(f"at {stage}", lambda ticket: ticket.stage == stage)

    async def with_unit(self, unit: str) -> Ticket:
        """Once `unit` has an open share of it."""
        return await self.until(
            f"with {unit}", lambda ticket: unit in [a.unit for a in ticket.opened]
        )

    async def happened(self, kind: str, times: int = 1) -> Event:
        """The event, once it happened that often."""
        try:
            async with asyncio.timeout(_PATIENCE + _DAYS * self.story.day):
                while True:
                    found = [event for event in await self.events() if event.kind == kind]
                    if len(found) >= times:
                        return found[times - 1]
                    await asyncio.sleep(_GLANCE)
        except TimeoutError:
            kinds = ", ".join((await self.kinds())[-6:])
            raise StoryBroken(f"{self.name}: never {kind}; last: {kinds}") from None

    # --- acting -------------------------------------------------------------------------------

    async def by(self, who: Role | str, what: str, **body: Any) -> None:
        """A command by somebody in a role, or by an officer of a unit."""
        role, unit = (who, None) if isinstance(who, Role) else (Role.OFFICER, who)
        await self.story.people.staff(role, self.number, what, body, unit)

    async def refused(self, who: Role | str, what: str, **body: Any) -> str:
        """The code with which the command is refused.

        Raises:
            StoryBroken: it was not.
        """
        try:
            await self.by(who, what, **body)
        except Refusal as refusal:
            return refusal.code
        raise StoryBroken(f"{self.name}: {what} by {who} was not refused")

    async def citizen(self, what: str, **body: Any) -> None:
        await self.story.people.citizen(self.number, self.code, what, body)

    async def done(self, unit: str, reply: str, **more: Any) -> None:
        """A unit hands back its share: signed, and the citizen called before."""
        ticket = await self.with_unit(unit)
        n = next(a.n for a in reversed(ticket.opened) if a.unit == unit)
        await self.story.people.complete(
            unit, self.number, n, reply, more.pop("resolved", True), **more
        )

    async def handled(self, unit: str, reply: str, **more: Any) -> None:
        """The usual way: sign, call the citizen, hand back."""
        await self.with_unit(unit)
        await self.by(unit, "sign")
        await self.by(unit, "contact", reached=True)
        await self.done(unit, reply, **more)

    async def rated(self, grade: int, *, resolved: bool = True, contacted: bool = True) -> None:
        await self.at("rate")
        await self.citizen("rating", contacted=contacted, resolved=resolved, grade=grade)
