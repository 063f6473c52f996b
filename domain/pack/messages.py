"""`[messages]` of city.toml: how messages leave the house."""

import re
from datetime import time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from domain.model import Recorded
from domain.pack.policies import PackPart
from domain.ticket.complaint import Code

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class QuietHours(Recorded):
    """The hours in which nobody is written to, in the city's time; they may cross midnight."""

    since: time
    until: time

    def __str__(self) -> str:
        return f"{self.since:%H:%M}-{self.until:%H:%M}"


def _hours(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _HOURS.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r}: quiet hours are written 21:00-08:00")
    a, b, c, d = map(int, match.groups())
    if (a, b) == (c, d):
        raise ValueError(f"{value!r}: quiet hours end at another time than they begin")
    return QuietHours(since=time(a, b), until=time(c, d))


def _time(value: object) -> object:
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise ValueError(f"{value!r}: a time is written 08:00")
    return value


Quiet = Annotated[QuietHours, BeforeValidator(_hours), PlainSerializer(str)]
TimeOfDay = Annotated[time, BeforeValidator(_time), PlainSerializer(lambda value: f"{value:%H:%M}")]
WayToCitizen = Literal["push", "sms", "email"]


class MessagePolicy(PackPart):
    """The rules of messages to citizens, and of the day's digest for staff.

    `channels`: in which order they are tried. `quiet`: when nobody is written to. `budget`: how
    often a day a citizen is written to, called or visited, all their tickets together; what is
    more comes together in one message on the next day. `urgent`: messages that the budget does not
    hold back. `beyond_budget`: what a contact by staff needs when the budget is used up: a `reason`
    in its note, or nothing (`free`). `language`: of a text message to a citizen who has not chosen
    one. `digest`: when staff are told what burns today; without it they are not.
    """

    channels: tuple[WayToCitizen, ...] = ("push", "sms", "email")
    quiet: Quiet | None = None
    budget: int = Field(5, ge=1, le=100)
    beyond_budget: Literal["reason", "free"] = "reason"
    urgent: tuple[Code, ...] = ("citizen_asked", "appointed", "appointment_warn")
    language: Literal["zh", "en"] = "zh"
    digest: TimeOfDay | None = None
