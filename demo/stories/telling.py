"""Playing a story: its people act through the API, and events are printed as they occur."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.people import People, Refusal
from demo.stories.words import CHANNELS, name_of, words_of
from domain.actors import Role
from domain.events import Event
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.complaint import Channel
from domain.ticket.ticket import Ticket
from store.db.engine import Store
from store.tickets import tickets

Say = Callable[[str], None]

_GLANCE = 0.05
_PATIENCE = 60.0
"""Seconds to wait for an event, plus `_DAYS` days of the story."""
_DAYS = 30
_WHOLE = 90
"""Days that a story's figures cover: everything promised in it is due by then."""


class StoryBroken(Exception):
    """A story that did not go as scripted."""


@dataclass
class Telling:
    """One run of a story. `tickets`: those of the story, by the name it gives them."""

    people: People
    store: Store
    pack: Pack
    say: Say
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    tickets: dict[str, "StoryTicket"] = field(default_factory=dict)
    _news: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def day(self) -> float:
        """Seconds that a day of the story lasts."""
        return self.pack.city.clock_scale * timedelta(days=1).total_seconds()

    @property
    def period(self) -> Period:
        """The period of the final figures, which begins with the story."""
        return Period(self.began, self.began + timedelta(seconds=_WHOLE * self.day))

    def clock(self, at: datetime) -> str:
        """Format a moment in days and hours of the story."""
        days = max((at - self.began).total_seconds(), 0) / self.day
        hours = days % 1 * 24
        return f"第{int(days) + 1:>2}天 {int(hours):02}:{int(hours % 1 * 60):02}"

    def narrate(self, line: str) -> None:
        self.say(f"\n{line}")

    async def scene(self, line: str) -> None:
        """Begin a scene, after printing the remaining events of the last one."""
        await self.catch_up()
        self.narrate(line)

    async def file(self, name: str, *, key: str | None = None, **body: Any) -> "StoryTicket":
        """File a complaint; the ticket is known as `name` from then on.

        Filing again with the same `key` returns the same ticket.
        """
        values = {"city": self.pack.city.id} | body
        now = datetime.now(UTC)
        number, code = await self.people.file(values, key or secrets.token_hex(12))
        known = self.tickets.get(name)
        if known is not None and known.number == number:
            return known
        channel = CHANNELS[Channel(body.get("channel", Channel.WEB))]
        what = body.get("title") or body["text"]
        await self.catch_up()
        self.say(f"  {self.clock(now)}  {name}：「{what}」，来自{channel}，编号 {number}")
        return self.adopt(name, number, code)

    def adopt(self, name: str, number: str, code: str = "") -> "StoryTicket":
        """Add a ticket that the story did not file itself: an inspection, a linked one."""
        self.tickets[name] = StoryTicket(self, name, number, code)
        return self.tickets[name]

    async def follow(self) -> None:
        """Print the events of the story's tickets, until cancelled."""
        while True:
            await self.catch_up()
            await asyncio.sleep(_GLANCE * 4)

    async def catch_up(self) -> None:
        """Print the events since the last call, each ticket's in its own order."""
        async with self._news:
            happened = [(told, await told.news()) for told in list(self.tickets.values())]
            # No await from here on, so that a cancellation loses no line.
            news: list[tuple[datetime, str]] = []
            for ticket, events in happened:
                latest = self.began
                for event in events:
                    # An escalation is recorded with its due time, though later: this keeps the
                    # order of a ticket's events.
                    latest = max(latest, event.at)
                    news.append((latest, self._line(ticket, event)))
                    ticket.printed_version = event.version
            for _, line in sorted(news, key=lambda one: one[0]):
                self.say(line)

    def _line(self, ticket: "StoryTicket", event: Event) -> str:
        return f"  {self.clock(event.at)}  {ticket.name}：{words_of(event, self.pack)}"


