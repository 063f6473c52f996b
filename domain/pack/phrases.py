"""Phrases of a city's desk: scripts for calls, and frequent answers."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.pack.catalogue import Pattern, matches
from domain.pack.policies import PackPart, Words
from domain.ticket.complaint import Code

Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Answered = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Moment(StrEnum):
    """The occasion of a script."""

    CALL = "call"  # 来电
    CALL_BACK = "call_back"  # 回访


class Script(PackPart):
    """The lines to say and ask. `category`: the one they are for, "*" for every call."""

    code: Code
    on: Moment = Moment.CALL
    category: Pattern = "*"
    zh: tuple[Line, ...] = Field(min_length=1, max_length=20)
    en: tuple[Line, ...] = Field(min_length=1, max_length=20)


class Reply(PackPart):
    """A frequent answer, word for word. `name`: the name operators find it by."""

    code: Code
    category: Pattern = "*"
    name: Words
    name_en: Words
    zh: Answered
    en: Answered


class Phrases(PackPart):
    """The whole of phrases.toml."""

    scripts: tuple[Script, ...] = ()
    answers: tuple[Reply, ...] = ()

    def scripts_for(self, on: Moment, category: str | None) -> Sequence[Script]:
        """Return the scripts for an occasion and category, the general ones first."""
        scripts = [one for one in self.scripts if one.on is on and matches(one.category, category)]
        return sorted(scripts, key=lambda one: len(one.category))

    def answers_for(self, category: str | None) -> Sequence[Reply]:
        """Return the answers about this category: its own first, then those for all."""
        replies = [one for one in self.answers if matches(one.category, category)]
        return sorted(replies, key=lambda one: -len(one.category))
