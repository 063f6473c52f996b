"""A city pack: one city's rules as data. Read from its folder by `packs.registry`.

The models refuse unknown fields, because a pack is written by hand and a typo must not be lost.
References to other parts (a unit's parent, a category's tier) are checked there as well, where file
and line are known.
"""

from collections.abc import Mapping
from functools import cached_property
from math import cos, hypot, radians
from typing import Any, ClassVar, Self

from pydantic import Field

from domain.deadlines.calendar import WorkCalendar, Zone
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.agents import AgentPolicy
from domain.pack.catalogue import (
    Category,
    Indicator,
    Reason,
    Reasons,
    Responsibility,
    ScoringRule,
    Unit,
    UnitKind,
    UnitQueue,
)
from domain.pack.contractors import AssessmentRule, ContractorPolicy
from domain.pack.directory import PlaceRow, Places
from domain.pack.gazetteer import GazetteerPolicy, KnownPlace
from domain.pack.incidents import IncidentPolicy
from domain.pack.messages import MessagePolicy
from domain.pack.neighbours import HandoverPolicy
from domain.pack.open311 import Open311Policy
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
    Words,
)
from domain.pack.rewards import Prize, RewardPolicy, RewardRule
from domain.pack.satisfaction import SatisfactionPolicy
from domain.pack.sensors import Device, Sensors
from domain.pack.services import Services
from domain.pack.supervision import SupervisionPolicy
from domain.pack.triage import TriagePolicy
from domain.pack.waiting import WaitingPolicy
from domain.ticket.complaint import Code
from domain.ticket.rules_snapshot import Rules


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


class City(PackPart):
    """The city itself, `[city]` of city.toml.

    `fallback` is the unit for tickets without a responsible one (区政府兜底); `tier` the tier of a
    complaint that has no category yet. `clock_scale` multiplies every computed span, so that a
    demonstration or a test sees fifteen days pass in minutes; in production it is 1.
    """

    id: Code
    name: Words
    name_en: Words
    division: Code
    zone: Zone
    fallback: Code
    tier: Code
    clock_scale: float = Field(1.0, gt=0, le=1)


_REASONS = {"return": "returns"}


