"""The suggestion of a learned model, as events record it."""

from pydantic import Field

from domain.model import Recorded
from domain.ticket.complaint import Kind


class LearnedSuggestion(Recorded):
    """A learned model's suggestion for a ticket: never the citizen's words, which can be erased.

    `model`: the version that suggested. `probability`: of the category; `tier_probability` and
    `unit_probability`: of all the categories with that tier, and of all that go to that unit.
    `one_owner`: the responsibilities name the unit. `sure`: above the threshold, with one owner.
    `decided`: triage followed it; else it was a shadow, or a person decides. `alike`: numbers of
    past tickets that say much the same. `kind`: what its words read like, which nothing decides;
    None where the model knows no kinds.
    """

    model: str
    category: str
    probability: float
    tier: str
    tier_probability: float
    unit: str
    unit_probability: float
    one_owner: bool
    threshold: float
    sure: bool
    decided: bool = False
    alike: list[str] = Field(default_factory=list)
    kind: Kind | None = None
    kind_probability: float = 0.0
