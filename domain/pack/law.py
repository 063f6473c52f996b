"""The documents that a city's rules rest on: what clauses demand, and which keys carry them out."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from domain.deadlines.limits import Limit
from domain.pack.policies import PackPart
from domain.ticket.complaint import Code

Key = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[0-9A-Za-z_-]+)+$")]
"""A key of city.toml with the tables around it: "tiers.emergency.handle"."""

Says = Annotated[str, StringConstraints(min_length=1, max_length=400)]


def _limit_or_switch(value: object) -> object:
    return Limit.parse(value) if isinstance(value, str) else value


Demand = Annotated[Limit | StrictBool | StrictInt, BeforeValidator(_limit_or_switch)]
"""The demand of a clause on a key: at most a limit; exactly a number; of anything else `true`,
for being there and not switched off."""


class Clause(PackPart):
    """A clause of a document, in the pack's own words.

    `keys`: the keys of city.toml that carry it out, each with what is demanded of it. `product`:
    how it is carried out where no key decides it. A clause with neither is not covered.
    """

    code: Code
    zh: Says
    en: Says
    keys: dict[Key, Demand] = Field(default_factory=dict)
    product: str = ""

    @property
    def covered(self) -> bool:
        return bool(self.keys or self.product)


class LawDocument(PackPart):
    """A law, standard or order. `text`: its text was read; otherwise it is cited as reported."""

    code: Code
    zh: Says
    en: Says
    text: bool = False
    clauses: tuple[Clause, ...] = Field(min_length=1)


class Law(PackPart):
    """The whole of law.toml."""

    documents: tuple[LawDocument, ...] = ()
