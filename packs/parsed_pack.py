"""The schemas of a city pack's files, and the parsed pack: the files as far as they can be read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, Field, RootModel, StringConstraints, model_validator

from domain.deadlines.calendar import OfficeSpans
from domain.deadlines.registry import ClockName
from domain.pack.agents import AgentPolicy
from domain.pack.catalogue import Category, Indicator, Reasons, Responsibility, ScoringRule, Unit
from domain.pack.contractors import AssessmentRule, ContractorPolicy
from domain.pack.directory import PlaceRow, Places
from domain.pack.gazetteer import GazetteerPolicy, KnownPlace
from domain.pack.incidents import IncidentPolicy
from domain.pack.law import Law
from domain.pack.messages import MessagePolicy
from domain.pack.neighbours import HandoverPolicy
from domain.pack.open311 import Open311Policy
from domain.pack.pack import City
from domain.pack.patrols import Patrols
from domain.pack.phrases import Phrases
from domain.pack.policies import (
    Aftercare,
    Caps,
    CouncilPolicy,
    DeskPolicy,
    EscalationPolicy,
    Features,
    GridPolicy,
    Limits,
    PackPart,
    PromisePolicy,
    RatingPolicy,
    ReportCardPolicy,
    Reports,
    Retention,
    Reworking,
    Severity,
    Tier,
    TopicPolicy,
    Verification,
)
from domain.pack.rewards import Prize, RewardPolicy, RewardRule
from domain.pack.satisfaction import SatisfactionPolicy
from domain.pack.sensors import Device, Sensors
from domain.pack.services import Services
from domain.pack.supervision import SupervisionPolicy
from domain.pack.triage import TriagePolicy
from domain.pack.waiting import WaitingPolicy
from domain.ticket.complaint import Code
from packs.bases import EXTENDS, BadBase, PackFiles, is_base, line_of_extends, pack_files
from packs.csv_tables import Sheet, Split, pairs, parts, read_csv
from packs.overlays import WITHOUT, Table, overlaid
from packs.problems import Location, PackFault, Place, there
from packs.toml_tables import Document, TomlText, as_document, parse_toml

CITY, UNITS, CATEGORIES = "city.toml", "units.csv", "categories.csv"
RESPONSIBILITIES, CALENDAR = "responsibilities.csv", "calendar.csv"
INDICATORS, SCORING, GRIDS = "indicators.toml", "scoring.csv", "grids.geojson"
PHRASES, LAW, PLACES = "phrases.toml", "law.toml", "places.csv"
REWARDS, PRIZES, SERVICES = "rewards.csv", "prizes.csv", "services.toml"
PATROLS = "patrols.toml"
GAZETTEER = "gazetteer.csv"
ASSESSMENT = "assessment.csv"
SENSORS, DEVICES = "sensors.toml", "devices.csv"
TEMPLATES = {"zh": "templates/zh.toml", "en": "templates/en.toml"}
"""The files with messages to citizens, by language."""

_REPLACED = (
    UNITS,
    CATEGORIES,
    RESPONSIBILITIES,
    SCORING,
    GRIDS,
    REWARDS,
    PRIZES,
    PLACES,
    GAZETTEER,
    ASSESSMENT,
    DEVICES,
)
"""The files that are not merged: a pack's own replaces that of its base as a whole."""

M = TypeVar("M", bound=BaseModel)


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
    ladder: dict[ClockName, EscalationPolicy] = Field(default_factory=dict)
    caps: Caps
    features: Features = Features()
    rework: Reworking = Reworking()
    severity: Severity = Severity()
    verify: Verification = Verification()
    aftercare: Aftercare = Aftercare()
    desk: DeskPolicy = DeskPolicy()
    reports: Reports = Reports()
    retention: Retention = Retention()
    rewards: RewardPolicy = RewardPolicy()
    places: Places = Places()
    gazetteer: GazetteerPolicy = GazetteerPolicy()
    council: CouncilPolicy | None = None
    grid: GridPolicy | None = None
    supervision: SupervisionPolicy = SupervisionPolicy()
    contractors: ContractorPolicy = ContractorPolicy()
    promises: PromisePolicy | None = None
    topics: TopicPolicy = TopicPolicy()
    report_card: ReportCardPolicy | None = None
    open311: Open311Policy | None = None
    handover: HandoverPolicy | None = None
    incidents: IncidentPolicy | None = None
    agents: AgentPolicy | None = None
    # `messages` of a pack are the texts themselves.
    messaging: MessagePolicy = Field(default=MessagePolicy(), alias="messages")
    triage: TriagePolicy = TriagePolicy()
    satisfaction: SatisfactionPolicy = SatisfactionPolicy()
    waiting: WaitingPolicy = WaitingPolicy()
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

    files: PackFiles
    city: Document[CityFile]
    units: Sheet[Unit]
    categories: Sheet[Category]
    responsibilities: Sheet[Responsibility]
    overrides: Sheet[DayOverride]
    indicators: Document[IndicatorsFile]
    scoring: Sheet[ScoringRule]
    rewards: Sheet[RewardRule]
    prizes: Sheet[Prize]
    assessment: Sheet[AssessmentRule]
    places: Sheet[PlaceRow]
    known: Sheet[KnownPlace]
    sensors: Document[Sensors]
    devices: Sheet[Device]
    phrases: Document[Phrases]
    law: Document[Law]
    patrols: Document[Patrols]
    services: Document[Services]
    messages: dict[str, Document[MessagesFile]]
    problems: list[PackFault]

    @property
    def folder(self) -> Path:
        return self.files.folder

    @property
    def extends_line(self) -> int | None:
        """The line of city.toml that names the base."""
        return line_of_extends(self.files.own(CITY))

    def placed(self, problem: PackFault) -> PackFault:
        """Return a problem with the base's file where that is the one that counts."""
        whole = problem.file in _REPLACED
        return replace(problem, file=self.files.named(problem.file)) if whole else problem


