"""Tests that docs/reference/city-packs.md describes everything that a pack can contain."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from domain.actors import Role
from domain.council.votes import VoteKind
from domain.deadlines.clocks import LevelKind
from domain.deadlines.limits import LimitUnit
from domain.deadlines.registry import ClockName
from domain.pack.agents import AgentAct, AgentPolicy
from domain.pack.catalogue import (
    Category,
    CategoryStep,
    Indicator,
    Level,
    Reason,
    Reasons,
    Responsibility,
    ScoringRule,
    Unit,
    UnitKind,
    UnitQueue,
)
from domain.pack.condition_vocabulary import EventCase, ResultCase, ShareCase, TicketFacts
from domain.pack.contractors import AssessmentRule, ContractorPolicy
from domain.pack.directory import PlaceFeature, PlaceKind, PlaceRow, Places
from domain.pack.gazetteer import GazetteerPolicy, KnownPlace, SiteKind
from domain.pack.incidents import IncidentPolicy
from domain.pack.law import Clause, Law, LawDocument
from domain.pack.messages import MessagePolicy
from domain.pack.neighbours import HandoverPolicy
from domain.pack.open311 import (
    AttributeType,
    AttributeValue,
    Open311Policy,
    RequestService,
    ServiceAttribute,
)
from domain.pack.pack import City
from domain.pack.patrols import (
    Checks,
    Criterion,
    Patrols,
    Proof,
    Rank,
    RiverReach,
    Route,
    RoutePoint,
    Rung,
    Told,
)
from domain.pack.phrases import Moment, Phrases, Reply, Script
from domain.pack.policies import (
    Aftercare,
    Caps,
    CouncilPolicy,
    DeskPolicy,
    Features,
    GradeChoice,
    GridPolicy,
    LevelRule,
    Limits,
    PromisePolicy,
    RatingPolicy,
    ReportCardPolicy,
    Reports,
    Reworking,
    Severity,
    Tier,
    TopicPolicy,
    Verification,
)
from domain.pack.rewards import Prize, RewardPolicy, RewardRule
from domain.pack.satisfaction import SatisfactionPolicy
from domain.pack.sensors import AlarmRule, Device, SensorKind, Sensors
from domain.pack.services import Service, Services
from domain.pack.supervision import Leader, ListRule, SupervisionPolicy
from domain.pack.triage import TriagePolicy
from domain.pack.waiting import WaitingPolicy
from domain.ticket.assignment import Ending, Share
from domain.ticket.complaint import Channel, Kind
from domain.ticket.rules_snapshot import Escalation, ReworkTo
from domain.ticket.stages import Outcome, Stage
from packs.checks.formulas import event_kinds
from packs.condition_types import FUNCTIONS
from packs.message_templates import PLACEHOLDERS, TEMPLATE_NAMES
from packs.parsed_pack import CalendarSeed, CityFile, DayOverride
from packs.registry import check_pack, load_pack
from tests.packs.pack_folders import plain_pack

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "reference" / "city-packs.md"


def sections() -> dict[str, str]:
    """Return the text below each heading, down to the next one, without examples."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", DOCUMENT.read_text(encoding="utf-8"))
    parts = re.split(r"(?m)^#+ (.+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


DOCUMENTED: dict[str, list[type[BaseModel] | type[StrEnum] | Iterable[str]]] = {
    "Limits": [LimitUnit],
    "`[city]`": [City],
    "`[calendar]`": [CalendarSeed],
    "`[features]`": [Features],
    "`[caps]`": [Caps],
    "`[rework]`": [Reworking, ReworkTo],
    "`[desk]`": [DeskPolicy, Kind],
    "`[reports]`": [Reports],
    "`[tiers.<name>]`": [Tier.model_fields.keys() - Limits.model_fields.keys()],
    "`[limits]` and `[joint]`": [Limits, ClockName],
    "`[ladder]`": [LevelRule, LevelKind, set(Role) - {Role.SYSTEM}],
    "`[severity]`": [Severity, Escalation],
    "`[verify]`": [Verification],
    "`[aftercare]`": [Aftercare],
    "`[council]`": [CouncilPolicy, VoteKind],
    "`[grid]`": [GridPolicy],
    "`[contractors]`": [ContractorPolicy],
    "assessment.csv": [AssessmentRule],
    "`[supervision]`": [SupervisionPolicy, Leader, ListRule],
    "`[promises]`": [PromisePolicy],
    "`[handover]`": [HandoverPolicy],
    "`[agents]`": [AgentPolicy, set(get_args(AgentAct))],
    "`[topics]`": [TopicPolicy],
    "`[report_card]`": [ReportCardPolicy],
    "`[open311]`": [
        Open311Policy,
        RequestService,
        ServiceAttribute,
        AttributeValue,
        AttributeType,
    ],
    "`[incidents]`": [IncidentPolicy],
    "`[messages]`": [MessagePolicy],
    "`[triage]`": [TriagePolicy],
    "`[rating]`": [RatingPolicy, GradeChoice],
    "`[waiting]`": [WaitingPolicy],
    "`[satisfaction]`": [SatisfactionPolicy],
    "`[reasons]`": [Reasons, Reason],
    "`[places]`": [Places, PlaceKind, PlaceFeature],
    "units.csv": [Unit, UnitKind, Level, set(UnitQueue) - {UnitQueue.SHARED}],
    "categories.csv": [Category, CategoryStep],
    "responsibilities.csv": [Responsibility.model_fields.keys() - {"line"}],
    "calendar.csv": [DayOverride],
    "places.csv": [PlaceRow],
    "`[gazetteer]`": [GazetteerPolicy],
    "gazetteer.csv": [KnownPlace, SiteKind],
    "services.toml": [Services, Service],
    "indicators.toml": [Indicator],
    "`[rewards]`": [RewardPolicy],
    "rewards.csv": [RewardRule],
    "prizes.csv": [Prize],
    "sensors.toml": [Sensors, SensorKind, AlarmRule],
    "devices.csv": [Device],
    "scoring.csv": [ScoringRule],
    "Kinds of events": [event_kinds()],
    "patrols.toml": [
        Patrols,
        Proof,
        Checks,
        Criterion,
        RiverReach,
        Rank,
        Route,
        RoutePoint,
        Rung,
        Told,
    ],
    "phrases.toml": [Phrases, Script, Reply, Moment],
    "law.toml": [Law, LawDocument, Clause],
    "Templates": [TEMPLATE_NAMES, PLACEHOLDERS],
    "Conditions": [FUNCTIONS],
    "`t`: the ticket": [TicketFacts, Kind, Channel, Stage, Outcome],
    "`result`: what a unit hands back": [ResultCase],
    "`e`: the event": [EventCase, Role],
    "`a`: the unit's share at that moment": [ShareCase, Share, Ending],
}


UNUSED = {"step"}
"""Limits that older packs may have, and nothing uses: reported by the check, not documented."""


@pytest.mark.parametrize("heading", DOCUMENTED)
def test_every_key_is_explained(heading: str) -> None:
    code = " ".join(re.findall(r"`[^`]+`", sections()[heading]))
    items = set(re.findall(r"[a-z][a-zA-Z0-9_]*", code))
    for named in DOCUMENTED[heading]:
        if isinstance(named, type) and issubclass(named, BaseModel):
            named = named.model_fields
        missing = {str(name) for name in named} - items - UNUSED
        assert not missing, f"{DOCUMENT.name}, {heading}: {', '.join(sorted(missing))}"


def examples() -> dict[str, str]:
    """Return the first example below each heading of a file, or of a table of city.toml."""
    text = DOCUMENT.read_text(encoding="utf-8")
    parts = re.split(r"(?m)^#+ (?=`\[|[a-z]+\.(?:csv|toml)$)(.+)$", text)
    below = dict(zip(parts[1::2], parts[2::2], strict=True))
    found = {
        heading: re.search(r"(?ms)^```(?:toml|csv)\n(.*?)^```$", part)
        for heading, part in below.items()
    }
    return {heading: example[1] for heading, example in found.items() if example}


@pytest.mark.parametrize("heading", examples())
def test_every_key_has_an_example(heading: str) -> None:
    shown = set(re.findall(r"[a-z][a-z_]*", examples()[heading]))
    for named in DOCUMENTED.get(heading, []):
        # The stages of a category are one cell: stop=4wh.
        if isinstance(named, type) and issubclass(named, BaseModel) and named is not CategoryStep:
            missing = named.model_fields.keys() - shown - UNUSED
            assert not missing, f"no example of {', '.join(sorted(missing))}"


def test_the_examples_together_are_a_pack(tmp_path: Path) -> None:
    folder = tmp_path / "mycity"
    plain_pack(tmp_path, "skeleton").rename(folder)  # its messages remain
    shown = examples()
    tables = [shown.pop(heading) for heading in list(shown) if heading.startswith("`")]
    (folder / "city.toml").write_text("\n".join(tables), encoding="utf-8")
    assert shown.keys() < {path.name for path in folder.iterdir()}
    for name, text in shown.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert check_pack(folder) == []
    assert load_pack(folder).city.id == "mycity"


def test_every_table_of_a_city_has_a_section() -> None:
    headings = " ".join(sections())
    for name, field in CityFile.model_fields.items():
        table = field.alias or name
        assert re.search(rf"`\[{table}[\].]", headings), table
