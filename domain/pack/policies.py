"""The policies of a city: limits by tier, escalation, caps, and grades."""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    model_validator,
)

from domain.actors import Role
from domain.council.votes import VoteKind
from domain.deadlines.clocks import Basis, LevelKind
from domain.deadlines.limits import Limit, Offset, Percent
from domain.deadlines.registry import LIMITED, ClockName
from domain.model import Incoming
from domain.ticket.complaint import Code, Kind
from domain.ticket.rules_snapshot import Escalation, ReworkTo
from domain.topics.likeness import SURE

Words = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A name or a short sentence for people."""


Condition = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""A CEL expression that is true or false; `packs.conditions` says which names it may use."""

Target = Annotated[
    str, StringConstraints(pattern=r"^(@street|@community|@nearest|[0-9A-Za-z_.-]{1,32})$")
]
"""A unit's code, or the unit of the place: its street, its community, the nearest centre."""


class PackPart(Incoming):
    """A part of a pack: refuses unknown fields, never changes."""

    model_config = ConfigDict(frozen=True)


class LimitTable(PackPart):
    """A table of limits, by the names of the clocks. A clock without a limit is not started."""

    def of(self, clock: ClockName) -> Limit | None:
        limit: Limit | None = getattr(self, clock.value, None)
        return limit


if TYPE_CHECKING:

    class Limits(LimitTable):
        """The limits of the clocks."""

else:  # a field for each deadline that packs limit; one for steps is refused with its own message
    Limits = create_model(
        "Limits",
        __base__=LimitTable,
        __module__=__name__,
        __doc__=LimitTable.__doc__,
        **{clock.value: (Limit | None, None) for clock in (*LIMITED, ClockName.STEP)},
    )


class Tier(Limits):
    """A degree of urgency with its limits; those it does not set are the pack's `[limits]`.

    A word of an `urgent` tier in a complaint outweighs every word of the other tiers.
    """

    name: Words
    name_en: Words
    urgent: bool = False


class LevelRule(PackPart):
    """One escalation level. `offset` is how long before due (warn) or after it (the others).

    A due level may have one, too: a red card that is shown "on the first working day after".
    `raises`: reaching it also raises the ticket a level.
    """

    kind: LevelKind
    offset: Offset | None = None
    tells: tuple[Role, ...] = ()
    raises: bool = False

    @model_validator(mode="after")
    def _offset_fits(self) -> Self:
        if self.offset is None and self.kind is not LevelKind.DUE:
            raise ValueError("every rung but due has an offset from the due time")
        share = self.offset.amount if isinstance(self.offset, Percent) else 0
        if self.kind is LevelKind.WARN and share >= 100:
            raise ValueError(f"a warning {self.offset} before due would come before the start")
        return self


def _rising(rules: tuple[LevelRule, ...]) -> tuple[LevelRule, ...]:
    order = [list(LevelKind).index(level.kind) for level in rules]
    if order != sorted(set(order)):
        raise ValueError("the rungs of a ladder go warn, due, supervise, notice, each once at most")
    return rules


EscalationPolicy = Annotated[tuple[LevelRule, ...], AfterValidator(_rising)]


class Caps(PackPart):
    """Caps on counts and lengths; see `domain.ticket.rules_snapshot.Rules`. Zero: not allowed."""

    returns: int = Field(ge=0)
    extensions: int = Field(ge=0)
    extension: Limit | None = Field(None, description="The longest single extension.")
    holds: int = Field(0, ge=0)
    hold: Limit | None = Field(None, description="The longest hold (挂账).")
    reworks: int = Field(ge=0)
    call_backs: int = Field(ge=1)
    questions: int = Field(2, ge=0, description="Questions to the citizen that pause a clock.")
    urges_per_day: int = Field(ge=1)
    facts_per_day: int = Field(20, ge=1, description="How often a citizen may add to a ticket.")
    delegations: int = Field(0, ge=0, le=2, description="Levels down a ticket may be delegated.")
    co_handlers: int = Field(0, ge=0, description="Units a whistle may call; 0: no whistle.")


class Features(PackPart):
    """Optional features of a city; a command of a disabled feature is refused."""

    raise_level: bool = False  # 提级
    ask_citizen: bool = False  # pause the unit's clock while the citizen is asked
    merge: bool = False  # 并单
    exclude: bool = False  # 剔除
    intervene: bool = False  # the centre takes a ticket over
    appoint: bool = False  # services by appointment
    settle_all: bool = False  # 举一反三: inspections at every sibling unit


class Reworking(PackPart):
    """重办. `to`: the handler of a rework.

    `same` the unit that had it; `other` a unit that a dispatcher chooses, not the same; `above` the
    unit one level up; `supervisor` nobody before a supervisor has looked at it.
    """

    to: ReworkTo = ReworkTo.SAME