_SPLIT_OVERRIDE: dict[str, Split] = {"hours": parts}
SPLIT_PLACE: dict[str, Split] = {"features": parts, "services": parts}
"""The columns of places.csv that hold several values."""

SPLIT_KNOWN: dict[str, Split] = {"aliases": parts}
"""The column of gazetteer.csv that holds several values."""

_SPLIT_CATEGORY: dict[str, Split] = {"keywords": parts, "steps": pairs("code", "limit")}


def read_parsed(folder: Path) -> ParsedPack:
    """Parse the pack in `folder` as far as possible; what cannot be read is in `problems`."""
    if is_base(folder.resolve().name):
        message = "a folder whose name begins with _ is no city: cities extend it"
        return _unread(folder, PackFault(CITY, None, message))
    try:
        return _read(pack_files(folder))
    except BadBase as error:
        return _unread(folder, error.problem)


def _read(files: PackFiles) -> ParsedPack:
    problems: list[PackFault] = []
    return ParsedPack(
        files=files,
        city=_document(files, CITY, CityFile, problems),
        units=_sheet(files, UNITS, Unit, problems),
        categories=_sheet(files, CATEGORIES, Category, problems, _SPLIT_CATEGORY),
        responsibilities=_sheet(files, RESPONSIBILITIES, Responsibility, problems),
        overrides=_days(files, problems),
        indicators=_document(files, INDICATORS, IndicatorsFile, problems, required=False),
        scoring=_sheet(files, SCORING, ScoringRule, problems, required=False),
        rewards=_sheet(files, REWARDS, RewardRule, problems, required=False),
        prizes=_sheet(files, PRIZES, Prize, problems, required=False),
        assessment=_sheet(files, ASSESSMENT, AssessmentRule, problems, required=False),
        places=_sheet(files, PLACES, PlaceRow, problems, SPLIT_PLACE, required=False),
        known=_sheet(files, GAZETTEER, KnownPlace, problems, SPLIT_KNOWN, required=False),
        sensors=_document(files, SENSORS, Sensors, problems, required=False),
        devices=_sheet(files, DEVICES, Device, problems, required=False),
        phrases=_document(files, PHRASES, Phrases, problems, required=False),
        law=_document(files, LAW, Law, problems, required=False),
        patrols=_document(files, PATROLS, Patrols, problems, required=False),
        services=_document(files, SERVICES, Services, problems, required=False),
        messages={
            language: _document(files, name, MessagesFile, problems)
            for language, name in TEMPLATES.items()
            # If one language has messages, the other must have them too.
            if any(map(files.exists, TEMPLATES.values()))
        },
        problems=problems,
    )


def _unread(folder: Path, problem: PackFault) -> ParsedPack:
    """Return a pack of which nothing was read, so that nothing else is said to be missing."""
    return ParsedPack(
        files=PackFiles(folder),
        city=Document(CITY),
        units=Sheet(UNITS, whole=False),
        categories=Sheet(CATEGORIES, whole=False),
        responsibilities=Sheet(RESPONSIBILITIES, whole=False),
        overrides=Sheet(CALENDAR, whole=False),
        indicators=Document(INDICATORS),
        scoring=Sheet(SCORING, whole=False),
        rewards=Sheet(REWARDS, whole=False),
        prizes=Sheet(PRIZES, whole=False),
        assessment=Sheet(ASSESSMENT, whole=False),
        places=Sheet(PLACES, whole=False),
        known=Sheet(GAZETTEER, whole=False),
        sensors=Document(SENSORS),
        devices=Sheet(DEVICES, whole=False),
        phrases=Document(PHRASES),
        law=Document(LAW),
        patrols=Document(PATROLS),
        services=Document(SERVICES),
        messages={},
        problems=[problem],
    )


