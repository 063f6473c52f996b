"""The terms of a complaint: runs of two and three Chinese characters, and short other words.

Numbers of more than four digits are no terms: phones, identity cards and ticket numbers are not
what a matter is known by, and must not be kept beside it.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping

from domain.canonical import folded

Weights = dict[str, float]
"""The telling terms of a complaint with their weights, whose squares add up to 1; or no term."""

LONGEST = 4000
"""Characters of a text that are read; what follows tells no other matter."""

KEPT = 48
"""The most terms that are kept of a complaint, the most telling first."""

_TITLE = 4
"""The times that a title's term counts: people name the matter there."""

_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z0-9]+")
_LONG_NUMBER = re.compile(r"[a-z]?\d{5,}")
_ENTITY = re.compile(r"&[a-z]{2,6};")
_PLACE = frozenset("路街道巷村镇苑园城湾府寓厦场院校学站桥湖山库庭郡里岸庄墅邸滩洲都坪铺")
"""The last characters of names of places. What is said about which place makes a matter."""

_OF_PLACE = 1.8
"""The factor by which a name of a place tells more than other words that are as rare."""

_EMPTY = frozenset(
    "的了是在和与及也都就还又吗呢吧啊呀把被让给对为以而但或这那其等着过很我你他她它们"
)
"""Characters that carry grammar: a pair with one of them names nothing."""


def counted_terms(title: str, text: str) -> Counter[str]:
    """Count the terms of a complaint in the canonical form of its title and text."""
    counts: Counter[str] = Counter()
    for _ in range(_TITLE):
        counts.update(_terms(title))
    counts.update(_terms(text[:LONGEST]))
    return counts


def _terms(text: str) -> list[str]:
    found: list[str] = []
    for run in _RUN.findall(_ENTITY.sub(" ", folded(text))):
        if run.isascii():
            if len(run) > 1 and not _LONG_NUMBER.fullmatch(run):
                found.append(run[:12])
            continue
        for part in _parts(run):
            found += [part[at : at + 2] for at in range(len(part) - 1)]
            found += [part[at : at + 3] for at in range(len(part) - 2)]
    return found


_AT_LEAST = 2000
"""The tickets that a city counts as having: among few, a term that some share would be common."""

_SPLIT = re.compile(f"[{''.join(sorted(_EMPTY))}]+")


def _parts(run: str) -> list[str]:
    return [part for part in _SPLIT.split(run) if len(part) > 1]


def weighed(counts: Mapping[str, int], known: Mapping[str, int], tickets: int) -> Weights:
    """Return the telling terms: those repeated here and rare among the city's own tickets.

    `known`: in how many of the city's `tickets` each term occurs. A city that has none yet has only
    the counts to go by.
    """
    total = max(tickets, _AT_LEAST)
    raw = {
        term: (1 + math.log(count))
        * math.log((total + 2) / (known.get(term, 0) + 1))
        * (_OF_PLACE if names_place(term) else 1)
        for term, count in counts.items()
    }
    best = sorted(raw.items(), key=lambda one: (-one[1], one[0]))[:KEPT]
    length = math.sqrt(sum(weight * weight for _, weight in best))
    return {term: weight / length for term, weight in best} if length else {}


def cosine(one: Weights, other: Weights) -> float:
    """Return how alike two complaints are by their terms: 0 nothing, 1 the same."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * large[term] for term, weight in small.items() if term in large)


def names_place(term: str) -> bool:
    """Return whether a term is the end of the name of an estate, a road, a village, a school."""
    return len(term) == 3 and term[-1] in _PLACE
