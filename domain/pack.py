"""A city pack: one city's constitution as data. Read from its folder by `store.packs`.

The models refuse unknown fields, because a pack is written by hand and a typo must not be lost.
Codes that point at other parts (a unit's parent, a category's tier) are checked there as well,
where file and line are known.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, StringConstraints

from domain.calendar import WorkCalendar, Zone
from domain.clocks import ClockName
from domain.complaint import Code
from domain.limits import Limit
from domain.promises import Caps, Ladder, Limits, Part, Rating, Tier, Words
from domain.rules import Rules

BY_STREET = "@street"
"""In a responsibility: the street unit of the place, instead of one unit's code."""

Pattern = Annotated[
    str, StringConstraints(pattern=r"^([0-9A-Za-z_.-]{1,32}|[0-9A-Za-z_.-]{0,31}\*)$")
]
"""An exact code, a prefix ending with "*", or "*" for all."""


class UnknownInPack(KeyError):
    """A code that the pack does not have: UnknownUnit, UnknownCategory or UnknownTier."""

    code: ClassVar[str]
    what: ClassVar[str]

    def __init__(self, name: str, pack: str) -> None:
        super().__init__(name)
        self.name, self.pack = name, pack

    def __str__(self) -> str:  # KeyError's own shows only the quoted key
        return f"the city pack {self.pack} has no {self.what} {self.name!r}"


class UnknownUnit(UnknownInPack):
    code, what = "unknown_unit", "unit"


class UnknownCategory(UnknownInPack):
    code, what = "unknown_category", "category"


class UnknownTier(UnknownInPack):
    code, what = "unknown_tier", "tier"


class Level(StrEnum):
    """The administrative levels, highest first."""

    CITY = "city"  # 市
    DISTRICT = "district"  # 区、县
    STREET = "street"  # 街道、乡镇
    COMMUNITY = "community"  # 社区、村


class UnitKind(StrEnum):
    DISTRICT = "district"  # 区政府
    STREET = "street"  # 街道、乡镇
    BUREAU = "bureau"  # 委办局
    COMMUNITY = "community"  # 社区、村
    STATION = "station"  # 科、所、站、队
    CONTRACTOR = "contractor"  # 企业
    CENTRE = "centre"  # 热线、指挥中心


class Queue(StrEnum):
    """Where a unit's work waits: with everybody's, apart, or for the department's own program."""

    SHARED = ""
    OWN = "own"
    PROGRAM = "program"


class City(Part):
    """The city itself, `[city]` of city.toml.

    `fallback` is the unit that takes what nobody owns (区政府兜底); `tier` the tier of a complaint
    that has no category yet. `clock_scale` multiplies every computed span, so that a
    demonstration or a test sees fifteen days pass in minutes; a city at work keeps it at 1.
    """

    id: Code
    name: Words
    name_en: Words
    division: Code
    zone: Zone
    fallback: Code
    tier: Code
    clock_scale: float = Field(1.0, gt=0, le=1)


class Unit(Part):
    """One unit (承办单位). `area` is the division it is responsible for, "" for the whole city."""

    code: Code
    name: Words
    name_en: Words
    kind: UnitKind
    level: Level
    parent: Code | None = None
    area: Code | None = None
    queue: Queue = Queue.SHARED


class Category(Part):
    """What a complaint can be about. `keywords` are what citizens say when they mean it."""

    code: Code
    name: Words
    name_en: Words
    tier: Code
    keywords: tuple[Words, ...] = ()


class Responsibility(Part):
    """Who answers for what, where. `line` is where the pack says so, in responsibilities.csv."""

    category: Pattern
    area: Pattern
    unit: Annotated[str, StringConstraints(pattern=r"^(@street|[0-9A-Za-z_.-]{1,32})$")]
    line: int = Field(0, ge=0)

    def covers(self, category: str | None, area: str | None) -> bool:
        """Whether the row speaks of them. What is not known is covered by "*" alone."""
        return matches(self.category, category) and matches(self.area, area)