def _sheet(
    files: PackFiles,
    name: str,
    model: type[M],
    problems: list[PackFault],
    split: Mapping[str, Split] | None = None,
    required: bool = True,
) -> Sheet[M]:
    if not required and not files.exists(name):
        return Sheet(name)
    return read_csv(files.path(name), name, model, problems, split)


def _days(files: PackFiles, problems: list[PackFault]) -> Sheet[DayOverride]:
    """Return the rows of the base's calendar.csv and of the pack's own, which win day by day."""
    inherited = files.inherited(CALENDAR)
    own: Sheet[DayOverride] = Sheet(CALENDAR)
    if inherited is None or there(files.own(CALENDAR)):
        path = files.own(CALENDAR)
        own = read_csv(path, CALENDAR, DayOverride, problems, _SPLIT_OVERRIDE)
    if inherited is None:
        return own
    named = files.base_name(CALENDAR)
    base = read_csv(inherited, named, DayOverride, problems, _SPLIT_OVERRIDE)
    days = {day.date for day in own.values()}
    rows = [row for row in base.rows if row.value.date not in days]
    return replace(own, rows=[*rows, *own.rows], whole=own.whole and base.whole)


def _document(
    files: PackFiles, name: str, model: type[M], problems: list[PackFault], required: bool = True
) -> Document[M]:
    if not required and not files.exists(name):
        return Document(name)
    effective = effective_toml(files, name, problems)
    if effective is None:
        return Document(files.named(name))
    return as_document(files.named(name), *effective, model, problems)


def effective_toml(
    files: PackFiles, name: str, problems: list[PackFault]
) -> tuple[Table, dict[Location, Place]] | None:
    """Return a TOML file's content laid over that of the base, and where each part of it stands.

    None, and a fault in `problems`, if one of them cannot be parsed, or takes something out of a
    base that it does not name.
    """
    inherited = files.inherited(name)
    own: TomlText | None = TomlText(name)
    if inherited is None or there(files.own(name)):
        own = parse_toml(files.own(name), name, problems)
    base: TomlText | None = TomlText(files.base_name(name))
    if inherited is not None:
        base = parse_toml(inherited, files.base_name(name), problems)
    if own is None or base is None:
        return None
    if name == CITY:
        own.content.pop(EXTENDS, None)
    if files.base is None:
        if own.content.pop(WITHOUT, None) is not None:
            message = f"{WITHOUT}: there is no base to take it from: {EXTENDS} is missing"
            problems.append(PackFault(name, own.lines.get((WITHOUT,)), message))
            return None
        return own.content, own.places()
    return overlaid(base, own, problems)


def read_base(folder: Path) -> list[PackFault]:
    """Return the faults of a base's own files. Its values are judged in the cities' packs."""
    files, problems = PackFiles(folder), list[PackFault]()
    if not files.exists(CITY):
        problems.append(PackFault(CITY, None, "the file is missing"))
    for name in (
        CITY,
        INDICATORS,
        PHRASES,
        LAW,
        PATROLS,
        SENSORS,
        SERVICES,
        *TEMPLATES.values(),
    ):
        text = parse_toml(files.own(name), name, problems) if files.exists(name) else None
        problems += [
            PackFault(name, text.lines.get((key,)), f"{key}: a base extends nothing itself")
            for key in (EXTENDS, WITHOUT)
            if text and key in text.content
        ]
    _sheet(files, UNITS, Unit, problems, required=False)
    _sheet(files, CATEGORIES, Category, problems, _SPLIT_CATEGORY, required=False)
    _sheet(files, RESPONSIBILITIES, Responsibility, problems, required=False)
    _sheet(files, CALENDAR, DayOverride, problems, _SPLIT_OVERRIDE, required=False)
    _sheet(files, SCORING, ScoringRule, problems, required=False)
    _sheet(files, REWARDS, RewardRule, problems, required=False)
    _sheet(files, PRIZES, Prize, problems, required=False)
    _sheet(files, ASSESSMENT, AssessmentRule, problems, required=False)
    _sheet(files, PLACES, PlaceRow, problems, SPLIT_PLACE, required=False)
    _sheet(files, GAZETTEER, KnownPlace, problems, SPLIT_KNOWN, required=False)
    _sheet(files, DEVICES, Device, problems, required=False)
    return problems
