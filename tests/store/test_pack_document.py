"""docs/city-packs.md says everything that a pack can say."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel

from domain.actors import Role
from domain.assignment import Ending, Share
from domain.cases import Case, EventCase, ResultCase, ShareCase
from domain.catalogue import (
    Category,
    Indicator,
    Level,
    Queue,
    Reason,
    Reasons,
    Responsibility,
    ScoringRule,
    Step,
    Unit,
    UnitKind,
)
from domain.clocks import ClockName, RungKind
from domain.complaint import Channel, Kind
from domain.limits import LimitUnit
from domain.pack import City
from domain.promises import (
    Aftercare,
    Caps,
    Desk,
    Features,
    Grade,
    Limits,
    Rating,
    Reports,
    Reworking,
    RungRule,
    Severity,
    Tier,
    Verification,
)
from domain.rules import Escalation, ReworkTo
from domain.stages import Outcome, Stage
from store.condition_types import FUNCTIONS
from store.pack_checks.formulas import event_kinds
from store.pack_files import CalendarSeed, CityFile, DayOverride
from store.pack_messages import PLACEHOLDERS, TEMPLATE_NAMES

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "city-packs.md"


def sections() -> dict[str, str]:
    """The text below each heading, down to the next one; an example explains nothing."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", DOCUMENT.read_text(encoding="utf-8"))
    parts = re.split(r"(?m)^#+ (.+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


SAID: dict[str, list[type[BaseModel] | type[StrEnum] | Iterable[str]]] = {
    "Limits": [LimitUnit],
    "`[city]`": [City],
    "`[calendar]`": [CalendarSeed],
    "`[features]`": [Features],
    "`[caps]`": [Caps],
    "`[rework]`": [Reworking, ReworkTo],
    "`[desk]`": [Desk, Kind],
    "`[reports]`": [Reports],
    "`[tiers.<name>]`": [Tier.model_fields.keys() - Limits.model_fields.keys()],
    "`[limits]` and `[joint]`": [Limits, ClockName],
    "`[ladder]`": [RungRule, RungKind, set(Role) - {Role.SYSTEM}],
    "`[severity]`": [Severity, Escalation],
    "`[verify]`": [Verification],
    "`[aftercare]`": [Aftercare],
    "`[rating]`": [Rating, Grade],
    "`[reasons]`": [Reasons, Reason],
    "units.csv": [Unit, UnitKind, Level, set(Queue) - {Queue.SHARED}],
    "categories.csv": [Category, Step],
    "responsibilities.csv": [Responsibility.model_fields.keys() - {"line"}],
    "calendar.csv": [DayOverride],
    "indicators.toml": [Indicator],
    "scoring.csv": [ScoringRule],
    "Kinds of events": [event_kinds()],
    "Templates": [TEMPLATE_NAMES, PLACEHOLDERS],
    "Conditions": [FUNCTIONS],
    "`t`: the ticket": [Case, Kind, Channel, Stage, Outcome],
    "`result`: what a unit hands back": [ResultCase],
    "`e`: the event": [EventCase, Role],
    "`a`: the unit's share at that moment": [ShareCase, Share, Ending],
}


@pytest.mark.parametrize("heading", SAID)
def test_every_key_is_explained(heading: str) -> None:
    code = " ".join(re.findall(r"`[^`]+`", sections()[heading]))
    said = set(re.findall(r"[a-z][a-zA-Z_]*", code))
    for named in SAID[heading]:
        if isinstance(named, type) and issubclass(named, BaseModel):
            named = named.model_fields
        missing = {str(name) for name in named} - said
        assert not missing, f"{DOCUMENT.name}, {heading}: {', '.join(sorted(missing))}"


def test_every_table_of_a_city_has_a_section() -> None:
    headings = " ".join(sections())
    for table in CityFile.model_fields:
        assert re.search(rf"`\[{table}[\].]", headings), table
