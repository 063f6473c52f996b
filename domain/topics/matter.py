"""The matter of a topic: the words that name it, and whether its complaints are of one matter.

Complaints that have the name of an estate in common, and nothing else, are many matters: of such
nobody can say what is to be done. Without the names of places, what is left has to be alike.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from domain.topics.likeness import readable
from domain.topics.terms import Weights, cosine, names_place

READ = 60
"""The complaints of a topic that are looked at, the newest first."""

_ALIKE = 0.13
"""The likeness of complaints without the names of places, at the median, from which they are one
matter. Measured on complaints that people read: see docs/explanation/topics.md."""

_FEW_ALIKE = 0.06
"""The same of few complaints: their own words weigh more, until more citizens say the same."""

_SHARED = 0.3
"""The part of the complaints that share a word by which the topic is known."""

_FEW = 6
"""The complaints below which what all say right after the name is not taken for a part of it."""

_HEAVIEST = 30
_AREAS = "路街道镇村苑园区城湾际"
"""The last characters of names of areas: a place beside the one that the topic is named by."""


@dataclass(frozen=True)
class CommonMatter:
    """Two to four words, a place first; and whether the complaints are of one matter."""

    words: tuple[str, ...]
    one: bool


def matter_of(members: Sequence[Weights], most: int = 4) -> CommonMatter:
    """Return what complaints are about, by their telling terms."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for weights in members:
        sums.update(weights)
        counts.update(weights.keys())
    if not sums:
        return CommonMatter((), one=False)
    least = max(2, math.ceil(_SHARED * len(members)))
    heavy = sorted(sums, key=lambda term: (-sums[term], term))[:_HEAVIEST]
    shared = [term for term in heavy if counts[term] >= least] or heavy[:1]
    words = readable({term: sums[term] for term in shared}, 2 * most)
    return CommonMatter(tuple(_named(words))[:most], one=_one(members, shared))


def _named(words: Sequence[str]) -> list[str]:
    """Return two places at most, and what is said of them; no pair that only crosses a name."""
    plain = _apart(
        word[1:] if len(word) > _SHORT and word[0] in _LEADING else word for word in words
    )
    places = [word for word in plain if _of_place(word)]
    others = [word for word in plain if not _of_place(word)]
    kept = places[:2]
    for word in others:
        beside = len(word) < _SHORT and not set(word).isdisjoint("".join(kept))
        kept += [] if beside else [word]
    return kept


_SHORT = 3
_LEADING = "市区县镇省"
"""Characters left of the name of a city or district before the name of a place."""


def _one(members: Sequence[Weights], shared: Sequence[str]) -> bool:
    if not any(_of_place(term) for term in _joined_to(shared[0], shared)):
        return True  # it is named by the matter itself, wherever it is
    return _left_alike(members, shared) >= (_ALIKE if len(members) >= _FEW else _FEW_ALIKE)


def _left_alike(members: Sequence[Weights], shared: Sequence[str]) -> float:
    """Return how alike complaints are without the name of the place, at the median."""
    few = len(members) < _FEW
    name = _pairs(_joined_to(shared[0], [one for one in shared if not (few and _crosses(one))]))
    left = [
        {term: weight for term, weight in each.items()
         if _pairs([term]).isdisjoint(name) and term[-1] not in _AREAS}
        for each in members
    ]  # fmt: skip
    total: Counter[str] = Counter()
    for each in left:
        total.update(each)
    return median(_like_others(each, total) for each in left)


def _joined_to(term: str, others: Sequence[str]) -> list[str]:
    """Return a term with those that overlap it, or one that does: the parts of one name."""
    chain, pairs = [term], _pairs([term])
    for _ in range(3):
        more = [one for one in others if one not in chain and not pairs.isdisjoint(_pairs([one]))]
        chain += more
        pairs |= _pairs(more)
    return chain


def _crosses(term: str) -> bool:
    """Return whether a term has the end of a name, and what is said after it: 城油烟."""
    return any(names_place(f"  {one}") for one in term[:-1])


def _like_others(one: Weights, total: Counter[str]) -> float:
    others = {term: weight - one.get(term, 0.0) for term, weight in total.items()}
    lengths = _length(one) * _length(others)
    return cosine(one, others) / lengths if lengths else 0.0


def _length(weights: Weights) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))


def _of_place(word: str) -> bool:
    return names_place(word[-3:]) or (len(word) > 2 and word[-1] in _AREAS)


def _pairs(words: Iterable[str]) -> set[str]:
    return {word[at : at + 2] for word in words for at in range(len(word) - 1)}


def _apart(words: Iterable[str]) -> list[str]:
    """Return words of which none has two characters in a row of another one before it."""
    kept: list[str] = []
    for word in words:
        if _pairs([word]).isdisjoint(_pairs(kept)):
            kept.append(word)
    return kept
