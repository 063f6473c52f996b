"""The terms by which texts are found: pairs of Chinese characters, and words of other scripts.

Chinese has no blanks between words, and two characters are the length of most of its words: a text
is found by each pair of neighbours, and by each character. Words of other scripts and numbers are
found by their beginning, symbols (emoji among them) by themselves. Of punctuation nothing is found.

The index of a ticket is deleted by the terms that it was written with: changing what this module
returns for a text needs a migration that empties the index.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from domain.canonical import HAN

_IN_CODES = str.maketrans("_.-", "\ue010\ue011\ue012")
"""Of codes, the characters that would end a term."""

LONGEST = 40
"""The characters of a word that are looked at."""

CITY, UNIT, CATEGORY, KIND = "\ue000", "\ue001", "\ue002", "\ue003"
"""The first characters of terms that no text has: those of the private use are no text's."""

_RUNS = re.compile(rf"([{HAN}]+)|((?:[^\W_{HAN}]|(?<=\w)[\u0300-\u036f\u064b-\u065f])+)|(\S)")


class Term(NamedTuple):
    """A term to look for; `begins`: it is the beginning of one."""

    text: str
    begins: bool = False


def code_term(mark: str, code: str) -> str:
    """Return the term of a code, marked as one of a city, unit, category or kind."""
    return f"{mark}{code.lower().translate(_IN_CODES)}"


def terms_of(text: str) -> Iterator[str]:
    """Yield the terms of a text in canonical form (`domain.canonical.folded`)."""
    for match in _RUNS.finditer(text):
        han, word, other = match.groups()
        if han:
            yield from han
            yield from (han[at : at + 2] for at in range(len(han) - 1))
        elif word:
            yield word[:LONGEST]
        elif _is_symbol(other):
            yield other


def sought_terms(text: str) -> Iterator[Term]:
    """Yield the terms that a text has if it contains `text`, which is in canonical form."""
    for match in _RUNS.finditer(text):
        han, word, other = match.groups()
        if han and len(han) == 1:
            yield Term(han)
        elif han:
            yield from (Term(han[at : at + 2]) for at in range(len(han) - 1))
        elif word:
            yield Term(word[:LONGEST], begins=True)
        elif _is_symbol(other):
            yield Term(other)


def words_in(text: str) -> Iterator[str]:
    """Yield the parts of a text, in canonical form, between punctuation, blanks and symbols.

    A symbol is a part of its own.
    """
    end, word = 0, ""
    for match in _RUNS.finditer(text):
        other = match.group(3)
        if word and (other or match.start() != end):
            yield word
            word = ""
        if other is None:
            word, end = word + match.group(), match.end()
        elif _is_symbol(other):
            yield other
    if word:
        yield word


def _is_symbol(one: str) -> bool:
    return not one.isascii() and unicodedata.category(one)[0] == "S"
