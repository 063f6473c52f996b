"""The likeness of two complaints: what they say, where, and how long apart.

Two complaints that use the same words about another street are two matters: where both name a
place, and none is the same, they are less alike by far.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.topics.terms import Weights, cosine, names_place

SURE = 0.45
"""The score from which two complaints are proposed for merging without being asked for. Measured
on pairs that people judged: see docs/explanation/topics.md."""

SEEN = 0.1
"""The score below which nobody is shown a candidate."""

_ELSEWHERE = 0.5
"""The part of the score that is left where both name places, and none is the same."""

_KINDS = "站场厦桥"
"""The last characters of what there is in many places: both name a plant, and not the same."""

_SAME_AREA = 0.04
_OTHER_STREET = 0.8
_STREET = 9
"""Digits of a street's division code; those of its communities and cells begin with them."""

_DAYS = 365
_LONG_AGO = 0.9
"""The part of the score that is left after a year: the matter may be another by then."""


@dataclass(frozen=True)
class Sketch:
    """The content that is kept of a complaint to compare it: telling terms, place and time.

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
    shared = {t: w * other.weights[t] for t, w in one.weights.items() if t in other.weights}
    shared = dict(sorted(shared.items(), key=lambda each: (-each[1], each[0])))
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


def readable(terms: Weights, most: int = 4) -> tuple[str, ...]:
    """Join overlapping terms to the words that they are parts of: 丽发新, 发新城 to 丽发新城.

    `terms`: with their weights, the heaviest first. A term that is much lighter is said of
    something else beside the word, and does not lengthen it.
    """
    words: list[tuple[str, float]] = []
    for term, weight in terms.items():
        at = next((n for n, (word, _) in enumerate(words) if _joined(word, term)), None)
        if at is None:
            words.append((term, weight))
        elif weight >= _AS_HEAVY * words[at][1]:
            words[at] = (_joined(words[at][0], term) or words[at][0], words[at][1])
    return tuple(word for word, _ in words if not _part_of_another(word, words))[:most]


_AS_HEAVY = 0.5
_LONGEST = 8
_LEADING = "市区县镇省"
"""Characters that end the name of a city or a district before the name of a place."""


def _part_of_another(word: str, words: list[tuple[str, float]]) -> bool:
    return any(word != other and word in other for other, _ in words)


def _joined(word: str, term: str) -> str | None:
    if term in word:
        return word
    if word in term:
        return term
    if term.isascii() or word.isascii() or len(word) >= _LONGEST:
        return None
    if word[-2:] == term[:2]:
        return word + term[2:]
    if word[:2] == term[-2:] and term[0] not in _LEADING:
        return term[:-2] + word
    return None


def _apart(one: Weights, other: Weights) -> bool:
    here = {term for term in one if names_place(term) and term[-1] not in _KINDS}
    there = {term for term in other if names_place(term) and term[-1] not in _KINDS}
    return bool(here and there) and here.isdisjoint(there)


def _street(one: Sketch) -> str:
    return one.area[:_STREET] if one.area and len(one.area) >= _STREET else ""
