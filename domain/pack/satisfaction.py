"""`[satisfaction]`: which ratings look pressed, and when a sample corrects the rate."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from domain.deadlines.limits import Limit
from domain.pack.policies import PackPart, RetentionLimit

LONGEST = timedelta(days=7)
"""The longest time that a rule may look back from a rating: what it needs is kept for longer."""


class SatisfactionPolicy(PackPart):
    """The city's rules of pressed ratings; without a limit a rule is off.

    Only ratings in the unit's favour are judged. `after_contact`: one given so soon after a contact
    by a unit. `turned_within`: one given so soon after a contact by a unit, where the rating before
    that contact was bad. `together`: so many of one unit, from one contact or one network, within
    `together_within`. `least`: the fewest citizens who were asked again and answered from which on
    the rate is corrected by what they said.
    """

    after_contact: RetentionLimit | None = None
    turned_within: RetentionLimit | None = None
    together: int = Field(5, ge=2, le=1000)
    together_within: RetentionLimit | None = None
    least: int = Field(30, ge=10, le=10_000)

    @model_validator(mode="after")
    def _short_enough(self) -> Self:
        given = (self.after_contact, self.turned_within, self.together_within)
        if any(limit is not None and limit.length > LONGEST for limit in given):
            raise ValueError(f"a rule looks back at most {LONGEST.days} days")
        return self


def scaled(limit: Limit | None, clock_scale: float) -> timedelta | None:
    """Return the time of a rule in a city whose clocks run faster (`clock_scale`)."""
    return None if limit is None else limit.length * clock_scale
