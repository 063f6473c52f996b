"""Topics (共性问题) that grow: a complaint joins the one that it is about, or begins its own.

A topic is known by the sum of what its complaints say. How a complaint is placed depends on those
that came before it alone, so the store can do it one at a time.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter

from domain.topics.terms import Weights, cosine

JOINS = 0.22
"""The likeness to a topic from which a complaint joins it."""

MEET = 0.3
"""The likeness of two topics from which they are one."""

WIDE = 160
"""The most terms that a topic is known by."""

LEAST = 2
"""The fewest citizens that make a topic: one person is none, however often they write."""


@dataclass
class GrowingTopic:
    """A topic by its terms: the sum of the weights of `tickets` complaints."""

    id: str
    sums: Weights = field(default_factory=dict)
    tickets: int = 0

    def __post_init__(self) -> None:
        self._length = _length(self.sums)

    def likeness(self, weights: Weights) -> float:
        """Return how alike a complaint is to the topic: 0 not at all, 1 the same."""
        return cosine(weights, self.sums) / self._length if self._length else 0.0

    def meets(self, other: "GrowingTopic") -> float:
        """Return how alike two topics are."""
        return self.likeness(other.sums) / other._length if other._length else 0.0

    def add(self, weights: Weights, times: int = 1) -> None:
        """Count a complaint in, or out again with `times=-1`."""
        self.sums = _summed(self.sums, weights, times)
        self.tickets += times
        self._length = _length(self.sums)

    def take_in(self, other: "GrowingTopic") -> None:
        """Count in all complaints of another topic."""
        self.sums = _summed(self.sums, other.sums, 1)
        self.tickets += other.tickets
        self._length = _length(self.sums)


@dataclass(frozen=True)
class Placing:
    """The place of a complaint: the topic that it joins (None: its own), and others that are the
    same topic, and are merged into it."""

    joins: str | None
    merged: tuple[str, ...] = ()


def place(weights: Weights, near: Iterable[GrowingTopic]) -> Placing:
    """Decide which of the topics near a complaint it joins, and which of them it shows to be one.

    The one with most tickets goes on, so that the number of a large topic stays.
    """
    liked = [(topic.likeness(weights), topic) for topic in near]
    liked = [one for one in liked if one[0] >= JOINS]
    if not liked:
        return Placing(None)
    best = max(liked, key=itemgetter(0))[1]
    same = [topic for _, topic in liked if topic is not best and best.meets(topic) >= MEET]
    kept = max([best, *same], key=lambda topic: (topic.tickets, topic is best))
    return Placing(kept.id, tuple(one.id for one in (best, *same) if one is not kept))


def _summed(sums: Weights, more: Weights, times: int) -> Weights:
    total = dict(sums)
    for term, weight in more.items():
        total[term] = total.get(term, 0.0) + times * weight
    kept = sorted(total.items(), key=lambda one: -one[1])[:WIDE]
    return {term: round(weight, 6) for term, weight in kept if weight > 1e-6}


def _length(weights: Weights) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))
