"""The reader of a played story: its tickets, and the figures that the city counts of them."""

from collections.abc import Iterable

from demo.stories.ending import StoryResult
from demo.stories.telling import Telling
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Event
from domain.ticket.ticket import Ticket
from store.reporting.judging import Point
from store.reporting.scores import scores


class Read:
    """A story's tickets and their events, by their names in the story."""

    def __init__(self, tickets: dict[str, Ticket], events: dict[str, list[Event]]) -> None:
        self.tickets, self.events = tickets, events

    @classmethod
    async def of(cls, story: Telling) -> "Read":
        tickets = story.tickets
        return cls(
            {name: await one.look() for name, one in tickets.items()},
            {name: await one.events() for name, one in tickets.items()},
        )

    def __getitem__(self, name: str) -> Ticket:
        return self.tickets[name]

    def kinds(self, name: str) -> list[str]:
        return [event.kind for event in self.events[name]]

    def units(self, name: str) -> list[str]:
        """Return the units that led the ticket, in order."""
        return [a.unit for a in self[name].assignments if a.share == "lead"]


def clock(ticket: Ticket, name: ClockName, assignment: int | None = None) -> Clock:
    """Return the first clock of that name."""
    clocks = (c for c in ticket.clocks if c.name is name and assignment in (None, c.assignment))
    return next(clocks)


def in_time(tickets: Iterable[Ticket]) -> int:
    """Count the tickets of which every answer came no later than promised to the citizen."""
    kept = 0
    for ticket in tickets:
        lead = ticket.lead
        if lead is None or lead.ended_at is None:
            continue
        promised = [clock for clock in ticket.clocks if clock.name == "promise"]
        kept += all((clock.stopped_at or clock.due_at) <= clock.due_at for clock in promised)
    return kept


def ratios(ending: StoryResult) -> dict[str, tuple[int, int]]:
    """Return each indicator as part and whole."""
    values = {one.indicator.id: one.value.after for one in ending.figures.figures}
    return {name: (value.part, value.of) for name, value in values.items()}


def by_unit(ending: StoryResult, indicator: str) -> dict[str, tuple[int, int]]:
    """Return one indicator of each unit that led a ticket of it, as in the ranking."""
    figure = next(one for one in ending.figures.figures if one.indicator.id == indicator)
    return {unit: (value.after.part, value.after.of) for unit, value in figure.units.items()}


async def points_of(story: Telling, unit: str) -> list[Point]:
    """Return the points of a unit, each with the event that earned it."""
    unit_scores = await scores(story.store, story.pack, story.period, unit=unit)
    return list(unit_scores.earned)