@dataclass
class StoryTicket:
    """One ticket of the story. `printed_version`: the version up to which it was printed."""

    story: Telling
    name: str
    number: str
    code: str
    printed_version: int = 0

    # --- reading ------------------------------------------------------------------------------

    async def look(self) -> Ticket:
        return await self.story.people.look(self.number)

    async def events(self) -> list[Event]:
        return await tickets.events(self.story.store, self.number)

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.events()]

    async def news(self) -> list[Event]:
        """Return the events not printed yet."""
        return [event for event in await self.events() if event.version > self.printed_version]

    async def until(self, what: str, reached: Callable[[Ticket], bool]) -> Ticket:
        """Return the ticket once `reached` holds.

        Raises:
            StoryBroken: it never did.
        """
        try:
            async with asyncio.timeout(_PATIENCE + _DAYS * self.story.day):
                while True:
                    if reached(ticket := await self._seen()):
                        return ticket
                    await asyncio.sleep(_GLANCE)
        except TimeoutError:
            raise await self._never(what) from None

    async def _seen(self) -> Ticket:
        ticket = await tickets.state(self.story.store, self.number)
        return ticket if ticket is not None else await self.look()

    async def _never(self, what: str) -> StoryBroken:
        kinds = ", ".join((await self.kinds())[-6:])
        return StoryBroken(f"{self.name}: never {what}; last: {kinds}")

    async def at(self, stage: str) -> Ticket:
        return await self.until(f"at {stage}", lambda ticket: ticket.stage == stage)

    async def closed(self) -> Ticket:
        """Return the ticket once it is closed and counted; aftercare may still follow."""
        return await self.until("closed", lambda ticket: ticket.ended_at is not None)

    async def with_unit(self, unit: str) -> Ticket:
        """Return the ticket once `unit` has an open share of it."""
        return await self.until(
            f"with {unit}", lambda ticket: unit in [a.unit for a in ticket.opened]
        )

    async def happened(
        self, kind: str, times: int = 1, meant: Callable[[Any], bool] = lambda _: True
    ) -> Event:
        """Return the event once it occurred that often; `meant`: only those with such a fact."""
        try:
            async with asyncio.timeout(_PATIENCE + _DAYS * self.story.day):
                while True:
                    events = await self.events()
                    events_so_far = [one for one in events if one.kind == kind and meant(one.fact)]
                    if len(events_so_far) >= times:
                        return events_so_far[times - 1]
                    await asyncio.sleep(_GLANCE)
        except TimeoutError:
            raise await self._never(kind) from None

    async def climbed(self, clock: str, text: str) -> Event:
        """Return the event once the clock has escalated to that level."""
        return await self.happened(
            "rung_climbed", meant=lambda fact: (fact.clock, fact.rung) == (clock, text)
        )

    # --- commands -----------------------------------------------------------------------------

    async def by(self, who: Role | str, what: str, **body: Any) -> None:
        """Send a command by somebody in a role, or by an officer of a unit."""
        role, unit = (who, None) if isinstance(who, Role) else (Role.OFFICER, who)
        await self.story.people.staff(role, self.number, what, body, unit)

    async def refused(self, who: Role | str, what: str, **body: Any) -> str:
        """Return the code with which the command is refused.

        Raises:
            StoryBroken: it was not refused.
        """
        try:
            await self.by(who, what, **body)
        except Refusal as refusal:
            return refusal.code
        raise StoryBroken(f"{self.name}: {what} by {who} was not refused")

    async def barred(self, who: str, what: str, code: str, wish: str, **body: Any) -> None:
        """Send a forbidden command of a unit, and print its refusal.

        Raises:
            StoryBroken: it was allowed, or refused for another reason.
        """
        result = await self.refused(who, what, **body)
        if result != code:
            raise StoryBroken(f"{self.name}: {what} by {who} was refused with {result}")
        await self.story.catch_up()
        now, unit = self.story.clock(datetime.now(UTC)), name_of(self.story.pack, who)
        self.story.say(f"  {now}  {self.name}：{unit} 想{wish}，被拒绝（{code}）")

    async def citizen(self, what: str, **body: Any) -> None:
        await self.story.people.citizen(self.number, self.code, what, body)

    async def done(self, unit: str, reply: str, **more: Any) -> None:
        """Complete a unit's share, already signed and with the citizen called."""
        ticket = await self.with_unit(unit)
        n = next(a.n for a in reversed(ticket.opened) if a.unit == unit)
        await self.story.people.complete(
            unit, self.number, n, reply, more.pop("resolved", True), **more
        )

    async def handled(self, unit: str, reply: str, **more: Any) -> None:
        """Sign, call the citizen and complete, as usual."""
        await self.with_unit(unit)
        await self.by(unit, "sign")
        await self.by(unit, "contact", reached=True)
        await self.done(unit, reply, **more)

    async def checked(self, unit: str, result: str) -> None:
        """Verify the result by `unit`, if the city's rules or its sampling require it."""
        ticket = await self.until("answered", lambda ticket: ticket.stage in ("verify", "rate"))
        if ticket.stage == "verify":
            await self.by(unit, "sign")
            await self.done(unit, result)

    async def rated(
        self, grade: int, *, resolved: bool = True, contacted: bool | None = True
    ) -> None:
        await self.at("rate")
        await self.citizen("rating", contacted=contacted, resolved=resolved, grade=grade)
