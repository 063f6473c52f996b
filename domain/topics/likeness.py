"""The likeness of two complaints: what they say, where, and how long apart.

Two complaints that use the same words about another street are two matters: where both name a
place, and none is the same, they are less alike by far.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.topics.terms import Weights, cosine, names_place

SURE = 0.5
"""The score from which two complaints are proposed for merging without being asked for. Measured
on pairs that people judged: see docs/explanation/topics.md."""

SEEN = 0.1
"""The score below which nobody is shown a candidate."""

_ELSEWHERE = 0.6
"""The part of the score that is left where both name places, and none is the same."""

_SAME_AREA = 0.04
_OTHER_STREET = 0.8
_STREET = 9
"""Digits of a street's division code; those of its communities and cells begin with them."""

_DAYS = 365
_LONG_AGO = 0.9
"""The part of the score that is left after a year: the matter may be another by then."""


@dataclass(frozen=True)
class Sketch:
    """What is kept of a complaint to compare it: its telling terms, its place, its time.

    `person`: who complained, as the store knows them; None: they gave no name.
    """

    number: str
    person: str | None
    filed_at: datetime
    weights: Weights
    area: str | None = None
    unit: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class Likeness:
    """A score from 0 to 1, and what is shared: the most telling terms, the place, the days."""

    number: str
    score: float
    words: tuple[str, ...]
    same_area: bool
    days: int

    @property
    def sure(self) -> bool:
        return self.score >= SURE


def likeness(one: Sketch, other: Sketch) -> Likeness:
    """Compare two complaints; the result names the second."""
    score = cosine(one.weights, other.weights)
    shared = [term for term in one.weights if term in other.weights]
    shared.sort(key=lambda term: -one.weights[term] * other.weights[term])
    if _apart(one.weights, other.weights):
        score *= _ELSEWHERE
    same = bool(one.area and other.area) and _street(one) == _street(other)
    if same:
        score += _SAME_AREA * min(1.0, score / SEEN)
    elif _street(one) and _street(other):
        score *= _OTHER_STREET
    days = abs((one.filed_at - other.filed_at).days)
    score *= 1 - (1 - _LONG_AGO) * min(days, _DAYS) / _DAYS
    return Likeness(other.number, min(score, 1.0), readable(shared), same, days)


def most_alike(one: Sketch, others: Iterable[Sketch], most: int = 3) -> list[Likeness]:
    """Return those most like it, the most alike first; none that only share a few words."""
    found = [likeness(one, other) for other in others if other.number != one.number]
    found = [each for each in found if each.score >= SEEN]
    return sorted(found, key=lambda each: (-each.score, each.number))[:most]


def readable(terms: Sequence[str], most: int = 4) -> tuple[str, ...]:
    """Join overlapping terms to the words that they are parts of: 丽发新, 发新城 to 丽发新城."""
    words: list[str] = []
    for term in terms:
        at = next((n for n, word in enumerate(words) if _joined(word, term)), None)
        if at is None:
            if len(words) < most:
                words.append(term)
        else:
            words[at] = _joined(words[at], term) or words[at]
    return tuple(words)


_LONGEST = 8


def _joined(word: str, term: str) -> str | None:
    if term in word:
        return word
    if word in term:
        return term
    if term.isascii() or word.isascii() or len(word) >= _LONGEST:
        return None
    if len(term) > 2 and word[-2:] == term[:2]:
        return word + term[2:]
    if len(term) > 2 and word[:2] == term[-2:]:
        return term[:-2] + word
    return None


def _apart(one: Weights, other: Weights) -> bool:
    here = {term for term in one if names_place(term)}
    there = {term for term in other if names_place(term)}
    return bool(here and there) and here.isdisjoint(there)


def _street(one: Sketch) -> str:
    return one.area[:_STREET] if one.area and len(one.area) >= _STREET else ""
