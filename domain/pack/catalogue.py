"""The parts of a city's catalogue: units, categories, responsibilities, reasons, figures."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from domain.deadlines.limits import Limit
from domain.pack.policies import Condition, PackPart, Target, Words
from domain.ticket.complaint import Code

BY_STREET, BY_COMMUNITY, NEAREST = "@street", "@community", "@nearest"
"""Instead of a unit's code: the place's street, its community, the nearest located centre."""

Pattern = Annotated[
    str, StringConstraints(pattern=r"^([0-9A-Za-z_.-]{1,32}|[0-9A-Za-z_.-]{0,31}\*)$")
]
"""An exact code, a prefix ending with "*", or "*" for all."""


class Level(StrEnum):
    """The administrative levels, highest first."""

    CITY = "city"  # 市
    DISTRICT = "district"  # 区、县
    STREET = "street"  # 街道、乡镇
    COMMUNITY = "community"  # 社区、村
    CELL = "cell"  # 单元网格


class UnitKind(StrEnum):
    DISTRICT = "district"  # 区政府
    STREET = "street"  # 街道、乡镇
    BUREAU = "bureau"  # 委办局
    COMMUNITY = "community"  # 社区、村
    STATION = "station"  # 科、所、站、队
    CONTRACTOR = "contractor"  # 企业
    CENTRE = "centre"  # 热线、指挥中心、服务中心
    HELPER = "helper"  # 律师、调解、志愿、救援


class UnitQueue(StrEnum):
    """The queue of a unit's work: shared, its own, or that of the department's program."""

    SHARED = ""
    OWN = "own"
    PROGRAM = "program"


class Unit(PackPart):
    """One unit (承办单位). `area` is the division it is responsible for, None for the whole city.

    `parent` is the unit one level up: a ticket is raised to it, and delegated from it. `lat` and
    `lon` (WGS-84) are its position, for "the nearest centre".
    """

    code: Code
    name: Words
    name_en: Words
    kind: UnitKind
    level: Level
    parent: Code | None = None
    area: Code | None = None
    queue: UnitQueue = UnitQueue.SHARED
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)


class CategoryStep(PackPart):
    """One stage of a category with staged limits: stop within 4wh, punish within 7wd."""

    code: Code
    limit: Limit


class Category(PackPart):
    """A subject of complaints. `keywords` are the citizens' words for it.

    `filing` and `closing` are CEL conditions (立案条件, 结案条件): while the first does not hold, a
    dispatcher decides; while the second does not, a result is refused. `steps`: staged limits.
    """

    code: Code
    name: Words
    name_en: Words
    tier: Code
    keywords: tuple[Words, ...] = ()
    steps: tuple[CategoryStep, ...] = ()
    filing: Condition | None = None
    closing: Condition | None = None


class Responsibility(PackPart):
    """The unit responsible for a category in an area. `line`: its row in responsibilities.csv."""

    category: Pattern
    area: Pattern
    unit: Target
    line: int = Field(0, ge=0)

    def covers(self, category: str | None, area: str | None) -> bool:
        """Return whether the row covers them. Only "*" covers what is not known."""
        return matches(self.category, category) and matches(self.area, area)


def matches(pattern: str, code: str | None) -> bool:
    """Return whether `pattern` (see `Pattern`) matches `code`; only "*" matches None."""
    if pattern == "*":
        return True
    if code is None:
        return False
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


class Reason(PackPart):
    code: Code
    zh: Words
    en: Words


class Reasons(PackPart):
    """Reasons to decline, authorities to refer to, grounds to return, whistle, hold, exclude."""

    decline: tuple[Reason, ...] = Field(min_length=1)
    refer: tuple[Reason, ...] = Field(min_length=1)
    returns: tuple[Reason, ...] = ()
    whistle: tuple[Reason, ...] = ()
    hold: tuple[Reason, ...] = ()
    exclude: tuple[Reason, ...] = ()


class Indicator(PackPart):
    """A figure the city publishes, as a versioned formula over the tickets of a period.

    `over` and `counts` are CEL conditions on a ticket `t` (see `domain.pack.condition_vocabulary`):
    the denominator and the numerator. `by`: the moment that puts a ticket into the period.
    `better`: the direction that is good; `neither`: units are not ranked by it.
    """

    id: Code
    version: int = Field(1, ge=1)
    name: Words
    name_en: Words
    over: Condition
    counts: Condition
    by: Literal["ended", "filed", "due"] = "ended"
    better: Literal["higher", "lower", "neither"] = "higher"
    source: str = ""


class ScoringRule(PackPart):
    """A rule of reward or penalty: the event and the condition that bring a unit points.

    `when` is a CEL condition on the event `e`, its unit's share `a` and the ticket `t`. `to`: the
    unit of the event's share, the one that leads the ticket, or the share's unit's parent.
    """

    code: Code
    name: Words
    name_en: Words
    on: Code
    when: Condition = "true"
    points: float = Field(ge=-1000, le=1000)
    to: Literal["unit", "lead", "parent"] = "unit"
    source: str = ""
