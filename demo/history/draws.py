"""Draws: what a simulated ticket meets, and the hours in which people act."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from zlib import crc32

from domain.actors import Actor, Role
from domain.deadlines.calendar import WorkCalendar, is_working_day
from domain.ticket.complaint import Kind

OPENS, CLOSES = time(8, 30), time(18)
"""The hours in which offices work on what is no emergency."""

DUTY = time(7, 30), time(21, 30)
"""The hours of every day in which somebody signs, and calls the citizen."""

DESK = Actor(role=Role.DESK, id="simulated-desk")
DISPATCHER = Actor(role=Role.DISPATCHER, id="simulated-dispatcher")
SUPERVISOR = Actor(role=Role.SUPERVISOR, id="simulated-supervisor")


@dataclass
class TicketDraw:
    """The drawn course of one ticket; numbers are from 0 to 1 unless they say otherwise.

    `concluded`: how the desk ends it without a unit. `effort`: the share of its limit that the
    handling takes, before the unit's own pace.
    """

    dice: Random
    concluded: str | None = None
    returned: str | None = None
    extended: str | None = None
    urges: int = 0
    adds: bool = False
    withdrawn: bool = False
    effort: float = 0.4
    presses: bool = True
    reached: bool = True
    excluded: bool = False
    reopened: bool = False
    done: set[str] = field(default_factory=set)


def draw(dice: Random, kind: Kind, concluded: str | None) -> TicketDraw:
    """Draw what a ticket of this kind meets."""
    chance = dice.random
    if concluded is None and kind is Kind.CONSULTATION and chance() < 0.55:
        concluded = "answered"
    if concluded is None and kind is Kind.PRAISE:
        concluded = "answered"
    return TicketDraw(
        dice,
        concluded=concluded,
        returned=None if chance() > 0.06 else "granted" if chance() < 0.6 else "refused",
        extended=None if chance() > 0.05 else "granted" if chance() < 0.7 else "refused",
        urges=0 if chance() > 0.09 else 1 + (chance() < 0.25),
        adds=chance() < 0.05,
        withdrawn=chance() < 0.012,
        effort=min(dice.lognormvariate(-1.25, 0.7), 3.0),
        presses=chance() < 0.44,
        reached=chance() < 0.62,
        excluded=chance() < 0.35,
        reopened=chance() < 0.02,
    )


def pace(unit: str) -> float:
    """Return how slowly a unit works: 1 is usual. Always the same for the same unit."""
    return 0.65 + 0.7 * (crc32(f"pace {unit}".encode()) % 1000) / 1000


def care(unit: str) -> float:
    """Return how well a unit works, from 0 to 1. Always the same for the same unit."""
    return (crc32(f"care {unit}".encode()) % 1000) / 1000


def in_office(calendar: WorkCalendar, at: datetime) -> datetime:
    """Return `at`, or the next moment after it at which offices are open."""
    here = at.astimezone(calendar.tz)
    while not (is_working_day(calendar, here.date()) and here.time() < CLOSES):
        here = datetime.combine(here.date() + timedelta(days=1), OPENS, calendar.tz)
    opened = datetime.combine(here.date(), OPENS, calendar.tz)
    return at if here >= opened else opened.astimezone(at.tzinfo)


def on_duty(calendar: WorkCalendar, at: datetime) -> datetime:
    """Return `at`, or the next moment after it at which somebody is on duty."""
    here = at.astimezone(calendar.tz)
    day = here.date() + timedelta(days=here.time() >= DUTY[1])
    begins = datetime.combine(day, DUTY[0], calendar.tz)
    return at if here >= begins else begins.astimezone(at.tzinfo)
