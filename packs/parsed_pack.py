"""The schemas of a city pack's files, and the parsed pack: the files as far as they can be read."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, RootModel, StringConstraints, model_validator

from domain.deadlines.calendar import OfficeSpans
from domain.deadlines.clocks import ClockName
from domain.pack.catalogue import Category, Indicator, Reasons, Responsibility, ScoringRule, Unit
from domain.pack.pack import City
from domain.pack.phrases import Phrases
from domain.pack.policies import (
    Aftercare,
    Caps,
    DeskPolicy,
    Features,
    Ladder,
    Limits,
    PackPart,
    RatingPolicy,
    Reports,
    Retention,
    Reworking,
    Severity,
    Tier,
    Verification,
)
from domain.ticket.complaint import Code
from packs.csv_tables import Sheet, Split, pairs, parts, read_csv
from packs.problems import PackFault
from packs.toml_tables import Document, read_toml

CITY, UNITS, CATEGORIES = "city.toml", "units.csv", "categories.csv"
RESPONSIBILITIES, CALENDAR = "responsibilities.csv", "calendar.csv"
INDICATORS, SCORING, GRIDS = "indicators.toml", "scoring.csv", "grids.geojson"
PHRASES = "phrases.toml"
TEMPLATES = {"zh": "templates/zh.toml", "en": "templates/en.toml"}
"""The files with messages to citizens, by language."""


class CalendarSeed(PackPart):
    """`[calendar]`: office hours, and the years whose days off the State Council has published.

    `country` is a code of the `holidays` library, whose holidays and make-up days are the basis;
    without it there are only weekends and the rows of calendar.csv. A year that is not named is
    provisional.
    """

    country: str | None = None
    years: tuple[Annotated[int, Field(strict=True, ge=1900, le=2999)], ...] = Field(min_length=1)
    hours: OfficeSpans


class DayOverride(PackPart):
    """A row of calendar.csv: one day that differs from the seed, or has other office hours."""

    date: date
    working: bool
    note: str = ""
    hours: OfficeSpans | None = None

    @model_validator(mode="after")
    def _hours_are_worked(self) -> Self:
        if self.hours and not self.working:
            raise ValueError("a day off has no office hours")
        return self


class CityFile(PackPart):
    """The whole of city.toml."""

    city: City
    calendar: CalendarSeed
    tiers: dict[Code, Tier] = Field(min_length=1)
    limits: Limits = Limits()
    joint: Limits = Limits()
    ladder: dict[ClockName, Ladder] = Field(default_factory=dict)
    caps: Caps
    features: Features = Features()
    rework: Reworking = Reworking()
    severity: Severity = Severity()
    verify: Verification = Verification()
    aftercare: Aftercare = Aftercare()
    desk: DeskPolicy = DeskPolicy()
    reports: Reports = Reports()
    retention: Retention = Retention()
    rating: RatingPolicy
    reasons: Reasons


class IndicatorsFile(PackPart):
    """The whole of indicators.toml."""

    indicators: tuple[Indicator, ...] = ()


class MessagesFile(
    RootModel[dict[Code, Annotated[str, StringConstraints(min_length=1, max_length=1000)]]]
):
    """The whole of a file of templates: the text of each message, by its name."""


@dataclass(frozen=True, slots=True)
class ParsedPack:
    """A parsed pack, as far as its files could be read; `problems` lists what could not."""

    folder: Path
    city: Document[CityFile]
    units: Sheet[Unit]
    categories: Sheet[Category]
    responsibilities: Sheet[Responsibility]
    overrides: Sheet[DayOverride]
    indicators: Document[IndicatorsFile]
    scoring: Sheet[ScoringRule]
    phrases: Document[Phrases]
    messages: dict[str, Document[MessagesFile]]
    problems: list[PackFault]


_SPLIT_OVERRIDE: dict[str, Split] = {"hours": parts}
_SPLIT_CATEGORY: dict[str, Split] = {"keywords": parts, "steps": pairs("code", "limit")}


def read_draft(folder: Path) -> ParsedPack:
    """Parse the pack in `folder` as far as possible; what cannot be read is in `problems`."""
    problems: list[PackFault] = []

    def there(name: str) -> bool:
        return (folder / name).exists()

    indicators: Document[IndicatorsFile] = Document(INDICATORS)
    if there(INDICATORS):
        indicators = read_toml(folder, INDICATORS, IndicatorsFile, problems)
    scoring: Sheet[ScoringRule] = Sheet(SCORING)
    if there(SCORING):
        scoring = read_csv(folder, SCORING, ScoringRule, problems)
    phrases: Document[Phrases] = Document(PHRASES)
    if there(PHRASES):
        phrases = read_toml(folder, PHRASES, Phrases, problems)
    return ParsedPack(
        folder=folder,
        city=read_toml(folder, CITY, CityFile, problems),
        units=read_csv(folder, UNITS, Unit, problems),
        categories=read_csv(folder, CATEGORIES, Category, problems, _SPLIT_CATEGORY),
        responsibilities=read_csv(folder, RESPONSIBILITIES, Responsibility, problems),
        overrides=read_csv(folder, CALENDAR, DayOverride, problems, _SPLIT_OVERRIDE),
        indicators=indicators,
        scoring=scoring,
        phrases=phrases,
        messages={
            language: read_toml(folder, name, MessagesFile, problems)
            for language, name in TEMPLATES.items()
            # If one language has messages, the other must have them too.
            if any(map(there, TEMPLATES.values()))
        },
        problems=problems,
    )
