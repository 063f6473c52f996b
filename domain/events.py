"""The event: a fact with its number, version, moment and actor."""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from domain.actors import Actor
from domain.facts.base import FactBase
from domain.facts.transitions import FACTS
from domain.model import Instant, Recorded
from domain.ticket.stages import Stage

if TYPE_CHECKING:
    Fact = FactBase
else:  # every fact of the transition table, distinguished by `kind`
    Fact = Annotated[reduce(or_, FACTS), Field(discriminator="kind")]


class Event(Recorded):
    """One event of a ticket. `stage` is the one after it."""

    number: str
    version: int
    at: Instant
    actor: Actor
    stage: Stage
    fact: Fact

    @property
    def kind(self) -> str:
        return self.fact.kind