class Pack(PackPart):
    """A whole pack. `version` is the hash of its files: a ticket keeps the one it began under."""

    version: str
    city: City
    calendar: WorkCalendar
    tiers: dict[Code, Tier] = Field(min_length=1)
    limits: Limits
    joint: Limits = Limits()
    ladder: dict[ClockName, EscalationPolicy]
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
    messaging: MessagePolicy = MessagePolicy()
    triage: TriagePolicy = TriagePolicy()
    satisfaction: SatisfactionPolicy = SatisfactionPolicy()
    waiting: WaitingPolicy = WaitingPolicy()
    rating: RatingPolicy
    reasons: Reasons
    units: tuple[Unit, ...]
    categories: tuple[Category, ...]
    responsibilities: tuple[Responsibility, ...]
    indicators: tuple[Indicator, ...] = ()
    scoring: tuple[ScoringRule, ...] = ()
    reward_rules: tuple[RewardRule, ...] = ()
    prizes: tuple[Prize, ...] = ()
    assessment: tuple[AssessmentRule, ...] = ()
    phrases: Phrases = Phrases()
    directory: tuple[PlaceRow, ...] = ()
    gazetteer: GazetteerPolicy = GazetteerPolicy()
    known_places: tuple[KnownPlace, ...] = ()
    patrols: Patrols = Patrols()
    sensors: Sensors = Sensors()
    devices: tuple[Device, ...] = ()
    services: Services = Services()
    messages: dict[str, dict[str, str]] = Field(default_factory=dict)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with fields replaced and without the original's cached values."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[cached]
        return copy

    def rules(self) -> Rules:
        """Return the rules a ticket is judged by, to be recorded when it is accepted."""
        severity = self.severity
        return Rules(
            pack=self.city.id,
            pack_version=self.version,
            satisfied_from=self.rating.satisfied_from,
            **self.caps.model_dump(exclude={"extension", "hold"}),
            **self.features.model_dump(),
            rework_to=self.rework.to,
            fallback=self.city.fallback,
            arbitration=self.limits.of(ClockName.ARBITRATE) is not None,
            aftercare=self.limits.of(ClockName.AFTERCARE) is not None,
            desk_answers=list(self.desk.answers),
            severity_urges=severity.urges,
            severity_complainants=severity.complainants,
            severity_repeats=severity.repeats,
            escalate_at=severity.escalate_at,
            escalate=severity.escalate,
            reason_codes=True,
            preconditions=True,
            ends_resume=True,
            rounds=True,
            traces=True,
            one_asked=True,
            incidents=self.incidents is not None,
        )

    def unit(self, code: str) -> Unit:
        """Return the unit of that code, or raise UnknownUnit."""
        unit = self._units.get(code)
        if unit is None:
            raise UnknownUnit(code, self.city.id)
        return unit

    def category(self, code: str) -> Category:
        """Return the category of that code, or raise UnknownCategory."""
        category = self._categories.get(code)
        if category is None:
            raise UnknownCategory(code, self.city.id)
        return category

    def prize(self, code: str) -> Prize | None:
        """Return the prize of that code, if there is one."""
        return next((prize for prize in self.prizes if prize.code == code), None)

    def tier(self, name: str | None) -> Tier:
        """Return the tier of that name (None, before triage: the city's), or raise UnknownTier."""
        tier = self.tiers.get(name or self.city.tier)
        if tier is None:
            raise UnknownTier(name or self.city.tier, self.city.id)
        return tier

    def limit(self, clock: ClockName, tier: str | None) -> tuple[Limit | None, str]:
        """Return a clock's limit and the table of city.toml that sets it, or raise UnknownTier.

        The tier's own comes before the default one of `[limits]`.
        """
        own = self.tier(tier).of(clock)
        return (
            (own, f"tiers.{tier or self.city.tier}") if own else (self.limits.of(clock), "limits")
        )

    def reason_codes(self, kind: str) -> list[str]:
        """Return the codes of reasons to "decline", "refer", "return" etc., in the pack's order."""
        table: tuple[Reason, ...] = getattr(self.reasons, _REASONS.get(kind, kind))
        return [reason.code for reason in table]

    def knows(self, category: str | None) -> bool:
        """Return whether `category` is one of the pack's."""
        return category in self._categories

    def street_of(self, area: str | None) -> Unit | None:
        """Return the street unit whose area is `area` or contains it.

        Division codes nest: a community's or a cell's begins with its street's.
        """
        if area is None:
            return None
        return next((unit for unit in self.streets if area.startswith(unit.area or "-")), None)

    def community_of(self, area: str | None) -> Unit | None:
        """Return the community or village unit with the finest area that contains `area`."""
        if area is None:
            return None
        around = [unit for unit in self.communities if area.startswith(unit.area or "-")]
        return max(around, key=lambda unit: len(unit.area or ""), default=None)

    def nearest_centre(self, lat: float, lon: float) -> Unit | None:
        """Return the centre nearest to a point (WGS-84)."""

        def away(unit: Unit) -> float:
            # A degree of longitude shrinks with latitude; a flat map is exact enough in a city.
            east = ((unit.lon or 0) - lon) * cos(radians(lat))
            return hypot((unit.lat or 0) - lat, east)

        return min(self.centres, key=away, default=None)

    def has_unit(self, code: str) -> bool:
        return code in self._units

    def chain(self, code: str) -> tuple[str, ...]:
        """Return the unit and those above it, lowest first, or raise UnknownUnit."""
        units: list[str] = []
        above: str | None = code
        while above is not None:
            units.append(above)
            above = self.unit(above).parent
        return tuple(units)

    def is_under(self, code: str, above: str) -> bool:
        """Return whether the unit `above` is above the unit `code`, at any distance."""
        return above in self.chain(code)[1:]

    def is_within(self, code: str, whole: str) -> bool:
        """Return whether `code` is the unit `whole`, or under it."""
        return whole in self.chain(code)

    def siblings(self, code: str) -> list[str]:
        """Return the other units of the same kind under the same parent, in the pack's order."""
        own = self.unit(code)
        same = (u for u in self.units if (u.kind, u.parent) == (own.kind, own.parent))
        return [unit.code for unit in same if unit.code != code]

    @cached_property
    def communities(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.kind is UnitKind.COMMUNITY and unit.area)

    @cached_property
    def centres(self) -> tuple[Unit, ...]:
        """The centres whose position is known."""
        return tuple(
            unit
            for unit in self.units
            if unit.kind is UnitKind.CENTRE and unit.lat is not None and unit.lon is not None
        )

    @cached_property
    def streets(self) -> tuple[Unit, ...]:
        """The street units, in the order of the pack."""
        return tuple(unit for unit in self.units if unit.kind is UnitKind.STREET)

    def queue_of(self, unit: Unit | str) -> str:
        """Return the task queue of a unit, "units" or "unit.<code>", or raise UnknownUnit."""
        if isinstance(unit, str):
            unit = self.unit(unit)
        return "units" if unit.queue is UnitQueue.SHARED else f"unit.{unit.code}"

    @cached_property
    def _units(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def _categories(self) -> dict[str, Category]:
        return {category.code: category for category in self.categories}