def matches(pattern: str, code: str | None) -> bool:
    """Whether `pattern` (see `Pattern`) means `code`; None is meant by "*" alone."""
    if pattern == "*":
        return True
    if code is None:
        return False
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


class Reason(Part):
    code: Code
    zh: Words
    en: Words


class Reasons(Part):
    """Reasons to decline a complaint, authorities to refer it to, grounds to return a ticket."""

    decline: tuple[Reason, ...] = Field(min_length=1)
    refer: tuple[Reason, ...] = Field(min_length=1)
    returns: tuple[Reason, ...] = Field(min_length=1)


class Pack(Part):
    """A whole pack. `version` is the hash of its files: a ticket keeps the one it began under."""

    version: str
    city: City
    calendar: WorkCalendar
    tiers: dict[Code, Tier] = Field(min_length=1)
    limits: Limits
    ladder: dict[ClockName, Ladder]
    caps: Caps
    rating: Rating
    reasons: Reasons
    units: tuple[Unit, ...]
    categories: tuple[Category, ...]
    responsibilities: tuple[Responsibility, ...]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, with fields replaced; what was looked up in the original is forgotten."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[cached]
        return copy

    def rules(self) -> Rules:
        """The numbers a ticket is judged by, to be recorded when it is accepted."""
        return Rules(
            pack=self.city.id,
            pack_version=self.version,
            satisfied_from=self.rating.satisfied_from,
            **self.caps.model_dump(),
        )

    def unit(self, code: str) -> Unit:
        """The unit of that code, or UnknownUnit."""
        unit = self._units.get(code)
        if unit is None:
            raise UnknownUnit(code, self.city.id)
        return unit

    def category(self, code: str) -> Category:
        """The category of that code, or UnknownCategory."""
        category = self._categories.get(code)
        if category is None:
            raise UnknownCategory(code, self.city.id)
        return category

    def tier(self, name: str | None) -> Tier:
        """The tier of that name, or UnknownTier; for None, before triage, the city's own."""
        tier = self.tiers.get(name or self.city.tier)
        if tier is None:
            raise UnknownTier(name or self.city.tier, self.city.id)
        return tier

    def limit(self, clock: ClockName, tier: str | None) -> tuple[Limit | None, str]:
        """The limit of a clock and the table of city.toml that sets it; or UnknownTier.

        The tier's own comes before the default one of `[limits]`.
        """
        own = self.tier(tier).of(clock)
        return (
            (own, f"tiers.{tier or self.city.tier}") if own else (self.limits.of(clock), "limits")
        )

    def reason_codes(self, kind: str) -> list[str]:
        """The codes of reasons to "decline", "refer" or "return", in the pack's order."""
        reasons = self.reasons
        table = {"decline": reasons.decline, "refer": reasons.refer, "return": reasons.returns}
        return [reason.code for reason in table[kind]]

    def knows(self, category: str | None) -> bool:
        """Whether `category` is one of the pack's."""
        return category in self._categories

    def street_of(self, area: str | None) -> Unit | None:
        """The street unit whose area is `area` or contains it.

        Division codes nest: a community's or a cell's begins with its street's.
        """
        if area is None:
            return None
        return next((unit for unit in self.streets if area.startswith(unit.area or "-")), None)

    @cached_property
    def streets(self) -> tuple[Unit, ...]:
        """The street units, in the order of the pack."""
        return tuple(unit for unit in self.units if unit.kind is UnitKind.STREET)

    def queue_of(self, unit: Unit | str) -> str:
        """The task queue where a unit's work waits, "units" or "unit.<code>"; or UnknownUnit."""
        if isinstance(unit, str):
            unit = self.unit(unit)
        return "units" if unit.queue is Queue.SHARED else f"unit.{unit.code}"

    @cached_property
    def _units(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def _categories(self) -> dict[str, Category]:
        return {category.code: category for category in self.categories}
