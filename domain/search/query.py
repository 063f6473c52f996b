"""The reading of what somebody typed to search for: words, phrases in quotes, and fields.

Everything that is no field and no phrase is text, also what other programs take for an operator:
nobody has to know how the database searches.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from domain.canonical import folded
from domain.search.terms import words_in
from domain.search.texts import SearchField

MOST_CHARACTERS = 2000
"""The characters of a query that are read."""

MOST_WORDS = 20
"""The words of a query that are looked for; what follows them is left out."""


class Restriction(StrEnum):
    """A field of the query that restricts the list and is no text."""

    NUMBER = "number"
    UNIT = "unit"
    CATEGORY = "category"
    STAGE = "stage"
    KIND = "kind"
    FROM = "from"
    TO = "to"


NAMES: dict[str, SearchField | Restriction] = {
    "text": SearchField.SAID,
    "诉求": SearchField.SAID,
    "place": SearchField.PLACE,
    "地点": SearchField.PLACE,
    "reply": SearchField.REPLY,
    "答复": SearchField.REPLY,
    "note": SearchField.NOTE,
    "备注": SearchField.NOTE,
    **{one.value: one for one in Restriction},
    "编号": Restriction.NUMBER,
    "单位": Restriction.UNIT,
    "类别": Restriction.CATEGORY,
    "环节": Restriction.STAGE,
    "类型": Restriction.KIND,
    "自": Restriction.FROM,
    "至": Restriction.TO,
}
"""The names of fields before a colon."""

_QUOTES = dict.fromkeys(map(ord, "“”„‟「」『』«»〝〞"), '"')
_PIECE = re.compile(r'(?:([^\s:"]{1,10}):)?(?:"([^"]*)"|([^\s"]+))')


class Sought(NamedTuple):
    """A word or a phrase in canonical form; `field`: where it has to be, None: anywhere."""

    text: str
    field: SearchField | None = None


@dataclass(frozen=True)
class SearchQuery:
    """The words that all have to be there, and the restrictions, each as it was typed."""

    words: tuple[Sought, ...]
    restrictions: tuple[tuple[Restriction, str], ...] = ()

    def as_text(self, *restrictions: Restriction) -> "SearchQuery":
        """Return the query with these restrictions taken for words: their value says nothing."""
        typed = [value for name, value in self.restrictions if name in restrictions]
        words = [Sought(word) for value in typed for word in words_in(folded(value))]
        kept = tuple(one for one in self.restrictions if one[0] not in restrictions)
        return SearchQuery((*self.words, *words)[:MOST_WORDS], kept)


def parsed(text: str) -> SearchQuery:
    """Return what was asked for. Never fails: a text of punctuation alone has no words."""
    plain = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).translate(_QUOTES)
    words: dict[Sought, None] = {}
    restrictions = []
    for match in _PIECE.finditer(plain):
        name, phrase, word = match.groups()
        named = NAMES.get(folded(name)) if name else None
        value = word if phrase is None else phrase
        if isinstance(named, Restriction):
            restrictions.append((named, value))
            continue
        if name and named is None:
            words |= dict.fromkeys(Sought(one) for one in words_in(folded(name)))
        words |= dict.fromkeys(Sought(one, named) for one in _words(value, phrase is not None))
    return SearchQuery(tuple(words)[:MOST_WORDS], tuple(restrictions))


def _words(value: str, phrase: bool) -> Iterator[str]:
    plain = folded(value)
    words = list(words_in(plain))
    if not phrase:
        yield from words
    elif words:
        yield plain
