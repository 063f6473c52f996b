"""Limits as a city pack writes them: "20s", "30m", "2h", "7d", "4wh", "5wd", and percentages.

Only the notation is here; `domain.deadlines.calendar` computes when a limit ends.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from domain.deadlines.clocks import Basis


class LimitUnit(StrEnum):
    """Units of time. Seconds are for tests and demonstrations, the others for rules."""

    SECONDS = "s"
    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"
    WORKING_HOURS = "wh"
    WORKING_DAYS = "wd"


_WORKING = frozenset({LimitUnit.WORKING_HOURS, LimitUnit.WORKING_DAYS})
_LENGTHS = {
    LimitUnit.SECONDS: timedelta(seconds=1),
    LimitUnit.MINUTES: timedelta(minutes=1),
    LimitUnit.HOURS: timedelta(hours=1),
    LimitUnit.DAYS: timedelta(days=1),
    LimitUnit.WORKING_HOURS: timedelta(hours=1),
}
# Five digits: enough for every rule, and too few for a date beyond the year 9999.
_LIMIT = re.compile(r"([1-9][0-9]{0,4})(s|m|h|d|wh|wd)")
_PERCENT = re.compile(r"([1-9][0-9]{0,2})%")


@dataclass(frozen=True, slots=True)
class Limit:
    """A stretch of time, as written in a pack: a whole positive number and a unit.

    `str()` gives back exactly what `parse` read; in Pydantic models and JSON it is that string.
    """

    amount: int
    unit: LimitUnit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `text` as a limit; ValueError, naming the text, if it is none."""
        match = _LIMIT.fullmatch(text)
        if match is None:
            raise ValueError(
                f"{text!r} is not a limit: write a whole number from 1 to 99999 and a unit, "
                "s m h d for calendar time, wh wd for working time (30m, 7d, 5wd)"
            )
        return cls(int(match[1]), LimitUnit(match[2]))

    @property
    def basis(self) -> Basis:
        """Working time for wh and wd, calendar time for the others."""
        return Basis.WORKING if self.unit in _WORKING else Basis.CALENDAR

    @property
    def length(self) -> timedelta:
        """The amount of time: elapsed for calendar time, counted in office hours for "wh".

        A working day has no length of its own: ValueError.
        """
        if self.unit is LimitUnit.WORKING_DAYS:
            raise ValueError(f"{self} has no length without a calendar")
        return self.amount * _LENGTHS[self.unit]

    def __str__(self) -> str:
        return f"{self.amount}{self.unit.value}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return handler.generate_schema(_field(cls, _LIMIT, ["30m", "7d", "5wd"]))


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of a clock's span, 1 to 999: "20%". Written and read back like a `Limit`."""

    amount: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `text` as a percentage; ValueError, naming the text, if it is none."""
        match = _PERCENT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a percentage from 1% to 999%")
        return cls(int(match[1]))

    def of(self, span: timedelta) -> timedelta:
        """Return this share of `span`."""
        return span * self.amount / 100

    def __str__(self) -> str:
        return f"{self.amount}%"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return handler.generate_schema(_field(cls, _PERCENT, ["20%"]))


def _field(cls: type[Limit] | type[Percent], pattern: re.Pattern[str], examples: list[str]) -> Any:
    """Build the Pydantic type that reads and writes `cls` as its text."""

    def read(value: object) -> Limit | Percent:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        raise ValueError(f"{value!r} is not a text such as {examples[0]!r}")

    return Annotated[
        Any,
        PlainValidator(read),
        PlainSerializer(str, return_type=str),
        WithJsonSchema({"type": "string", "pattern": f"^{pattern.pattern}$", "examples": examples}),
    ]


def _read_offset(value: object) -> object:
    if isinstance(value, str):
        return Percent.parse(value) if value.endswith("%") else Limit.parse(value)
    return value


Offset = Annotated[Limit | Percent, BeforeValidator(_read_offset)]
"""The distance of an escalation level from the due time: a limit, or a share of the span."""