class Severity(PackPart):
    """The counts that each raise severity by one (0: never), and the escalation.

    `repeats`: tickets of the same category within `repeats_metres` (or at the same address) and
    `repeats_within`. From severity `escalate_at` on, `escalate` happens automatically, once.
    """

    urges: int = Field(0, ge=0)
    complainants: int = Field(0, ge=0)
    repeats: int = Field(0, ge=0)
    repeats_within: Limit = Limit.parse("90d")
    repeats_metres: int = Field(150, ge=1, le=5000)
    escalate_at: int = Field(0, ge=0, le=9)
    escalate: Escalation = Escalation.SUPERVISE


class Verification(PackPart):
    """核查. `filing`, `closing`: CEL conditions for verification on the spot.

    `filing` selects tickets before dispatch, `closing` before the answer. `unit`: the verifier.
    """

    filing: Condition | None = None
    closing: Condition | None = None
    unit: Target = "@street"


class Aftercare(PackPart):
    """回头看. The times of revisits to check the effect, counted from closing."""

    revisits: tuple[Limit, ...] = ()


class DeskPolicy(PackPart):
    """Kinds of complaints the desk may answer at once."""

    answers: tuple[Kind, ...] = tuple(Kind)


class Reports(PackPart):
    """举报. `unit` handles reports of wrongdoing that name an accused unit."""

    unit: Code | None = None


def _calendar_time(limit: Limit) -> Limit:
    if limit.basis is not Basis.CALENDAR:
        raise ValueError(f"{limit}: how long data is kept is counted in calendar time")
    return limit


RetentionLimit = Annotated[Limit, AfterValidator(_calendar_time)]


class Retention(PackPart):
    """The retention of personal data after a ticket's end; without a limit, until a request.

    `persons`: the complainants. `texts`: their words, in the record and in the history.
    """

    persons: RetentionLimit | None = None
    texts: RetentionLimit | None = None


class CouncilPolicy(PackPart):
    """协商议事. The rules of the city's councils; a city without them holds none.

    `quorum`: the percentage of those invited who have to vote. `majority`: the percentage of the
    ballots that an option has to have more than. `statements`: how often each participant speaks.
    `publish`: everybody may read the councils on topics, once they are opened.
    """

    vote: VoteKind
    quorum: int = Field(ge=1, le=100)
    majority: int = Field(ge=0, le=99)
    statements: int = Field(3, ge=0, le=20)
    publish: bool = False


class GridPolicy(PackPart):
    """网格. The rules of the city's grid workers; a city without them has none.

    `part_time`: residents may sign up as part-time ones. `confirmers`: the roles that confirm them;
    officers only those of the street. `entries`, `part_time_entries`: what one sends in a day.
    `radius`: metres within which a place has to be verified. `diary_days`: how long diaries are
    kept.
    """

    part_time: bool = True
    confirmers: tuple[Role, ...] = (Role.OFFICER,)
    entries: int = Field(300, ge=1, le=2000)
    part_time_entries: int = Field(30, ge=1, le=2000)
    radius: int = Field(200, ge=20, le=5000)
    diary_days: int = Field(365, ge=30, le=3650)

    @model_validator(mode="after")
    def _confirmed_by_those_who_may(self) -> Self:
        if not self.confirmers or not set(self.confirmers) <= {Role.OFFICER, Role.SUPERVISOR}:
            raise ValueError("confirmers are officer, supervisor or both")
        return self


class PromisePolicy(PackPart):
    """承诺. The rules of the city's promises; a city without them records none.

    `grace`: the days after the last day in time on which something can still be said; after that
    the promise is broken by itself. `ahead`: how many days ahead a promise may lie.
    """

    grace: int = Field(3, ge=0, le=60)
    ahead: int = Field(366, ge=1, le=3660)


class TopicPolicy(PackPart):
    """Topics (共性问题) and duplicates.

    `least`: the citizens that make a topic. `suggest`: the likeness, 0 to 1, from which a ticket is
    proposed for merging without being asked for.
    """

    least: int = Field(2, ge=2, le=1000)
    suggest: float = Field(SURE, ge=0.1, le=1)


class ReportCardPolicy(PackPart):
    """向群众汇报. The report card of a period; a city without it has none.

    `public`: everybody may read it; else staff alone.
    """

    public: bool = False
    topics: int = Field(10, ge=1, le=50)
    cases: int = Field(20, ge=0, le=50)


class GradeChoice(PackPart):
    grade: int = Field(ge=1, le=5)
    zh: Words
    en: Words


class RatingPolicy(PackPart):
    """The grades a citizen chooses from, best first, and the lowest that counts as satisfied."""

    satisfied_from: int = Field(ge=1, le=5)
    grades: tuple[GradeChoice, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _best_first(self) -> Self:
        grades = [grade.grade for grade in self.grades]
        if grades != sorted(set(grades), reverse=True):
            raise ValueError("the grades are listed best first, each once")
        if self.satisfied_from not in grades:
            raise ValueError(f"satisfied_from {self.satisfied_from} is not one of the grades")
        return self
