"""What a city's desk says: what to ask in a call, and answers that are given often."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.pack.catalogue import Pattern, matches
from domain.pack.policies import Part, Words
from domain.ticket.complaint import Code

Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Answered = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Moment(StrEnum):
    """When a script is read."""

    CALL = "call"  # 来电
    CALL_BACK = "call_back"  # 回访


class Script(Part):
    """What to say and ask, line by line. `category`: what it is for, "*" for every call."""

    code: Code
    on: Moment = Moment.CALL
    category: Pattern = "*"
    zh: tuple[Line, ...] = Field(min_length=1, max_length=20)
    en: tuple[Line, ...] = Field(min_length=1, max_length=20)


class Reply(Part):
    """An answer that is given often, word for word. `name`: what operators find it by."""

    code: Code
    category: Pattern = "*"
    name: Words
    name_en: Words
    zh: Answered
    en: Answered


class Phrases(Part):
    """The whole of phrases.toml."""

    scripts: tuple[Script, ...] = ()
    answers: tuple[Reply, ...] = ()

    def scripts_for(self, on: Moment, category: str | None) -> Sequence[Script]:
        """The scripts that are read then, about this category: the general ones first."""
        found = [one for one in self.scripts if one.on is on and matches(one.category, category)]
        return sorted(found, key=lambda one: len(one.category))

    def answers_for(self, category: str | None) -> Sequence[Reply]:
        """The answers about this category: its own first, then those for everything."""
        found = [one for one in self.answers if matches(one.category, category)]
        return sorted(found, key=lambda one: -len(one.category))
