"""What a city promises: limits by tier, the ladder when they are not kept, caps, and grades."""

from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from domain.actors import Role
from domain.clocks import ClockName, RungKind
from domain.limits import Limit, Offset, Percent
from domain.model import Incoming

Words = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A name or a short sentence for people."""


class Part(Incoming):
    """A part of a pack: refuses unknown fields, never changes."""

    model_config = ConfigDict(frozen=True)


class Limits(Part):
    """How long each clock runs. A clock without a limit is not started."""

    triage: Limit | None = None
    dispatch: Limit | None = None
    sign: Limit | None = None
    contact: Limit | None = None
    handle: Limit | None = None
    decide: Limit | None = None
    feedback: Limit | None = None
    rate: Limit | None = None
    call_back: Limit | None = None
    supervise: Limit | None = None

    def of(self, clock: ClockName) -> Limit | None:
        limit: Limit | None = getattr(self, clock.value)
        return limit


class Tier(Limits):
    """A degree of urgency with its limits; those it does not set are the pack's `[limits]`.

    A word of an `urgent` tier in a complaint outweighs every word of the other tiers.
    """

    name: Words
    name_en: Words
    urgent: bool = False


class RungRule(Part):
    """One rung. `offset` is how long before due (warn) or after it (supervise, notice)."""

    kind: RungKind
    offset: Offset | None = None
    tells: tuple[Role, ...] = ()

    @model_validator(mode="after")
    def _offset_fits(self) -> Self:
        if (self.offset is None) != (self.kind is RungKind.DUE):
            raise ValueError("every rung but due has an offset from the due time, and due has none")
        share = self.offset.amount if isinstance(self.offset, Percent) else 0
        if self.kind is RungKind.WARN and share >= 100:
            raise ValueError(f"a warning {self.offset} before due would come before the start")
        return self


def _rising(rungs: tuple[RungRule, ...]) -> tuple[RungRule, ...]:
    order = [list(RungKind).index(rung.kind) for rung in rungs]
    if order != sorted(set(order)):
        raise ValueError("the rungs of a ladder go warn, due, supervise, notice, each once at most")
    return rungs


Ladder = Annotated[tuple[RungRule, ...], AfterValidator(_rising)]


class Caps(Part):
    """How often; see `domain.rules.Rules`."""

    returns: int = Field(ge=0)
    extensions: int = Field(ge=0)
    reworks: int = Field(ge=0)
    call_backs: int = Field(ge=1)
    urges_per_day: int = Field(ge=1)


class Grade(Part):
    grade: int = Field(ge=1, le=5)
    zh: Words
    en: Words


class Rating(Part):
    """The grades a citizen chooses from, best first, and the lowest that counts as satisfied."""

    satisfied_from: int = Field(ge=1, le=5)
    grades: tuple[Grade, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _best_first(self) -> Self:
        grades = [grade.grade for grade in self.grades]
        if grades != sorted(set(grades), reverse=True):
            raise ValueError("the grades are listed best first, each once")
        if self.satisfied_from not in grades:
            raise ValueError(f"satisfied_from {self.satisfied_from} is not one of the grades")
        return self
